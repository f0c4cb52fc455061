//! `grype-scan`: finds vulnerabilities in what an SBOM lists, with Grype.
//!
//! Scanned is an SBOM, always: one that is there, or one that Syft makes of a directory first. So the very list that
//! was looked at is kept beside the report, and can be scanned again years later, without the image. Grype's report
//! is kept whole, and the counts, the SARIF, the summary and the evidence are all made of it.
//! Whatever makes the report less than whole (Grype failing, a truncated report, a release that the database does not
//! know, an SBOM that Grype would misread) is an error, and no evidence is written.

mod inputs;
mod run;
mod sbom;

use anyhow::Context as _;
use process::Processes;
use runner::{Action, Context, Input, Kind, Outcome, Result};
use scan::{About, Image, Taken, Used, table};
use scanners::grype::Grype;
use tools::{Lock, Settings, Tool, Tools};

use inputs::{Inputs, What};
use sbom::Sbom;

/// The action.
pub static ACTION: Action = Action {
    name: "grype-scan",
    about: "Scans an SBOM for vulnerabilities with Grype, once, and keeps all of it as evidence",
    inputs: &[
        Input::new(
            "image",
            Kind::Path,
            "The image that the evidence is about: its image.json, or a raw disk; without it, the SBOM itself",
        ),
        Input::new("sbom", Kind::Path, "The SBOM to scan (CycloneDX, JSON); with `report`, the one it is of"),
        Input::new(
            "rootfs",
            Kind::Path,
            "A directory with a root file system instead: Syft makes an SBOM of it, which is scanned and kept",
        ),
        Input::new("report", Kind::Path, "Scan nothing and take this JSON report of Grype instead"),
        table::SEVERITY,
        table::IGNORE_UNFIXED,
        table::FAIL_ON,
        table::FAIL_ON_UNFIXED,
        Input::new(
            "database",
            Kind::Text,
            "auto (the real one, brought up to date), cache (never fetch), sample, or a folder with vulnerability.db",
        )
        .default("auto"),
        Input::new(
            "database-url",
            Kind::List,
            "Where `auto` gets the database from, instead of Grype's own place; one",
        ),
        table::ALLOW_SAMPLE_DATABASE,
        table::ALLOW_NO_OS,
        table::ALLOW_NO_PACKAGES,
        Input::new("timeout", Kind::Duration, "How long Syft and Grype may take, each").default("30m"),
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
    run_with(ctx, &process::Real, Programs::default()).await
}

/// The programs, where they are given; else the pinned ones.
#[derive(Debug, Default)]
pub struct Programs {
    /// Grype.
    pub grype: Option<Tool>,
    /// Syft.
    pub syft: Option<Tool>,
}

/// Everything that can be known to be wrong before there is an image: key, severities, database.
///
/// # Errors
/// What is wrong.
pub fn check(ctx: &mut Context) -> Result<()> {
    Inputs::read(ctx)?;
    services::signer(ctx).map(drop)
}

/// The action with a given way to run programs, and perhaps given programs: what the tests drive.
///
/// # Errors
/// Whenever nothing can be decided.
pub async fn run_with(ctx: &mut Context, processes: &dyn Processes, programs: Programs) -> Result<Outcome> {
    let inputs = Inputs::read(ctx)?;
    let key = services::signer(ctx)?;
    let image =
        inputs.image.as_deref().map(|path| Image::open(ctx, path)).transpose().context("input `image`")?;
    let taken = take(ctx, &inputs, image.as_ref(), processes, programs).await?;
    if let Some(image) = &image {
        image.still_the_same().context("the image changed meanwhile: nothing is known about either")?;
    }
    let about = about(image.as_ref(), &inputs, &taken)?;
    scan::finish(ctx, &Grype, &inputs.common, about, &taken, key.as_deref())
}

/// The image where one was given; else the SBOM, or the report without one. Nothing, of a directory.
fn about(image: Option<&Image>, inputs: &Inputs, taken: &Taken) -> Result<About> {
    if let Some(image) = image {
        return About::image(image, &inputs.common);
    }
    Ok(match (&inputs.what, &taken.inventory) {
        (What::Sbom(path) | What::Report { sbom: Some(path), .. }, Some(bytes)) => {
            About::file(path, model::Sha256::of(bytes), &inputs.common)
        }
        (What::Report { report, .. }, _) => About::report(report, &inputs.common),
        (What::Sbom(_) | What::RootFs(_), _) => About::of(Vec::new(), &inputs.common),
    })
}

async fn take(
    ctx: &mut Context,
    inputs: &Inputs,
    image: Option<&Image>,
    processes: &dyn Processes,
    programs: Programs,
) -> Result<Taken> {
    if let What::Report { report, sbom } = &inputs.what {
        let report = scan::Report::open(report).context("input `report`")?;
        let sbom = sbom.as_deref().map(|path| Sbom::read(path, image)).transpose()?;
        return Ok(Taken {
            inventory: sbom.map(|sbom| sbom.bytes),
            ..Taken::from_elsewhere(report, ctx.now())
        });
    }
    let settings = Settings::from_env(|name| ctx.env(name).map(str::to_owned))?;
    let cache = settings.cache.clone();
    let scratch = tempfile::Builder::new().prefix("hallmark-grype-").tempdir_in(ctx.temp())?;
    let tools = Tools::new(Lock::embedded()?, settings, processes);
    let grype = get(ctx, &tools, "grype", programs.grype).await?;
    let sbom = match &inputs.what {
        What::RootFs(root) => {
            let syft = get(ctx, &tools, "syft", programs.syft).await?;
            let program = run::syft(&syft, processes, scratch.path(), inputs.timeout);
            let name = inputs.common.family.as_deref().unwrap_or("rootfs");
            run::list(ctx, &program, root, name).await?
        }
        What::Sbom(path) => Sbom::read(path, image)?,
        What::Report { .. } => anyhow::bail!("a report is not scanned"),
    };
    let program = run::program(&grype, processes, scratch.path(), inputs.timeout);
    let database = scan::prepare(ctx, &inputs.database, &Grype, &program, &cache).await?;
    let started = ctx.now();
    let report = run::scan(ctx, &program, &database, &sbom).await?;
    let finished = ctx.now();
    database.still_the_same()?;
    Ok(Taken {
        report,
        database: Some(database.facts),
        rules: Vec::new(),
        inventory: Some(sbom.bytes),
        seen: inputs.seen(),
        look_for: vec![model::Class::Vulnerability],
        started,
        finished,
        tool: Some(Used { version: grype.version, sha256: grype.sha256 }),
    })
}

/// A pinned tool.
async fn get(ctx: &mut Context, tools: &Tools<'_>, name: &str, given: Option<Tool>) -> Result<Tool> {
    match given {
        Some(tool) => Ok(tool),
        None => Ok(tools.get_with(name, &mut |event| ctx.info(&event.to_string())).await?),
    }
}
