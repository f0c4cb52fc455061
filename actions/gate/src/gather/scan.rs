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
    pub(super) fn take_scan(&mut self, one: &Genuine) {
        let Some(read) = self.predicate::<vulns::Predicate>(one) else { return };
        let Some(more) = read.hallmark else {
            return self.object(
                Code::ReportMissing,
                &one.file,
                "The statement refers to no full report.".into(),
            );
        };
        let Some(scan) = self.report(one, &more) else { return };
        self.compare(one, &more, &scan);
        for condition in scan.conditions() {
            self.object(Code::ScanIncomplete, &one.file, sentence(&condition));
        }
        let seen = match more.seen {
            vulns::Seen::Disk => Seen::Disk,
            vulns::Seen::Rootfs => Seen::Rootfs,
            vulns::Seen::Sbom | vulns::Seen::ContainerImage | vulns::Seen::Report => Seen::Indirect,
        };
        self.found.evidence.packages.extend(scan.packages.iter().cloned());
        let mut known = Known {
            database: more.database.updated_on,
            // The report's own sources tell it too, should the statement not.
            sample: more.database.sample || scanners::trivy::sample_db::is_named_in(&scan.sources),
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
                database: Some(known.database),
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
            && count(Class::Misconfiguration) == more.others.misconfigurations;
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
    database: Timestamp,
    sample: bool,
    findings: Vec<Finding>,
}

impl Known {
    /// The same after another look: vulnerabilities are the new ones, all else is as it was seen then.
    fn again(mut self, rescan: &Rescan) -> Self {
        self.findings.retain(|finding| finding.class != Class::Vulnerability);
        self.findings.extend(rescan.findings.iter().cloned());
        Self { database: rescan.database, sample: rescan.sample, findings: self.findings }
    }
}

/// A full report by its digest; or what is wrong with it.
pub(super) fn read_report(case: &Case, more: &vulns::Extension) -> Result<scanners::Scan, (Code, String)> {
    let digest = more.report.digest.sha256;
    let Some(bytes) = case.reports.get(&digest).and_then(Option::as_ref) else {
        return Err((Code::ReportMissing, format!("The report {digest} is not there.")));
    };
    if Sha256::of(bytes) != digest {
        return Err((Code::ReportChanged, format!("The report {digest} has other bytes.")));
    }
    let Some(scanner) = scanners::find(&more.tool.name) else {
        return Err((Code::ReportUnreadable, format!("No scanner `{}` is known here.", more.tool.name)));
    };
    scanner.read_report(bytes).map_err(|error| (Code::ReportUnreadable, sentence(&error)))
}
