//! What is done to an approval, or to what it was given for, before the gate is resumed with it.

use std::fs;

use serde_json::json;

use crate::common::{Step, home, now};
use crate::{Place, Row};

/// Resumes with the one approval there is.
fn resume(place: &Place) -> Step {
    place.resume("strict", &place.file("approval"))
}

pub(crate) const ROWS: &[Row] = &[
    (
        "the gate's own key signs the approval",
        |p| {
            p.forge("approval", Some("assay"), |_| {});
            resume(p)
        },
        1,
        "approval-refused",
    ),
    (
        "the bake's key signs the approval",
        |p| {
            p.forge("approval", Some("bake"), |_| {});
            resume(p)
        },
        1,
        "approval-refused",
    ),
    (
        "a key that nobody knows signs the approval",
        |p| {
            p.forge("approval", Some("mallory"), |_| {});
            resume(p)
        },
        1,
        "approval-refused",
    ),
    (
        "nobody signs the approval",
        |p| {
            p.forge("approval", None, |_| {});
            resume(p)
        },
        1,
        "approval-refused",
    ),
    (
        "the approval is edited",
        |p| {
            p.alter("approval", "somebody", "nobodyxx");
            resume(p)
        },
        1,
        "approval-refused",
    ),
    ("a verdict is given for an approval", |p| p.resume("strict", &p.file("verdict")), 1, "approval-refused"),
    (
        "the approval is for another verdict",
        |p| {
            let digest = model::Sha256::of(b"another").to_string();
            p.forge("approval", Some("approver"), |s| s.predicate["verdict"] = json!({"sha256": digest}));
            resume(p)
        },
        1,
        "approval-of-another",
    ),
    (
        "the approval is about another image",
        |p| {
            let base = crate::World::decided("debian-base").statement("verdict");
            p.forge("approval", Some("approver"), |s| s.subject = base.subject);
            resume(p)
        },
        1,
        "approval-of-another",
    ),
    (
        "the approval is for another brief",
        |p| {
            p.forge("approval", Some("approver"), |s| {
                s.predicate["brief"] = json!({"sha256": "0".repeat(64)})
            });
            resume(p)
        },
        1,
        "approval-of-another",
    ),
    (
        "the image is tested again after the approval",
        |p| {
            p.forge("test-result", Some("assay"), |s| s.predicate["hallmark"]["finishedOn"] = now(0).into());
            resume(p)
        },
        1,
        "approval-of-another",
    ),
    (
        "the exceptions are edited after the approval",
        |p| {
            p.edit(&p.path("policies/exceptions.yml"), "exceptions: []", "exceptions: [] # none");
            resume(p)
        },
        1,
        "approval-of-another",
    ),
    (
        "the policy is edited after the approval",
        |p| {
            p.edit(&p.policy("strict"), "min-tests: 5", "min-tests: 4");
            resume(p)
        },
        1,
        "approval-of-another",
    ),
    (
        "the verdict that was approved is removed",
        |p| {
            fs::remove_file(p.file("verdict")).unwrap();
            resume(p)
        },
        1,
        "approval-of-another",
    ),
    (
        "the approval has expired",
        |p| {
            p.forge("approval", Some("approver"), |s| {
                s.predicate["decidedOn"] = now(-3).into();
                s.predicate["expiresOn"] = now(-2).into();
            });
            resume(p)
        },
        0,
        "approval-expired",
    ),
    (
        "the approval lasts longer than the policy lets it",
        |p| {
            p.forge("approval", Some("approver"), |s| {
                s.predicate["decidedOn"] = now(-9).into();
                s.predicate["expiresOn"] = now(900).into();
            });
            resume(p)
        },
        0,
        "approval-expired",
    ),
    (
        "the approval waives less than the verdict's reasons",
        |p| {
            p.forge("approval", Some("approver"), |s| s.predicate["waives"] = json!([]));
            resume(p)
        },
        0,
        "approval-incomplete",
    ),
    (
        "the evidence fails after the approval",
        |p| {
            p.forge("test-result", Some("assay"), |s| {
                s.predicate["result"] = "FAILED".into();
                s.predicate["hallmark"]["counts"]["failed"] = 1.into();
            });
            resume(p)
        },
        1,
        "tests-failed",
    ),
    (
        "a good approval is given on a runner",
        |p| p.gate("strict").path("resume", p.file("approval")),
        2,
        "needs the digest of the brief",
    ),
    (
        "the gate's own key is to approve",
        |p| p.approve(&p.file("verdict")).path("signing-key", home().join("keys/assay.pem")),
        2,
        "nobody approves their own verdict",
    ),
    (
        "another brief is read than the verdict's",
        |p| {
            p.edit(&p.path("brief.md"), "debian-app", "debian-xpp");
            p.approve(&p.file("verdict"))
        },
        2,
        "is not this verdict's brief",
    ),
    (
        "a verdict that the bake's key signed is to be approved",
        |p| {
            let file = p.forge("verdict", Some("bake"), |_| {});
            p.approve(&file)
        },
        2,
        "which is none that is trusted here",
    ),
];
