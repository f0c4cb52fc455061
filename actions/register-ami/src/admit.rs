//! Whether an image may be published: a `pass` verdict and a PASSED summary, both by the trusted key, about exactly
//! this content and this manifest, by exactly this policy, both fresh. Of several, the newest counts.

use std::time::Duration;

use attest::predicate::{verdict, vsa};
use attest::{EvidenceFile, Predicate};
use jiff::{SignedDuration, Timestamp};
use model::{Reason, Sha256, Subject, Verdict};

use crate::candidate::Candidate;
use crate::candidates::{Found, Signed, called, find};
use crate::refusal::{Decision, Refusal, reason};
use crate::request::Trust;

/// How far another machine's clock may be ahead of ours.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// What allows an image to be published.
pub(crate) struct Admitted {
    pub(crate) verdict: Allowed,
    pub(crate) summary: Allowed,
}

/// One statement that allows it.
pub(crate) struct Allowed {
    pub(crate) file: String,
    pub(crate) payload_digest: Sha256,
    pub(crate) on: Timestamp,
}

/// Looks for what allows an image, and says all that is in the way.
pub(crate) fn admit(
    files: &[EvidenceFile],
    candidate: &Candidate,
    trust: &Trust,
    now: Timestamp,
) -> Decision<Admitted> {
    let verdict = decide(find::<verdict::Predicate>(files, &trust.signer), candidate, trust, now);
    let summary = decide(find::<vsa::Predicate>(files, &trust.signer), candidate, trust, now);
    match (verdict, summary) {
        (Ok(verdict), Ok(summary)) => Ok(Admitted { verdict, summary }),
        (verdict, summary) => {
            let reasons = [verdict.err(), summary.err()].into_iter().flatten().flatten().collect();
            Err(Refusal { reasons })
        }
    }
}

/// What a decision says, whichever of the two forms it has.
trait Decides: Predicate {
    /// The digest of the policy that decided.
    fn policy(&self) -> Option<Sha256>;
    /// Whether this form names this verifier; one that names none leaves it to the other.
    fn names(&self, verifier: &str) -> bool;
    /// When it was decided.
    fn on(&self) -> Option<Timestamp>;
    /// What it says, unless it allows the image: the end of the reason's code, and how to clear it.
    fn against(&self) -> Option<(&'static str, &'static str)>;
}

impl Decides for verdict::Predicate {
    fn policy(&self) -> Option<Sha256> {
        Some(self.policy.digest.sha256)
    }

    fn names(&self, _: &str) -> bool {
        true
    }

    fn on(&self) -> Option<Timestamp> {
        Some(self.decided_on)
    }

    fn against(&self) -> Option<(&'static str, &'static str)> {
        if self.report_only {
            return Some((
                "report-only",
                "Decide by a policy with `mode: enforce`: one that only reports publishes nothing",
            ));
        }
        match self.verdict {
            Verdict::Pass => None,
            Verdict::Review => Some((
                "review",
                "Have a person approve it, and run `gate --resume`: that signs a verdict that passes",
            )),
            Verdict::Fail => {
                Some(("fail", "Clear the verdict's reasons and have the image decided on again"))
            }
        }
    }
}

impl Decides for vsa::Predicate {
    fn policy(&self) -> Option<Sha256> {
        self.policy.sha256()
    }

    fn names(&self, verifier: &str) -> bool {
        self.verifier.id == verifier
    }

    fn on(&self) -> Option<Timestamp> {
        self.time_verified
    }

    fn against(&self) -> Option<(&'static str, &'static str)> {
        match self.verification_result {
            vsa::VerificationResult::Passed => None,
            vsa::VerificationResult::Failed => {
                Some(("failed", "Clear the verdict's reasons and have the image decided on again"))
            }
        }
    }
}

/// Takes away, condition by condition, what does not count; the condition that leaves nothing is the reason.
fn decide<P: Decides>(
    found: Found<P>,
    candidate: &Candidate,
    trust: &Trust,
    now: Timestamp,
) -> Result<Allowed, Vec<Reason>> {
    if !found.broken.is_empty() {
        return Err(found.broken);
    }
    let (slug, called) = (P::KIND.slug(), called(P::KIND));
    let refuse = |code: &str, message: String, clears: &str| {
        let mut reason = reason(format!("{slug}-{code}"), message, clears);
        reason.evidence.extend(found.by_others.iter().chain(&found.unsigned).cloned());
        vec![reason]
    };
    if found.signed.is_empty() {
        let (code, what) = match (found.by_others.is_empty(), found.unsigned.is_empty()) {
            (false, _) => {
                ("wrong-signer", "is signed by the key that was given: another key signed what there is")
            }
            (true, false) => ("unsigned", "is signed: what there is could be anybody's"),
            (true, true) => ("missing", "is in the evidence"),
        };
        return Err(refuse(
            code,
            format!("no {called} {what}"),
            "Run the gate with the key that is trusted here",
        ));
    }

    let mut left = found.signed;
    let mut keep = |code: &str, what: String, clears: &str, condition: &dyn Fn(&Signed<P>) -> bool| {
        left.retain(condition);
        if left.is_empty() { Err(refuse(code, format!("no signed {called} {what}"), clears)) } else { Ok(()) }
    };
    let again = "Have exactly this image tested, scanned and decided on";
    keep("of-another-image", format!("is about {}", candidate.content_digest), again, &|signed| {
        signed.statement.is_about(&candidate.content_digest)
    })?;
    keep(
        "of-another-manifest",
        format!("is about the manifest {}", candidate.manifest_digest),
        again,
        &|signed| signed.statement.subject.iter().any(|subject| is_file(subject, &candidate.manifest_digest)),
    )?;
    keep(
        "by-another-verifier",
        format!("names the verifier {:?}", trust.verifier_id),
        "Give the verifier id that the gate uses, if it is to be trusted",
        &|signed| signed.predicate.names(&trust.verifier_id),
    )?;
    keep(
        "by-another-policy",
        format!("was made by the policy {}", trust.policy),
        "Decide by the policy that is wanted here, or give the digest of the one that decided",
        &|signed| signed.predicate.policy() == Some(trust.policy),
    )?;
    keep("undated", "says when it was made".into(), "Have the gate decide again", &|signed| {
        signed.predicate.on().is_some()
    })?;
    newest(left, trust.max_age, now)
}

/// The newest decision counts; of several made at the same time, all have to allow the image.
fn newest<P: Decides>(
    left: Vec<Signed<P>>,
    max_age: Duration,
    now: Timestamp,
) -> Result<Allowed, Vec<Reason>> {
    let (slug, called) = (P::KIND.slug(), called(P::KIND));
    let latest = left.iter().filter_map(|signed| signed.predicate.on()).max();
    let mut allowed = Err(Vec::new());
    for signed in left {
        let Some(on) = signed.predicate.on().filter(|on| Some(*on) == latest) else { continue };
        let refuse = |code: &str, message: String, clears: &str| {
            let mut reason = reason(format!("{slug}-{code}"), message, clears);
            reason.evidence.push(signed.file.clone());
            Err(vec![reason])
        };
        let age = now.duration_since(on);
        if age < -SKEW {
            let clears = "Set the clocks of both machines right, and have the gate decide again";
            return refuse(
                "from-the-future",
                format!("the {called} says that it was made at {on}, and it is {now}"),
                clears,
            );
        }
        if SignedDuration::try_from(max_age).is_ok_and(|max_age| age > max_age) {
            let message = format!("the newest {called} was made at {on}, more than {max_age:?} ago");
            return refuse("expired", message, "Scan again and have the gate decide again");
        }
        if let Some((code, clears)) = signed.predicate.against() {
            return refuse(code, format!("the newest {called}, of {on}, says {code}"), clears);
        }
        allowed = Ok(Allowed { file: signed.file, payload_digest: signed.payload_digest, on });
    }
    allowed
}

fn is_file(subject: &Subject, digest: &Sha256) -> bool {
    subject.sha256().as_ref() == Some(digest)
}
