//! What the runner says about the run: repository, actor, commit, URLs.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// The runner's own variables. Outside a runner nearly everything is `None`.
///
/// The deployment environment is not among them: the runner does not set it, so a variable of that
/// name would be whatever an earlier step wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GitHub {
    /// Whether this is a GitHub runner (`GITHUB_ACTIONS=true`).
    pub on_runner: bool,
    /// Whether step debugging is on (`RUNNER_DEBUG=1`).
    pub debug: bool,
    /// `owner/name`.
    pub repository: Option<String>,
    /// The repository's numeric id.
    pub repository_id: Option<String>,
    /// The owner's name.
    pub repository_owner: Option<String>,
    /// The run's id, the same over all attempts.
    pub run_id: Option<String>,
    /// The run's number in its workflow.
    pub run_number: Option<String>,
    /// Which attempt of the run this is, from 1.
    pub run_attempt: Option<String>,
    /// Who caused the run first.
    pub actor: Option<String>,
    /// Their numeric id.
    pub actor_id: Option<String>,
    /// Who caused this attempt.
    pub triggering_actor: Option<String>,
    /// The full ref: `refs/heads/main`.
    pub ref_: Option<String>,
    /// The short ref: `main`.
    pub ref_name: Option<String>,
    /// `branch` or `tag`.
    pub ref_type: Option<String>,
    /// The target branch of a pull request.
    pub base_ref: Option<String>,
    /// The source branch of a pull request.
    pub head_ref: Option<String>,
    /// The commit.
    pub sha: Option<String>,
    /// `push`, `workflow_dispatch`, …
    pub event_name: Option<String>,
    /// The file that holds the event.
    pub event_path: Option<PathBuf>,
    /// The workflow's name.
    pub workflow: Option<String>,
    /// The workflow file with its ref.
    pub workflow_ref: Option<String>,
    /// The workflow file's commit.
    pub workflow_sha: Option<String>,
    /// The job's id.
    pub job: Option<String>,
    /// The repository's checkout.
    pub workspace: Option<PathBuf>,
    /// `https://github.com`, or that of a GitHub Enterprise Server.
    pub server_url: Option<String>,
    /// The REST API.
    pub api_url: Option<String>,
    /// The GraphQL API.
    pub graphql_url: Option<String>,
    /// The runner's name.
    pub runner_name: Option<String>,
    /// `github-hosted` or `self-hosted`.
    pub runner_environment: Option<String>,
    /// `Linux`, `Windows`, `macOS`.
    pub runner_os: Option<String>,
    /// `X64`, `ARM64`, …
    pub runner_arch: Option<String>,
}

impl GitHub {
    /// Reads them from a snapshot of the environment. Empty counts as absent.
    pub(crate) fn from_env(env: &BTreeMap<String, String>) -> Self {
        let get = |name: &str| env.get(name).filter(|value| !value.is_empty()).cloned();
        let path = |name: &str| get(name).map(PathBuf::from);
        Self {
            on_runner: get("GITHUB_ACTIONS").as_deref() == Some("true"),
            debug: get("RUNNER_DEBUG").as_deref() == Some("1"),
            repository: get("GITHUB_REPOSITORY"),
            repository_id: get("GITHUB_REPOSITORY_ID"),
            repository_owner: get("GITHUB_REPOSITORY_OWNER"),
            run_id: get("GITHUB_RUN_ID"),
            run_number: get("GITHUB_RUN_NUMBER"),
            run_attempt: get("GITHUB_RUN_ATTEMPT"),
            actor: get("GITHUB_ACTOR"),
            actor_id: get("GITHUB_ACTOR_ID"),
            triggering_actor: get("GITHUB_TRIGGERING_ACTOR"),
            ref_: get("GITHUB_REF"),
            ref_name: get("GITHUB_REF_NAME"),
            ref_type: get("GITHUB_REF_TYPE"),
            base_ref: get("GITHUB_BASE_REF"),
            head_ref: get("GITHUB_HEAD_REF"),
            sha: get("GITHUB_SHA"),
            event_name: get("GITHUB_EVENT_NAME"),
            event_path: path("GITHUB_EVENT_PATH"),
            workflow: get("GITHUB_WORKFLOW"),
            workflow_ref: get("GITHUB_WORKFLOW_REF"),
            workflow_sha: get("GITHUB_WORKFLOW_SHA"),
            job: get("GITHUB_JOB"),
            workspace: path("GITHUB_WORKSPACE"),
            server_url: get("GITHUB_SERVER_URL"),
            api_url: get("GITHUB_API_URL"),
            graphql_url: get("GITHUB_GRAPHQL_URL"),
            runner_name: get("RUNNER_NAME"),
            runner_environment: get("RUNNER_ENVIRONMENT"),
            runner_os: get("RUNNER_OS"),
            runner_arch: get("RUNNER_ARCH"),
        }
    }

    /// The page of this run, if there is one: `https://…/owner/name/actions/runs/1/attempts/2`.
    #[must_use]
    pub fn run_url(&self) -> Option<String> {
        let (server, repository, run) =
            (self.server_url.as_ref()?, self.repository.as_ref()?, self.run_id.as_ref()?);
        let attempt = self.run_attempt.as_deref().unwrap_or("1");
        Some(format!("{}/{repository}/actions/runs/{run}/attempts/{attempt}", server.trim_end_matches('/')))
    }
}

#[cfg(test)]
mod tests {
    use super::GitHub;
    use std::collections::BTreeMap;

    fn env(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn only_the_word_true_makes_a_runner() {
        for (value, on_runner) in [("true", true), ("TRUE", false), ("1", false), ("", false)] {
            assert_eq!(
                GitHub::from_env(&env(&[("GITHUB_ACTIONS", value)])).on_runner,
                on_runner,
                "{value:?}"
            );
        }
        assert_eq!(GitHub::from_env(&env(&[])), GitHub::default());
    }

    #[test]
    fn empty_counts_as_absent() {
        assert_eq!(GitHub::from_env(&env(&[("GITHUB_HEAD_REF", "")])).head_ref, None);
    }

    #[test]
    fn the_run_page_follows_an_enterprise_server() {
        let github = GitHub::from_env(&env(&[
            ("GITHUB_SERVER_URL", "https://ghes.example/"),
            ("GITHUB_REPOSITORY", "o/r"),
            ("GITHUB_RUN_ID", "7"),
            ("GITHUB_RUN_ATTEMPT", "2"),
        ]));
        assert_eq!(github.run_url().unwrap(), "https://ghes.example/o/r/actions/runs/7/attempts/2");
        assert_eq!(GitHub::default().run_url(), None);
    }
}
