//! Where evidence is kept: a folder of it, what a gate leaves for a replay, or an archive.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use archive::{Archive, Location, Role};
use attest::{EvidenceDir, EvidenceFile, Form, Kind, MAX_BUNDLE, StrayReason};
use aws::Caller;
use model::{ContentDigest, ImageManifest, Sha256};
use runner::Result;
use serde::Deserialize;

/// The folder of contents in a replay bundle.
const CONTENTS: &str = "sha256";

/// The longest manifest of a replay that is read.
const LONGEST: u64 = 16 << 20;

/// The endings of a statement's file.
const SIGNED: &str = ".sigstore.json";
const UNSIGNED: &str = ".intoto.json";

/// A place of evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// A folder of statements.
    Folder(PathBuf),
    /// A gate's replay bundle: the manifests in it.
    Bundle(PathBuf, Vec<String>),
    /// An archive, in a folder or in S3.
    Archive(Location),
}

/// What is read of a replay manifest.
#[derive(Deserialize)]
struct Manifest {
    approval: Option<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    sha256: Sha256,
}

impl Place {
    /// Whether AWS is asked for it.
    pub(crate) const fn is_in_s3(&self) -> bool {
        matches!(self, Self::Archive(Location::S3 { .. }))
    }

    /// As an input names it.
    pub(crate) fn of(cwd: &Path, text: &str) -> Result<Self> {
        if text.contains("://") {
            return Ok(Self::Archive(Location::parse(text, cwd).context("input `evidence`")?));
        }
        let path = cwd.join(text);
        let shown = path.display();
        let metadata = fs::metadata(&path)
            .with_context(|| format!("input `evidence`: there is no evidence at {shown}"))?;
        if metadata.is_file() {
            ensure!(
                ![SIGNED, UNSIGNED].iter().any(|form| text.ends_with(form)),
                "input `evidence`: {shown} is one statement: give the folder that all of them lie in"
            );
            let stem =
                path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".json"));
            let stem = stem.with_context(|| {
                format!("input `evidence`: {shown} is neither a folder nor the manifest of a replay")
            })?;
            let folder = path.parent().unwrap_or(cwd).to_owned();
            return Ok(Self::Bundle(folder, vec![stem.to_owned()]));
        }
        if Archive::is_folder(&path) {
            return Ok(Self::Archive(Location::Folder(path)));
        }
        if !path.join(CONTENTS).is_dir() {
            return Ok(Self::Folder(path));
        }
        let manifests = manifests(&path).with_context(|| format!("input `evidence`: cannot list {shown}"))?;
        ensure!(!manifests.is_empty(), "input `evidence`: the bundle {shown} has no manifest");
        Ok(Self::Bundle(path, manifests))
    }

    /// Every `image.json` that was kept about this content, none of it believed yet. Only an archive has them.
    pub(crate) async fn manifests(
        &self,
        content: &ContentDigest,
        caller: &Caller,
    ) -> Result<Vec<ImageManifest>> {
        let Self::Archive(location) = self else { return Ok(Vec::new()) };
        let archive = caller.archive(location).await?;
        let (mut manifests, mut seen) = (Vec::new(), BTreeSet::new());
        for entry in archive.entries_of(content).await? {
            for file in entry.of(Role::Image).filter(|file| file.sha256 == entry.image.manifest) {
                if !seen.insert(file.sha256) {
                    continue;
                }
                let shown = || format!("{:?} in an entry of {}", file.name, archive.location());
                ensure!(
                    file.bytes <= LONGEST,
                    "{} is longer than the {LONGEST} bytes that are read",
                    shown()
                );
                let bytes = archive.read(&entry, file).await?;
                manifests.push(ImageManifest::parse(&bytes).with_context(shown)?);
            }
        }
        Ok(manifests)
    }

    /// Every statement, none of it believed yet; of an archive, those that were kept about this content.
    pub(crate) async fn read(&self, content: &ContentDigest, caller: &Caller) -> Result<Vec<EvidenceFile>> {
        match self {
            Self::Folder(path) => {
                let listing = EvidenceDir::new(path).list()?;
                // Something that is no evidence proves nothing, and hides nothing either: but a statement that is
                // too long, or behind a link, is one that somebody may have wanted to be seen.
                let strange = listing
                    .strays
                    .into_iter()
                    .find(|stray| matches!(stray.reason, StrayReason::TooLong | StrayReason::Symlink));
                if let Some(stray) = strange {
                    bail!("{} cannot be read as evidence: {}", stray.path.display(), stray.reason);
                }
                Ok(listing.files)
            }
            Self::Bundle(folder, stems) => {
                let mut files = Vec::new();
                for stem in stems {
                    bundle(folder, stem, &mut files)?;
                }
                Ok(files)
            }
            Self::Archive(location) => kept(location, content, caller).await,
        }
    }
}

/// The evidence of every entry about a content. What several entries name is read once.
async fn kept(location: &Location, content: &ContentDigest, caller: &Caller) -> Result<Vec<EvidenceFile>> {
    let archive = caller.archive(location).await?;
    let (mut files, mut seen) = (Vec::new(), BTreeSet::new());
    for entry in archive.entries_of(content).await? {
        for file in entry.of(Role::Evidence) {
            if !seen.insert(file.sha256) {
                continue;
            }
            let shown = || format!("{:?} in an entry of {}", file.name, archive.location());
            let form = match (file.name.ends_with(SIGNED), file.name.ends_with(UNSIGNED)) {
                (true, _) => Form::Signed,
                (_, true) => Form::Unsigned,
                _ => bail!("{} is not named as evidence is", shown()),
            };
            ensure!(
                file.bytes <= MAX_BUNDLE as u64,
                "{} is longer than the {MAX_BUNDLE} bytes that are read",
                shown()
            );
            let bytes = archive.read(&entry, file).await?;
            let path = PathBuf::from(format!("{}/{}", archive.location().trim_end_matches('/'), file.path()));
            files.push(EvidenceFile { name: file.name.clone(), path, form, bytes, sha256: file.sha256 });
        }
    }
    Ok(files)
}

/// The manifests of a bundle: `<digest>.json`, each with its verdict beside it.
fn manifests(folder: &Path) -> Result<Vec<String>> {
    let mut stems = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let Some(stem) = name.to_str().and_then(|name| name.strip_suffix(".json")) else { continue };
        if !stem.contains('.') {
            stems.push(stem.to_owned());
        }
    }
    stems.sort_unstable();
    Ok(stems)
}

fn bundle(folder: &Path, stem: &str, files: &mut Vec<EvidenceFile>) -> Result<()> {
    for kind in [Kind::Verdict, Kind::Vsa] {
        for (form, ending) in [(Form::Signed, "sigstore"), (Form::Unsigned, "intoto")] {
            let path = folder.join(format!("{stem}.{kind}.{ending}.json"));
            if fs::symlink_metadata(&path).is_ok() {
                files.push(file(kind, form, &path)?);
            }
        }
    }
    let path = folder.join(format!("{stem}.json"));
    let bytes = read(&path, LONGEST)?;
    let manifest: Manifest = serde_json::from_slice(&bytes)
        .with_context(|| format!("{} is not the manifest of a replay", path.display()))?;
    if let Some(approval) = manifest.approval {
        let path = folder.join(CONTENTS).join(approval.sha256.to_string());
        let found = file(Kind::Approval, Form::Signed, &path)?;
        ensure!(found.sha256 == approval.sha256, "{} has other bytes than its name says", path.display());
        files.push(found);
    }
    Ok(())
}

/// A statement by the name that it has in a folder of evidence.
fn file(kind: Kind, form: Form, path: &Path) -> Result<EvidenceFile> {
    let bytes = read(path, MAX_BUNDLE as u64)?;
    let sha256 = Sha256::of(&bytes);
    let ending = match form {
        Form::Signed => "sigstore",
        Form::Unsigned => "intoto",
    };
    let name = format!("{kind}.{}.{ending}.json", sha256.short());
    Ok(EvidenceFile { name, path: path.to_owned(), form, bytes, sha256 })
}

fn read(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let shown = path.display();
    let metadata = fs::symlink_metadata(path).with_context(|| format!("cannot read {shown}"))?;
    ensure!(metadata.is_file(), "{shown} is not a plain file");
    ensure!(metadata.len() <= limit, "{shown} is longer than the {limit} bytes that are read");
    fs::read(path).with_context(|| format!("cannot read {shown}"))
}
