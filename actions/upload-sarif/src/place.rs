//! Where the alerts belong: commit and ref, by what caused the run.

use anyhow::{Context as _, bail};
use github::Commit;
use runner::{Context, Result};
use serde_json::Value;

/// Events whose runs say nothing of what they are about by their own commit and ref.
const ON_DEFAULT_BRANCH: [&str; 2] = ["workflow_run", "issue_comment"];

/// Events of a pull request whose runs have a token that only reads, where it comes from a fork.
const OF_THE_HEAD: [&str; 3] = ["pull_request", "pull_request_review", "pull_request_review_comment"];

/// Who causes Dependabot's runs. Whoever starts one again changes neither the name nor the token.
const DEPENDABOT: &str = "dependabot[bot]";

/// Commit and ref.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) commit: Commit,
    pub(crate) reference: String,
    /// Why the job's token cannot upload, where that is known beforehand.
    pub(crate) read_only: Option<String>,
    /// Whether Dependabot caused the run: its token only reads, unless the job says otherwise.
    pub(crate) dependabot: bool,
}

impl Place {
    /// By the inputs, else by the run.
    pub(crate) fn of(cx: &Context) -> Result<Self> {
        let (sha, reference) = (cx.opt_text("sha")?, cx.opt_text("ref")?);
        // An event that cannot be read might be a pull request's, whose alerts would land on its base.
        let event = cx.event()?;
        let github = cx.github();
        let repository = cx.opt_text("repository")?;
        let by_run = Run {
            is_elsewhere: repository.is_some() && repository != github.repository,
            event: github.event_name.as_deref().unwrap_or_default(),
            sha: github.sha.as_deref(),
            reference: github.ref_.as_deref(),
            payload: &event,
        };
        let place = by_run.place(sha.as_deref(), reference.as_deref())?;
        Ok(Self { dependabot: github.actor.as_deref() == Some(DEPENDABOT), ..place })
    }
}

/// What the runner says of the run.
struct Run<'a> {
    /// Whether the alerts are another repository's, which has neither its commits nor its refs.
    is_elsewhere: bool,
    event: &'a str,
    sha: Option<&'a str>,
    reference: Option<&'a str>,
    payload: &'a Value,
}

impl Run<'_> {
    fn place(&self, sha: Option<&str>, reference: Option<&str>) -> Result<Place> {
        let (sha, reference) = match (sha, reference) {
            (Some(sha), Some(reference)) => (sha, reference.to_owned()),
            _ => self.filled(sha, reference)?,
        };
        if !is_taken(&reference) {
            bail!(
                "the ref `{}` is none that code scanning takes: refs/heads/…, refs/tags/…, refs/pull/7/merge or \
                 refs/pull/7/head",
                reference.escape_debug()
            );
        }
        Ok(Place { commit: crate::commit(sha)?, reference, read_only: self.read_only(), dependabot: false })
    }

    /// What was not given, by the run: as long as that cannot be a commit of one ref, and another ref.
    fn filled<'s>(&'s self, sha: Option<&'s str>, reference: Option<&str>) -> Result<(&'s str, String)> {
        if self.is_elsewhere {
            bail!("input `repository` is another than the run's: give `sha` and `ref` of that one");
        }
        if ON_DEFAULT_BRANCH.contains(&self.event) {
            bail!(
                "the event `{}` runs on the default branch, whatever was analysed: give `sha` and `ref`, so that no \
                 other branch's alerts land there",
                self.event
            );
        }
        let (own_sha, own_ref) = self.own()?;
        let reference = match (sha, reference) {
            (None, Some(given)) if own_ref.as_deref() != Some(given) => bail!(
                "input `ref` is another than the run's, and input `sha` was not given: which commit of it was analysed?"
            ),
            (_, Some(given)) => given.to_owned(),
            (Some(sha), None) if own_sha != Some(sha) && self.head() != Some(sha) => bail!(
                "input `sha` is another commit than the run's, and input `ref` was not given: of which ref is it?"
            ),
            // The head of a pull request has a ref of its own.
            (Some(sha), None) if own_sha != Some(sha) => {
                self.head_ref().context("the event has no number of a pull request: give `ref`")?
            }
            (_, None) => own_ref.context("there is no GITHUB_REF: give `ref`, as refs/heads/main")?,
        };
        Ok((sha.or(own_sha).context("there is no GITHUB_SHA: give `sha`")?, reference))
    }

    /// The run's own. Under `pull_request_target` it runs on the base's commit, and what was looked at is the head.
    fn own(&self) -> Result<(Option<&str>, Option<String>)> {
        if self.event != "pull_request_target" {
            return Ok((self.sha, self.reference.map(str::to_owned)));
        }
        let head = self.head().context("the event has no head of a pull request: give `sha` and `ref`")?;
        Ok((Some(head), self.head_ref()))
    }

    fn head(&self) -> Option<&str> {
        self.payload["pull_request"]["head"]["sha"].as_str()
    }

    fn head_ref(&self) -> Option<String> {
        self.pull().map(|number| format!("refs/pull/{number}/head"))
    }

    fn pull(&self) -> Option<u64> {
        self.payload["pull_request"]["number"].as_u64().or_else(|| self.payload["number"].as_u64())
    }

    /// The token of a pull request from a fork may only read.
    fn read_only(&self) -> Option<String> {
        let pull = &self.payload["pull_request"];
        let (head, base) =
            (pull["head"]["repo"]["full_name"].as_str(), pull["base"]["repo"]["full_name"].as_str()?);
        let fork = OF_THE_HEAD.contains(&self.event) && head != Some(base);
        fork.then(|| {
            let from = head.map_or_else(
                || "a fork that is gone".to_owned(),
                |head| format!("the fork {}", head.escape_debug()),
            );
            format!(
                "the pull request comes from {from}, and GitHub gives its runs a token that can only read"
            )
        })
    }
}

/// Whether GitHub takes a ref.
fn is_taken(reference: &str) -> bool {
    match reference.strip_prefix("refs/").and_then(|rest| rest.split_once('/')) {
        Some(("heads" | "tags", name)) => !name.is_empty(),
        Some(("pull", rest)) => rest
            .split_once('/')
            .is_some_and(|(number, kind)| number.parse::<u64>().is_ok() && matches!(kind, "merge" | "head")),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
