//! A Trivy that does what a test says.

use std::fs;
use std::path::PathBuf;

use model::Sha256;
use process::{Fake, Script};
use runner::Outcome;
use runner::testing::{Harness, Run};
use serde_json::json;
use tools::{Source, Tool};
use trivy_scan::{ACTION, run_with};

use super::after;

fn trivy() -> Tool {
    Tool {
        name: "trivy".into(),
        version: "0.69.3".into(),
        path: PathBuf::from("/pinned/trivy"),
        sha256: Sha256::of(b"trivy"),
        source: Source::Cache,
        uri: "pkg:golang/github.com/aquasecurity/trivy@v0.69.3".into(),
    }
}

/// A report with one package and nothing found.
pub(crate) fn whole() -> String {
    json!({"SchemaVersion": 2, "Metadata": {"OS": {"Family": "debian", "Name": "13.7"}},
           "Results": [{"Class": "os-pkgs", "Packages": [{"Name": "p", "Version": "1"}]}]})
    .to_string()
}

/// A Trivy that writes this report.
pub(crate) fn writes(report: impl Into<Vec<u8>>) -> Script {
    let report = report.into();
    Script::exits(0).effect(move |spec| fs::write(after(spec, "--output"), report).unwrap())
}

/// Runs the action with this Trivy.
pub(crate) fn run(harness: &Harness, fake: &Fake) -> (Option<Outcome>, Run) {
    let (outcome, run) = harness
        .with_context(&ACTION, async |ctx: &mut runner::Context| run_with(ctx, fake, Some(trivy())).await);
    (outcome.ok(), run)
}
