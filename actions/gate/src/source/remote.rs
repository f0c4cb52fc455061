//! A protected branch of a repository, read by the commit that it points at.

use anyhow::{Context as _, Result, anyhow, ensure};
use attest::predicate::verdict::{Origin, Source};
use github::{ApiUrl, Client, Commit, Repository, Why};
use runner::Context;

use super::source;

/// A repository at one commit: whatever is pushed meanwhile, all files are of the same moment.
pub(crate) struct Remote {
    client: Client,
    repository: Repository,
    branch: String,
    commit: Commit,
}

/// Whether a branch or a repository is named to read from.
pub(crate) fn is_wanted(ctx: &Context) -> Result<bool> {
    Ok(ctx.opt_text("policy-ref")?.is_some() || ctx.opt_text("policy-repository")?.is_some())
}

impl Remote {
    /// Asks for the branch, and whether it is protected.
    pub(crate) async fn open(ctx: &Context) -> Result<Self> {
        let repository = repository(ctx)?;
        let client = Client::new(&address(ctx)?, ctx.secret("token")?)?;
        let name = match ctx.opt_text("policy-ref")? {
            Some(given) => given.strip_prefix("refs/heads/").unwrap_or(&given).to_owned(),
            None => default_branch(&client, &repository).await?,
        };
        let branch = client.branch(&repository, &name).await.map_err(|error| match error.why {
            Why::NotFound => anyhow!("{error}. `policy-ref` names a branch, and the token has to see it"),
            _ => error.into(),
        })?;
        ensure!(
            branch.is_protected(),
            "the branch `{}` of {repository} is not protected: whoever can push to it could change the policy. Protect it \
             (a ruleset or a branch protection that asks for pull requests), or name by `policy-ref` one that is, or say by \
             `policy-digest` what the policy has to be",
            branch.name
        );
        Ok(Self { client, repository, branch: branch.name, commit: branch.commit })
    }

    /// A file of that commit.
    pub(crate) async fn read(&self, path: &str) -> Result<(Vec<u8>, Source)> {
        let found = self.client.contents(&self.repository, path, &self.commit).await;
        let bytes = found.map_err(|error| match error.why {
            Why::NotFound => anyhow!(
                "`{path}` is not in the branch `{}` of {} (at {}): on a runner it is read from there, and not from the \
                 checkout",
                self.branch,
                self.repository,
                self.commit
            ),
            _ => error.into(),
        })?;
        let source = Source {
            from: Origin::Repository,
            repository: Some(self.repository.to_string()),
            branch: Some(self.branch.clone()),
            commit: Some(self.commit.to_string()),
            ..source(path.to_owned(), &bytes)
        };
        Ok((bytes, source))
    }
}

fn repository(ctx: &Context) -> Result<Repository> {
    let given = ctx.opt_text("policy-repository")?;
    let name = given.as_deref().or(ctx.github().repository.as_deref());
    name.context("no repository is known to read the policy from: give `policy-repository`")?
        .parse()
        .context("input `policy-repository`")
}

pub(crate) fn address(ctx: &Context) -> Result<ApiUrl> {
    // No guess: a token of one server is not shown to another.
    let text =
        ctx.github().api_url.as_deref().context("GITHUB_API_URL is not set, though this is a runner")?;
    ApiUrl::parse(text).context("GITHUB_API_URL")
}

/// Asked for, and not read from the event: a step before this one could have changed that file.
async fn default_branch(client: &Client, repository: &Repository) -> Result<String> {
    let facts = client.repository(repository).await?;
    facts.default_branch.with_context(|| format!("{repository} has no branch yet"))
}
