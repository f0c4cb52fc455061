//! What the decision rested on, as it stands today: exceptions and approvals.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;

use attest::{EvidenceDir, Kind, Sign, Statement};
use jiff::SignedDuration;
use model::{ImageManifest, Sha256};
use serde_json::{Value, json};
use verify_image::ACTION;

use crate::asked::{answer, ask, codes};
use crate::common::{Job, Place};

fn exception(suppressed: u64, expires: &str) -> Value {
    json!({
        "class": "vulnerability", "id": "CVE-2026-1", "aliases": [], "package": "openssl", "purl": null,
        "version": null, "versions": null, "paths": null, "images": [], "environments": [],
        "reason": "not reachable", "owner": "Ada", "ticket": null, "created": "2026-01-01", "expires": expires,
        "untilFixed": false, "vex": null, "line": 3, "column": 5, "state": "holds", "suppressed": suppressed,
    })
}

/// [`Place`]'s clock shows this day.
fn day(place: &Place, plus: i64) -> String {
    (place.now + SignedDuration::from_hours(24 * plus)).to_string()[..10].to_owned()
}

#[test]
fn exceptions_as_they_stand_today() {
    let entry = |more: &str, expires: &str| {
        format!(
            "version: 1\nexceptions:\n  - {{id: CVE-2026-1, package: openssl, reason: r, owner: Bo, created: {}, expires: {expires}{more}}}\n",
            "2026-01-01"
        )
    };
    let place = Place::new();
    let (over, last, soon, late) = (day(&place, -1), day(&place, 0), day(&place, 7), day(&place, 60));
    let none = "version: 1\nexceptions: []\n".to_owned();
    let mut without_end = exception(2, &late);
    without_end["expires"] = Value::Null;
    let mut without_number = exception(2, &late);
    without_number["suppressed"] = Value::Null;
    for (name, then, today, wanted) in [
        ("holds", exception(2, &late), None, Ok("holds")),
        ("ends soon", exception(2, &soon), None, Ok("ending")),
        ("its last day", exception(2, &last), None, Ok("ending")),
        ("over since", exception(2, &over), None, Err("exception-expired")),
        ("over, and hides nothing", exception(0, &over), None, Ok("")),
        ("no end", without_end.clone(), None, Err("exception-unreadable")),
        ("no number", without_number, None, Err("exception-unreadable")),
        ("still there", exception(2, &late), Some(entry("", &late)), Ok("holds")),
        ("renewed", exception(2, &over), Some(entry("", &late)), Ok("holds")),
        ("renewed, for more", exception(2, &over), Some(entry(", ticket: T-1", &late)), Ok("holds")),
        ("made shorter", exception(2, &late), Some(entry("", &over)), Err("exception-expired")),
        ("taken back", exception(2, &late), Some(none.clone()), Err("exception-gone")),
        ("taken back, and hides nothing", exception(0, &late), Some(none), Ok("")),
        (
            "for another version",
            exception(2, &late),
            Some(entry(", version: '1'", &late)),
            Err("exception-gone"),
        ),
        (
            "for another family",
            exception(2, &late),
            Some(entry(", images: [web]", &late)),
            Err("exception-gone"),
        ),
        (
            "not hidden any more",
            exception(2, &late),
            Some(entry(", vex: {status: under_investigation}", &late)),
            Err("exception-gone"),
        ),
    ] {
        let place = Place::at(place.now);
        let image = place.image("one");
        let mut verdict = place.verdict("pass", 60);
        verdict["exceptions"] = json!([then]);
        place.put(&image, Kind::Verdict, &verdict, &place.assay);
        place.put(&image, Kind::Vsa, &place.summary("PASSED", 60), &place.assay);
        let mut harness = ask(&place);
        if let Some(today) = &today {
            fs::write(place.path("exceptions.yml"), today).unwrap();
            harness = harness.input_path("exceptions", place.path("exceptions.yml"));
        }
        let run = harness.run(&ACTION);
        match wanted {
            Ok(state) => {
                assert_eq!(run.code, 0, "{name}: {}", run.stdout);
                let told = answer(&run)["exceptions"].clone();
                assert_eq!(told[0]["state"].as_str().unwrap_or_default(), state, "{name}: {told}");
            }
            Err(code) => {
                assert_eq!(run.code, 1, "{name}: {}", run.stdout);
                assert_eq!(codes(&run), [code], "{name}");
            }
        }
    }
}

/// A verdict that was resumed with an approval, and the approval beside it.
fn approved(place: &Place, image: &ImageManifest, by: &Job, keep: bool) {
    let approval = Statement::new(
        Kind::Approval,
        image.subjects().unwrap(),
        &json!({
            "verdict": {"sha256": Sha256::of(b"review")}, "brief": {"sha256": Sha256::of(b"brief")},
            "approver": "Ada <script>", "comment": "seen", "decidedOn": place.ago(90), "expiresOn": place.ago(30),
            "waives": ["unfixed-vulnerability"],
        }),
    )
    .unwrap();
    let file = EvidenceDir::new(place.evidence()).write(&approval, Some(&by.private as &dyn Sign)).unwrap();
    let bytes = fs::read(&file).unwrap();
    let mut verdict = place.verdict("pass", 60);
    verdict["approval"] = json!({
        "kind": "approval", "file": file.file_name().unwrap().to_string_lossy(), "sha256": Sha256::of(&bytes),
        "payloadDigest": Sha256::of(&approval.to_bytes().unwrap()), "signer": by.public.key_id(),
    });
    place.put(image, Kind::Verdict, &verdict, &place.assay);
    place.put(image, Kind::Vsa, &place.summary("PASSED", 60), &place.assay);
    if !keep {
        fs::remove_file(file).unwrap();
    }
}

#[test]
fn who_approved() {
    for (name, by_publish, keep, demanded, wanted) in [
        ("by the gate's word", true, true, false, Ok("the gate")),
        ("by the gate's word alone", true, false, false, Ok("the gate")),
        ("by the one who may", true, true, true, Ok("its signature")),
        ("by another", false, true, true, Err("approval-wrong-signer")),
        ("by nobody knows whom", true, false, true, Err("approval-missing")),
    ] {
        let place = Place::new();
        let image = place.image("one");
        approved(&place, &image, if by_publish { &place.publish } else { &place.bake }, keep);
        fs::write(place.path("approver.pub"), &place.publish.public_pem).unwrap();
        let mut harness = ask(&place);
        if demanded {
            harness = harness.input_path("approval-signer", place.path("approver.pub"));
        }
        let run = harness.run(&ACTION);
        match wanted {
            Ok(by) => {
                assert_eq!(run.code, 0, "{name}: {}", run.stdout);
                let approval = answer(&run)["approval"].clone();
                assert_eq!(approval["verifiedBy"], by, "{name}");
                if keep {
                    assert_eq!(run.outputs["approver"], "Ada <script>", "{name}");
                    assert_eq!(approval["waives"], json!(["unfixed-vulnerability"]));
                    assert_eq!(approval["over"], true, "{name}: it could be used for an hour");
                    assert!(
                        !run.summary.contains("<script>") && run.summary.contains("which is over"),
                        "{}",
                        run.summary
                    );
                }
            }
            Err(code) => {
                assert_eq!(run.code, 1, "{name}: {}", run.stdout);
                assert_eq!(codes(&run), [code], "{name}");
            }
        }
    }
}
