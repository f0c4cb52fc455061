//! Predicates: every member as its specification spells it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

use attest::predicate::{
    approval, closure, provenance, release, sbom, signature_verification, spdx, test_result, verdict, vsa,
    vulns,
};
use attest::{Kind, Predicate, Statement};
use model::{Class, Finding, Severity, Sha256, Subject};
use serde_json::{Value, json};

const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// A predicate with every member there is reads, and is written back as it was.
fn whole<P: Predicate>(value: &Value) {
    let statement = Statement::new(P::KIND, vec![Subject::file("f", Sha256::of(b""))], value).unwrap();
    let predicate: P = statement.predicate().unwrap_or_else(|error| panic!("{}: {error}", P::KIND));
    assert_eq!(&serde_json::to_value(&predicate).unwrap(), value, "{}", P::KIND);
    // Members of other tools are passed over, as in-toto asks; of a document, which is the predicate as a whole, kept.
    let mut more = value.clone();
    more["somethingElse"] = json!([1]);
    let again: P = Statement::new(P::KIND, statement.subject, &more).unwrap().predicate().unwrap();
    let document = matches!(P::KIND, Kind::Sbom | Kind::SpdxSbom);
    let wanted = if document { &more } else { value };
    assert_eq!(&serde_json::to_value(&again).unwrap(), wanted, "{}", P::KIND);
}

fn example(kind: Kind) -> Value {
    let file = json!({"name": "f", "digest": {"sha256": EMPTY}});
    let time = "2026-11-01T12:00:00Z";
    let tool = json!({"name": "t", "version": "1", "sha256": EMPTY});
    match kind {
        Kind::SignatureVerification => json!({
            "verifier": {"id": "https://hallmark.dev/verify-signatures", "version": "0.1.0"},
            "verifiedOn": time,
            "manifest": file,
            "trustedRoots": [{"name": "public-good", "digest": {"sha256": EMPTY}, "asOf": time}],
            "files": [
                {
                    "name": "f", "size": 0, "digest": {"sha256": EMPTY},
                    "signatures": [
                        {
                            "file": {"name": "f.sig", "digest": {"sha256": EMPTY}},
                            "signer": {"name": "vendor", "keyId": EMPTY, "algorithm": "ecdsa-p256"},
                        },
                        {
                            "file": {"name": "f.sigstore.json", "digest": {"sha256": EMPTY}},
                            "signer": {"name": "ci", "identity": {"issuer": "i", "subject": "s", "ref": "r"}},
                            "times": [time], "logIndex": 1, "trustedRoot": EMPTY,
                        },
                    ],
                    "provenance": {"builder": "b", "source": "s", "ref": "r", "workflow": "w"},
                },
                {
                    "name": "g", "size": 0, "digest": {"sha256": EMPTY},
                    "listedIn": {"name": "SHA256SUMS", "digest": {"sha256": EMPTY}},
                },
            ],
        }),
        // https://slsa.dev/spec/v1.0/provenance#schema
        Kind::Provenance => json!({
            "buildDefinition": {
                "buildType": provenance::PACKER_BUILD,
                "externalParameters": {"template": "t.pkr.hcl", "variables": {"a": "b"}, "only": ["x"]},
                "internalParameters": {"n": 1},
                "resolvedDependencies": [{
                    "name": "git", "uri": "git+https://example.com/r@refs/heads/main",
                    "digest": {"gitCommit": "c27d339ee6075c1f744c5d4b200f7901aad2c369"},
                    "downloadLocation": "https://example.com/d", "mediaType": "text/plain",
                    "annotations": {"x": {"y": 1}},
                }],
            },
            "runDetails": {
                "builder": {"id": "https://example.com/b", "version": {"packer": "1"}, "builderDependencies": [file]},
                "metadata": {"invocationId": "i", "startedOn": time, "finishedOn": time},
                "byproducts": [file],
            },
        }),
        // The specification's own example, and our extension.
        Kind::TestResult => json!({
            "result": "WARNED",
            "configuration": [{
                "name": ".github/workflows/ci.yml",
                "downloadLocation": "https://github.com/in-toto/in-toto/blob/x/.github/workflows/ci.yml",
                "digest": {"gitBlob": "ebe4add40f63c3c98bc9b32ff1e736f04120b023"},
            }],
            "url": "https://github.com/in-toto/in-toto/actions/runs/4425592351",
            "passedTests": ["build (3.7, ubuntu-latest, py)"],
            "warnedTests": ["w"],
            "failedTests": ["f"],
            "hallmark": {
                "seen": "in-build", "counts": {"passed": 1, "failed": 0, "skipped": 0}, "tool": tool,
                "startedOn": time, "finishedOn": time, "report": {"sha256": EMPTY},
            },
        }),
        // What each format demands, and our properties.
        Kind::Sbom => json!({
            "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
            "metadata": {"timestamp": time, "properties": [{"name": "hallmark:seen", "value": "disk"}]},
            "components": [{"type": "library", "name": "p", "version": "1"}],
        }),
        Kind::SpdxSbom => json!({
            "spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "dataLicense": "CC0-1.0", "name": "n",
            "documentNamespace": "https://example.com/n", "creationInfo": {"created": time, "creators": ["Tool: t"]},
        }),
        Kind::Vulns => json!({
            "scanner": {
                "uri": "pkg:github/aquasecurity/trivy@244fd47e07d1004f0aed9",
                "version": "0.19.2",
                "db": {
                    "uri": "pkg:github/aquasecurity/trivy-db/commit/4c76bb580b2736d67751410fa4ab66d2b6b9b27d",
                    "version": "v1-2021080612",
                    "lastUpdate": "2021-08-06T17:45:50.52Z",
                },
                "result": [{
                    "id": "CVE-123",
                    "severity": [{"method": "nvd", "score": "medium"}, {"method": "cvss_score", "score": "5.2"}],
                    "annotations": [{"k": 1}],
                }],
            },
            "metadata": {"scanStartedOn": "2021-08-06T17:45:50.52Z", "scanFinishedOn": "2021-08-06T17:50:50.52Z"},
            "hallmark": {
                "seen": "container-image", "report": {"name": "r.json", "digest": {"sha256": EMPTY}}, "tool": tool,
                "database": {"version": "2", "updatedOn": time, "sha256": EMPTY, "sample": true},
                "packages": 3, "os": {"family": "debian", "name": "13.1"},
                "scanners": ["vuln", "secret"],
                "others": {"secrets": 2, "licenses": 0, "misconfigurations": 0},
                "counts": {"critical": 1, "high": 0, "medium": 0, "low": 0, "negligible": 0, "unknown": 0},
                "alerts": {
                    "category": "hallmark/web/amd64", "location": "images/web",
                    "severity": ["critical", "high"], "ignoreUnfixed": true,
                },
            },
        }),
        Kind::Verdict => json!({
            "verdict": "review",
            "reasons": [{"weight": "review", "code": "c", "message": "m", "evidence": ["e"], "clears": "x"}],
            "exceptions": [{"id": "CVE-1"}],
            "policy": {"name": "default", "digest": {"sha256": EMPTY}},
            "exceptionsFile": file,
            "evidence": [{"kind": "test-result", "file": "f", "sha256": EMPTY, "payloadDigest": EMPTY, "signer": EMPTY}],
            "decidedOn": time,
            "manifest": file,
            "approval": {"kind": "approval", "file": "f", "sha256": EMPTY, "payloadDigest": EMPTY, "signer": EMPTY},
        }),
        // https://slsa.dev/spec/v1.0/verification_summary#schema
        Kind::Vsa => json!({
            "verifier": {"id": "https://example.com/v", "version": {"hallmark": "0.1.0"}},
            "timeVerified": time,
            "resourceUri": "hallmarkBlocks1:0",
            "policy": {"uri": "https://example.com/p", "digest": {"sha256": EMPTY}},
            "inputAttestations": [{"uri": "f", "digest": {"sha256": EMPTY}}],
            "verificationResult": "FAILED",
            "verifiedLevels": ["HALLMARK_DEFAULT"],
            "slsaVersion": "1.0",
        }),
        Kind::Approval => json!({
            "verdict": {"sha256": EMPTY}, "brief": {"sha256": EMPTY}, "approver": "a", "comment": "c",
            "decidedOn": time, "expiresOn": time, "waives": ["c"],
        }),
        Kind::Release => json!({
            "purl": "pkg:generic/image@1", "releaseId": "1",
            "hallmark": {
                "provider": "local", "location": "/store", "releaseId": "1", "channel": "stable",
                "priorImage": "hallmarkBlocks1:0", "verdict": file,
            },
        }),
        Kind::Closure => json!({
            "outcome": "rejected", "verdict": {"sha256": EMPTY}, "brief": {"sha256": EMPTY}, "closedOn": time,
            "by": [{"environments": ["production"], "id": 4, "login": "ada", "comment": "no"}],
            "github": {"repository": "acme/images", "runId": 7, "runAttempt": 2},
        }),
    }
}

/// A document is kept as it is: whatever is in it was signed.
fn document<P: Predicate>(value: &Value) {
    let mut extended = value.clone();
    extended["somethingElse"] = json!([1]);
    for value in [value, &extended] {
        let subjects = vec![Subject::file("image.json", Sha256::of(b""))];
        let statement = Statement::new(P::KIND, subjects, value).unwrap();
        let read: P = statement.predicate().unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), *value, "{}", P::KIND);
    }
}

#[test]
fn every_member_is_spelled_as_its_specification_does() {
    for kind in Kind::ALL {
        let value = &example(kind);
        match kind {
            Kind::SignatureVerification => whole::<signature_verification::Predicate>(value),
            Kind::Provenance => whole::<provenance::Predicate>(value),
            Kind::TestResult => whole::<test_result::Predicate>(value),
            Kind::Sbom => document::<sbom::Predicate>(value),
            Kind::SpdxSbom => document::<spdx::Predicate>(value),
            Kind::Vulns => whole::<vulns::Predicate>(value),
            Kind::Verdict => whole::<verdict::Predicate>(value),
            Kind::Vsa => whole::<vsa::Predicate>(value),
            Kind::Approval => whole::<approval::Predicate>(value),
            Kind::Release => whole::<release::Predicate>(value),
            Kind::Closure => whole::<closure::Predicate>(value),
        }
    }
}

#[test]
fn a_scan_from_before_there_was_a_choice_looked_for_vulnerabilities() {
    let mut value = example(Kind::Vulns);
    let extension = value["hallmark"].as_object_mut().unwrap();
    extension.remove("scanners");
    extension.remove("others");
    let extension = serde_json::from_value::<vulns::Predicate>(value).unwrap().hallmark.unwrap();
    let classes: Vec<_> = extension.scanners.iter().map(|scanner| scanner.class()).collect();
    assert_eq!(classes, [model::Class::Vulnerability]);
    assert_eq!(extension.others, vulns::Others::default());
    for class in model::Class::ALL {
        assert_eq!(vulns::Scanners::of(class).class(), class);
    }
}

/// What shows everything says nothing of it, and what is from before there were such members has none of them afterwards.
#[test]
fn which_findings_are_alerts() {
    let mut value = example(Kind::Vulns);
    let narrow = vulns::View { severity: vec![Severity::Critical, Severity::High], ignore_unfixed: true };
    let everything = vulns::View::default();
    let read = |value: &Value| serde_json::from_value::<vulns::Predicate>(value.clone()).unwrap();
    assert_eq!(read(&value).hallmark.unwrap().alerts.unwrap().view, narrow);
    for member in ["severity", "ignoreUnfixed"] {
        value["hallmark"]["alerts"].as_object_mut().unwrap().remove(member);
    }
    assert_eq!(read(&value).hallmark.unwrap().alerts.unwrap().view, everything);
    assert_eq!(serde_json::to_value(read(&value)).unwrap(), value);
    value["hallmark"].as_object_mut().unwrap().remove("alerts");
    assert_eq!(serde_json::to_value(read(&value)).unwrap(), value);

    let finding = |class, severity, fixed: Option<&str>| Finding {
        severity,
        fixed_version: fixed.map(str::to_owned),
        ..Finding::new(class, "x", "trivy")
    };
    for (class, severity, fixed, shown) in [
        (Class::Vulnerability, Severity::High, Some("2"), true),
        (Class::Vulnerability, Severity::High, None, false),
        (Class::Vulnerability, Severity::Unknown, Some("2"), false),
        (Class::Secret, Severity::Critical, None, true),
        (Class::Secret, Severity::Low, None, false),
    ] {
        let one = finding(class, severity, fixed);
        assert_eq!((narrow.shows(&one), everything.shows(&one)), (shown, true), "{one:?}");
    }
}

#[test]
fn a_value_that_nobody_may_choose_is_refused() {
    for (kind, pointer, bad) in [
        (Kind::TestResult, "/result", json!("PASS")),
        (Kind::TestResult, "/hallmark/seen", json!("Booted")),
        (Kind::TestResult, "/hallmark/report/sha256", json!("00")),
        (Kind::Verdict, "/verdict", json!("PASS")),
        (Kind::Verdict, "/evidence/0/kind", json!("vuln")),
        (Kind::Verdict, "/decidedOn", json!("yesterday")),
        (Kind::Vsa, "/verificationResult", json!("passed")),
        (Kind::Approval, "/waives", json!(null)),
        (Kind::Vulns, "/scanner/result", json!(null)),
        (Kind::Vulns, "/hallmark/alerts/location", json!(null)),
        (Kind::Vulns, "/hallmark/alerts/severity/0", json!("dreadful")),
    ] {
        let mut value = example(kind);
        *value.pointer_mut(pointer).unwrap() = bad.clone();
        let statement = Statement::new(kind, vec![Subject::file("f", Sha256::of(b""))], &value).unwrap();
        let refused = match kind {
            Kind::TestResult => statement.predicate::<test_result::Predicate>().is_err(),
            Kind::Verdict => statement.predicate::<verdict::Predicate>().is_err(),
            Kind::Vsa => statement.predicate::<vsa::Predicate>().is_err(),
            Kind::Approval => statement.predicate::<approval::Predicate>().is_err(),
            _ => statement.predicate::<vulns::Predicate>().is_err(),
        };
        assert!(refused, "{kind} {pointer} {bad}");
    }
}

#[test]
fn files_of_before_there_were_several_signers_still_read() {
    let mut value = example(Kind::SignatureVerification);
    value.as_object_mut().unwrap().remove("trustedRoots");
    value["files"] = json!([{
        "name": "f", "size": 0, "digest": {"sha256": EMPTY},
        "signature": {"name": "f.sig", "digest": {"sha256": EMPTY}},
        "signer": {"key": "vendor", "keyId": EMPTY, "algorithm": "ecdsa-p256"},
    }]);
    let read = serde_json::from_value::<signature_verification::Predicate>(value).unwrap();
    assert_eq!((read.files[0].name.as_str(), read.files[0].signatures.len()), ("f", 0));
}
