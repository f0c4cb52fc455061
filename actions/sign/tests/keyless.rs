//! Keyless, from the runner's token to the verdict, with the real servers of a Sigstore on this machine: what is signed
//! here verifies here and by cosign, and what cosign signs there verifies here.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

use std::sync::Arc;

use crate::common::issuer::{BEARER, WORKFLOW};
use crate::common::sigstore::Sigstore;
use crate::common::{Job, Run};
use attest::detached::Message;
use attest::{IdentityRule, Signer, Trust, TrustRoot, TrustedIdentity, verify_file};

struct World {
    sigstore: Sigstore,
    job: Job,
}

impl World {
    fn new() -> Self {
        let job = Job::new();
        job.write("app", "the app\n");
        Self { sigstore: Sigstore::start(), job }
    }

    fn sign(&self, more: &[(&str, &str)]) -> Run {
        let env = self.sigstore.issuer.env();
        let env: Vec<(&str, &str)> = env.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let (config, root) = (self.sigstore.signing_config(), self.sigstore.trusted_root());
        let mut inputs = vec![
            ("files", "app"),
            ("signing-key", "keyless"),
            ("signing-config", &config),
            ("trusted-root", &root),
        ];
        inputs.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
        inputs.extend(more.iter().filter(|(_, value)| !value.is_empty()));
        let run = self.job.run_in(&env, &inputs);
        // Whatever came of it: no token is anywhere but where the runner is told to hide it.
        for token in self.sigstore.issuer.tokens() {
            for secret in [&*token, token.rsplit('.').next().unwrap(), BEARER] {
                assert!(!run.said_unmasked().contains(secret), "{}", run.said_unmasked());
            }
        }
        run
    }

    fn trust(&self, workflow: &str) -> Trust {
        let bytes = std::fs::read(self.sigstore.trusted_root()).unwrap();
        let rule = IdentityRule::new(signers_text(&self.sigstore.issuer.url, workflow)).unwrap();
        let root = Arc::new(TrustRoot::parse("test", &bytes).unwrap());
        Trust::nobody().and_identity(TrustedIdentity { rule, root })
    }

    fn message(&self) -> Message {
        Message::read(&*self.job.read("app"), []).unwrap()
    }

    fn cosign_verifies(&self, bundle: &str, workflow: &str) -> (bool, String) {
        let identity = format!("https://github.com/{workflow}");
        self.job.cosign(
            &[],
            &[
                "verify-blob",
                "--trusted-root",
                &self.sigstore.trusted_root(),
                "--bundle",
                bundle,
                "--certificate-identity",
                &identity,
                "--certificate-oidc-issuer",
                &self.sigstore.issuer.url,
                "app",
            ],
        )
    }
}

fn signers_text(issuer: &str, workflow: &str) -> attest::RuleText {
    attest::RuleText {
        issuer: Some(issuer.to_owned()),
        subject: Some(format!("https://github.com/{workflow}")),
        ..attest::RuleText::default()
    }
}

#[test]
fn the_jobs_identity_signs_and_everybody_can_verify_it() {
    let world = World::new();
    let run = world.sign(&[]);
    assert_eq!(run.code, 0, "{run:?}\n{}", world.sigstore.logs());
    let announced = format!("https://github.com/{WORKFLOW} (by {})", world.sigstore.issuer.url);
    assert_eq!(run.outputs["signer"], announced);
    assert!(run.summary.starts_with("## 1 file signed"), "{}", run.summary);
    assert!(run.stdout.contains(&format!("::add-mask::{}", world.sigstore.issuer.tokens()[0])));

    // Here: certificate, certificate log, transparency log and time, all of them real.
    let bundle = world.job.read("app.sigstore.json");
    let proof = verify_file(&bundle, &world.message(), &world.trust(WORKFLOW)).unwrap();
    assert!(proof.certificate_log && proof.log_index.is_some() && !proof.times.is_empty(), "{proof:?}");
    let Signer::Identity(identity) = &proof.signer else { panic!("{proof:?}") };
    assert_eq!(identity.claims.environment.as_deref(), Some("release"));
    assert_eq!(identity.claims.repository.as_deref(), Some("https://github.com/acme/images"));
    assert_eq!(identity.claims.workflow.as_deref(), Some(format!("https://github.com/{WORKFLOW}").as_str()));
    assert_eq!(
        identity.claims.run.as_deref(),
        Some("https://github.com/acme/images/actions/runs/12/attempts/1")
    );
    let another = "acme/images/.github/workflows/other.yml@refs/heads/main";
    let error = verify_file(&bundle, &world.message(), &world.trust(another)).unwrap_err();
    assert_eq!(error.code(), "unknown-identity");

    // And by cosign.
    let (ok, said) = world.cosign_verifies("app.sigstore.json", WORKFLOW);
    assert!(ok, "{said}");
    assert!(!world.cosign_verifies("app.sigstore.json", another).0);

    // What is signed already is kept: nothing is asked but who this job is.
    let again = world.sign(&[]);
    assert_eq!((again.code, &*again.outputs["kept"]), (0, "1"), "{again:?}");
    assert_eq!(world.job.read("app.sigstore.json"), bundle);
    // Another workflow's is not replaced.
    world.sigstore.issuer.workflow(another);
    let refused = world.sign(&[]);
    assert!(refused.code == 2 && refused.said().contains("is not this signer's"), "{refused:?}");
    assert_eq!(world.sign(&[("overwrite", "true")]).code, 0);
    verify_file(&world.job.read("app.sigstore.json"), &world.message(), &world.trust(another)).unwrap();

    // The reverse: cosign signs with the same token service.
    world.sigstore.issuer.workflow(WORKFLOW);
    world.sign(&[("overwrite", "true")]);
    world.job.write("token", world.sigstore.issuer.tokens().last().unwrap());
    world.job.must_cosign(
        &[],
        &[
            "sign-blob",
            "--yes",
            "--identity-token",
            "token",
            "--bundle",
            "theirs.json",
            "--signing-config",
            &world.sigstore.signing_config(),
            "--trusted-root",
            &world.sigstore.trusted_root(),
            "app",
        ],
    );
    verify_file(&world.job.read("theirs.json"), &world.message(), &world.trust(WORKFLOW)).unwrap();
}

#[test]
fn a_statement_of_this_identity_is_evidence() {
    let world = World::new();
    // The library, as every action that writes evidence uses it.
    let harness = world.sigstore.issuer.env().into_iter().fold(
        runner::testing::Harness::new()
            .input("files", "x")
            .input("signing-key", "keyless")
            .input("signing-config", world.sigstore.signing_config()),
        |harness, (name, value)| harness.env(name, value),
    );
    let (signed, run) = harness.with_context(&sign::ACTION, async |ctx| {
        let signer = services::signer(ctx)?.unwrap();
        let subjects = vec![model::Subject::file("app", world.message().sha256())];
        let statement =
            attest::Statement::new(attest::Kind::Verdict, subjects, &serde_json::json!({"v": 1}))?;
        // A build takes longer than a token holds: another is asked for.
        world.sigstore.issuer.hold(30);
        let bundle = attest::sign(&statement, &*signer)?.to_bytes()?;
        Ok((statement, bundle, format!("{signer:?}")))
    });
    let (statement, bundle, shown) =
        signed.unwrap_or_else(|e| panic!("{e:#}\n{}\n{run:?}", world.sigstore.logs()));
    let verified = attest::verify(&bundle, &world.trust(WORKFLOW)).unwrap();
    assert_eq!((verified.statement, verified.kind), (statement, attest::Kind::Verdict));
    assert!(verified.signed_by.is_some());
    for token in world.sigstore.issuer.tokens() {
        assert!(!shown.contains(&token), "{shown}");
    }
    world.job.write("statement.json", &bundle);
    let kind = attest::Kind::Verdict.predicate_type();
    let identity = format!("https://github.com/{WORKFLOW}");
    world.job.must_cosign(
        &[],
        &[
            "verify-blob-attestation",
            "--trusted-root",
            &world.sigstore.trusted_root(),
            "--bundle",
            "statement.json",
            "--type",
            kind,
            "--certificate-identity",
            &identity,
            "--certificate-oidc-issuer",
            &world.sigstore.issuer.url,
            "app",
        ],
    );
}

#[test]
fn a_token_that_ends_is_replaced_by_another_of_the_same_identity() {
    let world = World::new();
    for name in ["b", "c"] {
        world.job.write(name, name);
    }
    // Less than what a signature is begun with: each takes a token of its own.
    world.sigstore.issuer.hold(30);
    let run = world.sign(&[("files", "b\nc")]);
    assert_eq!((run.code, &*run.outputs["signed"]), (0, "2"), "{run:?}\n{}", world.sigstore.logs());
    assert!(world.sigstore.issuer.tokens().len() >= 3, "{}", world.sigstore.issuer.tokens().len());
}

#[test]
fn what_goes_wrong_is_told_and_nothing_is_written() {
    let world = World::new();
    let away = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = String::from_utf8(std::fs::read(world.sigstore.signing_config()).unwrap()).unwrap();
    let services: serde_json::Value = serde_json::from_str(&config).unwrap();
    let fulcio = services["caUrls"][0]["url"].as_str().unwrap();
    let rekor = services["rekorTlogUrls"][0]["url"].as_str().unwrap();
    let broken = |name: &str, from: &str, to: &str| {
        world.job.write(name, config.replace(from, to));
        world.job.path(name).to_str().unwrap().to_owned()
    };
    let no_fulcio = broken("no-fulcio.json", fulcio, &format!("http://{away}"));
    let no_rekor = broken("no-rekor.json", rekor, &format!("http://{away}"));
    let in_the_clear = broken("clear.json", fulcio, "http://fulcio.example.com");
    let none = broken("none.json", "caUrls", "otherUrls");
    for (inputs, says) in [
        (&[("signing-config", &*no_fulcio)][..], "app was not signed: Fulcio error"),
        (&[("signing-config", &no_rekor)], "app was not signed: Rekor error"),
        (&[("signing-config", &in_the_clear)], "is not https"),
        (&[("signing-config", &none)], "no eligible Fulcio endpoint"),
        (&[("signing-config", "nowhere.json")], "cannot read"),
        // The public-good root knows nothing of this instance.
        (&[("trusted-root", "")], "the bundle does not verify, so it was not written"),
        (&[("detached", "true")], "a signature alone says nothing"),
        (&[("signing-key-password", "x")], "is for keys that cosign encrypted"),
    ] {
        let run = world.sign(inputs);
        assert!(run.code == 2 && run.said().contains(says), "{says}: {run:?}");
        assert!(!world.job.path("app.sigstore.json").exists(), "{says}");
    }
}

#[test]
fn a_certificate_for_somebody_else_is_not_used() {
    let world = World::new();
    // A server that has another name than the token's certificate will have.
    let env = world.sigstore.issuer.env();
    let mut env: Vec<(&str, &str)> = env.iter().map(|(name, value)| (*name, value.as_str())).collect();
    env.push(("GITHUB_SERVER_URL", "https://github.example.com"));
    let (config, root) = (world.sigstore.signing_config(), world.sigstore.trusted_root());
    let run = world.job.run_in(
        &env,
        &[("files", "app"), ("signing-key", "keyless"), ("signing-config", &config), ("trusted-root", &root)],
    );
    assert!(run.code == 2 && run.said().contains("Fulcio's certificate is for"), "{run:?}");
    assert!(!world.job.path("app.sigstore.json").exists());
}
