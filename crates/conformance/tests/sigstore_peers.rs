//! Other people's verifiers of the same bundles: cosign and Python's sigstore accept what we accept, and refuse what we
//! refuse. By that, the instance that our tests make bundles with is held against real ones as well.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]
#![expect(clippy::disallowed_methods, reason = "the peers are programs; this is a test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use attest::detached::Message;
use attest::{Identity, IdentityRule, Statement, Trust, TrustRoot, TrustedIdentity, verify_file};
use model::{Sha256, Subject};
use serde_json::{Value, json};
use signers::instance::{Instance, Making};
use signers::{Claims, Content, GITHUB_ISSUER, RuleText};

const SUBJECT: &str = "https://github.com/acme/images/.github/workflows/assay.yml@refs/heads/main";
const FILE: &[u8] = b"what was signed\n";

fn tool(variable: &str, name: &str) -> PathBuf {
    let folder =
        std::env::var_os(variable).unwrap_or_else(|| panic!("{variable} is not set: `make test` sets it"));
    Path::new(&folder).join(name)
}

/// A folder with a trusted root, a bundle and the file that it is about.
struct Bench {
    folder: tempfile::TempDir,
    issuer: String,
    subject: String,
}

impl Bench {
    fn new(issuer: &str, subject: &str, root: &str, bundle: &str, file: &[u8]) -> Self {
        let bench =
            Self { folder: tempfile::tempdir().unwrap(), issuer: issuer.into(), subject: subject.into() };
        let valid = json!({"start": "2020-01-01T00:00:00Z"});
        let service =
            |url: &str| json!([{"url": url, "majorApiVersion": 1, "validFor": valid, "operator": "tests"}]);
        let config = json!({
            "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
            "trustedRoot": serde_json::from_str::<Value>(root).unwrap(),
            "signingConfig": {
                "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
                "caUrls": service("https://fulcio.test"),
                "oidcUrls": service("https://oidc.test"),
                "rekorTlogUrls": service("https://rekor.test"),
                "rekorTlogConfig": {"selector": "ANY"},
                "tsaUrls": service("https://tsa.test"),
                "tsaConfig": {"selector": "ANY"},
            },
        });
        bench.write("root.json", root.as_bytes());
        bench.write("config.json", config.to_string().as_bytes());
        bench.write("bundle.json", bundle.as_bytes());
        bench.write("file", file);
        bench
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.folder.path().join(name), bytes).unwrap();
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.folder.path().join(name)).unwrap()
    }

    fn run(&self, program: &Path, arguments: &[&str]) -> Result<(), String> {
        let output = Command::new(program)
            .args(arguments)
            .current_dir(self.folder.path())
            // Nothing of the user's is read or written.
            .env("HOME", self.folder.path())
            .env("TUF_ROOT", self.folder.path())
            .output()
            .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        let said =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        if output.status.success() { Ok(()) } else { Err(said) }
    }

    fn cosign(&self) -> Result<(), String> {
        let bundle: Value = serde_json::from_slice(&self.read("bundle.json")).unwrap();
        let attestation = bundle.get("dsseEnvelope").is_some();
        let command = if attestation { "verify-blob-attestation" } else { "verify-blob" };
        let mut arguments = vec![command, "--bundle", "bundle.json", "--trusted-root", "root.json"];
        arguments.extend([
            "--certificate-identity",
            &self.subject,
            "--certificate-oidc-issuer",
            &self.issuer,
        ]);
        if attestation {
            arguments.extend(["--type", "https://example.com/predicate"]);
        }
        arguments.push("file");
        self.run(&tool("HALLMARK_TEST_BIN_DIR", "cosign"), &arguments)
    }

    fn python(&self) -> Result<(), String> {
        let mut arguments = vec!["--trust-config", "config.json", "verify", "identity", "--offline"];
        arguments.extend(["--bundle", "bundle.json", "--cert-identity", &self.subject]);
        arguments.extend(["--cert-oidc-issuer", &self.issuer, "file"]);
        self.run(&tool("HALLMARK_TEST_SIGSTORE_BIN", "sigstore"), &arguments)
    }

    fn ours(&self) -> Result<(), String> {
        let rule = RuleText {
            issuer: Some(self.issuer.clone()),
            subject: Some(self.subject.clone()),
            ..RuleText::default()
        };
        let root = Arc::new(TrustRoot::parse("tests", &self.read("root.json")).unwrap());
        let trust =
            Trust::nobody().and_identity(TrustedIdentity { rule: IdentityRule::new(rule).unwrap(), root });
        let message = Message::whole_of(self.read("file"));
        verify_file(&self.read("bundle.json"), &message, &trust).map(drop).map_err(|error| error.to_string())
    }

    fn all(&self) -> [(&'static str, Result<(), String>); 3] {
        [("ours", self.ours()), ("cosign", self.cosign()), ("python", self.python())]
    }
}

fn assay() -> Identity {
    Identity {
        issuer: GITHUB_ISSUER.into(),
        subject: SUBJECT.into(),
        claims: Claims {
            workflow: Some(SUBJECT.into()),
            repository: Some("https://github.com/acme/images".into()),
            git_ref: Some("refs/heads/main".into()),
            ..Claims::default()
        },
    }
}

fn of_instance(content: Content<'_>) -> (String, String) {
    let instance = Instance::new("2026-11-01T12:00:00Z".parse().unwrap());
    let bundle = instance.signer_with(assay(), Making::default()).bundle(content).unwrap();
    (instance.trusted_root(), bundle.to_string())
}

#[test]
fn all_accept_a_file_of_the_tests_own_instance() {
    let message = Message::whole_of(FILE.to_vec());
    let (root, bundle) = of_instance(Content::File(&message));
    for (who, verified) in Bench::new(GITHUB_ISSUER, SUBJECT, &root, &bundle, FILE).all() {
        assert_eq!(verified, Ok(()), "{who}");
    }
}

#[test]
fn all_accept_a_statement_of_the_tests_own_instance() {
    let statement = Statement {
        subject: vec![Subject::file("file", Sha256::of(FILE))],
        predicate_type: "https://example.com/predicate".into(),
        predicate: json!({"a": 1}),
    };
    let payload = statement.to_bytes().unwrap();
    let encoded = sigstore_types::pae("application/vnd.in-toto+json", &payload);
    let (root, bundle) = of_instance(Content::Statement { payload: &payload, encoded: &encoded });
    for (who, verified) in Bench::new(GITHUB_ISSUER, SUBJECT, &root, &bundle, FILE).all() {
        assert_eq!(verified, Ok(()), "{who}");
    }
}

#[test]
fn all_refuse_what_was_changed() {
    let message = Message::whole_of(FILE.to_vec());
    let (root, bundle) = of_instance(Content::File(&message));
    let (other_root, other) = of_instance(Content::File(&message));
    let changed = |pointer: &str| {
        let (mut one, other): (Value, Value) =
            (serde_json::from_str(&bundle).unwrap(), serde_json::from_str(&other).unwrap());
        *one.pointer_mut(pointer).unwrap() = other.pointer(pointer).unwrap().clone();
        one.to_string()
    };
    let entry = "/verificationMaterial/tlogEntries/0";
    let benches = [
        ("another file", Bench::new(GITHUB_ISSUER, SUBJECT, &root, &bundle, b"another\n")),
        ("another issuer", Bench::new("https://issuer.test", SUBJECT, &root, &bundle, FILE)),
        ("another subject", Bench::new(GITHUB_ISSUER, "https://github.com/x", &root, &bundle, FILE)),
        ("another root", Bench::new(GITHUB_ISSUER, SUBJECT, &other_root, &bundle, FILE)),
        (
            "signature",
            Bench::new(GITHUB_ISSUER, SUBJECT, &root, &changed("/messageSignature/signature"), FILE),
        ),
        (
            "certificate",
            Bench::new(
                GITHUB_ISSUER,
                SUBJECT,
                &root,
                &changed("/verificationMaterial/certificate/rawBytes"),
                FILE,
            ),
        ),
        (
            "entry",
            Bench::new(GITHUB_ISSUER, SUBJECT, &root, &changed(&format!("{entry}/canonicalizedBody")), FILE),
        ),
        (
            "checkpoint",
            Bench::new(
                GITHUB_ISSUER,
                SUBJECT,
                &root,
                &changed(&format!("{entry}/inclusionProof/checkpoint")),
                FILE,
            ),
        ),
    ];
    for (what, bench) in benches {
        for (who, verified) in bench.all() {
            assert!(verified.is_err(), "{who} accepted what has {what}");
        }
    }
}
