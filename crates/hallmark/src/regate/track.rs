//! A channel's one issue on GitHub: opened, brought up to date, closed.

use anyhow::{Context as _, Result, bail, ensure};
use github::{Client, CloseReason, Draft, Issue, Person, Repository, Why};
use jiff::civil::Date;
use serde::Serialize;

use super::found::{Found, Standing};
use super::issue;

/// GitHub's own bounds on a label and on an issue's assignees.
const LONGEST_LABEL: usize = 50;
const MOST_ASSIGNEES: usize = 10;

/// What the issues are to be like.
pub(super) struct Wishes {
    pub(super) label: String,
    pub(super) assignees: Vec<String>,
    pub(super) account: String,
    pub(super) closes: bool,
}

impl Wishes {
    /// What GitHub would refuse, or read as something else.
    pub(super) fn check(&self) -> Result<()> {
        let label = self.label.as_str();
        ensure!(
            !label.trim().is_empty()
                && label.chars().count() <= LONGEST_LABEL
                && !label.chars().any(|char| char == ',' || char.is_control()),
            "input `label`: a label has 1 to {LONGEST_LABEL} characters, and no comma"
        );
        let login = |name: &str, more: &[u8]| {
            (1..=60).contains(&name.len())
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte))
        };
        if let Some(bad) = self.assignees.iter().find(|name| !login(name, b"-_")) {
            bail!("input `assignees`: `{bad}` is no login");
        }
        ensure!(
            self.assignees.len() <= MOST_ASSIGNEES,
            "input `assignees`: GitHub takes at most {MOST_ASSIGNEES}"
        );
        ensure!(login(&self.account, b"-_[]"), "input `account`: `{}` is no account's name", self.account);
        Ok(())
    }
}

/// What became of a channel's issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum What {
    Opened,
    Updated,
    Unchanged,
    Closed,
    /// It passes, and the issue stays open as it was asked for.
    Left,
}

/// A channel's issue, as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Kept {
    pub(super) number: i64,
    pub(super) url: String,
    pub(super) what: What,
}

/// The open issues of a repository that are ours, and those that only look like it.
pub(super) struct Tracker<'t> {
    client: &'t Client,
    repository: &'t Repository,
    wishes: &'t Wishes,
    own: Person,
    open: Vec<Issue>,
}

impl<'t> Tracker<'t> {
    /// Looks at what is there. Nothing is changed.
    pub(super) async fn begin(
        client: &'t Client,
        repository: &'t Repository,
        wishes: &'t Wishes,
    ) -> Result<Self> {
        let own = client.own_account_or(&wishes.account).await.context("whose the issues are")?;
        let open = open(client, repository, wishes).await?;
        Ok(Self { client, repository, wishes, own, open })
    }

    /// Makes a channel's issue what it has to be; none where there is none and none is needed.
    pub(super) async fn keep(&mut self, found: &Found, today: Date) -> Result<Option<Kept>> {
        let mut ours = self.ours(&found.name());
        let first = if ours.is_empty() { None } else { Some(ours.remove(0)) };
        // Two runs at once, in the moment in which neither saw the other's.
        for twin in ours {
            self.close_twin(&twin, first.as_ref()).await?;
        }
        match (first, found.standing) {
            (None, Standing::Passes) => Ok(None),
            (None, Standing::Stale | Standing::Fails) => self.create(found, today).await.map(Some),
            (Some(issue), Standing::Passes) => self.close(&issue, found).await.map(Some),
            (Some(issue), Standing::Stale | Standing::Fails) => {
                self.update(&issue, found, today).await.map(Some)
            }
        }
    }

    /// What carries a mark and is somebody else's, or of a channel that is none of these: told, and left alone.
    pub(super) fn strangers(&self, channels: &[&str]) -> Vec<String> {
        let marked = self.open.iter().filter_map(|one| Some((one, issue::channel_of(&one.body)?)));
        let said = marked.filter_map(|(one, channel)| {
            let mine = self.is_ours(one);
            match (mine, channels.contains(&channel)) {
                (true, true) => None,
                (false, _) => Some(format!(
                    "issue {} carries the mark of {channel}, and was not written by {}: it is left alone",
                    one.number, self.own.login
                )),
                (true, false) => Some(format!(
                    "issue {} is of {channel}, which was not looked at: it is left as it is",
                    one.number
                )),
            }
        });
        said.collect()
    }

    fn is_ours(&self, one: &Issue) -> bool {
        one.author.as_ref().is_some_and(|author| author.id == self.own.id)
    }

    /// Oldest first.
    fn ours(&self, channel: &str) -> Vec<Issue> {
        let mut ours: Vec<Issue> = self
            .open
            .iter()
            .filter(|one| self.is_ours(one) && issue::is_of(&one.body, channel))
            .cloned()
            .collect();
        ours.sort_by_key(|one| one.number);
        ours
    }

    async fn create(&mut self, found: &Found, today: Date) -> Result<Kept> {
        let text = issue::text(found, None, today);
        let draft = Draft {
            title: text.title,
            body: text.body,
            labels: vec![self.wishes.label.clone()],
            assignees: self.wishes.assignees.clone(),
        };
        let created = self.client.create_issue(self.repository, &draft).await.map_err(turned_off)?;
        if !self.is_ours(&created) {
            let by = created.author.as_ref().map_or("nobody", |author| author.login.as_str());
            let message = format!(
                "issue {} was written as {by}, and `account` is {}: it was closed, because the next run would not know it for \
                 its own; give the account that the token writes as",
                created.number, self.own.login
            );
            self.client.close_issue(self.repository, created.number, CloseReason::NotPlanned).await?;
            bail!(message);
        }
        // Somebody else may have done the same at the same time: the older one stays.
        self.open = open(self.client, self.repository, self.wishes).await?;
        let older = self.ours(&found.name()).into_iter().find(|one| one.number < created.number);
        match older {
            Some(older) => {
                self.close_twin(&created, Some(&older)).await?;
                Ok(Kept { number: older.number, url: older.url, what: What::Unchanged })
            }
            None => Ok(Kept { number: created.number, url: created.url, what: What::Opened }),
        }
    }

    async fn update(&self, issue: &Issue, found: &Found, today: Date) -> Result<Kept> {
        let text = issue::text(found, Some(&issue.body), today);
        let mut what = What::Unchanged;
        // GitHub gives lines back with the ends that its form gave them.
        if text.title != issue.title || text.body.trim_end() != issue.body.replace("\r\n", "\n").trim_end() {
            // Told first: broken off in between, it is told twice, and not never.
            if let Some(comment) = &text.comment {
                self.client.add_comment(self.repository, issue.number, comment).await?;
            }
            self.client.rewrite_issue(self.repository, issue.number, &text.title, &text.body).await?;
            what = What::Updated;
        }
        Ok(Kept { number: issue.number, url: issue.url.clone(), what })
    }

    async fn close(&self, issue: &Issue, found: &Found) -> Result<Kept> {
        let kept = |what| Kept { number: issue.number, url: issue.url.clone(), what };
        if !self.wishes.closes {
            return Ok(kept(What::Left));
        }
        self.client.add_comment(self.repository, issue.number, &issue::closing(found, &issue.body)).await?;
        self.client.close_issue(self.repository, issue.number, CloseReason::Completed).await?;
        Ok(kept(What::Closed))
    }

    async fn close_twin(&self, twin: &Issue, first: Option<&Issue>) -> Result<()> {
        if let Some(first) = first {
            let said = format!("Duplicate of #{}: two runs wrote at the same time.", first.number);
            self.client.add_comment(self.repository, twin.number, &said).await?;
        }
        self.client.close_issue(self.repository, twin.number, CloseReason::NotPlanned).await?;
        Ok(())
    }
}

async fn open(client: &Client, repository: &Repository, wishes: &Wishes) -> Result<Vec<Issue>> {
    client.open_issues(repository, &wishes.label).await.map_err(turned_off)
}

/// A repository without issues says so in a way that names no remedy.
fn turned_off(error: github::Error) -> anyhow::Error {
    let off = matches!(error.why, Why::Status(410, _));
    let error = anyhow::Error::new(error);
    if off {
        return error.context(
            "the repository has its issues turned off: turn them on in its settings, name another by `repository`, or \
             write none by `issues: false`",
        );
    }
    error
}
