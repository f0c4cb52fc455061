//! What an attacker does with evidence: edit it, sign another with a key that was stolen, date it as it suits.

use std::fs;
use std::path::{Path, PathBuf};

use attest::{EvidenceDir, PrivateKey, PublicKey, Statement};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::{SignedDuration, Timestamp};

use super::{World, home};

/// The keys of the real run.
pub(crate) mod key {
    use super::{PrivateKey, PublicKey, fs, home};

    pub(crate) fn pem(name: &str) -> String {
        fs::read_to_string(home().join("keys").join(format!("{name}.pem"))).unwrap()
    }

    pub(super) fn private(name: &str) -> PrivateKey {
        match name {
            "mallory" => PrivateKey::from_pem(&PrivateKey::generate_p256().unwrap().private).unwrap(),
            _ => PrivateKey::from_pem(&pem(name)).unwrap(),
        }
    }

    pub(super) fn public() -> Vec<PublicKey> {
        ["bake", "assay", "approver", "publish"].map(|name| private(name).public().clone()).to_vec()
    }
}

/// The clock, so many hours from now, as statements write it.
pub(crate) fn now(hours: i64) -> String {
    (Timestamp::now() + SignedDuration::from_hours(hours)).to_string()
}

impl World {
    /// What the one statement of a kind says.
    #[track_caller]
    pub(crate) fn statement(&self, kind: &str) -> Statement {
        read(&self.file(kind))
    }

    /// Adds a statement: signed by somebody, or by nobody.
    pub(crate) fn put(&self, signer: Option<&str>, statement: &Statement) -> PathBuf {
        let key = signer.map(key::private);
        EvidenceDir::new(self.evidence())
            .write(statement, key.as_ref().map(|key| key as &dyn attest::Sign))
            .unwrap()
    }

    /// Puts another statement in the place of the one there is.
    #[track_caller]
    pub(crate) fn forge(
        &self,
        kind: &str,
        signer: Option<&str>,
        change: impl FnOnce(&mut Statement),
    ) -> PathBuf {
        let mut statement = self.statement(kind);
        fs::remove_file(self.file(kind)).unwrap();
        change(&mut statement);
        self.put(signer, &statement)
    }

    /// Edits what a bundle carries, and leaves its signature.
    #[track_caller]
    pub(crate) fn alter(&self, kind: &str, from: &str, to: &str) {
        let file = self.file(kind);
        let mut bundle: serde_json::Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        let payload = &mut bundle["dsseEnvelope"]["payload"];
        let text = String::from_utf8(BASE64.decode(payload.as_str().unwrap()).unwrap()).unwrap();
        assert!(text.contains(from), "{from:?} is not in {text}");
        *payload = BASE64.encode(text.replacen(from, to, 1)).into();
        fs::write(file, bundle.to_string()).unwrap();
    }

    /// Edits a file as text.
    #[track_caller]
    pub(crate) fn edit(&self, path: &Path, from: &str, to: &str) {
        let text = fs::read_to_string(path).unwrap();
        assert!(text.contains(from), "{from:?} is not in {}", path.display());
        fs::write(path, text.replacen(from, to, 1)).unwrap();
    }

    /// Brings a statement about the base image into this one's evidence.
    pub(crate) fn take_from_base(&self, kind: &str) {
        for entry in fs::read_dir(self.base()).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if name.starts_with(&format!("{kind}.")) {
                fs::copy(&path, self.evidence().join(name)).unwrap();
            }
        }
    }
}

/// A signed statement, whoever of ours signed it.
#[track_caller]
pub(crate) fn read(path: &Path) -> Statement {
    attest::verify(&fs::read(path).unwrap(), &attest::Trust::keys(&key::public())).unwrap().statement
}
