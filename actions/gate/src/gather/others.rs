//! What scans say about the images beside this one: the one that it was built on, and the one that it
//! takes the place of. Only signed scans count, by those who may sign them: what a rule for `layer: image`
//! spares, or what is called unchanged, is nobody else's to say.

use std::collections::{BTreeMap, BTreeSet};

use admission::dated;
use attest::Kind;
use attest::predicate::{vsa, vulns};
use jiff::Timestamp;
use model::{ContentDigest, ImageManifest};
use policy::{Code, EvidenceKind, Policy, Previous, Signed};
use scanners::Scan;

use super::scan::read_report;
use super::{Gatherer, reference};
use crate::exact::{self, Genuine};
use crate::keys::Keys;
use crate::statements::level;

impl Gatherer<'_> {
    /// The base's packages, where its scans tell them.
    pub(super) fn base_packages(&mut self, base: &[Genuine], policy: &Policy) {
        let Some(about) = self.image.base.as_ref().map(|base| base.content_digest) else { return };
        let scans = self.scans(base, &about, policy);
        if scans.is_empty() {
            return;
        }
        let mut packages = BTreeSet::new();
        for (one, scan) in scans {
            self.found.refs.push(reference(one));
            packages.extend(scan.packages);
        }
        self.found.evidence.base_packages = Some(packages);
    }

    /// The image before; a note where one was given and there is nothing to compare with.
    pub(super) fn previous(&mut self, policy: &Policy, keys: &Keys) {
        let Some(previous) = &self.case.previous else { return };
        let Some(image) = previous.image.as_ref().and_then(|bytes| ImageManifest::parse(bytes).ok()) else {
            return self.nothing_compared("the previous image's image.json is not there, or cannot be read");
        };
        if image.family != self.image.family {
            return self.nothing_compared(&format!("the image {} is of another family", image.name));
        }
        let genuine: Vec<Genuine> =
            previous.evidence.iter().filter_map(|item| exact::read(item, keys).ok()).collect();
        let scans = self.scans(&genuine, &image.content_digest(), policy);
        if scans.is_empty() {
            return self.nothing_compared(&format!(
                "there is no scan of {} with its report that is signed by those who may sign it",
                image.name
            ));
        }
        let passed = passed(&genuine, &image.content_digest(), policy);
        let mut before = Previous { name: image.name, passed, ..Previous::default() };
        for (_, scan) in scans {
            before.packages.extend(scan.packages);
            before.findings.extend(scan.findings);
        }
        self.found.evidence.previous = Some(before);
    }

    fn nothing_compared(&mut self, why: &str) {
        self.object(Code::NothingCompared, "image.json", format!("Nothing was compared: {why}."));
    }

    /// The newest scan of an image by each scanner.
    fn scans<'g>(
        &self,
        genuine: &'g [Genuine],
        about: &ContentDigest,
        policy: &Policy,
    ) -> Vec<(&'g Genuine, Scan)> {
        let may = policy.signers_of(EvidenceKind::Vulns);
        let mut newest: BTreeMap<String, (Timestamp, &Genuine, Scan)> = BTreeMap::new();
        for one in genuine {
            let trusted =
                matches!(&one.signed, Signed::By(names) if names.iter().any(|name| may.contains(name)));
            if one.kind != Kind::Vulns || !trusted || !one.statement.is_about(about) {
                continue;
            }
            let Ok(read) = one.statement.predicate::<vulns::Predicate>() else { continue };
            let Some(more) = read.hallmark else { continue };
            // A scan whose own clock cannot be believed is no scan to compare with.
            let Ok(Some(at)) = dated(Some(read.metadata.scan_finished_on), one.signed_by) else { continue };
            // Of two at the same time, the one whose file has the smaller digest: the order of files is nobody's word.
            let older = |(known, by, _): &(Timestamp, &Genuine, Scan)| {
                (*known, std::cmp::Reverse(by.sha256)) < (at, std::cmp::Reverse(one.sha256))
            };
            if newest.get(&more.tool.name).is_some_and(|known| !older(known)) {
                continue;
            }
            if let Ok(scan) = read_report(self.case, &more) {
                newest.insert(more.tool.name, (at, one, scan));
            }
        }
        newest.into_values().map(|(_, one, scan)| (one, scan)).collect()
    }
}

/// Whether the newest word of those who may say so is that this very policy passed an image.
fn passed(genuine: &[Genuine], about: &ContentDigest, policy: &Policy) -> bool {
    let may = policy.signers_of(EvidenceKind::Vsa);
    let trusted = |one: &&Genuine| {
        one.kind == Kind::Vsa
            && matches!(&one.signed, Signed::By(names) if names.iter().any(|name| may.contains(name)))
            && one.statement.is_about(about)
    };
    let read = |one: &Genuine| {
        let mut said = one.statement.predicate::<vsa::Predicate>().ok()?;
        said.time_verified = dated(said.time_verified, one.signed_by).ok()?;
        Some(said)
    };
    let said = genuine.iter().filter(trusted).map(read);
    // What does not read, or says no date, could be the newest.
    let Some(mut said) = said.collect::<Option<Vec<_>>>() else { return false };
    if said.iter().any(|one| one.time_verified.is_none()) {
        return false;
    }
    said.sort_by_key(|one| one.time_verified);
    let newest = said.last().and_then(|one| one.time_verified);
    let level = level(policy.name());
    !said.is_empty()
        && said.iter().filter(|one| one.time_verified == newest).all(|one| {
            one.verification_result == vsa::VerificationResult::Passed && one.verified_levels.contains(&level)
        })
}
