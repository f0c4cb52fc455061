//! What a replay needs: a manifest, the signed verdict and its summary beside it, and every input under its digest. One
//! folder may hold those of several decisions: a manifest says which image it is about.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, ensure};
use archive::{Draft, Role};
use model::Sha256;
use runner::Result;
use serde_json::Value;

use crate::evidence::names;

/// The folder of contents beside the manifests.
const CONTENTS: &str = "sha256";

/// The longest manifest that is read.
const LONGEST: u64 = 16 << 20;

/// Where a manifest has digests of what is not in the bundle: the gate's own executable, the sources' names, and evidence
/// that was refused.
const ELSEWHERE: [&str; 3] = ["gate", "sources", "strays"];

/// Adds the bundles about the draft's image; tells how many others there are. With `given`, there has to be one.
pub(crate) fn files(draft: &mut Draft, folder: &Path, given: bool) -> Result<usize> {
    let image = draft.image().manifest.to_string();
    let names = names(folder)?;
    let (mut own, mut others) = (Vec::new(), Vec::new());
    let mut contents = BTreeSet::new();
    for name in &names {
        let Some(stem) = name.strip_suffix(".json").filter(|stem| !stem.contains('.')) else { continue };
        let manifest = manifest(&folder.join(name))?;
        if manifest["image"].as_str() == Some(&image) {
            own.push(stem);
            listed(&manifest, &mut contents);
        } else {
            others.push(stem);
        }
    }
    for name in names.iter().filter(|name| *name != CONTENTS) {
        let path = folder.join(name);
        let stem = name.split('.').next().unwrap_or_default();
        if own.contains(&stem) {
            draft.add(Role::Replay, name, &path)?;
        } else {
            ensure!(
                others.contains(&stem),
                "{} belongs to no replay: there is no {stem}.json beside it; take it out",
                path.display()
            );
        }
    }
    for digest in contents {
        let name = format!("{CONTENTS}/{digest}");
        let path = folder.join(&name);
        let found = draft.add(Role::Replay, &name, &path).with_context(|| {
            format!("a manifest in {} names {digest}, which the replay would lack", folder.display())
        })?;
        ensure!(
            found.sha256 == digest,
            "{} has the SHA-256 {}: it was changed after it was recorded; nothing was put",
            path.display(),
            found.sha256
        );
    }
    ensure!(
        !given || !own.is_empty(),
        "{} has no replay about {}: give the folder of this image's",
        folder.display(),
        draft.image().content_digest
    );
    Ok(others.len())
}

fn manifest(path: &Path) -> Result<Value> {
    let read = || -> Result<Value> {
        let found = std::fs::symlink_metadata(path)?;
        ensure!(found.is_file() && found.len() <= LONGEST, "it is no plain file, or too long");
        let value: Value = serde_json::from_slice(&std::fs::read(path)?)?;
        ensure!(value["version"] == 1 && value["image"].is_string(), "it is no manifest of version 1");
        Ok(value)
    };
    read().with_context(|| format!("{} is not the manifest of a replay", path.display()))
}

/// Every digest that a manifest gives as a value: each names a file of the bundle.
fn listed(manifest: &Value, into: &mut BTreeSet<Sha256>) {
    match manifest {
        Value::String(text) => into.extend(text.parse::<Sha256>().ok()),
        Value::Array(values) => values.iter().for_each(|value| listed(value, into)),
        Value::Object(members) => {
            let inside = members.iter().filter(|(name, _)| !ELSEWHERE.contains(&name.as_str()));
            inside.for_each(|(_, value)| listed(value, into));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
