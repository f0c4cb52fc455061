//! `sarif-multitool`, Microsoft's own, with GitHub's rules over logs of every size.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests: a panic is their message")]
#![allow(clippy::disallowed_methods, reason = "a test runs the tool and reads its own variable")]

use std::process::Command;

use model::{Class, CvssScore, CvssVersion, Epss, Finding, Kev, Package, Severity};
use report::sarif::{Entry, MAX_RESULTS, Run, Suppression, Written, to_bytes};
use serde_json::Value;

fn tool() -> String {
    std::env::var("HALLMARK_TEST_SARIF_MULTITOOL").unwrap_or_else(|_| {
        panic!("HALLMARK_TEST_SARIF_MULTITOOL names no sarif-multitool: `make test` sets it up")
    })
}

fn finding(n: usize) -> Finding {
    let severity = Severity::ALL[n % 6];
    let score = (n % 100) as f64 / 10.0;
    let finding = Finding {
        package: Package {
            name: format!("p{}", n % 977),
            version: "1.0-1".into(),
            purl: Some(format!("pkg:deb/debian/p{}@1.0-1?arch=amd64", n % 977)),
            path: n.is_multiple_of(3).then(|| format!("opt/[{n}]/ü.jar")),
            ..Package::default()
        },
        severity,
        fixed_version: n.is_multiple_of(2).then(|| "1.0-2".into()),
        title: format!("a title [x](javascript:y) {n}").into(),
        description: "Some `words` <b>about</b> it.\nAnd more.".repeat(1 + n % 90).into(),
        links: vec![format!("https://example.org/{n}")].into(),
        epss: n.is_multiple_of(5).then(|| Epss { score: 0.5, percentile: 0.9, date: "2026-01-01".into() }),
        kev: n.is_multiple_of(11).then(|| Kev { added: "2026-01-01".into(), ransomware: false }),
        ..Finding::new(Class::ALL[n % 5], format!("CVE-2026-{}", n / 3), "trivy")
    };
    finding.scored(vec![CvssScore { source: "nvd".into(), version: CvssVersion::V31, vector: None, score }])
}

fn written(count: usize) -> Written {
    let run = Run {
        tool: "Trivy",
        version: "0.69.3",
        information_uri: "https://trivy.dev",
        family: "debian-base",
        architecture: "amd64",
        location: Some("packer/debian-base/README.md"),
    };
    let why = [Suppression {
        reason: "not reachable",
        ticket: Some("SEC-1"),
        expires: Some(jiff::civil::date(2027, 1, 31)),
    }];
    let findings: Vec<_> = (0..count).map(finding).collect();
    let entries = findings
        .iter()
        .enumerate()
        .map(|(n, finding)| Entry { finding, suppressed: if n.is_multiple_of(7) { &why } else { &[] } });
    to_bytes(&run, entries).unwrap()
}

#[test]
fn github_would_take_it_at_any_size() {
    let tool = tool();
    for count in [0, 1, MAX_RESULTS + 1, 30_000] {
        let written = written(count);
        assert_eq!((written.results, written.results + written.cut), (count.min(MAX_RESULTS), count));
        let folder = tempfile::tempdir().unwrap();
        let (log, said) = (folder.path().join("log.sarif"), folder.path().join("said.sarif"));
        std::fs::write(&log, &written.bytes).unwrap();
        let run = Command::new(&tool)
            .args(["validate", "--rule-kind", "Sarif;Gh", "--level", "Error;Warning", "--output"])
            .args([&said, &log])
            .output()
            .unwrap();
        let talk = String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr);
        // It may say that it was successful whatever it found: what it found stands in its own log.
        let said: Value =
            serde_json::from_slice(&std::fs::read(&said).unwrap_or_else(|_| panic!("{talk}"))).unwrap();
        let run = &said["runs"][0];
        let failed = run["invocations"][0]["toolExecutionNotifications"]
            .as_array()
            .is_some_and(|all| all.iter().any(|one| one["level"] == "error"));
        assert!(!failed, "{count}: {:?}", run["invocations"]);
        let wrong: Vec<_> = run["results"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|result| (&result["ruleId"], &result["level"], &result["message"], &result["locations"][0]))
            .take(5)
            .collect();
        assert!(wrong.is_empty(), "{count}: {wrong:#?}\n{talk}");
    }
}
