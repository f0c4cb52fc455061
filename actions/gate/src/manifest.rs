//! The replay manifest: every input of a verdict by digest, and their content beside it.
//!
//! The manifest's own digest is in the verdict, so it cannot be exchanged; the contents lie under
//! their digests, so neither can they.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use attest::predicate::verdict::Sources;
use jiff::Timestamp;
use model::{Sha256, canonical_json};
use serde::{Deserialize, Serialize};

use crate::case::{Case, Gate, Item, Previous};
use crate::disk;

/// The folder of contents beside the manifests.
const CONTENTS: &str = "sha256";

/// More than any manifest has.
const MAX_MANIFEST: u64 = 16 << 20;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Manifest {
    version: u32,
    clock: Timestamp,
    gate: Gate,
    policy: Sha256,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    roots: Vec<Entry>,
    exceptions: Option<Sha256>,
    #[serde(default, skip_serializing_if = "Sources::is_empty")]
    sources: Sources,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    environment: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    epss: Option<Sha256>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kev: Option<Sha256>,
    image: Sha256,
    evidence: Vec<Entry>,
    strays: Vec<(String, String)>,
    base: Vec<Entry>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous: Option<PreviousEntry>,
    /// What statements call a report → what lay there.
    reports: BTreeMap<String, Option<Sha256>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    click: Option<Sha256>,
    approval: Option<Entry>,
    prior: Option<Entry>,
}

/// The image that was compared with. Manifests of earlier gates have none.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PreviousEntry {
    image: Option<Sha256>,
    evidence: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    sha256: Sha256,
}

impl Entry {
    fn of(item: &Item) -> Self {
        Self { name: item.name.clone(), sha256: Sha256::of(&item.bytes) }
    }
}

/// The manifest of a case, in canonical JSON.
pub(crate) fn write(case: &Case) -> Result<Vec<u8>> {
    let digest = |bytes: &Vec<u8>| Sha256::of(bytes);
    let manifest = Manifest {
        version: 1,
        clock: case.now,
        gate: case.gate.clone(),
        policy: digest(&case.policy),
        roots: case.roots.iter().map(Entry::of).collect(),
        exceptions: case.exceptions.as_ref().map(digest),
        sources: case.sources.clone(),
        environment: case.environment.clone(),
        epss: case.epss.as_ref().map(digest),
        kev: case.kev.as_ref().map(digest),
        image: digest(&case.image),
        evidence: case.evidence.iter().map(Entry::of).collect(),
        strays: case.strays.clone(),
        base: case.base.iter().map(Entry::of).collect(),
        previous: case.previous.as_ref().map(|previous| PreviousEntry {
            image: previous.image.as_ref().map(digest),
            evidence: previous.evidence.iter().map(Entry::of).collect(),
        }),
        reports: case
            .reports
            .iter()
            .map(|(name, bytes)| (name.to_string(), bytes.as_ref().map(digest)))
            .collect(),
        click: case.click.as_ref().map(digest),
        approval: case.approval.as_ref().map(Entry::of),
        prior: case.prior.as_ref().map(Entry::of),
    };
    Ok(canonical_json(&manifest)?)
}

/// Keeps a manifest and everything it lists; returns the manifest's path.
pub(crate) fn keep(folder: &Path, name: &str, manifest: &[u8], case: &Case) -> Result<PathBuf> {
    let contents = folder.join(CONTENTS);
    let previous = case.previous.iter();
    let items = case.evidence.iter().chain(&case.base).chain(&case.approval).chain(&case.prior);
    let items = items.chain(&case.roots);
    let items = items.chain(previous.clone().flat_map(|previous| &previous.evidence));
    let all = [&case.policy, &case.image]
        .into_iter()
        .chain(&case.exceptions)
        .chain(&case.epss)
        .chain(&case.kev)
        .chain(&case.click)
        .chain(previous.filter_map(|previous| previous.image.as_ref()))
        .chain(items.map(|item| &item.bytes))
        .chain(case.reports.values().flatten());
    for bytes in all {
        let path = contents.join(Sha256::of(bytes).to_string());
        if !disk::holds(&path, bytes) {
            disk::write(&path, bytes)?;
        }
    }
    let path = folder.join(format!("{name}.json"));
    disk::write(&path, manifest)?;
    Ok(path)
}

/// Reads a manifest's bytes.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    disk::read(path, MAX_MANIFEST)
}

/// Reads everything that a manifest lists, each by its digest.
pub(crate) fn load(path: &Path, bytes: &[u8]) -> Result<Case> {
    let manifest: Manifest =
        serde_json::from_slice(bytes).with_context(|| format!("{} is no replay manifest", path.display()))?;
    ensure!(manifest.version == 1, "{} has version {}; this gate reads 1", path.display(), manifest.version);
    let contents = path.parent().unwrap_or_else(|| Path::new("")).join(CONTENTS);
    let get = |what: &str, digest: Sha256| -> Result<Vec<u8>> {
        let path = contents.join(digest.to_string());
        let bytes = disk::read(&path, disk::MAX)
            .with_context(|| format!("{what} differs: it is not in the bundle"))?;
        ensure!(
            Sha256::of(&bytes) == digest,
            "{what} differs: {} has other bytes than its name says",
            path.display()
        );
        Ok(bytes)
    };
    let item = |what: &str, entry: Entry| -> Result<Item> {
        let bytes = get(&format!("{what} {}", entry.name), entry.sha256)?;
        Ok(Item { name: entry.name, bytes })
    };
    let items = |what: &str, entries: Vec<Entry>| {
        entries.into_iter().map(|entry| item(what, entry)).collect::<Result<Vec<_>>>()
    };
    let previous = |entry: PreviousEntry| -> Result<Previous> {
        Ok(Previous {
            image: entry.image.map(|digest| get("the previous image.json", digest)).transpose()?,
            evidence: items("the previous image's evidence", entry.evidence)?,
        })
    };
    let mut reports = BTreeMap::new();
    for (name, digest) in manifest.reports {
        let content = digest.map(|digest| get(&format!("the report {name}"), digest)).transpose()?;
        reports.insert(name.parse::<Sha256>()?, content);
    }
    Ok(Case {
        now: manifest.clock,
        gate: manifest.gate,
        policy: get("the policy", manifest.policy)?,
        roots: items("the trusted root", manifest.roots)?,
        exceptions: manifest.exceptions.map(|digest| get("the exceptions file", digest)).transpose()?,
        sources: manifest.sources,
        environment: manifest.environment,
        epss: manifest.epss.map(|digest| get("the EPSS scores", digest)).transpose()?,
        kev: manifest.kev.map(|digest| get("the KEV catalog", digest)).transpose()?,
        image: get("image.json", manifest.image)?,
        evidence: items("the evidence", manifest.evidence)?,
        strays: manifest.strays,
        base: items("the base's evidence", manifest.base)?,
        previous: manifest.previous.map(previous).transpose()?,
        reports,
        click: manifest.click.map(|digest| get("what GitHub said of the run", digest)).transpose()?,
        approval: manifest.approval.map(|entry| item("the approval", entry)).transpose()?,
        prior: manifest.prior.map(|entry| item("the approved verdict", entry)).transpose()?,
    })
}
