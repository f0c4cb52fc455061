//! A report for the reader of `checkov`: it is read, or refused; its records lie in it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scanners::Scanner as _;
use scanners::checkov::Checkov;

fuzz_target!(|bytes: &[u8]| {
    let Ok(scan) = Checkov.read_report(bytes) else { return };
    for finding in &scan.findings {
        assert!(!finding.id.is_empty());
        assert!(finding.record.is_some_and(|record| record.end > record.start));
    }
    assert!(scan.suppressed <= scan.findings.len());
});
