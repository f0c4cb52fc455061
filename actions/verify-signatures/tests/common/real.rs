//! Real bundles, and the files that they are about: test data of the crate that verifies them.
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use serde_json::Value;

use crate::common::Job;

/// A bundle that verifies.
pub(crate) struct Real {
    /// Where it is, in [`bundles`].
    pub(crate) bundle: &'static str,
    /// Where the file is.
    pub(crate) file: &'static str,
    /// The root that vouches: a name, or a file.
    pub(crate) root: &'static str,
    /// The members of the identity; none for the key of `managed-key`.
    pub(crate) identity: &'static [(&'static str, &'static str)],
    /// Whether there is a timestamp.
    pub(crate) timestamped: bool,
}

const LOGIN: (&str, &str) = ("issuer", "https://github.com/login/oauth");
const BEACON: &str = "sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
const STAGING: &str = "sct-multi-intermediate/staging_trusted_root.json";
const A: &str = "managed-key/artifact.txt";

/// conda's own predicate type.
pub(crate) const CONDA: &str = "https://schemas.conda.org/attestations-publish-1.schema.json";

/// cosign 3, conda with Rekor 1 and 2, a key with log and timestamp, sigstore-python with Rekor 2, SLSA provenance in
/// Rekor 2, an instance of one's own.
pub(crate) const REAL: [Real; 7] = [
    Real {
        bundle: "bundles/cosign-v3-blob.sigstore.json",
        file: "bundles/cosign-v3-blob.txt",
        root: "public-good",
        identity: &[LOGIN, ("subject", "w.vollprecht@gmail.com")],
        timestamped: true,
    },
    Real {
        bundle: "bundles/conda-attestation.sigstore.json",
        file: "bundles/signed-package-2.1.0-hb0f4dca_0.conda",
        root: "public-good",
        identity: &[
            ("workflow", "prefix-dev/sigstore-example/.github/workflows/action.yaml@refs/heads/main"),
            ("repository", "prefix-dev/sigstore-example"),
            ("ref", "refs/heads/main"),
            ("trigger", "push"),
            ("runner-environment", "github-hosted"),
        ],
        timestamped: false,
    },
    Real {
        bundle: "bundles/conda-attestation-rekor2.sigstore.json",
        file: "bundles/signed-package-2.1.0-hb0f4dca_0.conda",
        root: STAGING,
        identity: &[LOGIN, ("subject", "jku@goto.fi")],
        timestamped: true,
    },
    Real {
        bundle: "managed-key/bundle.sigstore.json",
        file: A,
        root: "public-good",
        identity: &[],
        timestamped: true,
    },
    Real {
        bundle: "upstream/sigstore-python/staging-rekor-v2.txt.sigstore.json",
        file: "upstream/sigstore-python/staging-rekor-v2.txt",
        root: STAGING,
        identity: &[LOGIN, ("subject-pattern", "j.u@goto\\\\.fi")],
        timestamped: true,
    },
    Real {
        bundle: "upstream/sigstore-python/a.dsse.staging-rekor-v2.txt.sigstore.json",
        file: A,
        root: STAGING,
        identity: &[("workflow", BEACON), ("trigger", "workflow_dispatch")],
        timestamped: true,
    },
    Real {
        bundle: "timestamps/valid_bundle.json",
        file: A,
        root: "timestamps/valid_trusted_root.json",
        identity: &[("workflow", BEACON)],
        timestamped: true,
    },
];

/// The folder of the data, where cargo keeps the crate.
pub(crate) fn data() -> &'static PathBuf {
    static DATA: LazyLock<PathBuf> = LazyLock::new(find);
    &DATA
}

#[expect(clippy::disallowed_methods, reason = "cargo knows where the crate is; this is a test")]
fn find() -> PathBuf {
    let output = std::process::Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo metadata runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|package| package["name"] == "sigstore-verify").unwrap();
    PathBuf::from(package["manifest_path"].as_str().unwrap()).with_file_name("test_data")
}

impl Real {
    /// Puts the file, the bundle and the root into a job: `file`, `file.sigstore.json`, `root.json`.
    pub(crate) fn put(&self, job: &Job) {
        let read = |name: &str| fs::read(data().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        job.write("file", read(self.file));
        job.write("file.sigstore.json", read(self.bundle));
        if self.is_file() {
            job.write("root.json", read(self.root));
        }
        if self.identity.is_empty() {
            job.write("keys/real.pub", read("managed-key/key.pub"));
        }
    }

    fn is_file(&self) -> bool {
        self.root.contains('/')
    }

    /// As a manifest names the root.
    pub(crate) fn root(&self) -> &str {
        if self.is_file() { "root.json" } else { self.root }
    }

    /// A manifest with this root, this identity, and this beside it in the entry of the file.
    pub(crate) fn manifest(&self, root: &str, identity: &[(&str, &str)], more: &str) -> String {
        let who = match identity {
            [] => "keys: { who: { file: keys/real.pub } }\n".to_owned(),
            members => {
                let members: Vec<_> =
                    members.iter().map(|(name, value)| format!("{name}: \"{value}\"")).collect();
                format!("identities: {{ who: {{ {} }} }}\n", members.join(", "))
            }
        };
        let bundle = "\"{path}.sigstore.json\"";
        // What conda attests is no provenance: its type has to be named, which does others no harm.
        let bundle = format!("{bundle}, predicate-type: {CONDA}");
        format!(
            "version: 1\ntrusted-root: {root}\n{who}files: [{{ path: file, signed-by: who, bundle: {bundle}{more} }}]\n"
        )
    }
}
