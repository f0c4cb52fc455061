//! `secrets-scan`: finds secrets in the files of a repository and in its history with gitleaks.
//!
//! gitleaks gets a copy of the files and takes no orders from the repository: no ignore file, no configuration, no
//! comment, unless an input names it. Secrets are hidden in its report, and a report that shows one is refused.

mod history;
mod inputs;
mod purge;
mod run;

use anyhow::Context as _;
use process::Processes;
use runner::{Action, Context, Input, Kind, Outcome, Output, Result};
use scan::{Source, source_table, table};
use scanners::Scanner as _;
use scanners::gitleaks::Gitleaks;
use tools::{Lock, Settings, Tool, Tools};

use inputs::Inputs;

/// The action.
pub static ACTION: Action = Action {
    name: "secrets-scan",
    about: "Finds secrets in the files of a repository and in its history with gitleaks, and says how to get rid of them",
    inputs: &[
        source_table::PATH,
        Input::new(
            "scan",
            Kind::Choice(&["tree", "history", "both"]),
            "What to look at: the files as they are, every commit that can be reached, or both",
        )
        .default("both"),
        source_table::EXCLUDE,
        source_table::FILES,
        Input::new("report", Kind::Path, "Scan nothing and take this JSON report of gitleaks (`--redact`) instead"),
        Input::new("rules", Kind::Path, "A configuration of gitleaks to go by, instead of its own rules"),
        Input::new(
            "ignore-file",
            Kind::Path,
            "A .gitleaksignore to heed. Without it none is: exceptions belong to the policy, where they expire",
        ),
        Input::new("baseline", Kind::Path, "A report of gitleaks whose findings it leaves out"),
        table::SEVERITY,
        Input::new(
            "fail-on",
            Kind::List,
            "Severities of secrets that fail this step; `none`, and the gate decides. gitleaks rates nothing, so most are high",
        )
        .default("critical,high,medium,low,negligible,unknown"),
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
        Output { name: "findings", help: "How many secrets there are, whatever is shown" },
        table::CRITICAL,
        table::HIGH,
        table::MEDIUM,
        table::LOW,
        table::NEGLIGIBLE,
        table::UNKNOWN,
    ],
    run: |ctx| Box::pin(run(ctx)),
    post: None,
};

async fn run(ctx: &mut Context) -> Result<Outcome> {
    run_with(ctx, &process::Real, None).await
}

/// The action with a given way to run programs, and perhaps a given gitleaks: what the tests drive.
///
/// # Errors
/// Whenever nothing can be decided.
pub async fn run_with(ctx: &mut Context, processes: &dyn Processes, tool: Option<Tool>) -> Result<Outcome> {
    let inputs = Inputs::read(ctx)?;
    let key = services::signer(ctx)?;
    if let Some(path) = &inputs.sources.report {
        let bytes = scan::given_report(path)?;
        let outcome =
            scan::finish_report(ctx, &Gitleaks, &inputs.sources, path, bytes.clone(), key.as_deref())?;
        purge::show(ctx, &Gitleaks.read_report(&bytes)?);
        return Ok(outcome);
    }
    let tool = match tool {
        Some(tool) => tool,
        None => gitleaks(ctx, processes).await?,
    };
    let scratch = tempfile::Builder::new().prefix("hallmark-gitleaks-").tempdir_in(ctx.temp())?;
    let common = &inputs.sources.common;
    let source = Source::copy(ctx, processes, &inputs.sources.wanted, common, scratch.path()).await?;
    let scanned = run::scan(ctx, processes, &inputs, &tool, &source, scratch.path()).await?;
    let taken = scanned.taken(&Gitleaks, ctx.now());
    let found = taken.report.read(|reader| Gitleaks.read_from(reader))?;
    let outcome =
        scan::finish_source(ctx, processes, &Gitleaks, &inputs.sources, &source, &taken, key.as_deref())
            .await?;
    purge::show(ctx, &found);
    Ok(outcome)
}

/// The pinned gitleaks.
async fn gitleaks(ctx: &mut Context, processes: &dyn Processes) -> Result<Tool> {
    let settings = Settings::from_env(|name| ctx.env(name).map(str::to_owned))?;
    let tools = Tools::new(Lock::embedded()?, settings, processes);
    tools
        .get_with("gitleaks", &mut |event| ctx.info(&event.to_string()))
        .await
        .context("gitleaks is not to be had")
}
