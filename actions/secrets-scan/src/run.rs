//! Running gitleaks: over the copy of the files, over the history.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use model::Sha256;
use process::Processes;
use runner::{Context, Result};
use scan::{Program, Scanned, Source, Used, read_at_most, read_report};
use scanners::gitleaks::{Gitleaks, OWN_RULES, joined};
use scanners::{Access, Options, Scanner as _, Target};
use tools::Tool;

use crate::history::{self, LOG};
use crate::inputs::Inputs;

/// More than any configuration, ignore file or baseline has.
const MAX_RULES: u64 = 64 << 20;

/// What gitleaks is told.
struct Told {
    /// The files of rules, in the scratch folder.
    config: std::path::PathBuf,
    /// Further arguments.
    more: Vec<OsString>,
    /// What was given, by name and digest.
    given: Vec<(String, Sha256)>,
}

/// Scans, and gives back one report of it all.
pub(crate) async fn scan(
    ctx: &mut Context,
    processes: &dyn Processes,
    inputs: &Inputs,
    tool: &Tool,
    source: &Source,
    scratch: &Path,
) -> Result<Scanned> {
    let told = told(ctx, inputs, scratch)?;
    let started = ctx.now();
    let mut reports = Vec::new();
    if inputs.tree {
        let target = Target::Source(Path::new("."));
        reports.push(one(ctx, processes, inputs, tool, scratch, &told, (&target, None)).await?);
    }
    if inputs.history {
        let checkout = source.checkout.as_ref().with_context(|| {
            format!(
                "{} is in no git repository, so it has no history: `scan: tree` looks at the files alone",
                inputs.sources.wanted.path.display()
            )
        })?;
        if checkout.shallow {
            bail!(
                "the history is cut off (a shallow clone), so a scan of it would look like one of all: check out with \
                 `fetch-depth: 0`, or give `scan: tree`"
            );
        }
        let history = checkout.history(ctx, processes).await;
        let history =
            history.with_context(|| format!("git does not list the refs of {}", checkout.root.display()))?;
        let apart = history::apart(checkout, &history, scratch.join("history.git"))?;
        let target = Target::History(&apart);
        let history = (&target, Some(checkout.empty_tree));
        reports.push(one(ctx, processes, inputs, tool, scratch, &told, history).await?);
    }
    let bytes = match <[Vec<u8>; 1]>::try_from(reports) {
        Ok([only]) => only,
        Err(several) => joined(&several)?,
    };
    let tool = Used { version: tool.version.clone(), sha256: tool.sha256 };
    Ok(Scanned { bytes, rules: told.given, tool, started })
}

/// Copies what was given, so that it stays what is recorded.
fn told(ctx: &mut Context, inputs: &Inputs, scratch: &Path) -> Result<Told> {
    let folder = scratch.join("told");
    fs::create_dir_all(&folder)?;
    let config = folder.join("gitleaks.toml");
    let mut told = Told { config, more: Vec::new(), given: Vec::new() };
    match &inputs.rules {
        None => fs::write(&told.config, OWN_RULES)?,
        Some(path) => {
            let bytes = read_at_most(path, MAX_RULES).context("input `rules`")?;
            told.given.push(("gitleaks.toml".into(), Sha256::of(&bytes)));
            fs::write(&told.config, bytes)?;
        }
    }
    for (input, option, path, name) in [
        ("ignore-file", "--gitleaks-ignore-path", &inputs.ignore_file, "gitleaksignore"),
        ("baseline", "--baseline-path", &inputs.baseline, "baseline.json"),
    ] {
        let Some(path) = path else { continue };
        let bytes = read_at_most(path, MAX_RULES).with_context(|| format!("input `{input}`"))?;
        told.given.push((name.into(), Sha256::of(&bytes)));
        let copy = folder.join(name);
        fs::write(&copy, bytes)?;
        told.more.extend([option.into(), copy.into()]);
        ctx.warning(format!(
            "gitleaks was told to leave findings out (`{input}`); the evidence names the file by its digest"
        ));
    }
    Ok(told)
}

async fn one(
    ctx: &mut Context,
    processes: &dyn Processes,
    inputs: &Inputs,
    tool: &Tool,
    scratch: &Path,
    told: &Told,
    (target, tree): (&Target<'_>, Option<&str>),
) -> Result<Vec<u8>> {
    let history = tree.is_some();
    let output = scratch.join(if history { "history.json" } else { "tree.json" });
    let rules = [told.config.as_path()];
    let options = Options {
        look_for: &[model::Class::Secret],
        cache: scratch,
        output: &output,
        timeout: inputs.sources.timeout,
        access: Access::Cache,
        database_repositories: &[],
        rules: &rules,
    };
    let mut arguments = Gitleaks.arguments(target, &options);
    let more = told.more.iter().cloned().chain(history.then(|| LOG.into()));
    arguments.splice(1..1, more);
    let mut program = program(tool, processes, scratch, inputs.sources.timeout);
    if let Some(tree) = tree {
        // Or a `.gitattributes` could say of a file that its changes are not to be shown. (Older gits do not look for one
        // where this one is run.)
        program.env.push(("GIT_ATTR_SOURCE", tree.into()));
    }
    let what = if history { "look at the history" } else { "look at the files" };
    let ran = program.run(ctx, what, arguments).await?;
    ran.succeeded("gitleaks failed")?;
    ran.whole(&Gitleaks)?;
    read_report(&output).context("gitleaks ended well, but its report is not to be read")
}

fn program<'a>(
    tool: &'a Tool,
    processes: &'a dyn Processes,
    scratch: &'a Path,
    timeout: Duration,
) -> Program<'a> {
    let word = |name: &'static str, value: &str| (name, OsString::from(value));
    // gitleaks asks git. The checkout may be another user's, as in a container; nothing of it is run.
    let env = vec![
        word("GIT_CONFIG_COUNT", "2"),
        word("GIT_CONFIG_KEY_0", "safe.directory"),
        word("GIT_CONFIG_VALUE_0", "*"),
        word("GIT_CONFIG_KEY_1", "core.fsmonitor"),
        word("GIT_CONFIG_VALUE_1", "false"),
        word("GIT_TERMINAL_PROMPT", "0"),
        word("GIT_NO_LAZY_FETCH", "1"),
    ];
    Program { env, ..Program::pinned(&Gitleaks, tool, processes, scratch, timeout) }
}
