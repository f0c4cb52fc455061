//! What Goss found, over all its runs.

use anyhow::{Context as _, Result};
use attest::predicate::test_result::Counts;
use serde_json::Value;

use crate::goss_json::Run;

/// A test as Goss reported it. All its text is hostile.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Test {
    /// `File`, `Service`, …
    pub(crate) resource_type: String,
    pub(crate) id: String,
    pub(crate) property: String,
    pub(crate) title: String,
    pub(crate) outcome: Outcome,
    pub(crate) seconds: f64,
    /// In which run of Goss, from 0: there is one for each specification.
    pub(crate) run: usize,
}

/// How a test ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    Failed { expected: String, found: String },
    Skipped,
}

/// Everything that Goss reported.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Report {
    pub(crate) tests: Vec<Test>,
    pub(crate) counts: Counts,
    /// Goss's JSON: byte for byte if it wrote one document, else one in the same form with every member
    /// of every result.
    pub(crate) json: Vec<u8>,
}

/// Counts outcomes.
pub(crate) trait Counted {
    fn counts(&self) -> Counts;
}

impl Counted for [Test] {
    fn counts(&self) -> Counts {
        let count =
            |wanted: fn(&Outcome) -> bool| self.iter().filter(|test| wanted(&test.outcome)).count() as u64;
        Counts {
            passed: count(|outcome| *outcome == Outcome::Passed),
            failed: count(|outcome| matches!(outcome, Outcome::Failed { .. })),
            skipped: count(|outcome| *outcome == Outcome::Skipped),
        }
    }
}

impl Test {
    /// `File: /etc/passwd: mode`.
    pub(crate) fn name(&self) -> String {
        format!("{}: {}: {}", self.resource_type, self.id, self.property)
    }
}

impl Report {
    /// Whether tests ran, and none failed.
    pub(crate) const fn is_passed(&self) -> bool {
        self.counts.failed == 0 && self.counts.passed > 0
    }

    /// Puts runs together, in their order.
    pub(crate) fn of_runs(runs: Vec<Run>) -> Result<Self> {
        let documents: Vec<Vec<u8>> = runs.iter().filter_map(|run| run.json.clone()).collect();
        let mut tests = Vec::new();
        for (number, run) in runs.into_iter().enumerate() {
            tests.extend(run.tests.into_iter().map(|test| Test { run: number, ..test }));
        }
        let counts = tests.counts();
        let json = match &documents[..] {
            [document] => document.clone(),
            documents => together(documents, tests.len(), counts)?,
        };
        Ok(Self { tests, counts, json })
    }
}

fn together(documents: &[Vec<u8>], all: usize, counts: Counts) -> Result<Vec<u8>> {
    let mut results = Vec::new();
    for document in documents {
        let mut parsed: Value = serde_json::from_slice(document).context("goss's JSON")?;
        if let Some(Value::Array(these)) = parsed.get_mut("results") {
            results.append(these);
        }
    }
    let Counts { failed, skipped, .. } = counts;
    let summary = serde_json::json!({
        "failed-count": failed,
        "skipped-count": skipped,
        "summary-line": format!("Count: {all}, Failed: {failed}, Skipped: {skipped}"),
        "test-count": all,
    });
    Ok(serde_json::to_vec(&serde_json::json!({ "results": results, "summary": summary }))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_passed_tests_pass() {
        for (passed, failed, skipped, is_passed) in [
            (0, 0, 0, false),
            (0, 0, 3, false),
            (0, 1, 0, false),
            (1, 1, 0, false),
            (1, 0, 0, true),
            (1, 0, 3, true),
        ] {
            let counts = Counts { passed, failed, skipped };
            assert_eq!(Report { tests: vec![], counts, json: vec![] }.is_passed(), is_passed, "{counts:?}");
        }
    }

    fn run(results: &[&str]) -> Run {
        let failed = results.iter().filter(|result| result.contains("\"result\":1")).count();
        let json = format!(
            r#"{{"results": [{}],"summary":{{"failed-count":{failed},"skipped-count":0,"test-count":{}}}}}"#,
            results.join(" , "),
            results.len()
        );
        Run::of_json(json.as_bytes()).unwrap()
    }

    #[test]
    fn runs_are_put_together_and_their_results_kept_whole() {
        let pass = r#"{"property":"p","resource-id":"a","resource-type":"File","result":0,"skipped":false,"successful":true,"zz":{"b":18446744073709551615,"a":1.5}}"#;
        let fail = r#"{"property":"p","resource-id":"a","resource-type":"File","result":1,"skipped":false,"successful":false}"#;
        let nothing = Run { tests: vec![], json: None };
        let one = run(&[pass]);
        assert_eq!(Report::of_runs(vec![one.clone(), nothing.clone()]).unwrap().json, one.json.unwrap());

        let report = Report::of_runs(vec![run(&[pass]), nothing.clone(), run(&[fail, pass])]).unwrap();
        assert_eq!(report.counts, Counts { passed: 2, failed: 1, skipped: 0 });
        assert_eq!(report.tests.iter().map(|test| test.run).collect::<Vec<_>>(), [0, 2, 2]);
        let json: Value = serde_json::from_slice(&report.json).unwrap();
        let whole = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!(json["results"], Value::Array(vec![whole(pass), whole(fail), whole(pass)]));
        assert_eq!(Run::of_json(&report.json).unwrap().tests.len(), 3);

        for runs in [vec![], vec![nothing.clone()], vec![nothing.clone(), nothing]] {
            let report = Report::of_runs(runs).unwrap();
            assert!(!report.is_passed());
            assert!(Run::of_json(&report.json).unwrap().tests.is_empty());
        }
    }
}
