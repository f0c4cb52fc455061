//! An image that passed, a question about it, and what was answered.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::path::PathBuf;

use model::ImageManifest;
use runner::testing::{Harness, Run};
use serde_json::Value;

use crate::common::{Place, VERIFIER};

/// A place with an image that passed an hour ago.
pub(crate) fn good() -> (Place, ImageManifest) {
    let place = Place::new();
    let image = place.image("one");
    place.pass(&image);
    (place, image)
}

pub(crate) fn ask(place: &Place) -> Harness {
    let text = |path: PathBuf| path.to_string_lossy().into_owned();
    Harness::new()
        .now(place.now)
        .input("image", text(place.path("one/image.json")))
        .input("evidence", text(place.evidence()))
        .input("verdict-signer", text(place.path("assay.pub")))
        .input("verifier-id", VERIFIER)
        .input("policy-digest", Place::policy().to_string())
}

pub(crate) fn codes(run: &Run) -> Vec<String> {
    let reasons: Vec<Value> = serde_json::from_str(
        run.outputs.get("reasons").unwrap_or_else(|| panic!("no answer: {}\n{}", run.stdout, run.stderr)),
    )
    .unwrap();
    reasons.iter().map(|reason| reason["code"].as_str().unwrap().to_owned()).collect()
}

pub(crate) fn answer(run: &Run) -> Value {
    serde_json::from_str(&run.outputs["answer"]).unwrap()
}

pub(crate) fn refused(run: &Run, wanted: &[&str]) {
    assert_eq!((run.code, run.outputs["verified"].as_str()), (1, "false"), "{}", run.stdout);
    assert_eq!(codes(run), wanted, "{}", run.stdout);
}
