//! Scans: the statement vouches for the report, and the report is what is decided on.

use attest::predicate::vulns;
use model::Sha256;
use policy::{Code, Facts, Seen};

use super::Gatherer;
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
        self.found.packages.extend(scan.packages.iter().cloned());
        self.state(
            one,
            Some(read.metadata.scan_finished_on),
            Facts::Vulns {
                scanner: more.tool.name,
                seen,
                packages: scan.packages.len() as u64,
                database: Some(more.database.updated_on),
                // The report's own sources tell it too, should the statement not.
                sample: more.database.sample || scanners::trivy::sample_db::is_named_in(&scan.sources),
                findings: scan.findings,
            },
        );
    }

    /// The full report, by its digest, read again by the code that read it first.
    fn report(&mut self, one: &Genuine, more: &vulns::Extension) -> Option<scanners::Scan> {
        let digest = more.report.digest.sha256;
        let Some(bytes) = self.case.reports.get(&digest).and_then(Option::as_ref) else {
            self.object(Code::ReportMissing, &one.file, format!("The report {digest} is not there."));
            return None;
        };
        if Sha256::of(bytes) != digest {
            self.object(Code::ReportChanged, &one.file, format!("The report {digest} has other bytes."));
            return None;
        }
        let Some(scanner) = scanners::find(&more.tool.name) else {
            let message = format!("No scanner `{}` is known here.", more.tool.name);
            self.object(Code::ReportUnreadable, &one.file, message);
            return None;
        };
        match scanner.read_report(bytes) {
            Ok(scan) => Some(scan),
            Err(error) => {
                self.object(Code::ReportUnreadable, &one.file, sentence(&error));
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
        if !same || scan.packages.len() as u64 != more.packages {
            self.object(
                Code::ReportDisagrees,
                &one.file,
                "The statement counts otherwise than its report.".into(),
            );
        }
    }
}
