//! A report for the reader of `sarif`: it is read, or refused; its records lie in it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scanners::Scanner as _;
use scanners::sarif::Sarif;

fuzz_target!(|bytes: &[u8]| {
    let Ok(scan) = Sarif.read_report(bytes) else { return };
    for finding in &scan.findings {
        assert!(!finding.id.is_empty());
        assert!(finding.record.is_some_and(|record| record.end > record.start));
    }
    assert!(scan.suppressed <= scan.findings.len());
});
