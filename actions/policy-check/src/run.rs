//! Running Checkov.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use model::Sha256;
use process::Processes;
use runner::{Context, Result};
use scan::{Program, Scanned, SourceInputs, Used, read_at_most, read_report};
use scanners::checkov::{Checkov, REPORT_FILE};
use scanners::{Access, Options, Scanner as _, Target};
use tools::{PythonTool, Settings, python_tool};

/// What is checked without being told: what needs no network, and no other program.
pub(crate) const FRAMEWORKS: &str =
    "ansible,arm,bicep,cloudformation,dockerfile,github_actions,kubernetes,serverless,terraform";
/// What is refused: secrets have their own action, packages need an account, the last ones ask a server.
const REFUSED: [&str; 9] = [
    "all",
    "secrets",
    "sca_package",
    "sca_image",
    "helm",
    "kustomize",
    "github_configuration",
    "gitlab_configuration",
    "bitbucket_configuration",
];
/// More than any check has.
const MAX_CHECK: u64 = 4 << 20;

/// What is checked, and by what.
#[derive(Debug)]
pub(crate) struct Chosen {
    frameworks: Vec<String>,
    checks: Vec<PathBuf>,
}

impl Chosen {
    pub(crate) fn read(ctx: &Context) -> Result<Self> {
        let frameworks = ctx.list("framework")?;
        for framework in &frameworks {
            let plain = framework.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            if !plain || REFUSED.contains(&framework.as_str()) {
                bail!(
                    "input `framework` has `{framework}`: name what is to be checked, such as {FRAMEWORKS}. Secrets are for \
                     `secrets-scan`, packages for a scan of the SBOM; what needs a server or another program is not run"
                );
            }
        }
        let checks: Vec<PathBuf> =
            ctx.list("external-checks")?.iter().map(|name| ctx.cwd().join(name)).collect();
        if let Some(missing) = checks.iter().find(|folder| !folder.is_dir()) {
            bail!("input `external-checks`: there is no folder {}", missing.display());
        }
        Ok(Self { frameworks, checks })
    }
}

/// The pinned Checkov.
pub(crate) async fn checkov(ctx: &mut Context, processes: &dyn Processes) -> Result<PythonTool> {
    let settings = Settings::from_env(|name| ctx.env(name).map(str::to_owned))?;
    let got = python_tool("checkov", &settings, processes, &mut |event| ctx.info(&event.to_string())).await;
    got.context("Checkov is not to be had")
}

/// Checks the copy of the files.
pub(crate) async fn scan(
    ctx: &mut Context,
    processes: &dyn Processes,
    inputs: &SourceInputs,
    chosen: &Chosen,
    tool: &PythonTool,
    scratch: &Path,
) -> Result<Scanned> {
    let unpacked = tool.unpack(&scratch.join("checkov"))?;
    let program = Program {
        log: &Checkov,
        version: &tool.version,
        path: &unpacked.interpreter,
        before: &unpacked.before,
        processes,
        scratch,
        timeout: inputs.timeout,
        passed_on: &[],
        env: vec![("LOG_LEVEL", OsString::from("WARNING")), ("ANSI_COLORS_DISABLED", OsString::from("1"))],
    };
    let output = scratch.join("out");
    let mut given = Vec::new();
    let mut checks = Vec::new();
    for (at, folder) in chosen.checks.iter().enumerate() {
        let copy = scratch.join("checks").join(at.to_string());
        copy_checks(folder, &copy, &mut given)?;
        checks.push(copy);
    }
    let checks: Vec<&Path> = checks.iter().map(PathBuf::as_path).collect();
    let options = Options {
        look_for: &[model::Class::Misconfiguration],
        cache: scratch,
        output: &output,
        timeout: inputs.timeout,
        access: Access::Cache,
        database_repositories: &[],
        rules: &checks,
    };
    let mut arguments = Checkov.arguments(&Target::Source(Path::new(".")), &options);
    arguments.splice(0..0, [OsString::from("--framework"), chosen.frameworks.join(",").into()]);
    let started = ctx.now();
    let ran = program.run(ctx, "check the settings", arguments).await?;
    ran.succeeded("Checkov failed")?;
    ran.whole(&Checkov)?;
    let bytes = read_report(&output.join(REPORT_FILE))
        .context("Checkov ended well, but its report is not to be read")?;
    let tool = Used { version: tool.version.clone(), sha256: tool.sha256 };
    Ok(Scanned { bytes, rules: given, tool, started })
}

/// Copies checks, so that what is recorded is what ran.
fn copy_checks(from: &Path, to: &Path, given: &mut Vec<(String, Sha256)>) -> Result<()> {
    fs::create_dir_all(to)?;
    let mut names: Vec<_> = fs::read_dir(from)?.collect::<Result<_, _>>()?;
    names.sort_by_key(fs::DirEntry::file_name);
    for entry in names {
        let (path, copy) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            copy_checks(&path, &copy, given)?;
        } else if path.is_file() {
            let bytes = read_at_most(&path, MAX_CHECK).context("input `external-checks`")?;
            given.push((entry.file_name().to_string_lossy().into_owned(), Sha256::of(&bytes)));
            fs::write(copy, bytes)?;
        }
    }
    Ok(())
}
