//! Running Semgrep.

use std::ffi::OsString;
use std::path::Path;

use anyhow::Context as _;
use process::Processes;
use runner::{Context, Result};
use scan::{Program, Scanned, SourceInputs, Used, read_report};
use scanners::semgrep::Semgrep;
use scanners::{Access, Options, Scanner as _, Target};
use tools::{PythonTool, Settings, python_tool};

use crate::rules::Rules;

/// The pinned Semgrep.
pub(crate) async fn semgrep(ctx: &mut Context, processes: &dyn Processes) -> Result<PythonTool> {
    let settings = Settings::from_env(|name| ctx.env(name).map(str::to_owned))?;
    let got = python_tool("semgrep", &settings, processes, &mut |event| ctx.info(&event.to_string())).await;
    got.context("Semgrep is not to be had")
}

/// Scans the copy of the files.
pub(crate) async fn scan(
    ctx: &mut Context,
    processes: &dyn Processes,
    inputs: &SourceInputs,
    tool: &PythonTool,
    rules: Rules,
    scratch: &Path,
) -> Result<Scanned> {
    let unpacked = tool.unpack(&scratch.join("semgrep"))?;
    let program = Program {
        log: &Semgrep,
        version: &tool.version,
        path: &unpacked.interpreter,
        before: &unpacked.before,
        processes,
        scratch,
        timeout: inputs.timeout,
        passed_on: &[],
        env: vec![
            ("SEMGREP_SEND_METRICS", OsString::from("off")),
            ("SEMGREP_ENABLE_VERSION_CHECK", OsString::from("0")),
        ],
    };
    let output = scratch.join("report.json");
    let files: Vec<&Path> = rules.files.iter().map(std::path::PathBuf::as_path).collect();
    let options = Options {
        look_for: &[model::Class::Weakness],
        cache: scratch,
        output: &output,
        timeout: inputs.timeout,
        access: Access::Cache,
        database_repositories: &[],
        rules: &files,
    };
    let started = ctx.now();
    let arguments = Semgrep.arguments(&Target::Source(Path::new(".")), &options);
    let ran = program.run(ctx, "look for weaknesses", arguments).await?;
    ran.succeeded("Semgrep failed")?;
    let bytes = read_report(&output).context("Semgrep ended well, but its report is not to be read")?;
    let tool = Used { version: tool.version.clone(), sha256: tool.sha256 };
    Ok(Scanned { bytes, rules: rules.given, tool, started })
}
