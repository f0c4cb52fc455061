//! SBOMs: the statement is the list. A scan of a list that is evidence itself counts as having seen what the list's
//! maker saw.

use std::collections::BTreeMap;

use attest::Kind;
use attest::predicate::{sbom, spdx, vulns};
use model::{ImageManifest, Sha256};
use policy::{Code, EvidenceKind, Facts, Policy, Seen, Signed};

use super::Gatherer;
use crate::exact::{Genuine, sentence};

/// The version of SPDX that is read.
const SPDX: &str = "SPDX-2.3";

/// How the image was seen by each SBOM of it, by the document's digest: of those that somebody signed who may sign
/// SBOMs, and that date themselves no later than they were signed.
pub(super) fn inventories(
    genuine: &[Genuine],
    image: &ImageManifest,
    policy: &Policy,
) -> BTreeMap<Sha256, Seen> {
    let about = image.content_digest();
    let by = |one: &&Genuine, kind| {
        let may = policy.signers_of(kind);
        matches!(&one.signed, Signed::By(names) if names.iter().any(|name| may.contains(name)))
            && one.statement.is_about(&about)
    };
    let reports: BTreeMap<Sha256, Seen> = genuine
        .iter()
        .filter(|one| one.kind == Kind::Vulns && by(one, EvidenceKind::Vulns))
        .filter_map(|one| one.statement.predicate::<vulns::Predicate>().ok()?.hallmark)
        .filter_map(|more| Some((more.report.digest.sha256, direct(more.seen)?)))
        .collect();
    genuine
        .iter()
        .filter(|one| one.kind == Kind::Sbom && by(one, EvidenceKind::Sbom))
        .filter_map(|one| {
            let read = one.statement.predicate::<sbom::Predicate>().ok()?;
            let digest = Sha256::of(&read.to_bytes().ok()?);
            admission::dated(read.made(), one.signed_by).ok()?;
            Some((digest, seen(&read, &reports)?))
        })
        .collect()
}

const fn direct(seen: vulns::Seen) -> Option<Seen> {
    match seen {
        vulns::Seen::Disk => Some(Seen::Disk),
        vulns::Seen::Rootfs => Some(Seen::Rootfs),
        vulns::Seen::Sbom | vulns::Seen::ContainerImage | vulns::Seen::Report | vulns::Seen::Source => None,
    }
}

/// What an SBOM saw; of one that was made of a scan's report, what that scan saw, if the scan is evidence too.
fn seen(read: &sbom::Predicate, reports: &BTreeMap<Sha256, Seen>) -> Option<Seen> {
    match read.seen()? {
        sbom::Seen::Disk => Some(Seen::Disk),
        sbom::Seen::Rootfs => Some(Seen::Rootfs),
        sbom::Seen::Report => reports.get(&read.report()?).copied(),
    }
}

impl Gatherer<'_> {
    /// How a scan of an SBOM saw the image: as the SBOM did, where that is evidence itself.
    pub(super) fn seen_by_sbom(&self, more: &vulns::Extension) -> Seen {
        let inventory = more.inventory.as_ref();
        let seen = inventory.and_then(|inventory| self.inventories.get(&inventory.digest.sha256));
        seen.copied().unwrap_or(Seen::Indirect)
    }

    pub(super) fn take_sbom(&mut self, one: &Genuine) {
        let Some(read) = self.predicate::<sbom::Predicate>(one) else { return };
        let bytes = match read.to_bytes() {
            Ok(bytes) => bytes,
            Err(error) => return self.object(Code::MalformedEvidence, &one.file, sentence(&error)),
        };
        let inventory = match scanners::sbom::read(&bytes) {
            Ok(inventory) => inventory,
            Err(error) => return self.object(Code::MalformedEvidence, &one.file, sentence(&error)),
        };
        if inventory.packages.is_empty() {
            let message = "The SBOM lists no packages.".to_owned();
            return self.object(Code::MalformedEvidence, &one.file, message);
        }
        // One that was made for another image is not this one's, whoever put it under this one's name.
        let about = read.said(sbom::IMAGE);
        if about.is_some_and(|about| about != self.image.content_digest().to_string()) {
            let message = "The SBOM says itself that it is of another image.".to_owned();
            return self.object(Code::WrongSubject, &one.file, message);
        }
        let seen = self.inventories.get(&Sha256::of(&bytes)).copied();
        self.state(
            one,
            read.made(),
            Facts::Sbom {
                tool: read.tool().to_owned(),
                seen: seen.or_else(|| unsigned(one, &read)).unwrap_or(Seen::Indirect),
                packages: inventory.packages.len() as u64,
            },
        );
    }

    pub(super) fn take_spdx(&mut self, one: &Genuine) {
        let Some(read) = self.predicate::<spdx::Predicate>(one) else { return };
        let version = read.version().unwrap_or_default();
        if version != SPDX {
            let message = format!("The SBOM is of another version of SPDX than {SPDX}.");
            return self.object(Code::MalformedEvidence, &one.file, message);
        }
        let packages = read.packages() as u64;
        if packages == 0 {
            let message = "The SBOM lists no packages.".to_owned();
            return self.object(Code::MalformedEvidence, &one.file, message);
        }
        self.state(one, read.made(), Facts::SpdxSbom { packages });
    }
}

/// Unsigned, its own word is all there is; whether that is enough is decided on the statement itself.
fn unsigned(one: &Genuine, read: &sbom::Predicate) -> Option<Seen> {
    if one.signed != Signed::Unsigned {
        return None;
    }
    seen(read, &BTreeMap::new())
}
