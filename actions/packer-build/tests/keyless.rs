//! A bake that signs by the job's identity, with the real servers of a Sigstore on this machine: what it believes of its
//! own earlier work, and what the template's code gets to see.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test stops where it fails")]

use std::fs;
use std::sync::Arc;

use crate::common::{done, output, template, with_template};
use crate::signing::issuer::{BEARER, WORKFLOW};
use crate::signing::sigstore::Sigstore;
use attest::{IdentityRule, Kind, RuleText, Trust, TrustRoot, TrustedIdentity};
use packer_build::ACTION;
use runner::testing::{Harness, Run};

fn keyless(sigstore: &Sigstore, harness: Harness) -> Harness {
    let harness = harness
        .input("signing-key", "keyless")
        .input("signing-config", sigstore.signing_config())
        .input("trusted-root", sigstore.trusted_root());
    sigstore.issuer.env().into_iter().fold(harness, |harness, (name, value)| harness.env(name, value))
}

fn why(run: &Run) -> &str {
    done(run);
    run.stdout.lines().find(|line| line.contains("has to be baked")).unwrap_or("adopted")
}

#[test]
fn what_this_identity_baked_is_adopted_and_no_one_elses_and_no_token_is_seen() {
    let sigstore = Sigstore::start();
    let harness = keyless(&sigstore, with_template(&template(&["env >\"$OUT/../seen\""])));
    let first = harness.run(&ACTION);
    assert!(why(&first).contains("nothing was baked"), "{}", why(&first));

    // Anybody can see who baked it.
    let root = fs::read(sigstore.trusted_root()).unwrap();
    let text = RuleText {
        issuer: Some(sigstore.issuer.url.clone()),
        workflow: Some(format!("https://github.com/{WORKFLOW}")),
        environment: Some("release".to_owned()),
        ..RuleText::default()
    };
    let root = Arc::new(TrustRoot::parse("test", &root).unwrap());
    let trust =
        Trust::nobody().and_identity(TrustedIdentity { rule: IdentityRule::new(text).unwrap(), root });
    let evidence = fs::read(&first.outputs["evidence"]).unwrap();
    assert_eq!(attest::verify(&evidence, &trust).unwrap().kind, Kind::Provenance);

    // It believes itself: by its identity, under the root that is given.
    let again = harness.run(&ACTION);
    assert_eq!(why(&again), "adopted");
    assert_eq!(again.outputs["adopted"], "true");
    // Under another root nobody vouches for it.
    let under_another = harness.input("trusted-root", "github").run(&ACTION);
    assert!(
        why(&under_another).contains("does not say that this job's `signing-key` baked it"),
        "{}",
        why(&under_another)
    );
}

#[test]
fn another_workflow_is_another_signer() {
    let sigstore = Sigstore::start();
    let harness = keyless(&sigstore, with_template(&template(&["env >\"$OUT/../seen\""])));
    done(&harness.run(&ACTION));
    let seen = fs::read_to_string(output(&harness).join("seen")).unwrap();
    for secret in
        sigstore.issuer.tokens().iter().map(String::as_str).chain([BEARER, "ACTIONS_ID_TOKEN", "INPUT_"])
    {
        assert!(!seen.contains(secret), "{seen}");
    }
    sigstore.issuer.workflow("acme/images/.github/workflows/other.yml@refs/heads/main");
    let run = harness.run(&ACTION);
    assert!(why(&run).contains("does not say that this job's `signing-key` baked it"), "{}", why(&run));
    for token in sigstore.issuer.tokens() {
        let said: String = run.stdout.lines().filter(|line| !line.starts_with("::add-mask::")).collect();
        assert!(!said.contains(&token) && !run.stderr.contains(&token) && !run.summary.contains(&token));
    }
}
