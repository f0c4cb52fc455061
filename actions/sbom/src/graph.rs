//! GitHub's dependency graph, told what is in the image.

use anyhow::{Context as _, anyhow};
use github::{Built, Client, Commit, Detector, Repository, Snapshot};
use runner::{Context, Result};
use scanners::sbom::Inventory;

use crate::inputs::Inputs;
use crate::list::Listed;
use crate::what::What;

/// Everything that is needed to tell it, known before anything is done.
pub(crate) struct Graph {
    client: Client,
    repository: Repository,
    commit: Commit,
    reference: String,
    job: String,
}

impl Graph {
    /// None where it is not asked for.
    pub(crate) fn ready(ctx: &Context, inputs: &Inputs) -> Result<Option<Self>> {
        if !inputs.dependency_graph {
            return Ok(None);
        }
        let (client, repository) = github::inputs::open(ctx)?;
        let github = ctx.github();
        let sha =
            github.sha.as_deref().context("`dependency-graph` needs a commit, and there is no GITHUB_SHA")?;
        let commit = sha.parse().map_err(|error| anyhow!("GITHUB_SHA: {error}"))?;
        let reference =
            github.ref_.clone().context("`dependency-graph` needs a ref, and there is no GITHUB_REF")?;
        let job = github.run_id.clone().unwrap_or_else(|| "0".into());
        Ok(Some(Self { client, repository, commit, reference, job }))
    }

    /// Tells it, and gives back what GitHub says.
    pub(crate) async fn submit(
        &self,
        ctx: &Context,
        what: &What,
        listed: &Listed,
        inventory: &Inventory,
    ) -> Result<String> {
        let about = &what.about;
        // The same for every run of this image, so that a new list takes the old one's place.
        let correlator = format!("hallmark sbom {} {}", about.family, about.architecture);
        let location = format!("images/{}", about.family);
        let built = Built {
            commit: &self.commit,
            reference: &self.reference,
            job: &self.job,
            correlator: &correlator,
            detector: Detector { name: listed.tool, version: &listed.version, url: listed.uri },
            scanned: ctx.now(),
            name: &about.family,
            location: Some(&location),
        };
        let purls = inventory.packages.iter().filter_map(|package| package.purl.as_deref());
        let snapshot = Snapshot::new(&built, purls);
        let (result, message) = self
            .client
            .submit_dependencies(&self.repository, &snapshot)
            .await
            .context("GitHub's dependency graph could not be told")?;
        Ok(format!("{result} {message}"))
    }
}
