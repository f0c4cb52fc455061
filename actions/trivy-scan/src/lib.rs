//! `trivy-scan`: finds vulnerabilities, secrets and more in an image with Trivy.
//!
//! One scan feeds everything: Trivy's report is kept whole, and the counts, the SARIF, the summary
//! and the evidence are all made of it. What is shown can be narrowed; what is recorded cannot.
//! Whatever makes the report less than whole (Trivy failing, a truncated report, no operating
//! system, a disk that changed meanwhile) is an error, and no evidence is written.

mod convert;
mod inputs;
mod run;

use anyhow::{Context as _, bail};
use process::Processes;
use runner::{Action, Context, Input, Kind, Outcome, Output, Result};
use scan::{About, Image, Taken, Used, table};
use scanners::trivy::Trivy;
use tools::{Lock, Settings, Tool, Tools};

pub use convert::{Looked, look_again};
use inputs::Inputs;

/// The action.
pub static ACTION: Action = Action {
    name: "trivy-scan",
    about: "Scans an image for vulnerabilities and secrets with Trivy, once, and keeps all of it as evidence",
    inputs: &[
        Input::new(
            "image",
            Kind::Path,
            "The image: its image.json, or a raw disk; what is scanned, unless one of the next four is given",
        ),
        Input::new("rootfs", Kind::Path, "Scan this directory with a root file system instead"),
        Input::new(
            "sbom",
            Kind::Path,
            "Scan this SBOM (CycloneDX or SPDX, JSON) instead; with `image`, one that says it is of it",
        ),
        Input::new(
            "container-image",
            Kind::Text,
            "Scan this container image instead: a tar archive or a reference",
        ),
        Input::new("report", Kind::Path, "Scan nothing and take this JSON report of Trivy instead"),
        Input::new(
            "scanners",
            Kind::List,
            "What to look for: vuln, secret, license, misconfig. Without any, vuln and secret (of an SBOM vuln)",
        ),
        table::SEVERITY,
        table::IGNORE_UNFIXED,
        table::FAIL_ON,
        table::FAIL_ON_UNFIXED,
        Input::new(
            "database",
            Kind::Text,
            "auto (the real one, brought up to date), cache (never fetch), sample, or a folder with trivy.db",
        )
        .default("auto"),
        Input::new(
            "database-repository",
            Kind::List,
            "Where `auto` gets the database from, instead of Trivy's own places",
        ),
        table::ALLOW_SAMPLE_DATABASE,
        table::ALLOW_NO_OS,
        table::ALLOW_NO_PACKAGES,
        Input::new("timeout", Kind::Duration, "How long Trivy may take").default("30m"),
        table::SARIF,
        table::SARIF_LOCATION,
        table::FAMILY,
        table::ARCHITECTURE,
        table::REPORT_OUTPUT,
        table::PREVIOUS,
        table::CHANGES,
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
        table::FINDINGS,
        table::CRITICAL,
        table::HIGH,
        table::MEDIUM,
        table::LOW,
        table::NEGLIGIBLE,
        table::UNKNOWN,
        table::FIXABLE,
        Output { name: "secrets", help: "How many secrets were found, where they were looked for" },
        Output {
            name: "licenses",
            help: "How many licences of packages were found, where they were looked for",
        },
        Output {
            name: "misconfigurations",
            help: "How many checks of configuration files failed, where they were looked for",
        },
        table::PACKAGES,
        table::NEW,
        table::FIXED,
        table::UNCHANGED,
        table::ADDED,
        table::REMOVED,
        table::UPGRADED,
        table::DATABASE_DATE,
        table::DATABASE_SAMPLE,
    ],
    run: |ctx| Box::pin(run(ctx)),
    post: None,
};

async fn run(ctx: &mut Context) -> Result<Outcome> {
    run_with(ctx, &process::Real, None).await
}

/// Everything that can be known to be wrong before there is an image: key, severities, database.
///
/// # Errors
/// What is wrong.
pub fn check(ctx: &mut Context) -> Result<()> {
    Inputs::read(ctx)?;
    services::signer(ctx).map(drop)
}

/// The action with a given way to run programs, and perhaps a given Trivy: what the tests drive.
///
/// # Errors
/// Whenever nothing can be decided.
pub async fn run_with(ctx: &mut Context, processes: &dyn Processes, trivy: Option<Tool>) -> Result<Outcome> {
    let inputs = Inputs::read(ctx)?;
    let key = services::signer(ctx)?;
    let image =
        inputs.image.as_deref().map(|path| Image::open(ctx, path)).transpose().context("input `image`")?;
    let taken = take(ctx, &inputs, image.as_ref(), processes, trivy).await?;
    if let Some(image) = &image {
        image
            .still_the_same()
            .context("the image changed while it was scanned: nothing is known about either")?;
    }
    let about = about(image.as_ref(), &inputs)?;
    scan::finish(ctx, &Trivy, &inputs.common, about, &taken, key.as_deref())
}

/// The image where one was given; else the file that was scanned. Nothing, of what has no digest of its own, a
/// directory or a reference.
fn about(image: Option<&Image>, inputs: &Inputs) -> Result<About> {
    if let Some(image) = image {
        return About::image(image, &inputs.common);
    }
    if let Some(path) = &inputs.report {
        return Ok(About::report(path, &inputs.common));
    }
    match inputs.sbom.as_ref().or(inputs.container_archive.as_ref()) {
        Some(path) => Ok(About::file(path, scan::hash(path)?, &inputs.common)),
        None => Ok(About::of(Vec::new(), &inputs.common)),
    }
}

async fn take(
    ctx: &mut Context,
    inputs: &Inputs,
    image: Option<&Image>,
    processes: &dyn Processes,
    trivy: Option<Tool>,
) -> Result<Taken> {
    if let Some(path) = &inputs.report {
        return Ok(Taken::from_elsewhere(scan::Report::open(path).context("input `report`")?, ctx.now()));
    }
    let settings = Settings::from_env(|name| ctx.env(name).map(str::to_owned))?;
    let cache = settings.cache.clone();
    let tool = match trivy {
        Some(tool) => tool,
        None => self::trivy(ctx, settings, processes).await?,
    };
    let scratch = tempfile::Builder::new().prefix("hallmark-trivy-").tempdir_in(ctx.temp())?;
    let runner = run::program(&tool, processes, scratch.path(), inputs.timeout);
    let database = scan::prepare(ctx, &inputs.database, &Trivy, &runner, &cache).await?;
    // Read before and after, so that the one that is kept is the one that was scanned.
    let inventory = inputs.sbom.as_deref().map(scan::read_report).transpose().context("input `sbom`")?;
    if let (Some(image), Some(list)) = (image, &inventory) {
        image.is_listed_by(list).context("input `sbom`")?;
    }
    let started = ctx.now();
    let report = run::scan(ctx, inputs, image, &runner, &database).await?;
    let finished = ctx.now();
    database.still_the_same()?;
    if let (Some(path), Some(before)) = (&inputs.sbom, &inventory)
        && scan::read_report(path)? != *before
    {
        bail!("{} was changed while it was scanned", path.display());
    }
    Ok(Taken {
        report,
        database: Some(database.facts),
        rules: Vec::new(),
        inventory,
        seen: inputs.seen(),
        look_for: inputs.look_for.clone(),
        started,
        finished,
        tool: Some(Used { version: tool.version, sha256: tool.sha256 }),
    })
}

/// The pinned Trivy.
async fn trivy(ctx: &mut Context, settings: Settings, processes: &dyn Processes) -> Result<Tool> {
    let tools = Tools::new(Lock::embedded()?, settings, processes);
    Ok(tools.get_with("trivy", &mut |event| ctx.info(&event.to_string())).await?)
}
