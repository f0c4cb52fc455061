//! One run of Goss, read from its JSON and from nothing else.
//!
//! The exit code alone decides nothing: some of Goss's formats exit 0 on failure. It has to agree
//! with the JSON, though, and so has the summary with the results; otherwise nothing is decided.

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde_json::Value;

use crate::report::{Counted as _, Outcome, Test};

/// The tests of one run, and its JSON as Goss wrote it; `None` if Goss had nothing to test.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Run {
    pub(crate) tests: Vec<Test>,
    pub(crate) json: Option<Vec<u8>>,
}

impl Run {
    /// Reads what `goss validate --format json` wrote, and checks that its exit code agrees.
    pub(crate) fn read(exit_code: i32, stdout: &[u8], stderr: &[u8]) -> Result<Self> {
        // Goss writes no JSON if there is nothing to test.
        if is_zero_tests(exit_code, stdout, stderr) {
            return Ok(Self { tests: Vec::new(), json: None });
        }
        let document = last_document(stdout).with_context(|| {
            format!("goss ended with exit code {exit_code} and said: {}", last_line(stdout, stderr))
        })?;
        let run = Self::of_json(document)?;
        let failed = run.tests.counts().failed;
        if (exit_code == 0) != (failed == 0) {
            bail!("goss ended with exit code {exit_code}, but reported {failed} failed tests");
        }
        Ok(run)
    }

    /// Reads one document, as a file holds it.
    pub(crate) fn of_json(json: &[u8]) -> Result<Self> {
        let raw: RawReport = serde_json::from_slice(json).context("goss's JSON is cut off or is none")?;
        let tests = raw.results.into_iter().map(Test::try_from).collect::<Result<Vec<_>>>()?;
        let counts = tests.counts();
        let said = (raw.summary.test_count, raw.summary.failed_count, raw.summary.skipped_count);
        if said != (tests.len() as u64, counts.failed, counts.skipped) {
            bail!(
                "goss's summary counts {said:?} tests, failed and skipped, which its results do not bear out"
            );
        }
        Ok(Self { tests, json: Some(json.to_owned()) })
    }
}

#[derive(Deserialize)]
struct RawReport {
    results: Vec<RawTest>,
    summary: RawSummary,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct RawSummary {
    test_count: u64,
    failed_count: u64,
    skipped_count: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct RawTest {
    resource_type: String,
    resource_id: String,
    property: String,
    #[serde(default)]
    title: String,
    result: u64,
    successful: bool,
    skipped: bool,
    #[serde(default)]
    err: Option<Value>,
    #[serde(default)]
    matcher_result: RawMatch,
    #[serde(default)]
    duration: f64,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", default)]
struct RawMatch {
    message: String,
    actual: Value,
    expected: Value,
    missing_elements: Value,
    extra_elements: Value,
}

impl TryFrom<RawTest> for Test {
    type Error = anyhow::Error;

    fn try_from(raw: RawTest) -> Result<Self> {
        let outcome = match (raw.result, raw.successful, raw.skipped) {
            (0, true, false) => Outcome::Passed,
            (1, false, false) => failure(raw.err.as_ref(), &raw.matcher_result),
            (2, _, true) => Outcome::Skipped,
            other => bail!("goss's result for {} contradicts itself: {other:?}", raw.resource_id),
        };
        Ok(Self {
            resource_type: raw.resource_type,
            id: raw.resource_id,
            property: raw.property,
            title: raw.title,
            outcome,
            seconds: raw.duration.max(0.0) / 1e9,
            run: 0,
        })
    }
}

fn failure(error: Option<&Value>, matched: &RawMatch) -> Outcome {
    if let Some(error) = error.filter(|error| !error.is_null()) {
        return Outcome::Failed {
            expected: "an answer".to_owned(),
            found: format!("an error: {}", shown(error)),
        };
    }
    let mut found = match &matched.actual {
        // Goss's way to say that it read a file or an output, of which it shows nothing.
        Value::String(text) if text.starts_with("object: *") => Vec::new(),
        actual => vec![shown(actual)],
    };
    for (what, elements) in [("missing", &matched.missing_elements), ("too many", &matched.extra_elements)] {
        if !elements.is_null() {
            found.push(format!("{what}: {}", shown(elements)));
        }
    }
    let found = if found.is_empty() { "something else".to_owned() } else { found.join("; ") };
    let expected = match matched.message.as_str() {
        "" | "to equal" => shown(&matched.expected),
        how => format!("{how} {}", shown(&matched.expected)),
    };
    Outcome::Failed { expected, found }
}

/// A value for people: text as it is, anything else as JSON.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Goss's exit code for a specification without tests; it says so, and writes no JSON.
fn is_zero_tests(exit_code: i32, stdout: &[u8], stderr: &[u8]) -> bool {
    let says = |text: &[u8]| String::from_utf8_lossy(text).trim_start().starts_with("Error: found 0 tests");
    exit_code == 78 && (says(stdout) || (stdout.trim_ascii().is_empty() && says(stderr)))
}

/// The last of the documents that Goss writes when it retries, with a few known lines between them.
fn last_document(stdout: &[u8]) -> Result<&[u8]> {
    let (mut rest, mut last) = (stdout.trim_ascii(), None);
    while !rest.is_empty() {
        if rest.starts_with(b"{") {
            let mut documents =
                serde_json::Deserializer::from_slice(rest).into_iter::<serde::de::IgnoredAny>();
            if let Some(document) = documents.next() {
                document.context("goss's JSON is cut off or is none")?;
            }
            let (document, after) = rest.split_at(documents.byte_offset());
            (last, rest) = (Some(document), after.trim_ascii());
            continue;
        }
        let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        let line = String::from_utf8_lossy(&rest[..end]).into_owned();
        if line.starts_with("Attempt #") {
            // Another document has to follow.
            last = None;
        } else if !(line.starts_with("Retrying in ") || line.to_lowercase().starts_with("error: timeout of "))
        {
            bail!("{line:?} stands where goss's JSON was expected");
        }
        rest = rest[end..].trim_ascii();
    }
    last.context("goss wrote no JSON")
}

fn last_line(stdout: &[u8], stderr: &[u8]) -> String {
    let lines = |bytes| {
        String::from_utf8_lossy(bytes).lines().rfind(|line| !line.trim().is_empty()).map(str::to_owned)
    };
    let line = lines(stderr).or_else(|| lines(stdout)).unwrap_or_else(|| "nothing".to_owned());
    runner::escape::shortened(&line, 300)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASS: &str = r#"{"duration":1500000000,"err":null,"matcher-result":{"actual":true,"expected":true,"message":"matches expectation"},"property":"exists","resource-id":"/a","resource-type":"File","result":0,"skipped":false,"successful":true,"title":"t"}"#;
    const FAIL: &str = r#"{"duration":1,"err":null,"matcher-result":{"actual":"0644","expected":"0600","message":"to equal"},"property":"mode","resource-id":"/a","resource-type":"File","result":1,"skipped":false,"successful":false,"title":""}"#;
    const SKIP: &str = r#"{"duration":1,"err":null,"matcher-result":{"actual":null,"expected":null,"message":""},"property":"mode","resource-id":"/b","resource-type":"File","result":2,"skipped":true,"successful":true,"title":""}"#;

    fn document(tests: &[&str], counts: (u64, u64, u64)) -> String {
        let (all, failed, skipped) = counts;
        format!(
            r#"{{"results":[{}],"summary":{{"failed-count":{failed},"skipped-count":{skipped},"test-count":{all},"total-duration":1}}}}"#,
            tests.join(",")
        )
    }

    #[test]
    fn the_json_decides_and_the_exit_code_has_to_agree() {
        let passed = document(&[PASS, SKIP], (2, 0, 1));
        let failed = document(&[PASS, FAIL, SKIP], (3, 1, 1));
        for (code, stdout, expected) in [
            (0, passed.as_str(), Ok((1, 0, 1))),
            (1, &failed, Ok((1, 1, 1))),
            (3, &failed, Ok((1, 1, 1))),
            (0, &failed, Err("but reported 1 failed")),
            (1, &passed, Err("but reported 0 failed")),
            (0, &document(&[], (0, 0, 0)), Ok((0, 0, 0))),
            (0, &document(&[SKIP], (1, 0, 1)), Ok((0, 0, 1))),
            (0, &document(&[PASS], (2, 0, 0)), Err("do not bear out")),
            (1, &document(&[FAIL], (1, 0, 0)), Err("do not bear out")),
            (0, "", Err("wrote no JSON")),
            (0, &passed[..passed.len() - 1], Err("cut off")),
            (0, &passed[..20], Err("cut off")),
            (0, "{}", Err("cut off or is none")),
            (0, "[]", Err("stands where")),
            (0, "null", Err("stands where")),
            (78, "Error: found 0 tests, source: /goss.yaml\n", Ok((0, 0, 0))),
            (0, "Error: found 0 tests, source: /goss.yaml\n", Err("stands where")),
            (78, "Error: could not read", Err("stands where")),
        ] {
            match (Run::read(code, stdout.as_bytes(), b""), expected) {
                (Ok(run), Ok(expected)) => {
                    let counts = run.tests.counts();
                    assert_eq!((counts.passed, counts.failed, counts.skipped), expected);
                }
                (Err(error), Err(part)) => assert!(format!("{error:#}").contains(part), "{error:#}"),
                (got, _) => panic!("{code} {stdout}: {got:?}"),
            }
        }
    }

    #[test]
    fn of_several_attempts_the_last_counts() {
        let (failed, passed) = (document(&[FAIL], (1, 1, 0)), document(&[PASS], (1, 0, 0)));
        let retry = "\nRetrying in 1s (elapsed/timeout time: 0.2s/2s)\n\n\nAttempt #2:\n";
        let timeout = "\nError: timeout of 2s reached before tests entered a passing state\n";
        for (stdout, expected) in [
            (format!("{failed}{retry}{passed}\n"), Ok(0)),
            (format!("{failed}{retry}{failed}{timeout}"), Ok(1)),
            (format!("{failed}{retry}"), Err("wrote no JSON")),
            (format!("{failed}{retry}{}", &passed[..30]), Err("cut off")),
            (format!("{failed}\n::error::x\n{passed}"), Err("stands where")),
            (format!("Password:\n{passed}"), Err("stands where")),
        ] {
            let got = last_document(stdout.as_bytes()).and_then(Run::of_json);
            match (got, expected) {
                (Ok(run), Ok(failed)) => assert_eq!(run.tests.counts().failed, failed),
                (Err(error), Err(part)) => assert!(format!("{error:#}").contains(part), "{error:#}"),
                (got, _) => panic!("{stdout}: {got:?}"),
            }
        }
    }

    #[test]
    fn a_failure_tells_what_was_expected_and_found() {
        let with = |matched: &str, error: &str| {
            let raw = format!(
                r#"{{"err":{error},"matcher-result":{matched},"property":"p","resource-id":"i","resource-type":"File","result":1,"skipped":false,"successful":false}}"#
            );
            Test::try_from(serde_json::from_str::<RawTest>(&raw).unwrap()).unwrap().outcome
        };
        for (matched, error, expected, found) in [
            (r#"{"actual":"0644","expected":"0600","message":"to equal"}"#, "null", "0600", "0644"),
            (r#"{"actual":false,"expected":true,"message":"to equal"}"#, "null", "true", "false"),
            (
                r#"{"actual":"object: *os.File","expected":["root","/nope/"],"message":"to have patterns","missing-elements":["/nope/"]}"#,
                "null",
                r#"to have patterns ["root","/nope/"]"#,
                r#"missing: ["/nope/"]"#,
            ),
            (
                r#"{"actual":["a"],"expected":["b"],"extra-elements":["a"]}"#,
                "null",
                r#"["b"]"#,
                r#"["a"]; too many: ["a"]"#,
            ),
            (r#"{"actual":"object: *os.File","expected":"x"}"#, "null", "x", "something else"),
            ("{}", r#""timed out""#, "an answer", "an error: timed out"),
        ] {
            assert_eq!(
                with(matched, error),
                Outcome::Failed { expected: expected.into(), found: found.into() },
                "{matched}"
            );
        }
    }

    #[test]
    fn a_result_that_contradicts_itself_decides_nothing() {
        for (result, successful, skipped, fine) in [
            (0, true, false, true),
            (1, false, false, true),
            (2, true, true, true),
            (2, false, true, true),
            (0, false, false, false),
            (0, true, true, false),
            (1, true, false, false),
            (1, false, true, false),
            (2, true, false, false),
            (3, false, false, false),
        ] {
            let raw = format!(
                r#"{{"property":"p","resource-id":"i","resource-type":"File","result":{result},"skipped":{skipped},"successful":{successful}}}"#
            );
            let test = Test::try_from(serde_json::from_str::<RawTest>(&raw).unwrap());
            assert_eq!(test.is_ok(), fine, "{result} {successful} {skipped}");
        }
    }
}
