//! The answer: yes, or all that is in the way; and what it rests on.

use admission::{About, Admitted, admit, closed, reason};
use attest::{EvidenceFile, Statement};
use jiff::Timestamp;
use model::{Reason, Sha256};
use serde::Serialize;

use crate::approval::{Approved, approved};
use crate::ask::Question;
use crate::exceptions::{Standing, State, standing};
use crate::release::{Released, released};
use crate::subject::Subject;

/// What is answered.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Answer {
    /// Whether the image may be used.
    pub(crate) verified: bool,
    /// The image's name, where it is known. Hostile text.
    pub(crate) image: Option<String>,
    /// What it is.
    pub(crate) content_digest: Option<String>,
    /// How it was seen.
    pub(crate) seen: Option<String>,
    /// When this was asked.
    pub(crate) asked_on: Timestamp,
    /// Why not.
    pub(crate) reasons: Vec<Reason>,
    /// What else is to be known.
    pub(crate) notes: Vec<String>,
    /// What allows the image.
    pub(crate) verdict: Option<Rests>,
    /// Who approved, where somebody had to.
    pub(crate) approval: Option<Approved>,
    /// The exceptions that hide something.
    pub(crate) exceptions: Vec<Standing>,
    /// The releases, where it was said who signs them.
    pub(crate) releases: Vec<Released>,
}

/// What the answer rests on.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rests {
    /// The verdict's file.
    pub(crate) file: String,
    /// The summary's file.
    pub(crate) summary: String,
    /// Who signed them.
    pub(crate) signer: String,
    /// The policy's name.
    pub(crate) policy: String,
    /// The policy's digest.
    pub(crate) policy_digest: String,
    /// What the image was decided for.
    pub(crate) environment: Option<String>,
    /// When.
    pub(crate) decided_on: Timestamp,
    /// How long ago, in seconds.
    pub(crate) age_seconds: i64,
}

/// Answers.
pub(crate) fn answer(
    question: &Question,
    subject: Result<Subject, Reason>,
    files: &[EvidenceFile],
    now: Timestamp,
) -> Answer {
    let mut answer = Answer {
        verified: false,
        image: None,
        content_digest: None,
        seen: None,
        asked_on: now,
        reasons: Vec::new(),
        notes: Vec::new(),
        verdict: None,
        approval: None,
        exceptions: Vec::new(),
        releases: Vec::new(),
    };
    match subject {
        // What the disk is speaks for itself: nothing that is signed is about it.
        Err(reason) => answer.reasons.push(reason),
        Ok(subject) => answer.look(question, subject, files),
    }
    answer.verified = answer.reasons.is_empty() && answer.verdict.is_some();
    answer
}

impl Answer {
    fn look(&mut self, question: &Question, subject: Subject, files: &[EvidenceFile]) {
        let Subject { name, mut about, manifests, seen, notes } = subject;
        if let [only] = manifests.as_slice() {
            about.manifest = Some(*only);
        }
        self.image = name;
        self.content_digest = Some(about.content.to_string());
        self.seen = Some(seen);
        self.notes = notes;
        match admit(files, &about, &question.demands, self.asked_on) {
            Ok(admitted) => {
                self.reasons.extend(about_another(&admitted, &manifests));
                self.rest(question, &about, &admitted, files);
            }
            Err(reasons) => self.reasons.extend(reasons),
        }
        if let Some(whom) = &question.releaser {
            match released(files, &about, whom) {
                Ok(releases) => self.releases = releases,
                Err(reasons) => self.reasons.extend(reasons),
            }
        }
    }

    /// What a verdict that passes rests on in its turn.
    fn rest(&mut self, question: &Question, about: &About, admitted: &Admitted, files: &[EvidenceFile]) {
        let (verdict, now) = (&admitted.verdict, self.asked_on);
        self.verdict = Some(Rests {
            file: verdict.file.clone(),
            summary: admitted.summary.file.clone(),
            signer: verdict.signer.to_string(),
            policy: verdict.predicate.policy.name.clone(),
            policy_digest: verdict.predicate.policy.digest.sha256.to_string(),
            environment: verdict.predicate.environment.clone(),
            decided_on: verdict.on,
            age_seconds: now.duration_since(verdict.on).as_secs().max(0),
        });
        self.reasons.extend(closed(files, verdict, &about.content));
        if let Some(named) = &verdict.predicate.approval {
            match approved(named, files, question.approver.as_ref(), &about.content, verdict.on, now) {
                Ok(approval) => self.approval = Some(approval),
                Err(reason) => self.reasons.push(reason),
            }
        }
        let (exceptions, reasons) = standing(&verdict.predicate, question.exceptions.as_ref(), now);
        let ending = exceptions.iter().filter(|one| one.state == State::Ending).map(|one| {
            format!(
                "the exception for {} ends after {}",
                one.label,
                one.expires.as_deref().unwrap_or_default()
            )
        });
        self.notes.extend(ending);
        if !exceptions.is_empty() && question.exceptions.is_none() {
            self.notes.push(
                "exceptions were held against their dates alone: give today's file, and those that were taken back show"
                    .into(),
            );
        }
        self.exceptions = exceptions;
        self.reasons.extend(reasons);
    }
}

/// Of several that fit, what allows the image has to be about one; the newest decisions about the content count, whichever
/// it is.
fn about_another(admitted: &Admitted, manifests: &[Sha256]) -> Vec<Reason> {
    let is_one = |statement: &Statement| {
        manifests.is_empty()
            || statement
                .subject
                .iter()
                .any(|subject| subject.sha256().is_some_and(|it| manifests.contains(&it)))
    };
    let clears = "Give the image.json that is meant as `manifest`, or have the image decided on again";
    let statements = [
        ("verdict", &admitted.verdict.file, &admitted.verdict.statement),
        ("vsa", &admitted.summary.file, &admitted.summary.statement),
    ];
    let others = statements.into_iter().filter(|(_, _, statement)| !is_one(statement));
    others
        .map(|(slug, file, _)| {
            let message = "the newest decision is about none of the image.json that this image is started as"
                .to_owned();
            let mut reason = reason(format!("{slug}-of-another-manifest"), message, clears);
            reason.evidence.push(file.clone());
            reason
        })
        .collect()
}
