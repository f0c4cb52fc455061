//! `trivy-scan`: finds vulnerabilities, secrets and more in an image with Trivy.
//!
//! One scan feeds everything: Trivy's report is kept whole, and the counts, the SARIF, the summary
//! and the evidence are all made of it. What is shown can be narrowed; what is recorded cannot.
//! Whatever makes the report less than whole (Trivy failing, a truncated report, no operating
//! system, a disk that changed meanwhile) is an error, and no evidence is written.

mod convert;
mod database;
mod decide;
mod evidence;
mod inputs;
mod readable;
mod scan;
mod subject;
mod view;

use anyhow::{Context as _, bail};
use attest::EvidenceDir;
use process::Processes;
use runner::{Action, Context, Input, Kind, Outcome, Output, Result};
use scanners::Scanner;
use scanners::trivy::{Trivy, sample_db};
use tools::{Lock, Settings, Tool, Tools};

pub use convert::{Looked, look_again};
use database::Facts;
use inputs::Inputs;
use subject::Image;

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
        Input::new("sbom", Kind::Path, "Scan this SBOM (CycloneDX or SPDX, JSON) instead"),
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
        Input::new("severity", Kind::List, "Severities to show. What is recorded is always everything"),
        Input::new(
            "ignore-unfixed",
            Kind::Bool,
            "Show only vulnerabilities that have a fixed version. What is recorded is always everything",
        )
        .default("false"),
        Input::new(
            "fail-on",
            Kind::List,
            "Severities of vulnerabilities that fail this step. Without any, the gate decides",
        ),
        Input::new(
            "fail-on-unfixed",
            Kind::Bool,
            "Whether `fail-on` counts findings without a fixed version",
        )
        .default("true"),
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
        Input::new(
            "allow-sample-database",
            Kind::Bool,
            "Take the sample database where `auto` cannot get the real one",
        )
        .default("false"),
        Input::new(
            "allow-no-os",
            Kind::Bool,
            "Accept a report without an operating system that Trivy has advisories for",
        )
        .default("false"),
        Input::new("allow-no-packages", Kind::Bool, "Accept a report without packages").default("false"),
        Input::new("timeout", Kind::Duration, "How long Trivy may take").default("30m"),
        Input::new("sarif", Kind::Path, "Where to write SARIF of what is shown"),
        Input::new(
            "sarif-location",
            Kind::Text,
            "The file of the repository that SARIF puts the findings on; it must stay the same for an image family",
        ),
        Input::new(
            "family",
            Kind::Text,
            "The image family, where `image` is no image.json; it must stay the same over rebuilds",
        ),
        Input::new("architecture", Kind::Text, "The architecture, where `image` is no image.json")
            .default("amd64"),
        Input::new("report-output", Kind::Path, "Where to write a copy of the report"),
        Input::new("evidence", Kind::Path, "The folder of evidence").default(".hallmark/evidence"),
        services::SIGNING_KEY,
        services::SIGNING_KEY_PASSWORD,
        services::SIGNING_CONFIG,
    ],
    outputs: &[
        Output { name: "report", help: "The whole report, as Trivy wrote it" },
        Output { name: "report-digest", help: "The report's SHA-256" },
        Output { name: "evidence", help: "The statement that was written" },
        Output { name: "sarif", help: "The SARIF file, if one was asked for" },
        Output { name: "category", help: "The category for uploading the SARIF file" },
        Output { name: "findings", help: "How many vulnerabilities there are, whatever is shown" },
        Output { name: "critical", help: "How many are critical" },
        Output { name: "high", help: "How many are high" },
        Output { name: "medium", help: "How many are medium" },
        Output { name: "low", help: "How many are low" },
        Output { name: "negligible", help: "How many are negligible" },
        Output { name: "unknown", help: "How many nobody has rated" },
        Output { name: "fixable", help: "How many have a fixed version" },
        Output { name: "secrets", help: "How many secrets were found, where they were looked for" },
        Output {
            name: "licenses",
            help: "How many licences of packages were found, where they were looked for",
        },
        Output {
            name: "misconfigurations",
            help: "How many checks of configuration files failed, where they were looked for",
        },
        Output { name: "packages", help: "How many packages were seen" },
        Output { name: "database-date", help: "When the database was made" },
        Output { name: "database-sample", help: "Whether it is the sample: true or false" },
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
        inputs.image.as_deref().map(|path| subject::open(ctx, path)).transpose().context("input `image`")?;
    let taken = take(ctx, &inputs, image.as_ref(), processes, trivy).await?;
    if let Some(image) = &image {
        image
            .still_the_same()
            .context("the image changed while it was scanned: nothing is known about either")?;
    }
    let scan = Trivy.read_report(&taken.bytes)?;
    let facts = taken.facts.clone().unwrap_or_else(|| Facts::of_report(&scan));
    check_report(ctx, &inputs, &scan, &facts)?;

    let directory = EvidenceDir::new(&inputs.evidence);
    let digest = directory.put_report(&taken.bytes).context("the report could not be kept")?;
    let report = inputs.write_report(&taken.bytes, &directory, &digest)?;
    let subjects = subject::of(image.as_ref(), &inputs, &taken)?;
    let decision = decide::decide(&inputs, &scan);
    let shown = view::Shown { inputs: &inputs, scan: &scan, facts: &facts, decision: &decision };
    let (family, architecture) = subject::family(image.as_ref(), &inputs);
    let sarif = view::write_sarif(&shown, &family, &architecture)?;
    let statement = match subjects.is_empty() {
        true => None,
        false => Some(evidence::statement(subjects, &taken, &facts, &scan, digest)?),
    };
    let written = evidence::write(ctx, &directory, statement.as_ref(), key.as_deref())?;

    ctx.output("report", report.to_string_lossy())?;
    ctx.output("report-digest", digest.to_string())?;
    ctx.output("evidence", written.map(|path| path.to_string_lossy().into_owned()).unwrap_or_default())?;
    ctx.output("sarif", sarif.map(|path| path.to_string_lossy().into_owned()).unwrap_or_default())?;
    ctx.output("category", report::sarif::category(&family, &architecture))?;
    view::outputs(ctx, &shown)?;
    view::summary(ctx, &shown);
    Ok(decision.announce(ctx))
}

/// A report, and all that is known about how it came to be.
pub(crate) struct Taken {
    bytes: Vec<u8>,
    /// Its database; none is known of a report that was there already.
    facts: Option<Facts>,
    seen: attest::predicate::vulns::Seen,
    /// What was looked for; nothing for a report that was there already.
    look_for: Vec<model::Class>,
    started: jiff::Timestamp,
    finished: jiff::Timestamp,
    /// The Trivy that ran; none for a report that was there already.
    tool: Option<Tool>,
}

async fn take(
    ctx: &mut Context,
    inputs: &Inputs,
    image: Option<&Image>,
    processes: &dyn Processes,
    trivy: Option<Tool>,
) -> Result<Taken> {
    if let Some(path) = &inputs.report {
        let bytes = scan::read_limited(path).context("input `report`")?;
        let now = ctx.now();
        let seen = attest::predicate::vulns::Seen::Report;
        let look_for = Vec::new();
        return Ok(Taken { bytes, facts: None, seen, look_for, started: now, finished: now, tool: None });
    }
    let settings = Settings::from_env(|name| ctx.env(name).map(str::to_owned))?;
    let cache = settings.cache.clone();
    let tool = match trivy {
        Some(tool) => tool,
        None => self::trivy(ctx, settings, processes).await?,
    };
    let scratch = tempfile::Builder::new().prefix("hallmark-trivy-").tempdir_in(ctx.temp())?;
    let runner = scan::Trivy { tool: &tool, processes, scratch: scratch.path(), timeout: inputs.timeout };
    let database = database::prepare(ctx, inputs, &runner, &cache).await?;
    let started = ctx.now();
    let bytes = scan::scan(ctx, inputs, image, &runner, &database).await?;
    let finished = ctx.now();
    database.still_the_same()?;
    let seen = inputs.seen();
    let look_for = inputs.look_for.clone();
    Ok(Taken { bytes, facts: Some(database.facts), seen, look_for, started, finished, tool: Some(tool) })
}

/// The pinned Trivy.
async fn trivy(ctx: &mut Context, settings: Settings, processes: &dyn Processes) -> Result<Tool> {
    let tools = Tools::new(Lock::embedded()?, settings, processes);
    Ok(tools.get_with("trivy", &mut |event| ctx.info(&event.to_string())).await?)
}

/// Everything that makes a report worth less than it looks.
fn check_report(ctx: &mut Context, inputs: &Inputs, scan: &scanners::Scan, facts: &Facts) -> Result<()> {
    for condition in scan.conditions() {
        let (allowed, input) = match condition {
            scanners::Condition::NoOs | scanners::Condition::OsNotMatched => {
                (inputs.allow_no_os, "allow-no-os")
            }
            scanners::Condition::NoPackages => (inputs.allow_no_packages, "allow-no-packages"),
        };
        if !allowed {
            bail!("{condition}. If that is right for what was scanned, set `{input}: true`");
        }
        ctx.warning(format!("{condition} (`{input}` accepts that)"));
    }
    if facts.sample {
        let uncovered = scan.os.as_ref().filter(|os| !sample_db::covers(&os.family, &os.name));
        if let Some(os) = uncovered {
            bail!(
                "the sample database has advisories for Debian 12 and 13 only, and this is {} {}: use the real one",
                os.family,
                os.name
            );
        }
        ctx.warning(
            runner::Annotation::new(
                "The vulnerability database is the sample: a few dozen of tens of thousands of advisories. \
                 The evidence says so, and a policy can refuse it.",
            )
            .title("Sample database"),
        );
    }
    if let Some(os) = scan.os.as_ref().filter(|os| os.end_of_life) {
        ctx.warning(format!(
            "{} {} is no longer maintained: vulnerabilities are neither mended nor, often, listed",
            os.family, os.name
        ));
    }
    if scan.suppressed > 0 {
        ctx.warning(format!(
            "The report was made with an ignore list that hid {} findings; they count here",
            scan.suppressed
        ));
    }
    Ok(())
}
