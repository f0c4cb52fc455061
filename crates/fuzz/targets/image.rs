//! image.json.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::ImageManifest;

fuzz_target!(|bytes: &[u8]| {
    drop(ImageManifest::parse(bytes));
});
