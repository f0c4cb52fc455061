//! A verdict as it was stored, for a person to decide on: replayed first, so that what is shown is what was decided,
//! and asked what it would become by an approval or by other exceptions.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use attest::EvidenceDir;
use attest::predicate::verdict::Origin;
use jiff::Timestamp;
use model::{Reason, Sha256, Verdict, canonical_json};
use policy::click::{Account, Answer, CommentDemand, Guard, GuardRules, RunFacts, Said, SaidTo};
use policy::{Decision, ExceptionLimits, ExceptionUse};
use report::View;

use crate::case::Case;
use crate::judge::{self, Judgement};
use crate::replay::{self, Replayed};
use crate::{disk, load, manifest};

/// More briefs, and more verdicts, than one folder has.
const MOST: usize = 64;

/// More than any brief has: GitHub cuts summaries at a mebibyte.
const MAX_BRIEF: u64 = 2 << 20;

/// The environment of a run that there is not: of a verdict that is looked at without GitHub.
const NOWHERE: &str = "review";

/// A verdict that came out again, with everything that it rests on.
pub struct Stored {
    case: Case,
    judged: Judgement,
    verdict: PathBuf,
}

/// What would be decided.
#[derive(Debug, Clone, PartialEq)]
pub struct Foreseen {
    /// The verdict.
    pub verdict: Verdict,
    /// What would stand, heaviest first.
    pub reasons: Vec<Reason>,
    /// What an approval would clear.
    pub waived: Vec<Reason>,
    /// Whether the approval would count; without one, true.
    pub counts: bool,
    /// Every exception, and what would become of it.
    pub exceptions: Vec<ExceptionUse>,
}

impl Stored {
    /// Opens a folder that holds `evidence`, `report` and `replay`, and replays what lies in it. Where it has several
    /// images, `image` says which.
    ///
    /// # Errors
    /// A verdict does not come out again, none is that of the brief, or it is not said which of several.
    pub fn open(folder: &Path, image: Option<&str>) -> Result<Self> {
        let evidence = EvidenceDir::new(folder.join("evidence"));
        let briefs = briefs(&folder.join("report"))?;
        let mut found: Vec<Self> = Vec::new();
        for path in manifests(&folder.join("replay"))? {
            let replayed = manifest::read(&path)
                .and_then(|bytes| replay::compare(&path, bytes, &evidence))
                .with_context(|| {
                format!("{} does not come to the verdict again: nobody is to decide on it", path.display())
            })?;
            let is_shown = briefs.iter().any(|brief| *brief == replayed.judged.brief.as_bytes());
            let is_meant = image.is_none_or(|name| replayed.judged.image.name == name);
            if is_shown && is_meant {
                found.push(Self::of(replayed)?);
            }
        }
        // Of one image that was decided about twice, the brief that lies there is of both only if they say the same.
        found.sort_by_key(|one| one.case.now);
        let mut names: Vec<&str> = found.iter().map(|one| one.judged.image.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        if let [_, _, ..] = names.as_slice() {
            bail!("{} has several images ({}): give `image`", folder.display(), names.join(", "));
        }
        found.pop().with_context(|| {
            let of = image.map(|name| format!(" of the image `{name}`")).unwrap_or_default();
            format!("{} has no brief{of} that is a verdict's in its `replay`", folder.display())
        })
    }

    fn of(replayed: Replayed) -> Result<Self> {
        let Replayed { case, judged, checked } = replayed;
        let verdict = checked.into_iter().next().context("no verdict was replayed")?;
        Ok(Self { case, judged, verdict })
    }

    /// What there is to show.
    #[must_use]
    pub const fn view(&self) -> &View {
        &self.judged.view
    }

    /// The brief's digest: what an approval names.
    #[must_use]
    pub fn brief(&self) -> Sha256 {
        Sha256::of(self.judged.brief.as_bytes())
    }

    /// The digest of the verdict's statement.
    #[must_use]
    pub fn verdict(&self) -> Sha256 {
        self.judged.verdict_digest()
    }

    /// When it was decided.
    #[must_use]
    pub const fn decided_on(&self) -> Timestamp {
        self.case.now
    }

    /// Until when an approval of it counts.
    #[must_use]
    pub fn approvable_until(&self) -> Timestamp {
        let longest = self.judged.policy.policy().approval_timeout();
        self.case.now.checked_add(longest).unwrap_or(Timestamp::MAX)
    }

    /// What the policy asks of an approval's comment.
    #[must_use]
    pub const fn comment_demand(&self) -> CommentDemand {
        self.judged.policy.policy().comment_demand()
    }

    /// How long exceptions may hold.
    #[must_use]
    pub const fn exception_limits(&self) -> ExceptionLimits {
        self.judged.policy.policy().exception_limits()
    }

    /// The exceptions file that the verdict was decided with.
    #[must_use]
    pub fn exceptions_file(&self) -> Option<&[u8]> {
        self.case.exceptions.as_deref()
    }

    /// The exceptions file's path in the repository, where it was read from one.
    #[must_use]
    pub fn exceptions_path(&self) -> Option<&str> {
        let file = self.case.sources.exceptions.first()?;
        (file.from == Origin::Repository).then_some(file.name.as_str())
    }

    /// What the job in the environment would decide if this were all that GitHub says.
    ///
    /// # Errors
    /// The bundle is not as it was when it was opened.
    pub fn approved(&self, facts: &RunFacts, now: Timestamp) -> Result<Foreseen> {
        let case = Case {
            now: now.max(self.case.now),
            click: Some(canonical_json(facts)?),
            approval: None,
            prior: Some(load::item(&self.verdict)?),
            ..self.case.clone()
        };
        Ok(Foreseen::of(judge::foresee(&case)?))
    }

    /// What would be decided with this exceptions file, and nobody's approval.
    ///
    /// # Errors
    /// The file has mistakes, each of which is told at its place.
    pub fn excepted(&self, exceptions: &str, now: Timestamp) -> Result<Foreseen> {
        let case = Case {
            now: now.max(self.case.now),
            exceptions: Some(exceptions.as_bytes().to_vec()),
            click: None,
            approval: None,
            prior: None,
            ..self.case.clone()
        };
        Ok(Foreseen::of(judge::foresee(&case)?))
    }

    /// What GitHub would say of a run that is all as it should be, in which this person has approved: for a verdict that
    /// is looked at without GitHub.
    #[must_use]
    pub fn facts_without_github(&self, by: &Account, comment: &str) -> RunFacts {
        let nobody = || Some(Account { id: by.id.wrapping_add(1), login: "?".to_owned() });
        let rules = GuardRules {
            id: None,
            reviewers: 1,
            prevents_self_review: true,
            admins_bypass: Some(false),
            restricts_branches: true,
        };
        RunFacts {
            repository: String::new(),
            run: 0,
            attempt: 1,
            commit: String::new(),
            brief: self.brief(),
            actor: nobody(),
            triggering_actor: nobody(),
            authors: Vec::new(),
            unknown_authors: 0,
            environments: vec![Guard { name: NOWHERE.to_owned(), rules: Some(rules) }],
            said: vec![said(&[(None, NOWHERE)], by, comment)],
        }
    }
}

/// An approval as GitHub will tell of it.
fn said(environments: &[(Option<i64>, &str)], by: &Account, comment: &str) -> Said {
    let to = |(id, name): &(Option<i64>, &str)| SaidTo { id: *id, name: (*name).to_owned() };
    Said {
        environments: environments.iter().map(to).collect(),
        answer: Answer::Approved,
        by: Some(by.clone()),
        comment: comment.to_owned(),
    }
}

impl Foreseen {
    fn of(decision: Decision) -> Self {
        let (waived, counts) = match decision.waived {
            Some(waived) => (waived.reasons, waived.counts),
            None => (Vec::new(), true),
        };
        Self {
            verdict: decision.verdict,
            reasons: decision.reasons,
            waived,
            counts,
            exceptions: decision.exceptions,
        }
    }
}

/// The briefs of a folder of reports.
fn briefs(folder: &Path) -> Result<Vec<Vec<u8>>> {
    let is_brief = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "md");
    files(folder)?.iter().filter(|path| is_brief(path)).map(|path| disk::read(path, MAX_BRIEF)).collect()
}

/// The manifests of a folder of bundles: what lies beside them has a word more in its name.
fn manifests(folder: &Path) -> Result<Vec<PathBuf>> {
    let is_manifest = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.strip_suffix(".json").is_some_and(|stem| !stem.is_empty() && !stem.contains('.'))
    };
    Ok(files(folder)?.into_iter().filter(is_manifest).collect())
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let list = || -> std::io::Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                files.push(entry.path());
            }
        }
        files.sort_unstable();
        Ok(files)
    };
    let files = list().with_context(|| format!("cannot read {}", folder.display()))?;
    ensure!(files.len() <= MOST * 4, "{} has more files than a report has", folder.display());
    Ok(files)
}
