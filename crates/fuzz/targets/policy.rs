//! Policies and exceptions: each mistake is told at a place.
#![no_main]

use libfuzzer_sys::fuzz_target;
use policy::{Exceptions, Policy};

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let told = |problems: policy::Problems| {
        assert!(!problems.0.is_empty() && problems.0.iter().all(|one| one.at.line > 0 && one.at.column > 0));
    };
    if let Err(problems) = Policy::parse("fuzz.yml", text) {
        told(problems);
    }
    let limits = Policy::parse("limits", "version: 1\nname: limits\nextends: recommended\n").unwrap();
    if let Err(problems) = Exceptions::parse("fuzz.yml", text, limits.exception_limits()) {
        told(problems);
    }
});
