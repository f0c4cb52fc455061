//! Where it is shown: which pull request, which commit.

use anyhow::{Context as _, Result};
use github::{Client, Commit, Error, Repository};
use runner::Context;

/// What the inputs and the event say.
pub(crate) struct Place {
    given: Option<i64>,
    of_event: Option<i64>,
    commit: Option<String>,
}

impl Place {
    pub(crate) fn read(ctx: &Context) -> Result<Self> {
        let given = ctx
            .opt_integer("pull-request")?
            .map(i64::try_from)
            .transpose()
            .context("input `pull-request`")?;
        let event = ctx.event()?;
        let pull = &event["pull_request"];
        // The job's own commit is a merge that is nobody's, where the event is a pull request.
        let newest = pull["head"]["sha"].as_str().map(str::to_owned);
        let commit = ctx.opt_text("commit")?.or(newest).or_else(|| ctx.github().sha.clone());
        Ok(Self { given, of_event: pull["number"].as_i64(), commit })
    }

    /// The commit that the check run is of.
    pub(crate) fn commit(&self) -> Result<Commit> {
        let text =
            self.commit.as_deref().context("input `commit` was not given, and GITHUB_SHA is not set")?;
        text.parse().context("input `commit`")
    }

    /// The pull request, or why there is none.
    pub(crate) async fn pull_request(
        &self,
        client: &Client,
        repository: &Repository,
    ) -> Result<Result<i64, String>, Error> {
        if let Some(number) = self.given.or(self.of_event) {
            return Ok(Ok(number));
        }
        let Ok(commit) = self.commit() else {
            return Ok(Err("neither a pull request nor a commit is known".to_owned()));
        };
        let pulls = client.pull_requests(repository, &commit).await?;
        let open: Vec<i64> = pulls
            .iter()
            .filter(|pull| pull.is_open && pull.head == commit.as_str())
            .map(|pull| pull.number)
            .collect();
        Ok(match open.as_slice() {
            [] => Err("no open pull request brings this commit".to_owned()),
            [one] => Ok(*one),
            many => {
                let numbers: Vec<String> = many.iter().map(ToString::to_string).collect();
                Err(format!(
                    "the open pull requests {} bring this commit: name one by `pull-request`",
                    numbers.join(", ")
                ))
            }
        })
    }
}
