//! A report for the reader of `gitleaks`: it is read, or refused; its records lie in it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scanners::Scanner as _;
use scanners::gitleaks::Gitleaks;

fuzz_target!(|bytes: &[u8]| {
    let Ok(scan) = Gitleaks.read_report(bytes) else { return };
    for finding in &scan.findings {
        assert!(!finding.id.is_empty());
        assert!(finding.record.is_some_and(|record| record.end > record.start));
    }
    assert!(scan.suppressed <= scan.findings.len());
});
