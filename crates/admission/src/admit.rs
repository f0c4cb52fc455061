//! The decision: a `pass` verdict and a PASSED summary, both by somebody who is trusted, about exactly this content
//! and this manifest, by a policy that is accepted, both fresh. Of several, the newest counts.

use std::time::Duration;

use attest::predicate::{verdict, vsa};
use attest::{EvidenceFile, Predicate, Signer, Statement};
use jiff::{SignedDuration, Timestamp};
use model::{ContentDigest, Reason, Sha256, Subject, Verdict};

use crate::dated::{SKEW, dated};
use crate::reason;
use crate::statements::{Found, Signed, called, find};
use crate::whom::Whom;

/// What the evidence has to be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    /// The image's content.
    pub content: ContentDigest,
    /// Its manifest, where it is at hand: what lies outside of the disks.
    pub manifest: Option<Sha256>,
}

/// Whose word counts, by which policy, and for how long.
#[derive(Debug, Clone)]
pub struct Demands {
    /// Who signs verdicts.
    pub signer: Whom,
    /// The verifier that the summary has to name.
    pub verifier_id: String,
    /// The digests of the policies that are accepted.
    pub policies: Vec<Sha256>,
    /// How old the verdict may be.
    pub max_age: Duration,
}

/// What allows an image.
#[derive(Debug, Clone)]
pub struct Admitted {
    /// The verdict.
    pub verdict: Allowed<verdict::Predicate>,
    /// The verification summary.
    pub summary: Allowed<vsa::Predicate>,
}

/// One statement that allows it.
#[derive(Debug, Clone)]
pub struct Allowed<P> {
    /// Its file's name.
    pub file: String,
    /// The SHA-256 of what was signed.
    pub payload_digest: Sha256,
    /// Who signed it.
    pub signer: Signer,
    /// From when its age counts.
    pub on: Timestamp,
    /// What was signed.
    pub statement: Statement,
    /// What it says.
    pub predicate: P,
}

/// Looks for what allows an image.
///
/// # Errors
/// All that is in the way: at least one reason.
pub fn admit(
    files: &[EvidenceFile],
    about: &About,
    demands: &Demands,
    now: Timestamp,
) -> Result<Admitted, Vec<Reason>> {
    let verdict = decide(find::<verdict::Predicate>(files, &demands.signer.trust), about, demands, now);
    let summary = decide(find::<vsa::Predicate>(files, &demands.signer.trust), about, demands, now);
    match (verdict, summary) {
        (Ok(verdict), Ok(summary)) => Ok(Admitted { verdict, summary }),
        (verdict, summary) => Err([verdict.err(), summary.err()].into_iter().flatten().flatten().collect()),
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
    about: &About,
    demands: &Demands,
    now: Timestamp,
) -> Result<Allowed<P>, Vec<Reason>> {
    if !found.broken.is_empty() {
        return Err(found.broken);
    }
    let (slug, called) = (P::KIND.slug(), called(P::KIND));
    let refuse = |code: &str, message: String, clears: &str| {
        let mut reason = reason(format!("{slug}-{code}"), message, clears);
        reason.evidence.extend(found.by_others.iter().map(|(file, _)| file).chain(&found.unsigned).cloned());
        vec![reason]
    };
    if found.signed.is_empty() {
        let (code, what) = match (found.by_others.first(), found.unsigned.is_empty()) {
            (Some((_, why)), _) => {
                ("wrong-signer", format!("is signed by {}: of what there is, {why}", demands.signer.name))
            }
            (None, false) => ("unsigned", "is signed: what there is could be anybody's".to_owned()),
            (None, true) => ("missing", "is in the evidence".to_owned()),
        };
        let clears = "Have the gate decide as the one who is trusted here, or say that whoever decided is";
        return Err(refuse(code, format!("no {called} {what}"), clears));
    }

    let mut left = found.signed;
    let mut keep = |code: &str, what: String, clears: &str, condition: &dyn Fn(&Signed<P>) -> bool| {
        left.retain(condition);
        if left.is_empty() { Err(refuse(code, format!("no signed {called} {what}"), clears)) } else { Ok(()) }
    };
    let again = "Have exactly this image tested, scanned and decided on";
    keep("of-another-image", format!("is about {}", about.content), again, &|signed| {
        signed.statement.is_about(&about.content)
    })?;
    if let Some(manifest) = &about.manifest {
        keep("of-another-manifest", format!("is about the manifest {manifest}"), again, &|signed| {
            signed.statement.subject.iter().any(|subject| is_file(subject, manifest))
        })?;
    }
    keep(
        "by-another-verifier",
        format!("names the verifier {:?}", demands.verifier_id),
        "Give the verifier id that the gate uses, if it is to be trusted",
        &|signed| signed.predicate.names(&demands.verifier_id),
    )?;
    keep(
        "by-another-policy",
        format!("was made by the policy {}", listed(&demands.policies)),
        "Decide by the policy that is wanted here, or give the digest of the one that decided",
        &|signed| signed.predicate.policy().is_some_and(|policy| demands.policies.contains(&policy)),
    )?;
    keep("undated", "says when it was made".into(), "Have the gate decide again", &|signed| {
        signed.predicate.on().is_some()
    })?;
    newest(left, demands.max_age, now)
}

fn listed(digests: &[Sha256]) -> String {
    digests.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ")
}

/// The newest decision counts; of several made at the same time, all have to allow the image.
fn newest<P: Decides>(
    left: Vec<Signed<P>>,
    max_age: Duration,
    now: Timestamp,
) -> Result<Allowed<P>, Vec<Reason>> {
    let (slug, called) = (P::KIND.slug(), called(P::KIND));
    let refuse = |file: &str, code: &str, message: String, clears: &str| {
        let mut reason = reason(format!("{slug}-{code}"), message, clears);
        reason.evidence.push(file.to_owned());
        Err(vec![reason])
    };
    let mut all = Vec::new();
    for signed in left {
        match dated(signed.predicate.on(), signed.signed_by) {
            Ok(Some(on)) => all.push((on, signed)),
            Ok(None) => {}
            // It could be the newest, and be backdated by nobody knows how much.
            Err(misdated) => {
                let clears = "Set the clock of the machine that decides, and have it decide again";
                return refuse(
                    &signed.file,
                    "misdated",
                    format!("a {called} is refused: {misdated}"),
                    clears,
                );
            }
        }
    }
    let latest = all.iter().map(|(on, _)| *on).max();
    let mut allowed = Err(Vec::new());
    for (on, signed) in all.into_iter().filter(|(on, _)| Some(*on) == latest) {
        let age = now.duration_since(on);
        if age < -SKEW {
            let clears = "Set the clocks of both machines right, and have the gate decide again";
            return refuse(
                &signed.file,
                "from-the-future",
                format!("the {called} says that it was made at {on}, and it is {now}"),
                clears,
            );
        }
        if SignedDuration::try_from(max_age).is_ok_and(|max_age| age > max_age) {
            let message = format!("the newest {called} was made at {on}, more than {max_age:?} ago");
            return refuse(&signed.file, "expired", message, "Scan again and have the gate decide again");
        }
        if let Some((code, clears)) = signed.predicate.against() {
            let message = format!("the newest {called}, of {on}, says {code}");
            return refuse(&signed.file, code, message, clears);
        }
        let Signed { file, payload_digest, signer, statement, predicate, .. } = signed;
        allowed = Ok(Allowed { file, payload_digest, signer, on, statement, predicate });
    }
    allowed
}

fn is_file(subject: &Subject, digest: &Sha256) -> bool {
    subject.sha256().as_ref() == Some(digest)
}
