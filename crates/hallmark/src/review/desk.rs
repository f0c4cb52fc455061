//! What somebody decides on, and what they have put down so far.

use anyhow::{Result, anyhow, ensure};
use gate::{Foreseen, Stored};
use policy::click::{Account, Answer, Bounds, RunFacts, Said, SaidTo, read_comment};
use policy::interchange::{Appended, Given, append, new_file};
use report::Finding;

use super::accepted::{self, Accepted, Rules};

/// The longest comment that is sent: the gate reads no longer one.
const LONGEST: usize = 16 << 10;

/// Everything on the table.
pub(super) struct Desk {
    pub(super) stored: Stored,
    pub(super) by: Account,
    pub(super) rules: Rules,
    /// Where it is from, in a few words.
    pub(super) from: String,
    /// What GitHub says of the run; none without GitHub, or why it is not known.
    pub(super) facts: Option<Result<RunFacts, String>>,
    /// The environments that this account may speak to.
    pub(super) environments: Vec<SaidTo>,
    /// Why nothing can be said to GitHub.
    pub(super) mute: Option<String>,
    pub(super) accepted: Vec<Accepted>,
    /// What is said besides.
    pub(super) words: String,
}

impl Desk {
    /// The findings that hold the image up, worst first.
    pub(super) fn blocking(&self) -> Vec<&Finding> {
        let findings = &self.stored.view().findings;
        findings.iter().filter(|one| matches!(one.outcome.as_str(), "fail" | "review")).collect()
    }

    /// What approves the brief.
    pub(super) fn approval(&self) -> String {
        format!("approve {}", self.stored.brief().short())
    }

    /// The comment of an approval: what is said, what approves, and the exceptions.
    ///
    /// # Errors
    /// The gate would not read it as it is meant.
    pub(super) fn approving(&self) -> Result<String> {
        let mut lines = vec![self.approval()];
        lines.extend(self.accepted.iter().map(Accepted::line));
        let mut text = lines.join("\n");
        let words = said(&self.words);
        if !words.is_empty() {
            text = format!("{text}\n{words}");
        }
        ensure!(text.len() <= LONGEST, "the comment is longer than the {LONGEST} bytes that the gate reads");
        let bounds = Bounds { today: self.rules.today(), limits: self.rules.limits, by: &self.by };
        let read =
            read_comment(&text, &bounds).map_err(|why| anyhow!("the comment is not understood: {why}"))?;
        let meant: Vec<_> = self.accepted.iter().map(|one| (one.id(), &one.exception.package)).collect();
        let found: Vec<_> =
            read.exceptions.iter().map(|one| (one.id.as_deref().unwrap_or_default(), &one.package)).collect();
        ensure!(
            found == meant && read.approves.as_deref() == Some(self.stored.brief().short().as_str()),
            "the comment says more than was meant: write it without lines that begin with `approve` or `except`"
        );
        Ok(text)
    }

    /// The comment of a rejection. It names the brief, so that it holds in every attempt of the run.
    ///
    /// # Errors
    /// It says no reason.
    pub(super) fn rejecting(&self) -> Result<String> {
        let words = said(&self.words);
        ensure!(!words.is_empty(), "a rejection says why: give `comment`");
        let text = format!("{words}\n(brief {})", self.stored.brief().short());
        ensure!(text.len() <= LONGEST, "the comment is longer than {LONGEST} bytes");
        Ok(text)
    }

    /// What the job in the environment would decide, were this approved now.
    ///
    /// # Errors
    /// The comment is not understood, or the bundle is gone.
    pub(super) fn foreseen(&self) -> Result<Foreseen> {
        let comment = self.approving()?;
        self.stored.approved(&self.facts_with(&comment), self.rules.now)
    }

    fn facts_with(&self, comment: &str) -> RunFacts {
        match &self.facts {
            Some(Ok(facts)) => {
                let mut facts = facts.clone();
                facts.said.push(Said {
                    environments: self.environments.clone(),
                    answer: Answer::Approved,
                    by: Some(self.by.clone()),
                    comment: comment.to_owned(),
                });
                facts
            }
            Some(Err(_)) | None => self.stored.facts_without_github(&self.by, comment),
        }
    }

    /// What was accepted as entries of the exceptions file: `text` with them, or a new file.
    ///
    /// # Errors
    /// The file cannot be added to, or would not be read.
    pub(super) fn file_with(&self, file: &str, text: Option<&str>, owner: Option<&str>) -> Result<Appended> {
        let given = Given {
            created: self.rules.today(),
            owner: owner.map(str::to_owned),
            expires: None,
            ticket: None,
            reason: None,
            images: vec![self.stored.view().image.family.clone()],
        };
        let entries = accepted::entries(&self.accepted);
        let origin = "hallmark review";
        Ok(match text {
            Some(text) => append(file, text, &entries, &given, origin)?,
            None => Appended {
                text: new_file(&entries, &given, origin),
                added: entries.entries.len(),
                skipped: Vec::new(),
            },
        })
    }

    /// Puts an exception down, in the place of one for the same.
    pub(super) fn accept(&mut self, one: Accepted) {
        self.accepted.retain(|known| !known.is_about(one.id(), one.exception.package.as_deref()));
        self.accepted.push(one);
    }
}

/// Somebody's words, as lines that no terminal obeys.
fn said(words: &str) -> String {
    let lines: Vec<String> =
        words.lines().map(|line| runner::screen::inert(line).trim().to_owned()).collect();
    lines.join("\n").trim().to_owned()
}
