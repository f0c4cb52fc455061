//! Decides about one scan and prints `{"verdict", "blocking", "denials"}`: a row of `make bench`.
//!
//! usage: decide POLICY EXCEPTIONS FINDINGS
//!
//! FINDINGS is a JSON list of findings. The clock stands still, so that its peer can be told the same.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::{read, read_to_string};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use model::{Class, ContentDigest, Finding, Sha256, Weight};
use policy::{Evidence, Exceptions, Facts, Image, Seen, Signed, Statement, UncheckedPolicy, decide};

/// The time of the decision, in scripts/bench/policy.py too.
const NOW: &str = "2026-11-22T12:00:00Z";

#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a measuring program of its own, with no context around it"
)]
fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [policy, exceptions, findings] = args.as_slice() else {
        eprintln!("usage: decide POLICY EXCEPTIONS FINDINGS");
        return ExitCode::from(2);
    };
    match decided(policy, exceptions, findings) {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn decided(policy: &str, exceptions: &str, findings: &str) -> Result<String, Box<dyn Error>> {
    let folder = Path::new(policy).parent().unwrap_or(Path::new("."));
    let name = Path::new(policy).file_name().and_then(|name| name.to_str()).unwrap_or("policy.yml");
    let mut get = |file: &str| read_to_string(folder.join(file)).map_err(|error| error.to_string());
    let policy = UncheckedPolicy::read(name, &mut get)?.check()?;
    let keys = BTreeMap::from([("assay".to_owned(), "assay".to_owned())]);
    let policy = policy.resolve(&keys)?;
    let limits = policy.policy().exception_limits();
    let exceptions = Exceptions::parse(exceptions, &read_to_string(exceptions)?, limits)?;
    let findings: Vec<Finding> = serde_json::from_slice(&read(findings)?)?;
    let now = NOW.parse()?;
    let scan = Statement {
        file: "vulns".into(),
        payload: Sha256::of(b"vulns"),
        signed: Signed::By(vec!["assay".into()]),
        issued: Some(now),
        facts: Facts::Vulns {
            scanner: "trivy".into(),
            seen: Seen::Disk,
            packages: 1,
            database: Some(now),
            sample: false,
            looked_for: [Class::Vulnerability].into(),
            findings: Arc::new(findings),
        },
    };
    let image = Image {
        name: "web".into(),
        family: "web".into(),
        content_digest: ContentDigest::new(Sha256::of(b"web")),
        base: None,
    };
    let evidence =
        Evidence { statements: vec![scan], environment: Some("prod".into()), ..Evidence::about(image) };
    let decision = decide(&policy, &exceptions, &evidence, None, now);
    let blocking = decision.findings.iter().filter(|one| one.counts() == Some(Weight::Fail)).count();
    let denials = decision.reasons.iter().filter(|reason| reason.code.starts_with("rego")).count();
    Ok(format!(
        r#"{{"verdict": "{}", "blocking": {blocking}, "denials": {denials}}}"#,
        decision.verdict.as_str()
    ))
}
