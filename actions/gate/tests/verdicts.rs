//! Verdicts under the policies that ship, and what the gate leaves behind.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;

use crate::common::{World, codes};
use attest::{Kind, PublicKey};
use serde_json::Value;

#[test]
fn a_good_image_passes_and_leaves_signed_evidence() {
    let world = World::good();
    let run = world.gate("recommended");
    assert_eq!((run.code, run.outputs["verdict"].as_str()), (0, "pass"), "{}", run.stderr);
    assert_eq!(codes(&run), [""; 0]);

    let key = PublicKey::from_pem(&fs::read_to_string(world.path("assay.pub")).unwrap()).unwrap();
    let verify = |output: &str| {
        attest::verify(&fs::read(&run.outputs[output]).unwrap(), &attest::Trust::from(&key)).unwrap()
    };
    let (verdict, summary) = (verify("evidence"), verify("vsa"));
    assert_eq!((verdict.kind, summary.kind), (Kind::Verdict, Kind::Vsa));
    assert_eq!(verdict.payload_digest.to_string(), run.outputs["verdict-digest"]);
    assert_eq!(verdict.statement.subject, world.image.subjects().unwrap());
    let summary = &summary.statement.predicate;
    assert_eq!(summary["verificationResult"], "PASSED");
    assert_eq!(summary["verifiedLevels"], serde_json::json!(["HALLMARK_RECOMMENDED"]));
    assert_eq!(summary["policy"]["digest"]["sha256"], run.outputs["policy-digest"].as_str());
    assert_eq!(summary["inputAttestations"].as_array().unwrap().len(), 4);
    assert_eq!(verdict.statement.predicate["evidence"].as_array().unwrap().len(), 4);
}

/// The verdict of each policy that ships, by what was found and by which database.
#[test]
fn shipped_policies_truth_table() {
    let unfixed: &[crate::common::Found<'_>] = &[("CVE-2026-1", "CRITICAL", None)];
    let fixed: &[crate::common::Found<'_>] = &[("CVE-2026-2", "HIGH", Some("2"))];
    let unknown: &[crate::common::Found<'_>] = &[("CVE-2026-3", "UNKNOWN", Some("2"))];
    for (found, sample, verdicts) in [
        // Without the feeds, `strict` asks a person.
        (&[] as &[_], false, ["pass", "pass", "pass", "review"]),
        (&[], true, ["pass", "fail", "pass", "review"]),
        (unfixed, false, ["pass", "pass", "pass", "review"]),
        (unfixed, true, ["pass", "fail", "pass", "review"]),
        (fixed, false, ["pass", "fail", "fail", "fail"]),
        (unknown, false, ["pass", "review", "review", "fail"]),
    ] {
        for (policy, verdict) in ["minimal", "recommended", "demo", "strict"].iter().zip(verdicts) {
            let world = World::bare();
            world.put("bake", &world.signatures(b"binary"));
            world.put("bake", &world.provenance());
            world.put("assay", &world.tests("booted", "2026-11-22T11:00:00Z", 9, 0));
            world.put("assay", &world.scan(found, sample));
            let run = world.gate(policy);
            assert_eq!(
                run.outputs.get("verdict").map(String::as_str),
                Some(verdict),
                "{policy} {found:?} {sample}: {}",
                run.stderr
            );
            assert_eq!(run.code, u8::from(verdict == "fail"));
            let noted = codes(&run).contains(&"sample-database".to_owned());
            assert_eq!(noted, sample, "the sample is said in every verdict");
        }
    }
}

#[test]
fn an_exception_suppresses_and_leaves_its_trace_everywhere() {
    let world = World::with(&[("CVE-2026-2", "CRITICAL", Some("2"))]);
    assert_eq!(world.gate("recommended").outputs["verdict"], "fail");
    let path = world.path("exceptions.yml");
    let text = "version: 1\nexceptions:\n  - {id: CVE-2026-2, package: p1, reason: <b>not reachable</b>, owner: web, created: 2026-11-01, expires: 2026-11-30}\n";
    fs::write(&path, text).unwrap();
    let run = world.gate_with("recommended", &[("exceptions", path.to_string_lossy().into_owned())]);
    assert_eq!(
        (run.outputs["verdict"].as_str(), run.outputs["suppressed"].as_str()),
        ("pass", "1"),
        "{}",
        run.stderr
    );
    assert_eq!(codes(&run), ["exception-ending"]);
    assert!(run.stderr.contains("exceptions.yml:3:"), "{}", run.stderr);
    let page = fs::read_to_string(&run.outputs["page"]).unwrap();
    assert!(
        page.contains("CVE-2026-2")
            && page.contains("&lt;b&gt;not reachable")
            && !page.contains("<b>not reachable")
    );
    let brief = fs::read_to_string(&run.outputs["brief"]).unwrap();
    assert!(brief.contains("1 finding suppressed"), "{brief}");
    let verdict: Value = fs::read(&run.outputs["evidence"])
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap();
    assert!(verdict["dsseEnvelope"]["payload"].is_string());
}

#[test]
fn an_image_on_a_base_needs_the_bases_verification() {
    let base = World::good();
    let mut world = World::bare();
    world.image.base =
        Some(model::BaseImage { name: "base".into(), content_digest: base.image.content_digest() });
    world.image.disks[0].content_digest = model::ContentDigest::new(model::Sha256::of(b"app"));
    world.write_image();
    world.put("bake", &world.signatures(b"binary"));
    world.put("bake", &world.provenance());
    world.put("assay", &world.tests("booted", "2026-11-22T11:00:00Z", 9, 0));
    world.put("assay", &world.scan(&[], false));
    assert_eq!(codes(&world.gate("recommended")), ["base-not-verified"]);

    // The base's summary, signed by the signer that this policy names.
    let summary = |result: &str, level: &str| {
        let predicate = serde_json::json!({
            "verifier": {"id": "https://hallmark.dev/gate"}, "timeVerified": "2026-11-20T00:00:00Z",
            "resourceUri": "x", "policy": {"digest": {"sha256": model::Sha256::of(b"")}},
            "verificationResult": result, "verifiedLevels": [level],
        });
        attest::Statement::new(Kind::Vsa, base.image.subjects().unwrap(), &predicate).unwrap()
    };
    let folder = attest::EvidenceDir::new(world.path("base"));
    let more = [("base-evidence", world.path("base").to_string_lossy().into_owned())];
    for (signer, result, level, wanted) in [
        ("bake", "PASSED", "HALLMARK_BASE", vec!["base-not-verified", "wrong-signer"]),
        ("assay", "FAILED", "FAILED", vec!["base-not-verified"]),
        ("assay", "PASSED", "HALLMARK_MINIMAL", vec!["base-level"]),
        ("assay", "PASSED", "HALLMARK_BASE", vec![]),
    ] {
        drop(fs::remove_dir_all(world.path("base")));
        folder.write(&summary(result, level), Some(world.key(signer))).unwrap();
        assert_eq!(codes(&world.gate_with("recommended", &more)), wanted, "{signer} {result} {level}");
    }
}

#[test]
fn what_cannot_be_decided_is_an_error_and_no_verdict() {
    let world = World::good();
    let wrong = world.path("wrong.yml");
    fs::write(&wrong, "version: 1\nname: p\nevidnce: {}\n").unwrap();
    let run = world.gate(&wrong.to_string_lossy());
    assert_eq!(run.code, 2);
    assert!(
        run.stderr.contains("did you mean `evidence`?") && run.stderr.contains("wrong.yml:3:1"),
        "{}",
        run.stderr
    );
    for (input, value, wanted) in [
        ("image", "absent.json", "absent.json"),
        ("signers", "bake", "name=path is wanted"),
        ("signers", "bake=absent.pub", "the key of the signer `bake`"),
        ("signing-key", "no key", "signing-key"),
    ] {
        let run = world.gate_with("recommended", &[(input, value.into())]);
        assert_eq!(run.code, 2, "{input}");
        assert!(run.stderr.contains(wanted), "{input}: {}", run.stderr);
        assert!(run.outputs.is_empty());
    }
}

#[test]
fn a_key_that_may_not_sign_verdicts_signs_none() {
    let world = World::good();
    let pem = attest::PrivateKey::generate_p256().unwrap().private;
    let run = world.gate_with("recommended", &[("signing-key", pem)]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("may not sign a verdict"), "{}", run.stderr);
}

/// A file's mistakes are told once, in its order, and then counted.
#[test]
fn mistakes_are_told_once_in_the_order_of_the_file() {
    let world = World::good();
    let run = world.gate_with("recommended", &[("signers", String::new())]);
    assert_eq!(run.code, 2);
    let at = ["bake", "assay", "approver", "publish"].map(|name| {
        let told: Vec<_> = run.stderr.match_indices(&format!("the signer `{name}` has no key")).collect();
        assert_eq!(told.len(), 1, "{name}: {}", run.stderr);
        told[0].0
    });
    assert!(at.is_sorted(), "{}", run.stderr);
    assert!(run.stderr.trim_end().ends_with("has 4 mistakes: nothing was decided"), "{}", run.stderr);
}

#[test]
fn what_is_missing_is_named_with_how_to_give_it() {
    let world = World::good();
    for input in ["image", "policy"] {
        let run = world.gate_with("recommended", &[(input, String::new())]);
        assert_eq!(run.code, 2);
        let says = format!("input `{input}` is required and was not given; set `{input}:` under `with:`");
        assert!(run.stderr.contains(&says), "{}", run.stderr);
    }
}

/// The verdict of an earlier run is no input of the next, which comes to the same.
#[test]
fn a_second_run_is_not_disturbed_by_the_first() {
    let world = World::good();
    let (first, second) = (world.gate("recommended"), world.gate("recommended"));
    assert_eq!(first.outputs, second.outputs);
}
