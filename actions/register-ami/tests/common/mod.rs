//! An image, the keys of the jobs, the evidence about the image, and a harness to publish it with.
#![allow(dead_code, reason = "each test takes what it needs")]
#![allow(clippy::unwrap_used, reason = "a failing helper is a failing test")]

pub(crate) mod closed;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use attest::{EvidenceDir, Kind, PrivateKey, PublicKey, Statement};
use jiff::{SignedDuration, Timestamp};
use model::{Architecture, BootMode, Disk, ImageManifest, SCHEMA_VERSION, Sha256, Subject};
use runner::testing::{Harness, NOW};
use serde_json::{Value, json};

pub(crate) const VERIFIER: &str = "https://hallmark.dev/gate";

/// A key pair of one job.
pub(crate) struct Job {
    pub(crate) private: PrivateKey,
    pub(crate) pem: String,
    pub(crate) public: PublicKey,
    pub(crate) public_pem: String,
}

impl Job {
    fn new() -> Self {
        let pem = PrivateKey::generate_p256().unwrap();
        Self {
            private: PrivateKey::from_pem(&pem.private).unwrap(),
            public: PublicKey::from_pem(&pem.public).unwrap(),
            pem: pem.private,
            public_pem: pem.public,
        }
    }
}

/// A folder with everything in it.
pub(crate) struct Place {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) bake: Job,
    pub(crate) assay: Job,
    pub(crate) publish: Job,
    pub(crate) now: Timestamp,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self::at(NOW.parse().unwrap())
    }

    pub(crate) fn at(now: Timestamp) -> Self {
        let place = Self {
            folder: tempfile::tempdir().unwrap(),
            bake: Job::new(),
            assay: Job::new(),
            publish: Job::new(),
            now,
        };
        fs::write(place.path("assay.pub"), &place.assay.public_pem).unwrap();
        fs::write(place.path("publish.pem"), &place.publish.pem).unwrap();
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn evidence(&self) -> PathBuf {
        self.path("evidence")
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.path("store")
    }

    /// An image of 24 MiB, mostly holes, with this text on its disk; and its manifest beside it.
    pub(crate) fn image(&self, content: &str) -> ImageManifest {
        self.image_of(content, 24 << 20, content.as_bytes())
    }

    pub(crate) fn image_of(&self, name: &str, size: u64, content: &[u8]) -> ImageManifest {
        let folder = self.path(name);
        fs::create_dir_all(&folder).unwrap();
        let disk = folder.join("disk.raw");
        let file = File::create(&disk).unwrap();
        file.set_len(size).unwrap();
        file.write_all_at(content, 5 << 20).unwrap();
        let digested = blocks::digest_file(&disk, &blocks::Options::default()).unwrap();
        let manifest = ImageManifest {
            schema: SCHEMA_VERSION,
            name: "debian-app".into(),
            family: "debian-app".into(),
            architecture: Architecture::Amd64,
            boot_mode: BootMode::Uefi,
            root_device: "/dev/xvda".into(),
            disks: vec![Disk {
                device: "/dev/xvda".into(),
                file: "disk.raw".into(),
                size_bytes: digested.size_bytes,
                content_digest: digested.content_digest,
            }],
            os: None,
            base: None,
            layers: vec![],
        };
        self.write_manifest(name, &manifest);
        manifest
    }

    pub(crate) fn write_manifest(&self, name: &str, manifest: &ImageManifest) {
        fs::write(self.path(name).join("image.json"), manifest.to_bytes().unwrap()).unwrap();
    }

    /// The policy that counts.
    pub(crate) fn policy() -> Sha256 {
        Sha256::of(b"the policy")
    }

    /// The assay job passes an image, an hour ago.
    pub(crate) fn pass(&self, manifest: &ImageManifest) {
        self.put(manifest, Kind::Verdict, &self.verdict("pass", 60), &self.assay);
        self.put(manifest, Kind::Vsa, &self.summary("PASSED", 60), &self.assay);
    }

    pub(crate) fn verdict(&self, verdict: &str, minutes_ago: i64) -> Value {
        json!({
            "verdict": verdict,
            "reasons": [],
            "exceptions": [],
            "policy": {"name": "baseline", "digest": {"sha256": Self::policy().to_string()}},
            "evidence": [],
            "decidedOn": self.ago(minutes_ago),
        })
    }

    pub(crate) fn summary(&self, result: &str, minutes_ago: i64) -> Value {
        json!({
            "verifier": {"id": VERIFIER},
            "timeVerified": self.ago(minutes_ago),
            "resourceUri": "hallmark:debian-app",
            "policy": {"digest": {"sha256": Self::policy().to_string()}},
            "inputAttestations": [],
            "verificationResult": result,
            "verifiedLevels": ["HALLMARK_BASELINE"],
        })
    }

    pub(crate) fn ago(&self, minutes: i64) -> String {
        (self.now - SignedDuration::from_mins(minutes)).to_string()
    }

    /// Writes evidence about an image, signed by a job.
    pub(crate) fn put(&self, manifest: &ImageManifest, kind: Kind, predicate: &Value, job: &Job) -> PathBuf {
        self.put_about(manifest.subjects().unwrap(), kind, predicate, Some(job))
    }

    pub(crate) fn put_about(
        &self,
        subjects: Vec<Subject>,
        kind: Kind,
        predicate: &Value,
        job: Option<&Job>,
    ) -> PathBuf {
        let statement = Statement::new(kind, subjects, predicate).unwrap();
        EvidenceDir::new(self.evidence())
            .write(&statement, job.map(|job| &job.private as &dyn attest::Sign))
            .unwrap()
    }

    /// A harness that would publish this image to `stable`.
    pub(crate) fn harness(&self, name: &str) -> Harness {
        self.inputs(name)
            .into_iter()
            .fold(Harness::new().now(self.now), |harness, (input, value)| harness.input(input, value))
    }

    pub(crate) fn inputs(&self, name: &str) -> BTreeMap<&'static str, String> {
        let text = |path: PathBuf| path.to_string_lossy().into_owned();
        BTreeMap::from([
            ("image", text(self.path(name).join("image.json"))),
            ("evidence", text(self.evidence())),
            ("store", text(self.store())),
            ("channel", "stable".to_owned()),
            ("verdict-signer", text(self.path("assay.pub"))),
            ("verifier-id", VERIFIER.to_owned()),
            ("policy-digest", Self::policy().to_string()),
            ("signing-key", text(self.path("publish.pem"))),
        ])
    }

    /// The release statements, as the publish job signed them, sorted by file.
    pub(crate) fn releases(&self) -> Vec<Statement> {
        let listing = EvidenceDir::new(self.evidence()).list().unwrap();
        // A killed writer may leave a partial file, which is evidence of nothing; nothing else may be there.
        let strays = listing.strays.iter().filter(|stray| stray.reason != attest::StrayReason::Partial);
        assert_eq!(strays.count(), 0, "{:?}", listing.strays);
        let releases = listing.files.iter().filter(|file| file.name.starts_with("release."));
        releases
            .map(|file| {
                attest::verify(&file.bytes, &attest::Trust::from(&self.publish.public)).unwrap().statement
            })
            .collect()
    }

    /// What the channel `stable` shows, as its file says.
    pub(crate) fn channel(&self) -> Value {
        serde_json::from_slice(&fs::read(self.store().join("channels/debian-app/stable.json")).unwrap())
            .unwrap()
    }
}

/// Every file under a folder with its content, but for the lock. Nothing if there is no folder.
pub(crate) fn tree(root: &Path) -> BTreeMap<PathBuf, Option<Sha256>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for path in entries.map(|entry| entry.unwrap().path()) {
            let name = path.strip_prefix(root).unwrap().to_owned();
            if path.is_dir() {
                folders.push(path);
                found.insert(name, None);
            } else if name != Path::new("lock") {
                found.insert(name, Some(Sha256::of(&fs::read(&path).unwrap())));
            }
        }
    }
    found
}
