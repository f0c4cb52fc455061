//! `policy-check`: finds settings that checks speak against, in descriptions of machines, with Checkov.
//!
//! Checkov gets a copy of the files and takes no orders from the repository: no configuration and no baseline. A check
//! that a comment in a file skips counts all the same. A file that cannot be parsed is an error.

mod run;

use model::Class;
use process::Processes;
use runner::{Action, Context, Input, Kind, Outcome, Output, Result};
use scan::{Source, SourceInputs, source_table, table};
use scanners::checkov::Checkov;
use tools::PythonTool;

/// The action.
pub static ACTION: Action = Action {
    name: "policy-check",
    about: "Checks Terraform, CloudFormation, Kubernetes, Dockerfiles, workflows and the like with Checkov",
    inputs: &[
        source_table::PATH,
        Input::new("framework", Kind::List, "What to check, by Checkov's names").default(run::FRAMEWORKS),
        Input::new(
            "external-checks",
            Kind::List,
            "Folders with checks of your own, in YAML or Python. Checkov runs that Python: give it none that you did not read",
        ),
        source_table::EXCLUDE,
        source_table::FILES,
        Input::new("report", Kind::Path, "Check nothing and take this JSON report of Checkov instead"),
        table::SEVERITY,
        Input::new(
            "fail-on",
            Kind::List,
            "Severities that fail this step; `none`, and the gate decides. Without an account Checkov rates nothing: all is unknown",
        )
        .default("critical,high,medium,unknown"),
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
        Output { name: "misconfigurations", help: "How many of them are failed checks of settings" },
    ],
    run: |ctx| Box::pin(run(ctx)),
    post: None,
};

async fn run(ctx: &mut Context) -> Result<Outcome> {
    run_with(ctx, &process::Real, None).await
}

/// The action with a given way to run programs, and perhaps a given Checkov: what the tests drive.
///
/// # Errors
/// Whenever nothing can be decided.
pub async fn run_with(
    ctx: &mut Context,
    processes: &dyn Processes,
    tool: Option<PythonTool>,
) -> Result<Outcome> {
    let inputs = SourceInputs::read(ctx, &Class::ALL)?;
    let key = services::signer(ctx)?;
    if let Some(path) = &inputs.report {
        let bytes = scan::given_report(path)?;
        return scan::finish_report(ctx, &Checkov, &inputs, path, bytes, key.as_deref());
    }
    let chosen = run::Chosen::read(ctx)?;
    let scratch = tempfile::Builder::new().prefix("hallmark-checkov-").tempdir_in(ctx.temp())?;
    let source = Source::copy(ctx, processes, &inputs.wanted, &inputs.common, scratch.path()).await?;
    let tool = match tool {
        Some(tool) => tool,
        None => run::checkov(ctx, processes).await?,
    };
    let scanned = run::scan(ctx, processes, &inputs, &chosen, &tool, scratch.path()).await?;
    let taken = scanned.taken(&Checkov, ctx.now());
    scan::finish_source(ctx, processes, &Checkov, &inputs, &source, &taken, key.as_deref()).await
}
