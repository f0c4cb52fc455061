//! Closures in every shape: what each says about a verdict that passes.

use std::fs;

use attest::{EvidenceDir, Kind, Sign, Statement};
use model::{ImageManifest, Sha256};
use serde_json::{Value, json};

use super::{Place, tree};

/// What lies in the folder beside a verdict that passes, and the code of what is said against the image.
pub(crate) type Case = (&'static str, fn(&Place, &ImageManifest, Sha256), Option<&'static str>);

pub(crate) fn closure(place: &Place, outcome: &str, verdict: Sha256) -> Value {
    json!({"outcome": outcome, "verdict": {"sha256": verdict}, "brief": {"sha256": Sha256::of(b"brief")}, "closedOn": place.ago(30),
        "by": [{"environments": ["production"], "id": 4, "login": "ada", "comment": "<b>no</b>"}]})
}

fn close(place: &Place, image: &ImageManifest, outcome: &str, verdict: Sha256) {
    place.put(image, Kind::Closure, &closure(place, outcome, verdict), &place.publish);
}

/// The payload of the verdict that `Place::pass` makes.
pub(crate) fn verdict(place: &Place, image: &ImageManifest) -> Sha256 {
    let statement =
        Statement::new(Kind::Verdict, image.subjects().unwrap(), &place.verdict("pass", 60)).unwrap();
    Sha256::of(&statement.to_bytes().unwrap())
}

pub(crate) const CASES: &[Case] = &[
    ("no closure", |_, _, _| {}, None),
    ("rejected", |place, image, verdict| close(place, image, "rejected", verdict), Some("verdict-closed")),
    ("expired", |place, image, verdict| close(place, image, "expired", verdict), Some("verdict-closed")),
    ("cancelled", |place, image, verdict| close(place, image, "cancelled", verdict), Some("verdict-closed")),
    ("failed, which may be run again", |place, image, verdict| close(place, image, "failed", verdict), None),
    (
        "of an earlier verdict",
        |place, image, _| close(place, image, "rejected", Sha256::of(b"earlier")),
        None,
    ),
    (
        "signed by nobody",
        |place, image, verdict| {
            let predicate = closure(place, "rejected", verdict);
            place.put_about(image.subjects().unwrap(), Kind::Closure, &predicate, None);
        },
        Some("verdict-closed"),
    ),
    (
        "signed by somebody else",
        |place, image, verdict| {
            drop(place.put(image, Kind::Closure, &closure(place, "expired", verdict), &place.bake))
        },
        Some("verdict-closed"),
    ),
    (
        "under the name of another kind",
        |place, image, verdict| {
            let file = place.put(image, Kind::Closure, &closure(place, "rejected", verdict), &place.publish);
            fs::rename(&file, place.evidence().join("release.000000000000.sigstore.json")).unwrap();
        },
        Some("verdict-closed"),
    ),
    (
        "with an outcome that is new here",
        |place, image, verdict| close(place, image, "withdrawn", verdict),
        Some("closure-malformed"),
    ),
    (
        "that cannot be read",
        |place, _, _| fs::write(place.evidence().join("closure.000000000000.sigstore.json"), "{").unwrap(),
        Some("closure-malformed"),
    ),
    (
        "that cannot be read, and claims to be signed by nobody",
        |place, _, _| fs::write(place.evidence().join("closure.000000000000.intoto.json"), "[]").unwrap(),
        Some("closure-malformed"),
    ),
    (
        "of the verdict that was approved",
        |place, image, _| {
            resumed(place, image, true);
            close(place, image, "cancelled", Sha256::of(b"review"));
        },
        Some("verdict-closed"),
    ),
    (
        "of another than was approved",
        |place, image, _| {
            resumed(place, image, true);
            close(place, image, "cancelled", Sha256::of(b"earlier"));
        },
        None,
    ),
    (
        "of some verdict, where the approval is gone that says which one was approved",
        |place, image, _| {
            resumed(place, image, false);
            close(place, image, "cancelled", Sha256::of(b"earlier"));
        },
        Some("closure-unsettled"),
    ),
];

/// The evidence of an image again, with a verdict that was resumed with an approval.
fn resumed(place: &Place, image: &ImageManifest, keep: bool) {
    fs::remove_dir_all(place.evidence()).unwrap();
    let predicate = json!({
        "verdict": {"sha256": Sha256::of(b"review")}, "brief": {"sha256": Sha256::of(b"brief")}, "approver": "Ada",
        "decidedOn": place.ago(90), "expiresOn": place.ago(-30), "waives": [],
    });
    let approval = Statement::new(Kind::Approval, image.subjects().unwrap(), &predicate).unwrap();
    let by = &place.publish;
    let file = EvidenceDir::new(place.evidence()).write(&approval, Some(&by.private as &dyn Sign)).unwrap();
    let mut verdict = place.verdict("pass", 60);
    verdict["approval"] = json!({
        "kind": "approval", "file": file.file_name().unwrap().to_string_lossy(), "sha256": Sha256::of(&fs::read(&file).unwrap()),
        "payloadDigest": Sha256::of(&approval.to_bytes().unwrap()), "signer": by.public.key_id(),
    });
    place.put(image, Kind::Verdict, &verdict, &place.assay);
    place.put(image, Kind::Vsa, &place.summary("PASSED", 60), &place.assay);
    if !keep {
        fs::remove_file(file).unwrap();
    }
}

/// A place with an image that passes, and the case's closure beside it.
pub(crate) fn prepared(prepare: fn(&Place, &ImageManifest, Sha256)) -> Place {
    let place = Place::new();
    let image = place.image("one");
    place.pass(&image);
    prepare(&place, &image, verdict(&place, &image));
    assert!(!tree(&place.evidence()).is_empty());
    place
}
