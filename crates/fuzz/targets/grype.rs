//! What Grype writes, and the SBOMs that it is given: what reads is whole, and its counts add up.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scanners::Scanner as _;
use scanners::grype::{Grype, misread};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(scan) = Grype.read_report(bytes) {
        assert_eq!(scan.counts().total(), scan.findings.len() as u64);
        assert!(scan.suppressed <= scan.findings.len());
        assert!(scan.findings.iter().all(|one| !one.id.is_empty() && !one.package.name.is_empty()));
    }
    let _ = misread(bytes);
    let _ = scanners::sbom::read(bytes);
    if let Some(database) = Grype.database() {
        let _ = database.read_metadata(bytes);
    }
});
