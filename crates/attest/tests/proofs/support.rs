//! A job of an instance of the tests' own, and what it signs.

use std::sync::Arc;

use attest::detached::Message;
use attest::predicate::approval;
use attest::{Identity, IdentityRule, Statement, Trust, TrustRoot, TrustedIdentity};
use model::{Sha256, Subject};
use signers::instance::{Instance, Making};
use signers::{Claims, Content, GITHUB_ISSUER, RuleText};

pub(crate) const WORKFLOW: &str = "acme/images/.github/workflows/assay.yml@refs/heads/main";
pub(crate) const FILE: &[u8] = b"what was signed\n";

pub(crate) fn assay() -> Identity {
    let url = format!("https://github.com/{WORKFLOW}");
    Identity {
        issuer: GITHUB_ISSUER.into(),
        subject: url.clone(),
        claims: Claims {
            workflow: Some(url),
            repository: Some("https://github.com/acme/images".into()),
            git_ref: Some("refs/heads/main".into()),
            environment: Some("production".into()),
            runner_environment: Some("github-hosted".into()),
            ..Claims::default()
        },
    }
}

pub(crate) fn instance() -> Instance {
    Instance::new("2026-11-01T12:00:00Z".parse().unwrap())
}

pub(crate) fn root(instance: &Instance) -> Arc<TrustRoot> {
    Arc::new(TrustRoot::parse("tests", instance.trusted_root().as_bytes()).unwrap())
}

pub(crate) fn workflow() -> RuleText {
    RuleText { workflow: Some(WORKFLOW.into()), ..RuleText::default() }
}

pub(crate) fn trust(root: &Arc<TrustRoot>, rule: RuleText) -> Trust {
    Trust::nobody()
        .and_identity(TrustedIdentity { rule: IdentityRule::new(rule).unwrap(), root: root.clone() })
}

pub(crate) fn message(bytes: &[u8]) -> Message {
    Message::read(bytes, []).unwrap()
}

/// A bundle about [`FILE`].
pub(crate) fn signed(instance: &Instance, identity: Identity, making: Making) -> serde_json::Value {
    instance.signer_with(identity, making).bundle(Content::File(&message(FILE))).unwrap()
}

pub(crate) fn statement() -> Statement {
    let approval = approval::Predicate {
        verdict: Sha256::of(b"verdict").into(),
        brief: Sha256::of(b"brief").into(),
        approver: "somebody".into(),
        comment: "fine".into(),
        decided_on: "2026-11-01T12:00:00Z".parse().unwrap(),
        expires_on: "2026-12-01T00:00:00Z".parse().unwrap(),
        waives: vec![],
        github: None,
    };
    Statement::of(vec![Subject::file("image.json", Sha256::of(FILE))], &approval).unwrap()
}

/// Real bundles, from the test data of the crate `sigstore-verify`.
pub(crate) mod real {
    use std::path::PathBuf;
    use std::sync::LazyLock;

    use attest::{IdentityRule, PUBLIC_GOOD, Trust, TrustRoot, TrustedIdentity};
    use signers::RuleText;

    static DATA: LazyLock<PathBuf> = LazyLock::new(|| {
        #[expect(clippy::disallowed_methods, reason = "the test asks cargo where a crate's source is")]
        let output = std::process::Command::new(env!("CARGO"))
            .args(["metadata", "--format-version", "1", "--offline", "--locked"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        let metadata: serde_json::Value =
            serde_json::from_slice(&output.stdout).expect("cargo metadata runs");
        let packages = metadata["packages"].as_array().unwrap();
        let package = packages.iter().find(|package| package["name"] == "sigstore-verify").unwrap();
        PathBuf::from(package["manifest_path"].as_str().unwrap()).with_file_name("test_data")
    });

    pub(crate) fn bytes(name: &str) -> Vec<u8> {
        std::fs::read(DATA.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn text(name: &str) -> String {
        String::from_utf8(bytes(name)).unwrap()
    }

    pub(crate) fn anybody(root: &str) -> Trust {
        let rule = RuleText {
            issuer_pattern: Some("https://(token|github|accounts)[./].*".into()),
            subject_pattern: Some(r"https://github\.com/.*|.*@gmail\.com".into()),
            ..RuleText::default()
        };
        let root = TrustRoot::embedded(root).unwrap().unwrap();
        Trust::nobody().and_identity(TrustedIdentity { rule: IdentityRule::new(rule).unwrap(), root })
    }

    pub(crate) fn anybody_at_public_good() -> Trust {
        anybody(PUBLIC_GOOD)
    }
}
