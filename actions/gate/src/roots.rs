//! The trusted roots that a policy's identities need: those that the program carries, and files that are read as
//! signers' keys are. All of them go into the case: a program of another day carries others.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, anyhow};
use attest::TrustRoot;
use model::Sha256;
use policy::{Credential, Policy, Root};
use runner::Context;
use signers::ROOTS;

use crate::case::Item;
use crate::source::{For, Reader};

/// What was brought in.
#[derive(Default)]
pub(crate) struct Roots {
    /// The roots, each once.
    pub(crate) items: Vec<Item>,
    /// The digest of each by what the policy calls it.
    pub(crate) digests: BTreeMap<String, Sha256>,
}

pub(crate) async fn read(ctx: &Context, reader: &mut Reader, policy: &Policy) -> Result<Roots> {
    let mut roots = Roots::default();
    for (name, known_by) in policy.signers() {
        let Some(Credential::Identity(identity)) = known_by else { continue };
        let called = identity.root.to_string();
        if roots.digests.contains_key(&called) {
            continue;
        }
        let what = format!("the trusted root `{called}` of the signer `{name}`");
        let bytes = match &identity.root {
            Root::Named(root) => carried(reader, root).with_context(|| what.clone())?,
            Root::Digest(digest) => of_digest(reader, *digest).with_context(|| what.clone())?,
            Root::File(file) => {
                let path = ctx.path("policy")?;
                let path = path.parent().map_or_else(|| file.into(), |folder| folder.join(file));
                reader.text(ctx, For::Policy, &path, &what).await?.into_bytes()
            }
        };
        let digest = TrustRoot::parse(&called, &bytes)?.digest();
        if !roots.items.iter().any(|known| known.bytes == bytes) {
            roots.items.push(Item { name: called.clone(), bytes });
        }
        roots.digests.insert(called, digest);
    }
    Ok(roots)
}

fn carried(reader: &mut Reader, name: &str) -> Result<Vec<u8>> {
    let root = TrustRoot::embedded(name).ok_or_else(|| anyhow!("this program carries no such root"))??;
    reader.shipped(name, root.bytes());
    Ok(root.bytes().to_vec())
}

fn of_digest(reader: &mut Reader, digest: Sha256) -> Result<Vec<u8>> {
    for name in ROOTS {
        let Some(root) = TrustRoot::embedded(name) else { continue };
        if root?.digest() == digest {
            return carried(reader, name);
        }
    }
    Err(anyhow!("no root that this program carries has this digest: name the root's file instead"))
}
