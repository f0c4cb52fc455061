//! Evidence, looked at before it is kept: every statement reads, and is about this image.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use archive::{Draft, Role};
use attest::predicate::release;
use attest::{EvidenceDir, EvidenceFile, Form, Kind, Statement, Stray};
use model::Sha256;
use runner::Result;

/// Adds every statement of a folder, and lets the channels show the entry that its releases name; tells how many there are.
/// Whose word they are is for whoever reads them.
pub(crate) fn statements(draft: &mut Draft, folder: &Path) -> Result<usize> {
    let listing = EvidenceDir::new(folder).list()?;
    if let Some(Stray { path, reason }) = listing.strays.first() {
        bail!("{} is no evidence: {reason}; take it out, and put again", path.display());
    }
    for file in &listing.files {
        let statement = statement(file).with_context(|| format!("{} does not read", file.path.display()))?;
        about(draft, file, &statement)?;
        let added = draft.add(Role::Evidence, &file.name, &file.path)?;
        ensure!(added.sha256 == file.sha256, "{} changed while it was read: put again", file.path.display());
        if statement.kind()? == Kind::Release {
            let released: release::Predicate = statement.predicate()?;
            if let Some(channel) = released.hallmark.and_then(|one| one.channel) {
                let (family, name) = channel.rsplit_once('/').with_context(|| {
                    format!("{} names the channel {channel:?}: family/name is wanted", file.path.display())
                })?;
                draft.show_in(family, name)?;
            }
        }
    }
    Ok(listing.files.len())
}

fn statement(file: &EvidenceFile) -> Result<Statement> {
    let statement = match file.form {
        Form::Unsigned => attest::read_unsigned(&file.bytes)?.statement,
        Form::Signed => {
            Statement::from_bytes(&file.payload().context("it is no bundle with a statement in it")?)?
        }
    };
    statement.kind()?;
    Ok(statement)
}

/// A statement is about the image, about its image.json, or about files that went into it.
fn about(draft: &Draft, file: &EvidenceFile, statement: &Statement) -> Result<()> {
    let image = draft.image();
    let manifest = || statement.subject.iter().any(|one| one.sha256() == Some(image.manifest));
    // Its subjects are files, joined to the image by the provenance.
    let of_files = statement.kind()? == Kind::SignatureVerification;
    ensure!(
        of_files || statement.is_about(&image.content_digest) || manifest(),
        "{} is not about {} but about {}: give the folder of this image's own evidence",
        file.path.display(),
        image.content_digest,
        statement.content_digest().map_or_else(|| "something else".to_owned(), |other| other.to_string())
    );
    Ok(())
}

/// Adds every full report of a folder; each is what its name says.
pub(crate) fn reports(draft: &mut Draft, folder: &Path) -> Result<()> {
    for name in names(folder)? {
        let path = folder.join(&name);
        let digest = name.strip_suffix(".json").and_then(|stem| stem.parse::<Sha256>().ok());
        let digest = digest.with_context(|| {
            format!(
                "{} is no report: they are named by their SHA-256, <64 digits>.json; take it out",
                path.display()
            )
        })?;
        let found = draft.add(Role::Report, &name, &path)?.sha256;
        ensure!(
            found == digest,
            "{} has the SHA-256 {found}: it was changed after it was recorded; nothing was put",
            path.display()
        );
    }
    Ok(())
}

/// The names in a folder, sorted.
pub(crate) fn names(folder: &Path) -> Result<Vec<String>> {
    let list = || format!("cannot list {}", folder.display());
    ensure!(
        fs::symlink_metadata(folder).with_context(list)?.is_dir(),
        "{} is no folder: links are not followed",
        folder.display()
    );
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).with_context(list)? {
        let name = entry.with_context(list)?.file_name();
        let name = name.into_string();
        names.push(
            name.map_err(|name| {
                anyhow::anyhow!("{} is not UTF-8: take it out", folder.join(name).display())
            })?,
        );
        ensure!(
            names.len() <= archive::MAX_FILES,
            "{} holds more than {} files",
            folder.display(),
            archive::MAX_FILES
        );
    }
    names.sort_unstable();
    Ok(names)
}
