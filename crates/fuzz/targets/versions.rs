//! Versions and ranges: of two versions, one comparison is the other turned round.
#![no_main]

use libfuzzer_sys::fuzz_target;
use versions::{Ecosystem, Range, compare};

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    drop(Range::parse(text));
    let Some((one, other)) = text.split_once('\n') else { return };
    for ecosystem in Ecosystem::ALL {
        if let (Ok(there), Ok(back)) = (compare(ecosystem, one, other), compare(ecosystem, other, one)) {
            assert_eq!(there, back.reverse());
        }
    }
});
