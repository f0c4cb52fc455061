//! The run in GitHub: what waits, what its assay handed over, and what is said to it.

use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use github::{Answer, ApprovalState, Artifact, Client, PendingDeployment, Repository, Run, Why, WorkflowRun};
use model::{Sha256, Sha256Hasher};
use policy::click::{Account, RunFacts, SaidTo};

use super::archive;

/// The ending of the names of artifacts that an assay hands over.
const ENDING: &str = "-assayed";

/// The largest archive that is read.
const MOST_BYTES: u64 = 256 << 20;

/// More runs than anybody reviews in one sitting; each is a question.
const MOST_RUNS: usize = 50;

/// One GitHub, one repository, one account.
pub(super) struct Server {
    pub(super) client: Client,
    pub(super) repository: Repository,
}

/// A run that waits, and for whom.
pub(super) struct Waiting {
    pub(super) run: Run,
    pub(super) pending: Vec<PendingDeployment>,
}

/// A run as it was when it was shown.
pub(super) struct Shown {
    pub(super) run: WorkflowRun,
    pub(super) url: String,
    pub(super) pending: Vec<PendingDeployment>,
}

impl Waiting {
    pub(super) fn environments(&self) -> String {
        self.pending.iter().map(|one| one.environment.name.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// Whether this account may say something.
    pub(super) fn is_mine(&self) -> bool {
        self.pending.iter().any(|one| one.current_user_can_approve)
    }
}

impl Shown {
    /// Those of the environments that this account may speak to, of these names if any are given.
    pub(super) fn mine(&self, names: &[String]) -> Vec<SaidTo> {
        let named = |one: &&PendingDeployment| {
            names.is_empty() || names.iter().any(|name| name.eq_ignore_ascii_case(&one.environment.name))
        };
        let mine = self.pending.iter().filter(|one| one.current_user_can_approve).filter(named);
        mine.map(|one| SaidTo { id: one.environment.id, name: one.environment.name.clone() }).collect()
    }
}

impl Server {
    /// Who asks.
    pub(super) async fn account(&self) -> Result<Account> {
        let person = self.client.own_account().await.context("who the token is of is not known")?;
        let person = person.context("the token is an app's: a person decides, with a token of their own")?;
        Ok(Account { id: person.id, login: person.login })
    }

    /// The runs that wait for somebody.
    pub(super) async fn waiting(&self) -> Result<Vec<Waiting>> {
        let runs = self.client.waiting_runs(&self.repository, None).await?;
        ensure!(runs.len() <= MOST_RUNS, "{} runs wait: give `run`", runs.len());
        let mut waiting = Vec::new();
        for run in runs {
            let pending = self.client.pending_deployments(&self.repository, run.id).await?;
            // One that has gone on since is none that waits.
            if !pending.is_empty() {
                waiting.push(Waiting { run, pending });
            }
        }
        Ok(waiting)
    }

    /// A run as it is now.
    pub(super) async fn look(&self, id: i64) -> Result<Shown> {
        let run = self.client.workflow_run(&self.repository, id).await?;
        ensure!(run.id == id, "GitHub was asked for run {id}, and told of run {}", run.id);
        let url = self.client.run(&self.repository, id).await?.url;
        let pending = self.client.pending_deployments(&self.repository, id).await?;
        Ok(Shown { run, url, pending })
    }

    /// What assays of the run handed over: the newest of each name.
    pub(super) async fn assayed(&self, run: i64) -> Result<Vec<Artifact>> {
        let mut all = self.client.artifacts(&self.repository, run).await?;
        all.retain(|one| one.name.len() > ENDING.len() && one.name.ends_with(ENDING));
        all.sort_by(|a, b| a.name.cmp(&b.name).then(b.id.cmp(&a.id)));
        all.dedup_by(|a, b| a.name == b.name);
        Ok(all)
    }

    /// The one of an image, or the only one.
    pub(super) fn choose(all: Vec<Artifact>, run: i64, image: Option<&str>) -> Result<Artifact> {
        let names: Vec<String> = all.iter().map(|one| image_of(one).to_owned()).collect();
        let mut fits: Vec<Artifact> =
            all.into_iter().filter(|one| image.is_none_or(|name| image_of(one) == name)).collect();
        match (fits.len(), image) {
            (1, _) => Ok(fits.remove(0)),
            (0, None) => {
                bail!("run {run} has no artifact `<image>{ENDING}`: its assay has handed nothing over")
            }
            (0, Some(name)) => {
                bail!("run {run} has no artifact `{name}{ENDING}`; there is one for {}", listed(&names))
            }
            _ => bail!("run {run} has several images ({}): give `image`", listed(&names)),
        }
    }

    /// Brings an artifact's folders to a place.
    pub(super) async fn fetch(&self, artifact: &Artifact, to: &Path) -> Result<()> {
        let name = &artifact.name;
        let gone =
            || anyhow!("the artifact `{name}` is gone: run the workflow again, and decide on that run");
        if artifact.expired {
            return Err(gone());
        }
        ensure!(
            artifact.bytes <= MOST_BYTES,
            "the artifact `{name}` has {} bytes; at most {MOST_BYTES} are read",
            artifact.bytes
        );
        let file = tempfile::tempfile_in(to).context("cannot write the artifact")?;
        let done =
            self.client.download_artifact(&self.repository, artifact.id, MOST_BYTES, file.try_clone()?).await;
        match done {
            Err(error) if matches!(error.why, Why::Status(410, _)) => return Err(gone()),
            other => other?,
        };
        if let Some(digits) = &artifact.sha256 {
            let found = digest(file.try_clone()?)?;
            ensure!(
                found.to_string() == *digits,
                "the artifact `{name}` is not the one whose digest GitHub tells"
            );
        }
        archive::unpack(file, to, archive::USUAL)
    }

    /// What GitHub says of the run, as the gate will read it where it asks for these environments. What waits in others
    /// is others' to say.
    pub(super) async fn facts(
        &self,
        shown: &Shown,
        brief: Sha256,
        environments: &[SaidTo],
    ) -> Result<RunFacts, String> {
        let mut names: Vec<String> = environments.iter().map(|one| one.name.clone()).collect();
        if names.is_empty() {
            names = shown.pending.iter().map(|one| one.environment.name.clone()).collect();
        }
        gate::about(&self.client, &self.repository, shown.run.clone(), brief, &names)
            .await
            .map_err(|error| format!("{error:#}"))
    }

    /// Says yes or no, once, to a run that is still as it was shown.
    pub(super) async fn say(
        &self,
        shown: &Shown,
        to: &[SaidTo],
        by: &Account,
        answer: Answer,
        comment: &str,
    ) -> Result<()> {
        let now = self.look(shown.run.id).await.context("nothing was sent")?;
        ensure!(
            now.run.attempt == shown.run.attempt && now.run.commit == shown.run.commit,
            "run {} is in attempt {} by now, and attempt {} was shown: nothing was sent; begin again",
            shown.run.id,
            now.run.attempt,
            shown.run.attempt
        );
        let open = now.mine(&[]);
        let ids: Option<Vec<i64>> = to.iter().map(|one| one.id.filter(|_| open.contains(one))).collect();
        let ids = ids.filter(|ids| !ids.is_empty()).with_context(|| {
            format!(
                "run {} waits no longer for this account in what was shown: nothing was sent; begin again",
                shown.run.id
            )
        })?;
        let said =
            self.client.review_deployments(&self.repository, shown.run.id, &ids, answer, comment).await;
        match said {
            Ok(()) => Ok(()),
            Err(error) if is_uncertain(&error.why) => {
                match self.was_said(shown.run.id, by, answer, comment).await {
                    Ok(true) => Ok(()),
                    Ok(false) => Err(error)
                        .context("it was sent, and GitHub does not tell that it was done: look at the run"),
                    Err(_) => Err(error)
                        .context("it was sent, and whether it was done is not known: look at the run"),
                }
            }
            Err(error) => Err(error).context("GitHub has refused it"),
        }
    }

    async fn was_said(&self, run: i64, by: &Account, answer: Answer, comment: &str) -> Result<bool> {
        let state = match answer {
            Answer::Approve => ApprovalState::Approved,
            Answer::Reject => ApprovalState::Rejected,
        };
        let all = self.client.approvals(&self.repository, run).await?;
        Ok(all.iter().any(|one| {
            one.state == state && one.comment == comment && one.by.as_ref().is_some_and(|who| who.id == by.id)
        }))
    }
}

/// Whether a call may have been done although it looks as if it was not.
const fn is_uncertain(why: &Why) -> bool {
    matches!(why, Why::Unreachable(_) | Why::TimedOut(_) | Why::Status(500..=599, _) | Why::Malformed(_))
}

/// The image that an artifact is of, by its name.
pub(super) fn image_of(artifact: &Artifact) -> &str {
    artifact.name.strip_suffix(ENDING).unwrap_or(&artifact.name)
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

fn digest(mut file: std::fs::File) -> Result<Sha256> {
    use std::io::Seek as _;
    file.rewind()?;
    let mut hasher = Sha256Hasher::new();
    std::io::copy(&mut file, &mut hasher)?;
    Ok(hasher.finish())
}
