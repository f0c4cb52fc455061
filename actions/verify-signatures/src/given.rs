//! What the step gives beside the manifest: another trusted root, keys that a service keeps, and whether there may
//! be a connection at all.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use attest::{PublicKey, TrustRoot};
use runner::{Context, Input, Kind};
use services::{REFRESH_TRUSTED_ROOT, SIGNING_KEY, SIGNING_KEY_NAMES, TRUSTED_ROOT, TUF_MIRROR, kms};

use crate::manifest::{Manifest, Mistake, SignerEntry, SignerSource};

type Result<T, E = runner::Error> = std::result::Result<T, E>;

/// The name of the input that forbids connections.
pub(crate) const OFFLINE: &str = "offline";

/// The services' input of this name, without its default: where the step says nothing, the manifest does.
pub(crate) const ROOT: Input = Input::new(
    TRUSTED_ROOT.name,
    Kind::Text,
    "Who vouches for identities, logs and timestamps, in place of the manifest's `trusted-root`: public-good, github, or the path of a trusted_root.json",
);

/// Refuses, where there may be no connection, who could sign only by one.
pub(crate) fn signer_in_reach(ctx: &Context) -> Result<()> {
    let Some(key) = ctx.secret(SIGNING_KEY.name)?.filter(|_| ctx.flag(OFFLINE).unwrap_or(true)) else {
        return Ok(());
    };
    let elsewhere = |name: &&&str| key.expose().trim().starts_with(**name);
    if let Some(name) = SIGNING_KEY_NAMES.iter().find(elsewhere) {
        bail!(
            "input `signing-key`: {name} is asked over a connection, and `offline` is true: sign with a key in a file"
        );
    }
    Ok(())
}

/// The root that the step names in place of the manifest's, fetched anew where that is asked for.
pub(crate) fn trusted_root(ctx: &Context) -> Result<Option<Arc<TrustRoot>>> {
    if ctx.opt_text(TRUSTED_ROOT.name)?.is_none() {
        ensure!(
            !ctx.flag(REFRESH_TRUSTED_ROOT.name)? && ctx.opt_text(TUF_MIRROR.name)?.is_none(),
            "input `refresh-trusted-root`: name the `trusted-root` that is to be fetched, public-good or github"
        );
        return Ok(None);
    }
    let file = services::trust_root(ctx, ctx.flag(OFFLINE)?)?;
    let root = TrustRoot::parse(&file.name, &file.bytes).context("input `trusted-root`")?;
    Ok(Some(Arc::new(root)))
}

/// What would need a connection, where there may be none.
pub(crate) fn connections(ctx: &Context, manifest: &Manifest) -> Result<Vec<Mistake>> {
    if !ctx.flag(OFFLINE)? {
        return Ok(Vec::new());
    }
    let in_service = |(name, entry): (&String, &SignerEntry)| match &entry.source {
        SignerSource::Kms(uri) => Some(Mistake {
            place: entry.place,
            message: format!(
                "the key `{name}` would be asked of {uri}, and `offline` is true: write its public key into a file"
            ),
        }),
        _ => None,
    };
    Ok(manifest.signers.iter().filter_map(in_service).collect())
}

/// The keys that a service keeps: each asked for once.
pub(crate) fn kms_keys(ctx: &Context, manifest: &Manifest) -> BTreeMap<String, Result<PublicKey, String>> {
    let mut keys = BTreeMap::new();
    for (name, entry) in &manifest.signers {
        if let SignerSource::Kms(uri) = &entry.source {
            let key = kms::public_key(uri, &|name| ctx.env(name).map(str::to_owned));
            keys.insert(name.clone(), key.map_err(|error| error.to_string()));
        }
    }
    keys
}
