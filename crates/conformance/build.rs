//! Tells the tests whether the cases of Sigstore's conformance suite are there: without them that test is ignored, by
//! name, and never counted as passed.

use std::path::Path;

fn main() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/sigstore-conformance");
    println!("cargo:rerun-if-changed={}", cases.display());
    println!("cargo:rustc-check-cfg=cfg(sigstore_cases)");
    if cases.is_dir() {
        println!("cargo:rustc-cfg=sigstore_cases");
    }
}
