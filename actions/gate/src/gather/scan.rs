//! Scans: the statement vouches for the report, and the report is what is decided on.

use attest::predicate::vulns;
use jiff::Timestamp;
use model::{Class, Finding, Sha256};
use policy::{Code, Facts, Seen};

use super::Gatherer;
use crate::again::Rescan;
use crate::case::Case;
use crate::exact::{Genuine, sentence};

impl Gatherer<'_> {
    /// `seen` is how the scan saw what it is about, where that is not for the statement to say.
    pub(super) fn take_scan(&mut self, one: &Genuine, seen: Option<Seen>) {
        let of_image = seen != Some(Seen::Source);
        // Until it says itself what made it, that could be any scanner.
        if of_image {
            self.found.scans.add_unread(&one.file);
        }
        let Some(read) = self.predicate::<vulns::Predicate>(one) else { return };
        let Some(more) = read.hallmark else {
            return self.object(
                Code::ReportMissing,
                &one.file,
                "The statement refers to no full report.".into(),
            );
        };
        let scan = self.report(one, &more);
        if of_image {
            self.found.scans.add(&one.file, &more.tool.name, scan.as_ref(), more.alerts.clone());
        }
        let Some(scan) = scan else { return };
        self.compare(one, &more, &scan);
        let judges_packages = scanners::find(&more.tool.name).is_none_or(|one| one.judges_packages());
        for condition in scan.conditions().into_iter().filter(|_| judges_packages) {
            self.object(Code::ScanIncomplete, &one.file, sentence(&condition));
        }
        let seen = seen.unwrap_or_else(|| match more.seen {
            vulns::Seen::Disk => Seen::Disk,
            vulns::Seen::Rootfs => Seen::Rootfs,
            vulns::Seen::Sbom => self.seen_by_sbom(&more),
            vulns::Seen::ContainerImage | vulns::Seen::Report | vulns::Seen::Source => Seen::Indirect,
        });
        self.found.evidence.packages.extend(scan.packages.iter().cloned());
        let mut known = Known {
            database: more.database.as_ref().map(|database| database.updated_on),
            // The report's own sources tell it too, should the statement not.
            sample: more.database.as_ref().is_some_and(|database| database.sample)
                || names_the_sample(&more.tool.name, &scan.sources),
            findings: scan.findings,
        };
        let rescan = self.rescans.get(&more.report.digest.sha256);
        if let Some(rescan) = rescan {
            known = known.again(rescan);
        }
        self.state(
            one,
            Some(read.metadata.scan_finished_on),
            Facts::Vulns {
                scanner: more.tool.name,
                seen,
                packages: scan.packages.len() as u64,
                database: known.database,
                sample: known.sample,
                looked_for: more.scanners.iter().map(|scanner| scanner.class()).collect(),
                findings: std::sync::Arc::new(known.findings),
            },
        );
        // It was signed for then, and is known as of now.
        if let Some(rescan) = rescan
            && let Some(stated) =
                self.found.evidence.statements.last_mut().filter(|last| last.payload == one.payload)
        {
            stated.issued = Some(rescan.on);
        }
    }

    /// The full report, by its digest, read again by the code that read it first.
    fn report(&mut self, one: &Genuine, more: &vulns::Extension) -> Option<scanners::Scan> {
        match read_report(self.case, more) {
            Ok(scan) => Some(scan),
            Err((code, message)) => {
                self.object(code, &one.file, message);
                None
            }
        }
    }

    /// Decided is on the report; a statement that counts otherwise was made by something else.
    fn compare(&mut self, one: &Genuine, more: &vulns::Extension, scan: &scanners::Scan) {
        let found = scan.counts();
        let same = found.critical == more.counts.critical
            && found.high == more.counts.high
            && found.medium == more.counts.medium
            && found.low == more.counts.low
            && found.negligible == more.counts.negligible
            && found.unknown == more.counts.unknown;
        let count = |class: Class| scan.of(class).count() as u64;
        let others = count(Class::Secret) == more.others.secrets
            && count(Class::License) == more.others.licenses
            && count(Class::Misconfiguration) == more.others.misconfigurations
            && count(Class::Weakness) == more.others.weaknesses;
        if !same || !others || scan.packages.len() as u64 != more.packages {
            self.object(
                Code::ReportDisagrees,
                &one.file,
                "The statement counts otherwise than its report.".into(),
            );
        }
    }
}

/// What is known of the packages of a report.
struct Known {
    database: Option<Timestamp>,
    sample: bool,
    findings: Vec<Finding>,
}

impl Known {
    /// The same after another look: vulnerabilities are the new ones, all else is as it was seen then.
    fn again(mut self, rescan: &Rescan) -> Self {
        self.findings.retain(|finding| finding.class != Class::Vulnerability);
        self.findings.extend(rescan.findings.iter().cloned());
        Self { database: Some(rescan.database), sample: rescan.sample, findings: self.findings }
    }
}

fn names_the_sample(scanner: &str, sources: &[String]) -> bool {
    let database = scanners::find(scanner).and_then(|scanner| scanner.database());
    database.is_some_and(|database| database.sample_is_named_in(sources))
}

/// A full report by its digest, with the packages of the SBOM that was scanned where one was; or what is wrong with
/// either.
pub(super) fn read_report(case: &Case, more: &vulns::Extension) -> Result<scanners::Scan, (Code, String)> {
    let bytes = kept(case, more.report.digest.sha256, "report")?;
    let Some(scanner) = scanners::find(&more.tool.name) else {
        return Err((Code::ReportUnreadable, format!("No scanner `{}` is known here.", more.tool.name)));
    };
    let unreadable = |error| (Code::ReportUnreadable, sentence(&error));
    let mut scan = scanner.read_report(bytes).map_err(unreadable)?;
    if let Some(inventory) = more.inventory.as_ref().filter(|_| !scanner.lists_packages()) {
        let bytes = kept(case, inventory.digest.sha256, "SBOM")?;
        scan.take_inventory(scanners::sbom::read(bytes).map_err(unreadable)?);
    }
    Ok(scan)
}

/// A file that a statement names by its digest.
fn kept<'c>(case: &'c Case, digest: Sha256, what: &str) -> Result<&'c [u8], (Code, String)> {
    let Some(bytes) = case.reports.get(&digest).and_then(Option::as_ref) else {
        return Err((Code::ReportMissing, format!("The {what} {digest} is not there.")));
    };
    if Sha256::of(bytes) != digest {
        return Err((Code::ReportChanged, format!("The {what} {digest} has other bytes.")));
    }
    Ok(bytes)
}
