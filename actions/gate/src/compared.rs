//! Reading what is beside the image itself: the image that it was built on, the one before it, and the
//! full reports of them all.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, bail};
use attest::predicate::vulns;
use attest::{EvidenceDir, EvidenceError, Kind};
use model::{ImageManifest, Sha256};
use runner::Context;

use crate::case::{Item, Previous};
use crate::exact::{self, Genuine};
use crate::keys::Keys;
use crate::{disk, load};

/// Full reports by the digest that statements give; none where there is none.
pub(crate) type Reports = BTreeMap<Sha256, Option<Vec<u8>>>;

/// Every report that a genuine scan refers to, and every SBOM that one scanned. What is not there, or is not what it was, is the
/// decision's to say.
pub(crate) fn reports(dir: &EvidenceDir, evidence: &[Item], keys: &Keys, known: &mut Reports) -> Result<()> {
    for item in evidence {
        let Ok(genuine) = exact::read(item, keys) else { continue };
        let Ok(scan) = genuine.statement.predicate::<vulns::Predicate>() else { continue };
        let Some(more) = scan.hallmark else { continue };
        report(dir, more.report.digest.sha256, known)?;
        if let Some(inventory) = more.inventory {
            report(dir, inventory.digest.sha256, known)?;
        }
    }
    Ok(())
}

fn report(dir: &EvidenceDir, digest: Sha256, known: &mut Reports) -> Result<()> {
    // Two images may share a report; one that is whole is never put aside for one that is not.
    if known.get(&digest).is_some_and(|report| whole(report.as_ref(), &digest)) {
        return Ok(());
    }
    let found = match dir.report(&digest) {
        Ok(bytes) => Some(bytes),
        Err(EvidenceError::ReportChanged { path, .. }) => Some(disk::read(&path, disk::MAX)?),
        Err(EvidenceError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(error.into()),
    };
    known.insert(digest, found);
    Ok(())
}

fn whole(report: Option<&Vec<u8>>, digest: &Sha256) -> bool {
    report.is_some_and(|bytes| Sha256::of(bytes) == *digest)
}

/// The base's verification summaries and scans; everything else in its folder was its own gate's
/// business.
pub(crate) fn base(
    ctx: &Context,
    image: &ImageManifest,
    keys: &Keys,
    known: &mut Reports,
) -> Result<Vec<Item>> {
    let (Some(path), Some(base)) = (ctx.opt_path("base-evidence")?, &image.base) else {
        return Ok(Vec::new());
    };
    let dir = EvidenceDir::new(path);
    let wanted = |one: &Genuine| {
        matches!(one.kind, Kind::Vsa | Kind::Vulns) && one.statement.is_about(&base.content_digest)
    };
    let found = genuine(&dir, keys, wanted)?;
    reports(&dir, &found, keys, known)?;
    Ok(found)
}

/// The image to compare with, its scans, and what its gate said of it. What cannot be read of it is the decision's to say: that
/// nothing was compared is told, and no reason to decide nothing.
pub(crate) fn previous(ctx: &Context, keys: &Keys, known: &mut Reports) -> Result<Option<Previous>> {
    let Some(folder) = ctx.opt_path("previous-evidence")? else {
        if ctx.opt_path("previous-image")?.is_some() {
            bail!(
                "input `previous-image` says which image is compared with: its evidence is wanted too, by `previous-evidence`"
            );
        }
        return Ok(None);
    };
    let path = match ctx.opt_path("previous-image")? {
        Some(path) => Some(path),
        None => beside(&folder),
    };
    let image = path.and_then(|path| disk::read(&path, load::MAX_MANIFEST).ok());
    let Some(about) = image.as_ref().and_then(|bytes| ImageManifest::parse(bytes).ok()) else {
        return Ok(Some(Previous { image, evidence: Vec::new() }));
    };
    let dir = EvidenceDir::new(folder);
    let wanted = |one: &Genuine| {
        matches!(one.kind, Kind::Vsa | Kind::Vulns) && one.statement.is_about(&about.content_digest())
    };
    let evidence = genuine(&dir, keys, wanted).unwrap_or_default();
    reports(&dir, &evidence, keys, known)?;
    Ok(Some(Previous { image, evidence }))
}

/// Where an image's manifest lies when nobody says where.
fn beside(folder: &Path) -> Option<std::path::PathBuf> {
    let candidates = [Some(folder.join("image.json")), folder.parent().map(|above| above.join("image.json"))];
    candidates.into_iter().flatten().find(|path| path.is_file())
}

fn genuine(dir: &EvidenceDir, keys: &Keys, wanted: impl Fn(&Genuine) -> bool) -> Result<Vec<Item>> {
    let items = dir.list()?.files.into_iter().map(Item::from);
    Ok(items.filter(|item| exact::read(item, keys).is_ok_and(|one| wanted(&one))).collect())
}
