//! `sbom`: lists what is in an image, CycloneDX and SPDX, as evidence.
//!
//! Syft looks at the files of the disk, which are taken out of it without mounting it; or Trivy's report of a scan is
//! turned into an SBOM, so that nothing is looked at twice. What is written depends on the image alone: the same image
//! gives the same bytes, but for the time.

mod graph;
mod inputs;
mod layers;
mod list;
mod normal;
mod schema;
mod show;
mod what;

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use attest::predicate::{sbom, spdx};
use attest::{EvidenceDir, Predicate, Sign, Statement};
use model::{Sha256, canonical_json};
use process::Processes;
use runner::{Action, Context, Input, Kind, Outcome, Output, Result};
use scan::{Image, table};
use scanners::sbom::Inventory;

use inputs::Inputs;
use layers::Brought;
use list::Listed;
use normal::Document;
use what::What;

/// The action.
pub static ACTION: Action = Action {
    name: "sbom",
    about: "Lists what is in an image, as CycloneDX 1.6 and SPDX 2.3, and keeps it as evidence",
    inputs: &[
        Input::new(
            "image",
            Kind::Path,
            "The image: its image.json, or a raw disk; what is listed, unless one of the next two is given",
        ),
        Input::new("rootfs", Kind::Path, "List what is in this directory with a root file system instead"),
        Input::new(
            "report",
            Kind::Path,
            "List what this JSON report of Trivy saw instead: the image is not looked at again",
        ),
        Input::new(
            "generator",
            Kind::Text,
            "What lists it: syft, or trivy. Without it Syft, and of a `report` Trivy",
        ),
        Input::new(
            "base-sbom",
            Kind::Path,
            "The CycloneDX SBOM of the image that this one was built on: every component then says which layer brought it",
        ),
        Input::new("cyclonedx", Kind::Path, "Where to write a copy of the CycloneDX document"),
        Input::new("spdx", Kind::Path, "Where to write a copy of the SPDX document"),
        Input::new("dependency-graph", Kind::Bool, "Whether GitHub's dependency graph is told")
            .default("false"),
        Input::new(
            "token",
            Kind::Secret,
            "A token with `contents: write` on the repository, for `dependency-graph`",
        ),
        github::inputs::REPOSITORY,
        github::inputs::API_URL,
        Input::new("timeout", Kind::Duration, "How long the listing may take").default("30m"),
        table::FAMILY,
        table::ARCHITECTURE,
        table::EVIDENCE,
        services::SIGNING_KEY,
        services::SIGNING_KEY_PASSWORD,
        services::SIGNING_CONFIG,
    ],
    outputs: &[
        Output { name: "cyclonedx", help: "The CycloneDX document" },
        Output { name: "cyclonedx-digest", help: "Its SHA-256" },
        Output { name: "spdx", help: "The SPDX document" },
        Output { name: "spdx-digest", help: "Its SHA-256" },
        table::STATEMENT,
        Output { name: "spdx-evidence", help: "The statement with the SPDX document" },
        Output { name: "components", help: "How many packages are listed" },
        Output { name: "from-base", help: "How many of them the base brought; empty where nobody knows" },
        Output { name: "unread", help: "How many files could not be read that packages may be in" },
    ],
    run: |ctx| Box::pin(run(ctx)),
    post: None,
};

async fn run(ctx: &mut Context) -> Result<Outcome> {
    run_with(ctx, &process::Real).await
}

/// What came of it.
struct Made {
    listed: Listed,
    what: What,
    cyclonedx: Document,
    spdx: Document,
    inventory: Inventory,
    brought: Option<Brought>,
}

/// The action with a given way to run programs.
///
/// # Errors
/// Whenever the list would not be whole.
pub async fn run_with(ctx: &mut Context, processes: &dyn Processes) -> Result<Outcome> {
    let inputs = Inputs::read(ctx)?;
    let key = services::signer(ctx)?;
    let graph = graph::Graph::ready(ctx, &inputs)?;
    let image =
        inputs.image.as_deref().map(|path| Image::open(ctx, path)).transpose().context("input `image`")?;
    let what = What::of(image.as_ref(), &inputs)?;
    let base = layers::base(ctx, inputs.base.as_deref(), &what)?;
    let listed = list::list(ctx, &inputs, &what, image.as_ref(), processes).await?;
    if let Some(image) = &image {
        image
            .still_the_same()
            .context("the image changed while it was looked at: nothing is known about either")?;
    }
    let mut cyclonedx = normal::cyclonedx(&listed, &what, ctx.now())?;
    let brought = base.map(|base| layers::mark(&mut cyclonedx, &base)).transpose()?;
    normal::seal(&mut cyclonedx)?;
    let spdx = normal::spdx(&listed, &what, ctx.now())?;
    normal::refer_to(&mut cyclonedx, &Sha256::of(&canonical_json(&spdx)?));
    schema::cyclonedx(&cyclonedx)?;
    schema::spdx(&spdx)?;
    let inventory = scanners::sbom::read(&canonical_json(&cyclonedx)?)?;
    if inventory.packages.is_empty() {
        bail!("no packages were found: an SBOM without any would say that there is nothing");
    }
    let made = Made { listed, what, cyclonedx, spdx, inventory, brought };
    made.write(ctx, &inputs, key.as_deref())?;
    let told = match graph {
        Some(graph) => Some(graph.submit(ctx, &made.what, &made.listed, &made.inventory).await?),
        None => None,
    };
    show::summary(ctx, &made, told.as_deref());
    Ok(Outcome::Done)
}

impl Made {
    /// Keeps the documents and writes the evidence: both statements can be written before either is.
    fn write(&self, ctx: &mut Context, inputs: &Inputs, key: Option<&dyn Sign>) -> Result<()> {
        let directory = EvidenceDir::new(&inputs.common.evidence);
        let statements = match self.what.subjects().is_empty() {
            true => (None, None),
            false => (
                Some(self.statement(&sbom::Predicate(self.cyclonedx.clone()))?),
                Some(self.statement(&spdx::Predicate(self.spdx.clone()))?),
            ),
        };
        let mut keep = |document: &Document, copy: &Option<PathBuf>, name: &str| -> Result<()> {
            let bytes = canonical_json(document)?;
            let digest = directory.put_report(&bytes).context("the document could not be kept")?;
            if let Some(path) = copy {
                scan::write(path, &bytes).with_context(|| format!("input `{name}`"))?;
            }
            let path = copy.clone().unwrap_or_else(|| directory.report_path(&digest));
            ctx.output(name, path.to_string_lossy())?;
            ctx.output(&format!("{name}-digest"), digest.to_string())
        };
        keep(&self.cyclonedx, &inputs.cyclonedx, "cyclonedx")?;
        keep(&self.spdx, &inputs.spdx, "spdx")?;
        let first = scan::write_statement(ctx, &directory, statements.0.as_ref(), key)?;
        let second = statements.1.map(|statement| directory.write(&statement, key)).transpose()?;
        let shown = |path: Option<PathBuf>| path.map(|path| path.to_string_lossy().into_owned());
        ctx.output("evidence", shown(first).unwrap_or_default())?;
        ctx.output("spdx-evidence", shown(second).unwrap_or_default())?;
        ctx.output("components", self.inventory.packages.len().to_string())?;
        ctx.output("from-base", self.brought.map(|one| one.base.to_string()).unwrap_or_default())?;
        ctx.output("unread", self.listed.unread.len().to_string())
    }

    fn statement<P: Predicate>(&self, document: &P) -> Result<Statement> {
        let statement = Statement::of(self.what.subjects().to_vec(), document)?;
        statement
            .to_bytes()
            .context("the SBOM is no evidence: GitHub takes, and this reads, statements of 16 MiB at most")?;
        Ok(statement)
    }
}
