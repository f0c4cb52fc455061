//! Both ways with a real peer, the pinned cosign: it signs and we verify, and the reverse. All
//! offline, with keys in files.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{Job, KINDS};
use attest::{Kind, PublicKey, Statement, verify};
use model::{Sha256, Subject};
use serde_json::json;

/// No transparency log, no timestamps, and no roots of trust: nothing to be fetched.
const SIGNING_CONFIG: &str = r#"{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json",
    "rekorTlogConfig":{"selector":"ANY"},"tsaConfig":{"selector":"ANY"}}"#;
const TRUSTED_ROOT: &str = r#"{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}"#;

/// The kinds of keys whose bundles cosign 3.1 verifies; with P-384 it refuses even its own.
const IT_VERIFIES: [&str; 3] = ["p256", "ed25519", "rsa"];
/// Those that it signs bundles with; with Ed25519 it fails (it tries Ed25519ph).
const IT_SIGNS: [&str; 3] = ["p256", "p384", "rsa"];

/// The pinned cosign, at work in a job's folder.
struct Cosign<'a> {
    program: PathBuf,
    job: &'a Job,
}

impl<'a> Cosign<'a> {
    fn in_job(job: &'a Job) -> Self {
        job.write("signing-config.json", SIGNING_CONFIG);
        job.write("trusted-root.json", TRUSTED_ROOT);
        Self { program: pinned(), job }
    }

    #[expect(clippy::disallowed_methods, reason = "the peer is a program; this is a test")]
    fn run(&self, args: &[&str]) -> (bool, String) {
        let output = std::process::Command::new(&self.program)
            .args(args)
            .current_dir(self.job.path(""))
            .env_clear()
            .env("HOME", self.job.path(""))
            .env("COSIGN_PASSWORD", "")
            .output()
            .unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    fn must(&self, args: &[&str]) {
        let (ok, stderr) = self.run(args);
        assert!(ok, "cosign {args:?}: {stderr}");
    }

    /// Makes `keys/<name>.key` of `keys/<name>.pem`, in the form that cosign signs with.
    fn import(&self, name: &str) -> String {
        let prefix = format!("keys/cosign-{name}");
        self.must(&["import-key-pair", "--key", &format!("keys/{name}.pem"), "--output-key-prefix", &prefix]);
        format!("{prefix}.key")
    }

    fn verifies(&self, bundle: &Path, key: &str, file: &str) -> bool {
        let kind = Kind::SignatureVerification.predicate_type();
        let bundle = bundle.to_str().unwrap();
        let options = ["--insecure-ignore-tlog", "--type", kind, "--key", key, "--bundle", bundle];
        self.run(&[&["verify-blob-attestation"], &options[..], &[file]].concat()).0
    }
}

/// cosign as `tools.lock` pins it, or from `HALLMARK_TEST_BIN_DIR`.
#[expect(clippy::disallowed_methods, reason = "tests take their settings from the environment")]
fn pinned() -> PathBuf {
    let setting = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    if let Some(folder) = setting("HALLMARK_TEST_BIN_DIR") {
        let program = Path::new(&folder).join("cosign");
        assert!(program.is_file(), "there is no {}: `make test` sets cosign up", program.display());
        return program;
    }
    let settings = tools::Settings::from_env(setting).unwrap();
    let tools = tools::Tools::new(tools::Lock::embedded().unwrap(), settings, &process::Real);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(tools.get("cosign")).expect("the pinned cosign is needed: `make test` sets it up").path
}

#[test]
fn what_cosign_signs_verifies() {
    let job = Job::new();
    let cosign = Cosign::in_job(&job);
    let mut manifest = "version: 1\nkeys:\n".to_owned();
    let mut files = "files:\n".to_owned();
    for (kind, _) in KINDS {
        job.key(kind, kind);
        job.write(&format!("bin/{kind}"), format!("for {kind}"));
        let key = cosign.import(kind);
        let (signature, file) = (format!("bin/{kind}.sig"), format!("bin/{kind}"));
        cosign.must(&[
            "sign-blob",
            "--yes",
            "--key",
            &key,
            "--use-signing-config=false",
            "--tlog-upload=false",
            "--new-bundle-format=false",
            "--output-signature",
            &signature,
            &file,
        ]);
        manifest += &format!("  {kind}: {{ file: keys/cosign-{kind}.pub }}\n");
        files += &format!("  - {{ path: bin/{kind}, key: {kind} }}\n");
    }
    job.write("signatures.yml", manifest + &files);
    let run = job.run(&[]);
    assert_eq!((run.code, run.outputs["verified"].as_str()), (0, "4"), "{run:?}");
    for (kind, _) in KINDS {
        job.write(&format!("bin/{kind}"), "changed");
    }
    assert_eq!(job.run(&[]).reasons(), vec!["bad-signature"; KINDS.len()]);
}

/// Bundles as cosign writes them today, and as it did with `--bundle` before version 3.
#[test]
fn bundles_that_cosign_signs_with_keys_verify() {
    for kind in IT_SIGNS {
        let job = Job::new();
        let cosign = Cosign::in_job(&job);
        job.key("vendor", kind);
        job.key("other", kind);
        let key = cosign.import("vendor");
        job.write("file", format!("for {kind}"));
        let offline = ["--signing-config", "signing-config.json", "--trusted-root", "trusted-root.json"];
        let old = ["--use-signing-config=false", "--tlog-upload=false", "--new-bundle-format=false"];
        let sign = ["sign-blob", "--yes", "--key", &key];
        cosign.must(&[&sign[..], &offline, &["--bundle", "file.sigstore.json", "file"]].concat());
        cosign.must(&[&sign[..], &old, &["--bundle", "file.cosign.bundle", "file"]].concat());
        for bundle in ["{path}.sigstore.json", "{path}.cosign.bundle"] {
            let asks = |key: &str, more: &str| {
                job.write(
                    "signatures.yml",
                    format!(
                        "version: 1\nkeys: {{k: {{file: keys/{key}.pub}}}}\nfiles: [{{path: file, key: k, bundle: '{bundle}'{more}}}]\n"
                    ),
                );
                job.run(&[])
            };
            let run = asks("vendor", "");
            assert_eq!(run.code, 0, "{kind} {bundle}: {run:?}");
            assert_eq!(asks("other", "").reasons(), ["bad-signature"], "{kind} {bundle}");
            assert_eq!(
                asks("vendor", ", require: transparency-log").reasons(),
                ["no-log-entry"],
                "{kind} {bundle}"
            );
            assert_eq!(asks("vendor", ", require: timestamp").reasons(), ["no-timestamp"], "{kind} {bundle}");
            job.write("file", "changed");
            let told = asks("vendor", "");
            assert!(
                ["other-artifact", "bad-signature"].contains(&told.reasons()[0]),
                "{kind} {bundle}: {told:?}"
            );
            job.write("file", format!("for {kind}"));
        }
    }
}

/// SLSA provenance that cosign attests, by a key.
#[test]
fn provenance_that_cosign_attests_is_held_against_the_manifest() {
    let job = Job::new();
    let cosign = Cosign::in_job(&job);
    job.key("vendor", "p256");
    let key = cosign.import("vendor");
    job.write("file", "content");
    let predicate = json!({
        "buildDefinition": {
            "buildType": "https://actions.github.io/buildtypes/workflow/v1",
            "externalParameters": {"workflow": {
                "ref": "refs/tags/v1", "repository": "https://github.com/acme/tools",
                "path": ".github/workflows/release.yml",
            }},
        },
        "runDetails": {"builder": {"id": "https://github.com/actions/runner/github-hosted"}},
    });
    job.write("predicate.json", predicate.to_string());
    let offline = ["--signing-config", "signing-config.json", "--trusted-root", "trusted-root.json"];
    let how = ["--yes", "--key", &key, "--predicate", "predicate.json", "--type", "slsaprovenance1"];
    let to = ["--bundle", "file.sigstore.json", "file"];
    cosign.must(&[&["attest-blob"], &offline[..], &how, &to].concat());
    let asks = |provenance: &str| {
        job.manifest(&format!("files: [{{path: file, key: vendor, provenance: {{{provenance}}}}}]\n"));
        job.run(&[])
    };
    let all = "builder: https://github.com/actions/runner/github-hosted, source: github.com/acme/tools, ref: refs/tags/v1, workflow: .github/workflows/release.yml";
    let run = asks(all);
    assert_eq!(run.code, 0, "{run:?}");
    for (from, to) in [
        ("github-hosted", "self-hosted"),
        ("github.com/acme", "github.com/evil"),
        ("tags/v1", "heads/main"),
        ("release.yml", "ci.yml"),
    ] {
        let run = asks(&all.replace(from, to));
        assert_eq!((run.code, run.reasons()), (1, vec!["other-provenance"]), "{from}: {run:?}");
        assert!(run.stdout.contains(to), "{}", run.stdout);
    }
    job.write("file", "changed");
    assert_eq!(asks(all).reasons(), ["other-artifact"]);
}

#[test]
fn cosign_verifies_our_evidence_and_refuses_it_changed() {
    for kind in IT_VERIFIES {
        let job = Job::with_hello();
        let cosign = Cosign::in_job(&job);
        job.key("signer", kind);
        job.key("other", kind);
        let run = job.run(&[("signing-key", "keys/signer.pem")]);
        assert_eq!(run.code, 0, "{run:?}");
        let bundle = PathBuf::from(&run.outputs["evidence"]);
        assert!(cosign.verifies(&bundle, "keys/signer.pub", "bin/hello"), "{kind}");
        assert!(!cosign.verifies(&bundle, "keys/other.pub", "bin/hello"), "{kind}");
        assert!(!cosign.verifies(&bundle, "keys/signer.pub", "signatures.yml"), "{kind}");
        let mut changed: serde_json::Value = serde_json::from_slice(&fs::read(&bundle).unwrap()).unwrap();
        let payload = changed["dsseEnvelope"]["payload"].as_str().unwrap().replacen("ey", "ez", 1);
        changed["dsseEnvelope"]["payload"] = json!(payload);
        fs::write(&bundle, changed.to_string()).unwrap();
        assert!(!cosign.verifies(&bundle, "keys/signer.pub", "bin/hello"), "{kind}");
    }
}

#[test]
fn a_statement_that_cosign_signs_verifies() {
    for kind in IT_SIGNS {
        let job = Job::new();
        let cosign = Cosign::in_job(&job);
        job.key("signer", kind);
        let key = cosign.import("signer");
        let statement = Statement::new(
            Kind::Verdict,
            vec![Subject::file("hello", Sha256::of(b"hello"))],
            &json!({"from": "cosign"}),
        )
        .unwrap();
        job.write("statement.json", statement.to_bytes().unwrap());
        let offline = ["--signing-config", "signing-config.json", "--trusted-root", "trusted-root.json"];
        let rest = ["--yes", "--key", &key, "--statement", "statement.json", "--bundle", "bundle.json"];
        cosign.must(&[&["attest-blob"], &offline[..], &rest[..]].concat());
        let bundle = fs::read(job.path("bundle.json")).unwrap();
        let public = PublicKey::from_pem(&fs::read_to_string(job.path("keys/signer.pub")).unwrap()).unwrap();
        let verified = verify(&bundle, &attest::Trust::from(&public)).unwrap();
        assert_eq!(
            (verified.signer, verified.kind),
            (attest::Signer::KeyId(public.key_id()), Kind::Verdict),
            "{kind}"
        );
        assert_eq!(verified.statement, statement, "{kind}");
    }
}
