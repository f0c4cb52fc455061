//! What is done to the evidence before the gate decides on it.

use std::fs;

use attest::Kind;
use serde_json::json;

use crate::Row;
use crate::common::{home, now};

pub(crate) const ROWS: &[Row] = &[
    (
        "a byte of a test result is changed",
        |p| {
            p.alter("test-result", "\"failed\":0", "\"failed\":1");
            p.gate("demo")
        },
        1,
        "bad-signature",
    ),
    (
        "a test result's file is cut short",
        |p| {
            let file = p.file("test-result");
            let bytes = fs::read(&file).unwrap();
            fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
            p.gate("demo")
        },
        1,
        "malformed-evidence",
    ),
    (
        "a vulnerability is taken out of the scan's report",
        |p| {
            p.edit(&p.report(), "\"HIGH\"", "\"LOW\"");
            p.gate("demo")
        },
        1,
        "report-changed",
    ),
    (
        "the base's report lies in the place of the scan's",
        |p| {
            let other = fs::read_dir(p.base().join("reports")).unwrap().next().unwrap().unwrap().path();
            fs::copy(other, p.report()).unwrap();
            p.gate("demo")
        },
        1,
        "report-changed",
    ),
    (
        "the scan's report is removed",
        |p| {
            fs::remove_file(p.report()).unwrap();
            p.gate("demo")
        },
        1,
        "report-missing",
    ),
    (
        "image.json is edited beside an untouched disk",
        |p| {
            p.edit(&p.manifest(), "\"uefi\"", "\"legacy-bios\"");
            p.gate("demo")
        },
        1,
        "wrong-image-manifest",
    ),
    (
        "the image is swapped after the scan, tests and all",
        |p| {
            fs::copy(home().join("images/debian-base/image.json"), p.manifest()).unwrap();
            p.gate("demo")
        },
        1,
        "wrong-subject",
    ),
    (
        "the scan is of the image that was there before the swap",
        |p| {
            let base = crate::World::decided("debian-base").statement("vulns");
            p.forge("vulns", Some("assay"), |scan| scan.subject = base.subject);
            p.gate("demo")
        },
        1,
        "wrong-subject",
    ),
    (
        "a test result of the base image lies in the folder",
        |p| {
            p.take_from_base("test-result");
            p.gate("demo")
        },
        1,
        "wrong-subject",
    ),
    (
        "a verdict about the base image lies in the folder",
        |p| {
            p.take_from_base("verdict");
            p.gate("demo")
        },
        1,
        "wrong-subject",
    ),
    (
        "the bake's key signs the test result",
        |p| {
            p.forge("test-result", Some("bake"), |_| {});
            p.gate("demo")
        },
        1,
        "wrong-signer",
    ),
    (
        "the bake's key signs the scan",
        |p| {
            p.forge("vulns", Some("bake"), |_| {});
            p.gate("demo")
        },
        1,
        "wrong-signer",
    ),
    (
        "the bake's key signs a verdict",
        |p| {
            let mut verdict = p.statement("provenance");
            verdict.predicate_type = Kind::Verdict.predicate_type().to_owned();
            verdict.predicate = json!({"verdict": "pass"});
            p.put(Some("bake"), &verdict);
            p.gate("demo")
        },
        1,
        "wrong-signer",
    ),
    (
        "the gate's key signs the provenance",
        |p| {
            p.forge("provenance", Some("assay"), |_| {});
            p.gate("demo")
        },
        1,
        "wrong-signer",
    ),
    (
        "a key that nobody knows signs the test result",
        |p| {
            p.forge("test-result", Some("mallory"), |_| {});
            p.gate("demo")
        },
        1,
        "unknown-signer",
    ),
    (
        "nobody signs the test result",
        |p| {
            p.forge("test-result", None, |_| {});
            p.gate("demo")
        },
        1,
        "unsigned-evidence",
    ),
    (
        "two jobs share one key",
        |p| {
            let keys = home().join("keys");
            let line = |name: &str, file: &str| format!("{name}={}", keys.join(file).display());
            let signers =
                ["bake", "assay", "approver"].map(|name| line(name, &format!("{name}.pub"))).join("\n");
            p.gate("demo").input("signers", format!("{signers}\n{}", line("publish", "bake.pub")))
        },
        1,
        "shared-key",
    ),
    (
        "the image was tested two days ago",
        |p| {
            p.forge("test-result", Some("assay"), |s| {
                s.predicate["hallmark"]["finishedOn"] = now(-48).into()
            });
            p.gate("demo")
        },
        1,
        "stale-evidence",
    ),
    (
        "the image was scanned two days ago",
        |p| {
            p.forge("vulns", Some("assay"), |s| s.predicate["metadata"]["scanFinishedOn"] = now(-48).into());
            p.gate("demo")
        },
        1,
        "stale-evidence",
    ),
    (
        "the scan is dated tomorrow",
        |p| {
            p.forge("vulns", Some("assay"), |s| s.predicate["metadata"]["scanFinishedOn"] = now(24).into());
            p.gate("demo")
        },
        1,
        "future-evidence",
    ),
    (
        "the scan counts less than its report",
        |p| {
            p.forge("vulns", Some("assay"), |s| s.predicate["hallmark"]["counts"]["high"] = 0.into());
            p.gate("demo")
        },
        1,
        "report-disagrees",
    ),
    (
        "the tests ran in the build, not in the image",
        |p| {
            p.forge("test-result", Some("assay"), |s| s.predicate["hallmark"]["seen"] = "in-build".into());
            p.gate("demo")
        },
        1,
        "not-seen-as-required",
    ),
    (
        "another binary was verified than the one that was baked",
        |p| {
            p.forge("signature-verification", Some("bake"), |s| {
                s.subject[0].digest.insert("sha256".into(), "0".repeat(64));
            });
            p.gate("demo")
        },
        1,
        "unjoined-files",
    ),
    (
        "the provenance is removed",
        |p| {
            fs::remove_file(p.file("provenance")).unwrap();
            p.gate("demo")
        },
        1,
        "missing-evidence",
    ),
    (
        "the signature verification is removed",
        |p| {
            fs::remove_file(p.file("signature-verification")).unwrap();
            p.gate("demo")
        },
        1,
        "missing-evidence",
    ),
    (
        "the test result is removed",
        |p| {
            fs::remove_file(p.file("test-result")).unwrap();
            p.gate("demo")
        },
        1,
        "missing-evidence",
    ),
    (
        "the scan is removed",
        |p| {
            fs::remove_file(p.file("vulns")).unwrap();
            p.gate("demo")
        },
        1,
        "missing-evidence",
    ),
    (
        "the base image's verdict is removed",
        |p| {
            fs::remove_dir_all(p.base()).unwrap();
            p.gate("demo")
        },
        1,
        "base-not-verified",
    ),
    (
        "the gate is given a key that may not sign verdicts",
        |p| p.gate("demo").key("bake"),
        2,
        "may not sign a verdict under the policy `demo`",
    ),
];
