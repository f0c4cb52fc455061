//! `sast-scan`: finds weaknesses in sources with Semgrep and local rules, or takes any SARIF.
//!
//! Semgrep gets a copy of the files and takes no orders from the repository: no ignore file and no comment. Rules are
//! files that are given; none are fetched. A file that Semgrep could not read as a whole is an error.

mod rules;
mod run;

use model::Class;
use process::Processes;
use runner::{Action, Context, Input, Kind, Outcome, Output, Result};
use scan::{Source, SourceInputs, source_table, table};
use scanners::Scanner;
use scanners::sarif::{Sarif, is_sarif};
use scanners::semgrep::Semgrep;
use tools::PythonTool;

/// The action.
pub static ACTION: Action = Action {
    name: "sast-scan",
    about: "Finds weaknesses in sources with Semgrep and your own rules, or takes any SARIF",
    inputs: &[
        source_table::PATH,
        Input::new("rules", Kind::List, "Semgrep's rules: files and folders. None are fetched")
            .default("semgrep"),
        source_table::EXCLUDE,
        source_table::FILES,
        Input::new(
            "report",
            Kind::Path,
            "Scan nothing and take this report instead: JSON of Semgrep, or SARIF 2.1.0 of any tool",
        ),
        table::SEVERITY,
        Input::new("fail-on", Kind::List, "Severities that fail this step; `none`, and the gate decides")
            .default("critical,high"),
        source_table::ALLOW_NO_FILES,
        source_table::TIMEOUT,
        table::SARIF,
        source_table::NAME,
        table::REPORT_OUTPUT,
        table::EVIDENCE,
        services::SIGNING_KEY,
        services::SIGNING_KEY_PASSWORD,
        services::SIGNING_CONFIG,
    ],
    outputs: &[
        table::REPORT,
        table::REPORT_DIGEST,
        table::STATEMENT,
        table::SARIF_FILE,
        table::CATEGORY,
        source_table::FINDINGS,
        table::CRITICAL,
        table::HIGH,
        table::MEDIUM,
        table::LOW,
        table::NEGLIGIBLE,
        table::UNKNOWN,
        Output { name: "weaknesses", help: "How many of them are weaknesses in code" },
    ],
    run: |ctx| Box::pin(run(ctx)),
    post: None,
};

async fn run(ctx: &mut Context) -> Result<Outcome> {
    run_with(ctx, &process::Real, None).await
}

/// The action with a given way to run programs, and perhaps a given Semgrep: what the tests drive.
///
/// # Errors
/// Whenever nothing can be decided.
pub async fn run_with(
    ctx: &mut Context,
    processes: &dyn Processes,
    tool: Option<PythonTool>,
) -> Result<Outcome> {
    // A SARIF log may have findings of any class.
    let inputs = SourceInputs::read(ctx, &Class::ALL)?;
    let key = services::signer(ctx)?;
    if let Some(path) = &inputs.report {
        let bytes = scan::given_report(path)?;
        let reader: &dyn Scanner = if is_sarif(&bytes) { &Sarif } else { &Semgrep };
        return scan::finish_report(ctx, reader, &inputs, path, bytes, key.as_deref());
    }
    let scratch = tempfile::Builder::new().prefix("hallmark-semgrep-").tempdir_in(ctx.temp())?;
    let rules = rules::copy(ctx, scratch.path())?;
    let source = Source::copy(ctx, processes, &inputs.wanted, &inputs.common, scratch.path()).await?;
    let tool = match tool {
        Some(tool) => tool,
        None => run::semgrep(ctx, processes).await?,
    };
    let scanned = run::scan(ctx, processes, &inputs, &tool, rules, scratch.path()).await?;
    let taken = scanned.taken(&Semgrep, ctx.now());
    scan::finish_source(ctx, processes, &Semgrep, &inputs, &source, &taken, key.as_deref()).await
}
