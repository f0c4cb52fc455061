//! Asking GitHub: who started the run, who wrote the change, what guards the environments, and who said what.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use github::{
    ApprovalState, BranchMode, Client, Environment, Error, NamedEnvironment, Person, Repository, Why,
    WorkflowRun,
};
use model::{Sha256, canonical_json};
use policy::click::{Account, Answer, Guard, GuardRules, RunFacts, Said, SaidTo};
use runner::Context;

use crate::source::remote;

/// GitHub lets six rules guard an environment, and nobody chains more environments than people.
const MOST_ENVIRONMENTS: usize = 16;

/// The longest pause that GitHub may ask for before this gives up.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// What is asked, checked before anything is.
pub(crate) struct Question {
    client: Client,
    repository: Repository,
    run: i64,
    attempt: i64,
    brief: Sha256,
    environments: Vec<String>,
}

impl Question {
    /// From the inputs; none off a runner, and where nothing is resumed.
    pub(crate) fn of(ctx: &Context, signs: bool) -> Result<Option<Self>> {
        let resumes = ctx.opt_path("resume")?.is_some();
        let (digest, environments) = (ctx.opt_text("brief-digest")?, ctx.lines("environments")?);
        if !resumes || !ctx.github().on_runner {
            for (name, given) in
                [("brief-digest", digest.is_some()), ("environments", !environments.is_empty())]
            {
                ensure!(
                    !given,
                    "input `{name}` is for `resume` on a runner: elsewhere an approval is the file that `resume` names"
                );
            }
            return Ok(None);
        }
        let brief = digest.context(
            "input `brief-digest` was not given: `resume` on a runner needs the digest of the brief that was shown, from the \
             output `brief-digest` of the job that decided",
        )?;
        let brief = brief.trim_start_matches("sha256:").parse().context("input `brief-digest`")?;
        let environments = named(environments)?;
        ensure!(
            signs,
            "input `signing-key` was not given: an approval in GitHub counts when the job signs for it"
        );
        let token = ctx.secret("token")?.context(
            "input `token` was not given: on a runner approvals are read from GitHub. Give `token: ${{ github.token }}`; the \
             job needs `actions: read`, `pull-requests: read` and `contents: read`",
        )?;
        let github = ctx.github();
        let repository = github.repository.as_deref().context("GITHUB_REPOSITORY is not set")?;
        Ok(Some(Self {
            client: Client::new(&remote::address(ctx)?, Some(token))?,
            repository: repository.parse().context("GITHUB_REPOSITORY")?,
            run: number("GITHUB_RUN_ID", github.run_id.as_deref())?,
            attempt: number("GITHUB_RUN_ATTEMPT", github.run_attempt.as_deref())?,
            brief,
            environments,
        }))
    }

    /// Asks, and gives what GitHub said as canonical JSON.
    pub(crate) async fn ask(&self) -> Result<Vec<u8>> {
        let facts =
            self.facts().await.context("cannot read from GitHub who approved: nothing was decided")?;
        Ok(canonical_json(&facts)?)
    }

    async fn facts(&self) -> Result<RunFacts> {
        let (client, repository) = (&self.client, &self.repository);
        let run = patient(async || client.workflow_run(repository, self.run).await).await?;
        ensure!(run.id == self.run, "GitHub was asked for run {}, and told of run {}", self.run, run.id);
        ensure!(
            run.attempt == self.attempt,
            "this is attempt {} of the run, and by GitHub's word it is in attempt {}: a job of an earlier attempt publishes \
             nothing",
            self.attempt,
            run.attempt
        );
        about(client, repository, run, self.brief, &self.environments).await
    }
}

/// Everything that GitHub says of a run, its change, its environments and those who spoke.
///
/// # Errors
/// GitHub does not answer, or not all of it.
pub async fn about(
    client: &Client,
    repository: &Repository,
    run: WorkflowRun,
    brief: Sha256,
    environments: &[String],
) -> Result<RunFacts> {
    let writers = patient(async || client.writers(repository, &run.commit).await).await?;
    let mut guards = Vec::new();
    for name in environments {
        let rules = match patient(async || client.environment(repository, name).await).await {
            Ok(environment) => Some(rules(&environment)),
            Err(Error { why: Why::NotFound, .. }) => None,
            Err(error) => return Err(error.into()),
        };
        guards.push(Guard { name: name.clone(), rules });
    }
    // Last, so that what was said is no older than what it is held to.
    let approvals = patient(async || client.approvals(repository, run.id).await).await?;
    Ok(RunFacts {
        repository: repository.to_string(),
        run: run.id,
        attempt: run.attempt,
        commit: run.commit.to_string(),
        brief,
        actor: run.actor.map(account),
        triggering_actor: run.triggering_actor.map(account),
        authors: writers.known.into_iter().map(account).collect(),
        unknown_authors: writers.unknown as u64,
        environments: guards,
        said: approvals.into_iter().map(said).collect(),
    })
}

/// The environments as the workflow names them, each once.
fn named(lines: Vec<String>) -> Result<Vec<String>> {
    let names: Vec<String> =
        lines.iter().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect();
    ensure!(
        !names.is_empty(),
        "input `environments` was not given: `resume` on a runner needs the environments in which the run was to be approved"
    );
    ensure!(names.len() <= MOST_ENVIRONMENTS, "input `environments` has more than {MOST_ENVIRONMENTS} lines");
    let different: BTreeSet<String> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
    ensure!(
        different.len() == names.len(),
        "input `environments` names one twice: each has its own approver"
    );
    Ok(names)
}

fn number(name: &str, text: Option<&str>) -> Result<i64> {
    let text = text.with_context(|| format!("{name} is not set, though this is a runner"))?;
    text.parse().with_context(|| format!("{name}: `{text}` is no number"))
}

/// Asks once more where GitHub asks for a short pause.
async fn patient<T>(question: impl AsyncFn() -> Result<T, Error>) -> Result<T, Error> {
    match question().await {
        Err(Error { why: Why::RateLimited(Some(pause)), .. }) if pause <= LONGEST_PAUSE => {
            tokio::time::sleep(pause).await;
            question().await
        }
        answer => answer,
    }
}

fn account(person: Person) -> Account {
    Account { id: person.id, login: person.login }
}

fn rules(environment: &Environment) -> GuardRules {
    GuardRules {
        id: environment.id,
        reviewers: environment.reviewers.len() as u64,
        prevents_self_review: environment.prevents_self_review,
        admins_bypass: environment.admins_bypass,
        restricts_branches: environment.branches != BranchMode::Any,
    }
}

fn said(approval: github::Approval) -> Said {
    let to = |one: NamedEnvironment| SaidTo { id: one.id, name: one.name };
    Said {
        environments: approval.environments.into_iter().map(to).collect(),
        answer: match approval.state {
            ApprovalState::Approved => Answer::Approved,
            ApprovalState::Rejected => Answer::Rejected,
            ApprovalState::Open => Answer::Open,
        },
        by: approval.by.map(account),
        comment: approval.comment,
    }
}
