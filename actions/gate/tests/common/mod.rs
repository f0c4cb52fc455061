//! A world with an image, its evidence and its keys, in which the gate says `pass`: for every test
//! to change.
#![allow(dead_code, clippy::unwrap_used, clippy::panic, reason = "each test file uses its own part of this")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use attest::{EvidenceDir, Kind, PrivateKey, Statement};
use model::{ContentDigest, ImageManifest, Sha256, Subject};
use runner::testing::{Harness, Run};
use serde_json::{Value, json};

/// When everything happens.
pub(crate) const NOW: &str = "2026-11-22T12:00:00Z";
const MADE: &str = "2026-11-22T11:00:00Z";

pub(crate) struct World {
    folder: tempfile::TempDir,
    keys: BTreeMap<&'static str, (PrivateKey, String)>,
    pub(crate) image: ImageManifest,
    pub(crate) now: jiff::Timestamp,
    /// When its evidence was made.
    pub(crate) made: String,
}

/// A finding of the report: id, severity as Trivy writes it, fixed version.
pub(crate) type Found<'f> = (&'f str, &'f str, Option<&'f str>);

impl World {
    /// An image under the recommended policy, with everything that this asks for.
    pub(crate) fn good() -> Self {
        Self::with(&[])
    }

    /// The same with findings in its scan.
    pub(crate) fn with(found: &[Found<'_>]) -> Self {
        let world = Self::bare();
        world.put("bake", &world.signatures(b"binary"));
        world.put("bake", &world.provenance());
        world.put("assay", &world.tests("booted", MADE, 3, 0));
        world.put("assay", &world.scan(found, false));
        world
    }

    /// Keys, policies and an image, but no evidence yet.
    pub(crate) fn bare() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut keys = BTreeMap::new();
        for name in ["bake", "assay", "approver", "publish", "mallory"] {
            let pem = PrivateKey::generate_p256().unwrap();
            fs::write(folder.path().join(format!("{name}.pub")), &pem.public).unwrap();
            keys.insert(name, (PrivateKey::from_pem(&pem.private).unwrap(), pem.private.clone()));
        }
        let disk = ContentDigest::new(Sha256::of(b"disk"));
        let image = ImageManifest::parse(
            &serde_json::to_vec(&json!({
                "schema": 1, "name": "web", "family": "debian-web", "architecture": "amd64", "bootMode": "uefi",
                "rootDevice": "/dev/xvda",
                "disks": [{"device": "/dev/xvda", "file": "web.raw", "sizeBytes": 1_u64 << 30, "contentDigest": disk}],
                "os": {"id": "debian", "version": "13"},
                "layers": [{"name": "web", "bakeId": Sha256::of(b"bake")}],
            }))
            .unwrap(),
        )
        .unwrap();
        let world = Self { folder, keys, image, now: NOW.parse().unwrap(), made: MADE.to_owned() };
        world.write_image();
        world
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write_image(&self) {
        fs::write(self.path("image.json"), self.image.to_bytes().unwrap()).unwrap();
    }

    pub(crate) fn dir(&self) -> EvidenceDir {
        EvidenceDir::new(self.path("evidence"))
    }

    pub(crate) fn key(&self, name: &str) -> &PrivateKey {
        &self.keys[name].0
    }

    /// A signer's private key, as an input.
    pub(crate) fn pem(&self, name: &str) -> String {
        self.keys[name].1.clone()
    }

    /// Writes a statement, signed by a name, or unsigned by `""`.
    pub(crate) fn put(&self, signer: &str, statement: &Statement) -> PathBuf {
        self.dir().write(statement, self.keys.get(signer).map(|(key, _)| key as &dyn attest::Sign)).unwrap()
    }

    /// The one file of a kind.
    pub(crate) fn file(&self, kind: &str) -> PathBuf {
        let mut found: Vec<PathBuf> = fs::read_dir(self.path("evidence"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(&format!("{kind}.")))
            .collect();
        assert_eq!(found.len(), 1, "{kind}: {found:?}");
        found.remove(0)
    }

    pub(crate) fn signatures(&self, file: &[u8]) -> Statement {
        let digest = Sha256::of(file);
        let predicate = json!({
            "verifier": {"id": "https://hallmark.dev/verify-signatures", "version": "0"},
            "verifiedOn": self.made,
            "manifest": {"name": "signatures.yml", "digest": {"sha256": Sha256::of(b"m")}},
            "files": [{
                "name": "binary", "digest": {"sha256": digest}, "size": 1,
                "signature": {"name": "binary.sig", "digest": {"sha256": digest}},
                "signer": {"key": "vendor", "keyId": digest, "algorithm": "ed25519"},
            }],
        });
        Statement::new(Kind::SignatureVerification, vec![Subject::file("binary", digest)], &predicate)
            .unwrap()
    }

    pub(crate) fn provenance(&self) -> Statement {
        let predicate = json!({
            "buildDefinition": {
                "buildType": "https://hallmark.dev/packer-build/v1",
                "externalParameters": {"template": "web.pkr.hcl"},
                "resolvedDependencies": [{"name": "binary", "digest": {"sha256": Sha256::of(b"binary")}}],
            },
            "runDetails": {"builder": {"id": "https://hallmark.dev/packer-build"}, "metadata": {"finishedOn": self.made}},
        });
        Statement::new(Kind::Provenance, self.image.subjects().unwrap(), &predicate).unwrap()
    }

    pub(crate) fn tests(&self, seen: &str, finished: &str, passed: u64, failed: u64) -> Statement {
        let digest = Sha256::of(b"goss");
        let predicate = json!({
            "result": if failed == 0 { "PASSED" } else { "FAILED" },
            "configuration": [],
            "hallmark": {
                "seen": seen, "counts": {"passed": passed, "failed": failed, "skipped": 0},
                "tool": {"name": "goss", "version": "0", "sha256": digest},
                "startedOn": finished, "finishedOn": finished, "report": {"sha256": digest},
            },
        });
        Statement::new(Kind::TestResult, self.image.subjects().unwrap(), &predicate).unwrap()
    }

    /// A report of Trivy's with 30 packages.
    pub(crate) fn report(found: &[Found<'_>]) -> Vec<u8> {
        let package = |n: usize| {
            json!({"ID": format!("p{n}@1"), "Name": format!("p{n}"), "Version": "1",
                "Identifier": {"PURL": format!("pkg:deb/debian/p{n}@1"), "UID": format!("u{n}")}})
        };
        let vulnerability = |(id, severity, fixed): &Found<'_>| {
            json!({"VulnerabilityID": id, "PkgName": "p1", "InstalledVersion": "1", "FixedVersion": fixed,
                "Severity": severity, "Title": "a title", "PkgIdentifier": {"PURL": "pkg:deb/debian/p1@1", "UID": "u1"}})
        };
        let report = json!({
            "SchemaVersion": 2, "Trivy": {"Version": "0.69.3"}, "ArtifactName": "web.raw",
            "Metadata": {"OS": {"Family": "debian", "Name": "13.1"}},
            "Results": [{"Target": "web.raw (debian 13.1)", "Class": "os-pkgs", "Type": "debian",
                "Packages": (0..30).map(package).collect::<Vec<_>>(),
                "Vulnerabilities": found.iter().map(vulnerability).collect::<Vec<_>>()}],
        });
        serde_json::to_vec(&report).unwrap()
    }

    pub(crate) fn scan(&self, found: &[Found<'_>], sample: bool) -> Statement {
        let bytes = Self::report(found);
        self.scan_of(&bytes, sample)
    }

    /// A scan statement for a report, whatever that report says.
    pub(crate) fn scan_of(&self, bytes: &[u8], sample: bool) -> Statement {
        let digest = self.dir().put_report(bytes).unwrap();
        let read = scanners::find("trivy").unwrap().read_report(bytes);
        let counts = read.as_ref().map(|scan| scan.counts()).unwrap_or_default();
        let packages = read.as_ref().map_or(0, |scan| scan.packages.len());
        let predicate = json!({
            "scanner": {"uri": "https://trivy.dev", "db": {"lastUpdate": self.made}, "result": []},
            "metadata": {"scanStartedOn": self.made, "scanFinishedOn": self.made},
            "hallmark": {
                "seen": "disk", "report": {"name": "trivy.json", "digest": {"sha256": digest}},
                "tool": {"name": "trivy", "version": "0", "sha256": digest},
                "database": {"version": "2", "updatedOn": self.made, "sha256": digest, "sample": sample},
                "packages": packages,
                "counts": {"critical": counts.critical, "high": counts.high, "medium": counts.medium,
                    "low": counts.low, "negligible": counts.negligible, "unknown": counts.unknown},
            },
        });
        Statement::new(Kind::Vulns, self.image.subjects().unwrap(), &predicate).unwrap()
    }

    /// The inputs of a run, as a runner would set them.
    pub(crate) fn inputs(&self, policy: &str) -> Vec<(&'static str, String)> {
        let shown = |path: &Path| path.to_string_lossy().into_owned();
        let policies = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies");
        let policy =
            if policy.contains('/') { PathBuf::from(policy) } else { policies.join(format!("{policy}.yml")) };
        let signers: Vec<String> = ["bake", "assay", "approver", "publish"]
            .iter()
            .map(|name| format!("{name}={}", shown(&self.path(&format!("{name}.pub")))))
            .collect();
        vec![
            ("image", shown(&self.path("image.json"))),
            ("policy", shown(&policy)),
            ("evidence", shown(&self.path("evidence"))),
            ("bundle", shown(&self.path("replay"))),
            ("page", shown(&self.path("page.html"))),
            ("brief", shown(&self.path("brief.md"))),
            ("json", shown(&self.path("view.json"))),
            ("signers", signers.join("\n")),
            ("signing-key", self.keys["assay"].1.clone()),
        ]
    }

    /// Runs the gate.
    pub(crate) fn gate(&self, policy: &str) -> Run {
        self.gate_with(policy, &[])
    }

    pub(crate) fn gate_with(&self, policy: &str, more: &[(&'static str, String)]) -> Run {
        self.harness(policy, more).run(&gate::ACTION)
    }

    fn harness(&self, policy: &str, more: &[(&'static str, String)]) -> Harness {
        let mut inputs: BTreeMap<&str, String> = self.inputs(policy).into_iter().collect();
        inputs.extend(more.iter().cloned());
        let harness = Harness::new().now(self.now).off_runner();
        inputs.iter().fold(harness, |harness, (name, value)| harness.input(name, value))
    }

    pub(crate) fn gate_on_runner(&self, policy: &str, more: &[(&'static str, String)]) -> Run {
        self.runner(policy, more).run(&gate::ACTION)
    }

    /// A runner with these inputs, for a test to put more into it.
    pub(crate) fn runner(&self, policy: &str, more: &[(&'static str, String)]) -> Harness {
        let mut inputs: BTreeMap<&str, String> = self.inputs(policy).into_iter().collect();
        inputs.extend(more.iter().cloned());
        let harness = Harness::new().now(self.now);
        inputs.iter().fold(harness, |harness, (name, value)| harness.input(name, value))
    }

    pub(crate) fn replay(&self, manifest: &str) -> Run {
        Harness::new()
            .now("2036-01-01T00:00:00Z".parse().unwrap())
            .input("replay", manifest)
            .input_path("evidence", self.path("evidence"))
            .run(&gate::ACTION)
    }

    /// Approves the verdict of a run.
    pub(crate) fn approve(&self, run: &Run, signer: &str) -> Run {
        Harness::new()
            .now(self.now)
            .input("verdict", &run.outputs["evidence"])
            .input_path("verdict-key", self.path("assay.pub"))
            .input("signing-key", &self.keys[signer].1)
            .input("approver", "Ada <ada@example.org>")
            .input("comment", "seen <script>alert(1)</script>")
            .input("brief", &run.outputs["brief"])
            .input_path("evidence", self.path("evidence"))
            .run(&gate::APPROVE)
    }
}

/// The codes of a run's reasons.
pub(crate) fn codes(run: &Run) -> Vec<String> {
    let reasons =
        run.outputs.get("reasons").unwrap_or_else(|| panic!("no verdict:\n{}\n{}", run.stdout, run.stderr));
    let reasons: Vec<Value> = serde_json::from_str(reasons).unwrap();
    reasons.iter().map(|reason| reason["code"].as_str().unwrap().to_owned()).collect()
}
