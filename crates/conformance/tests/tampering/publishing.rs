//! What is done between a verdict that passes and `register-ami`.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt as _;

use serde_json::json;

use crate::common::{home, now};
use crate::{Place, Row};

/// Both forms of the decision, one after the other.
fn both(place: &Place, signer: Option<&str>, change: impl Fn(&mut attest::Statement)) {
    for kind in ["verdict", "vsa"] {
        place.forge(kind, signer, &change);
    }
}

fn nothing_decided(place: &Place) {
    for kind in ["verdict", "vsa"] {
        fs::remove_file(place.file(kind)).unwrap();
    }
}

pub(crate) const ROWS: &[Row] = &[
    (
        "one byte of the disk is changed",
        |p| {
            let disk = p.own_disk();
            let file = OpenOptions::new().read(true).write(true).open(&disk).unwrap();
            let mut byte = [0];
            file.read_exact_at(&mut byte, 1 << 30).unwrap();
            file.write_all_at(&[byte[0] ^ 1], 1 << 30).unwrap();
            p.publish().path("disk", disk)
        },
        1,
        "content-differs",
    ),
    (
        "the disk is the base image's",
        |p| p.publish().path("disk", home().join("images/debian-base/disk.raw")),
        1,
        "content-differs",
    ),
    (
        "the disk is longer by a block",
        |p| {
            let disk = p.own_disk();
            let file = OpenOptions::new().write(true).open(&disk).unwrap();
            file.set_len(file.metadata().unwrap().len() + 512).unwrap();
            p.publish().path("disk", disk)
        },
        1,
        "content-differs",
    ),
    (
        "image.json is edited beside an untouched disk",
        |p| {
            p.edit(&p.manifest(), "\"uefi\"", "\"legacy-bios\"");
            p.publish()
        },
        1,
        "verdict-of-another-manifest",
    ),
    (
        "image.json and disk are the base image's",
        |p| {
            let base = home().join("images/debian-base");
            fs::copy(base.join("image.json"), p.manifest()).unwrap();
            p.publish().path("disk", base.join("disk.raw"))
        },
        1,
        "verdict-of-another-image",
    ),
    (
        "the policy is edited after the gate decided by it",
        |p| {
            let edited = p.again();
            edited.edit(&edited.policy("demo"), "min-tests: 1", "min-tests: 2");
            let ran = edited.gate("demo").run().done();
            p.publish().input("policy-digest", ran.output("policy-digest"))
        },
        1,
        "verdict-by-another-policy",
    ),
    (
        "the gate decides by an edited policy",
        |p| {
            nothing_decided(p);
            p.edit(
                &p.policy("demo"),
                "critical, high], fixable: true, then: fail",
                "critical], fixable: true, then: note",
            );
            assert_eq!(p.gate("demo").run().done().output("verdict"), "pass");
            p.publish()
        },
        1,
        "verdict-by-another-policy",
    ),
    (
        "the verdict is edited",
        |p| {
            p.alter("verdict", "demo", "nemo");
            p.publish()
        },
        1,
        "verdict-bad-signature",
    ),
    (
        "the verification summary is edited",
        |p| {
            p.alter("vsa", "PASSED", "FAILED");
            p.publish()
        },
        1,
        "vsa-bad-signature",
    ),
    (
        "the only verdict is the base image's",
        |p| {
            nothing_decided(p);
            for kind in ["verdict", "vsa"] {
                p.take_from_base(kind);
            }
            p.publish()
        },
        1,
        "verdict-of-another-image",
    ),
    (
        "the bake's key signs the verdict",
        |p| {
            both(p, Some("bake"), |_| {});
            p.publish()
        },
        1,
        "verdict-wrong-signer",
    ),
    (
        "the publisher's own key signs the verdict",
        |p| {
            both(p, Some("publish"), |_| {});
            p.publish()
        },
        1,
        "verdict-wrong-signer",
    ),
    (
        "nobody signs the verdict",
        |p| {
            both(p, None, |_| {});
            p.publish()
        },
        1,
        "verdict-unsigned",
    ),
    (
        "the verdict is removed",
        |p| {
            fs::remove_file(p.file("verdict")).unwrap();
            p.publish()
        },
        1,
        "verdict-missing",
    ),
    (
        "the verification summary is removed",
        |p| {
            fs::remove_file(p.file("vsa")).unwrap();
            p.publish()
        },
        1,
        "vsa-missing",
    ),
    (
        "the verdict is two days old",
        |p| {
            p.forge("verdict", Some("assay"), |s| s.predicate["decidedOn"] = now(-48).into());
            p.publish()
        },
        1,
        "verdict-expired",
    ),
    (
        "the verification summary is two days old",
        |p| {
            p.forge("vsa", Some("assay"), |s| s.predicate["timeVerified"] = now(-48).into());
            p.publish()
        },
        1,
        "vsa-expired",
    ),
    (
        "the verdict is dated tomorrow",
        |p| {
            p.forge("verdict", Some("assay"), |s| s.predicate["decidedOn"] = now(24).into());
            p.publish()
        },
        1,
        "verdict-from-the-future",
    ),
    (
        "a later decision went against the image",
        |p| {
            p.forge("test-result", Some("assay"), |s| {
                s.predicate["result"] = "FAILED".into();
                s.predicate["hallmark"]["counts"] = json!({"passed": 1, "failed": 1, "skipped": 0});
            });
            assert_eq!(p.gate("demo").run().output("verdict"), "fail");
            p.publish()
        },
        1,
        "verdict-fail",
    ),
    (
        "the summary names another verifier than is trusted",
        |p| p.publish().input("verifier-id", "https://example.org/gate"),
        1,
        "vsa-by-another-verifier",
    ),
    (
        "another policy is trusted",
        |p| p.publish().input("policy-digest", "0".repeat(64)),
        1,
        "vsa-by-another-policy",
    ),
    (
        "another signer is trusted",
        |p| p.publish().path("verdict-signer", home().join("keys/publish.pub")),
        1,
        "verdict-wrong-signer",
    ),
    (
        "a private key is given as the trusted signer",
        |p| p.publish().path("verdict-signer", home().join("keys/assay.pem")),
        2,
        "is not a public key in PEM",
    ),
    (
        "nobody is named as the trusted signer",
        |p| p.publish().input("verdict-signer", ""),
        2,
        "one of `verdict-signer` and `verdict-identity` is required",
    ),
];
