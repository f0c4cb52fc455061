//! One file: what is beside it already, and its signature.

use anyhow::{Context as _, Result, bail, ensure};
use attest::detached::{Message, Signature};
use attest::{MAX_BUNDLE, Sign, Trust, sign_file, verify_file};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::Sha256;

use crate::select::{BUNDLE, SIGNATURE};
use crate::tree::Tree;

/// The longest signature file that is looked at.
const MAX_SIGNATURE: usize = 64 << 10;

/// How every file of this run is signed.
pub(crate) struct Job<'a> {
    pub(crate) tree: &'a Tree,
    pub(crate) signer: &'a dyn Sign,
    pub(crate) own: &'a Trust,
    pub(crate) detached: bool,
    pub(crate) overwrite: bool,
}

/// A file that can be signed.
pub(crate) struct Plan {
    pub(crate) path: String,
    /// The file's digest, where all that is wanted is there already.
    kept: Option<Sha256>,
}

/// A signed file.
pub(crate) struct Done {
    pub(crate) path: String,
    pub(crate) sha256: Sha256,
    pub(crate) bundle: String,
    pub(crate) signature: Option<String>,
    pub(crate) kept: bool,
}

impl Job<'_> {
    /// Whether the file can be signed. Nothing is changed.
    pub(crate) fn look(&self, path: String) -> Result<Plan> {
        let file =
            self.tree.file(&path)?.with_context(|| format!("input `files`: there is no file {path:?}"))?;
        let bundle = self.tree.read(&format!("{path}{BUNDLE}"), MAX_BUNDLE)?;
        let signature = match self.detached {
            true => self.tree.read(&format!("{path}{SIGNATURE}"), MAX_SIGNATURE)?,
            false => None,
        };
        if bundle.is_none() && signature.is_none() {
            return Ok(Plan { path, kept: None });
        }
        let message = self.message(&path, file)?;
        let own_bundle = bundle.as_ref().map(|bytes| verify_file(bytes, &message, self.own).is_ok());
        let own_signature = signature.as_ref().map(|bytes| self.is_own(bytes, &message));
        for (own, ending) in [(own_bundle, BUNDLE), (own_signature, SIGNATURE)] {
            ensure!(
                own != Some(false) || self.overwrite,
                "{path}{ending} is there already, and is not this signer's over this file: remove it, or set `overwrite: true`"
            );
        }
        let whole = own_bundle == Some(true) && (!self.detached || own_signature == Some(true));
        Ok(Plan { path, kept: whole.then(|| message.sha256()) })
    }

    /// Signs it, verifies that, and writes what verified.
    pub(crate) fn sign(&self, plan: Plan) -> Result<Done> {
        let path = plan.path;
        let bundle = format!("{path}{BUNDLE}");
        let signature = self.detached.then(|| format!("{path}{SIGNATURE}"));
        if let Some(sha256) = plan.kept {
            return Ok(Done { path, sha256, bundle, signature, kept: true });
        }
        let file = self.tree.file(&path)?.with_context(|| format!("{path} is gone"))?;
        let message = self.message(&path, file)?;
        let made = sign_file(&message, self.signer).with_context(|| format!("{path} was not signed"))?;
        let bytes = made.to_bytes()?;
        verify_file(&bytes, &message, self.own).with_context(|| {
            format!(
                "{path} was signed, and the bundle does not verify, so it was not written; is `trusted-root` that of the \
                 instance that signs?"
            )
        })?;
        if let Some(signature) = &signature {
            self.tree.write(signature, alone(&bytes)?.as_bytes())?;
        }
        self.tree.write(&bundle, &bytes)?;
        Ok(Done { path, sha256: message.sha256(), bundle, signature, kept: false })
    }

    fn message(&self, path: &str, file: std::fs::File) -> Result<Message> {
        Message::read(file, self.signer.public_key()).with_context(|| format!("the file {path}"))
    }

    fn is_own(&self, signature: &[u8], message: &Message) -> bool {
        let Some(key) = self.signer.public_key() else { return false };
        Signature::from_file_bytes(signature).is_ok_and(|signature| message.verify(key, &signature).is_ok())
    }
}

/// A bundle's signature, as it is written to a file of its own.
fn alone(bundle: &[u8]) -> Result<String> {
    let bundle: serde_json::Value = serde_json::from_slice(bundle)?;
    match bundle["messageSignature"]["signature"].as_str() {
        // One spelling: what is written is what was verified.
        Some(signature) if STANDARD.decode(signature).is_ok() => Ok(format!("{signature}\n")),
        _ => bail!("the bundle has no signature over a file"),
    }
}
