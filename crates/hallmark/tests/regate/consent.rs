//! What somebody answered for when the image was published: it counts until it ends, and is told afterwards.

use std::fs;

use attest::{Kind, PublicKey, Statement, Trust};
use model::Sha256;
use serde_json::{Value, json};

use crate::regate::place::{Place, all, codes, standing};
use crate::regate::said;

const MEDIUM: crate::common::Found<'_> = ("CVE-2026-0005", "MEDIUM", Some("2"));

/// Reviewed, approved by a person's own signature, passed, released.
fn approved() -> Place {
    let place = Place::new(&[MEDIUM], None);
    let review = place.gate(&[]);
    assert_eq!(review.outputs["verdict"], "review", "{}", review.stderr);
    let approval = place.world.approve(&review, "approver");
    assert_eq!(approval.code, 0, "{}", approval.stderr);
    let run = place.gate(&[("resume", approval.outputs["approval"].clone())]);
    assert_eq!((run.code, run.outputs["verdict"].as_str()), (0, "pass"), "{}", run.stderr);
    place.release();
    place.put();
    place
}

fn acceptance(run: &runner::testing::Run) -> Value {
    all(run)[0]["found"]["accepted"][0].clone()
}

#[test]
fn an_approval_counts_until_it_ends() {
    let place = approved();
    let run = place.night(0, None);
    assert_eq!((run.code, standing(&run).as_str()), (0, "passes"), "{}", said(&run));
    assert_eq!(acceptance(&run)["over"], false);
    // It was given for 24 hours.
    for days in [1, 9] {
        let run = place.night(days, None);
        assert_eq!((run.code, standing(&run).as_str()), (1, "fails"), "{days}: {}", said(&run));
        assert_eq!(codes(&run), ["fixable-vulnerability"]);
        let told = acceptance(&run);
        assert_eq!(
            (told["over"].as_bool(), told["by"].as_str()),
            (Some(true), Some("Ada <ada@example.org>"))
        );
        assert_eq!(told["until"], "2026-11-23T12:00:00Z");
    }
    let longer = [("approval-holds", "7d")];
    for (days, code) in [(6, 0), (7, 1)] {
        let run = place.night_with(days, None, &longer);
        assert_eq!(run.code, code, "{days}: {}", said(&run));
    }
    // It was for this reason for review, and for no worse one.
    place.kev(&["CVE-2026-0005"]);
    let run = place.night_with(1, None, &longer);
    assert_eq!((run.code, standing(&run).as_str()), (1, "fails"), "{}", said(&run));
}

/// A verdict that was resumed with an approval in GitHub whose comment excepts the finding.
fn excepted(approver: &str) -> Place {
    let place = Place::new(&[MEDIUM], None);
    let review = place.gate(&[]);
    let key = fs::read_to_string(place.world.path("assay.pub")).unwrap();
    let trust = Trust::from(&PublicKey::from_pem(&key).unwrap());
    let verdict = attest::verify(&fs::read(&review.outputs["evidence"]).unwrap(), &trust).unwrap();
    let subjects = || place.world.image.subjects().unwrap();
    let approval = Statement::new(
        Kind::Approval,
        subjects(),
        &json!({
            "verdict": {"sha256": verdict.payload_digest}, "brief": {"sha256": Sha256::of(b"brief")},
            "approver": "ada (id 4)", "decidedOn": "2026-11-22T12:00:00Z", "expiresOn": "2026-11-22T20:00:00Z",
            "waives": ["fixable-vulnerability"],
            "github": {"repository": "acme/images", "runId": 1, "runAttempt": 1, "commit": "0".repeat(40),
                "approvals": [{"environment": "production", "approverId": 4, "approverLogin": "ada"}],
                "exceptions": [{"id": "CVE-2026-0005", "package": "p1", "expires": "2026-12-10", "reason": "never called",
                    "owner": "ada (id 4)"}]},
        }),
    )
    .unwrap();
    let file = place.world.put(approver, &approval);
    let mut passed = verdict.statement.predicate;
    passed["verdict"] = json!("pass");
    passed["reasons"] = json!([]);
    passed["approval"] = json!({"kind": "approval", "file": file.file_name().unwrap().to_str().unwrap(),
        "sha256": Sha256::of(&fs::read(&file).unwrap()), "payloadDigest": Sha256::of(&approval.to_bytes().unwrap())});
    place.world.put("assay", &Statement::new(Kind::Verdict, subjects(), &passed).unwrap());
    place.release();
    place.put();
    place
}

#[test]
fn an_exception_of_a_comment_counts_until_its_last_day() {
    let place = excepted("approver");
    for (days, code, over) in [(1, 0, false), (18, 0, false), (19, 1, true)] {
        let run = place.night(days, None);
        assert_eq!(run.code, code, "{days}: {}", said(&run));
        let told = acceptance(&run);
        assert_eq!(told["over"], over, "{days}: {told}");
        assert_eq!(told["what"], "CVE-2026-0005 in p1: never called");
        assert_eq!(told["until"], "2026-12-10");
    }
    // Today's policy may allow less than that of then.
    place.write("policy.yml", &crate::regate::POLICY.replace("max-lifetime: 90d", "max-lifetime: 15d"));
    assert_eq!((place.night(15, None).code, place.night(16, None).code), (0, 1));
}

#[test]
fn an_approval_by_somebody_who_may_not_approve_excepts_nothing() {
    let place = excepted("bake");
    let run = place.night(1, None);
    assert_eq!((run.code, standing(&run).as_str()), (1, "fails"), "{}", said(&run));
    assert!(codes(&run).contains(&"wrong-signer".to_owned()), "{}", said(&run));
    assert_eq!(acceptance(&run), Value::Null);
}
