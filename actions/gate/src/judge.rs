//! From a case to its verdict, with nothing else having a say: the part that a replay runs again.

use anyhow::{Context as _, Result};
use attest::Statement;
use model::{ImageManifest, Sha256};
use policy::{Decision, Epss, EvidenceKind, Exceptions, Feeds, Kev, ResolvedPolicy, Signed};
use report::View;

use crate::again::Rescans;
use crate::case::Case;
use crate::click;
use crate::gather::{self, Gathered};
use crate::keys::Keys;
use crate::resume::{self, Now, Resumed};
use crate::sarif::{self, Scanned};
use crate::{manifest, show, statements};

/// What is decided, and everything that is written about it.
pub(crate) struct Judgement {
    pub(crate) image: ImageManifest,
    pub(crate) policy: ResolvedPolicy,
    /// The digest of the exceptions file.
    pub(crate) exceptions: Option<Sha256>,
    pub(crate) decision: Decision,
    pub(crate) view: View,
    /// The image's scanners, for SARIF.
    pub(crate) scanned: Vec<Scanned>,
    pub(crate) brief: String,
    pub(crate) verdict: Statement,
    pub(crate) verdict_bytes: Vec<u8>,
    /// The verification summary; none where the policy only reports.
    pub(crate) summary: Option<Statement>,
    pub(crate) manifest: Vec<u8>,
    /// An approval in GitHub that counts once it is signed for: until then this is no decision.
    pub(crate) unsigned: Option<Statement>,
}

impl Judgement {
    /// The digest of the verdict statement: what approvals and publishing name.
    pub(crate) fn verdict_digest(&self) -> Sha256 {
        Sha256::of(&self.verdict_bytes)
    }
}

/// Decides about a case.
pub(crate) fn judge(case: &Case) -> Result<Judgement> {
    let Inputs { image, policy, keys, exceptions, mut found } = inputs(case, &Rescans::new())?;
    let resumed = resumed(case, &image, &policy, &keys, &mut found);
    let approval = resumed.as_ref().map(|one| &one.approval);
    let decision = policy::decide(&policy, &exceptions, &found.evidence, approval, case.now);
    // The words of GitHub count when the job has signed for them.
    let counts = decision.waived.as_ref().is_some_and(|waived| waived.counts);
    let unsigned = match (&case.click, &case.approval) {
        (Some(_), None) if counts => {
            resumed.as_ref().map(|one| click::statement(case, &image, one)).transpose()?
        }
        _ => None,
    };
    let manifest = manifest::write(case)?;
    let view = show::view(case, &image, &policy, &found, &decision, resumed.as_ref());
    let brief = report::markdown::brief(&view);
    let about = statements::About {
        case,
        image: &image,
        policy: &policy,
        decision: &decision,
        evidence: &found.refs,
        approval: resumed.as_ref().and_then(|one| one.reference.as_ref()),
        manifest: Sha256::of(&manifest),
        brief: Sha256::of(brief.as_bytes()),
    };
    let verdict = statements::verdict(&about)?;
    let summary = (!decision.report_only).then(|| statements::summary(&about)).transpose()?;
    let verdict_bytes = verdict.to_bytes()?;
    let exceptions = case.exceptions.as_deref().map(Sha256::of);
    Ok(Judgement {
        image,
        policy,
        exceptions,
        scanned: sarif::scanned(&found, &decision),
        decision,
        view,
        brief,
        verdict,
        verdict_bytes,
        summary,
        manifest,
        unsigned,
    })
}

/// What would be decided if GitHub said of the run what the case says it does, and a job that may sign approvals
/// wrote it down.
pub(crate) fn foresee(case: &Case) -> Result<Decision> {
    let Inputs { image, policy, keys, exceptions, mut found } = inputs(case, &Rescans::new())?;
    let mut resumed = resumed(case, &image, &policy, &keys, &mut found);
    if let Some(one) = &mut resumed {
        one.approval.signed = Signed::By(policy.policy().signers_of(EvidenceKind::Approval).to_vec());
    }
    let approval = resumed.as_ref().map(|one| &one.approval);
    Ok(policy::decide(&policy, &exceptions, &found.evidence, approval, case.now))
}

/// The document that the policy's Rego module sees of a case.
pub(crate) fn rego_input(case: &Case) -> Result<String> {
    let inputs = inputs(case, &Rescans::new())?;
    Ok(policy::rego_input(&inputs.policy, &inputs.exceptions, &inputs.found.evidence, case.now))
}

/// What a case says, read.
pub(crate) struct Inputs {
    pub(crate) image: ImageManifest,
    pub(crate) policy: ResolvedPolicy,
    pub(crate) keys: Keys,
    pub(crate) exceptions: Exceptions,
    pub(crate) found: Gathered,
}

/// Reads a case. `rescans` are none where a verdict is to come of it: what is not in the case has no say in that.
pub(crate) fn inputs(case: &Case, rescans: &Rescans) -> Result<Inputs> {
    let image = ImageManifest::parse(&case.image).context("image.json")?;
    let policy_text = std::str::from_utf8(&case.policy).context("the resolved policy is not text")?;
    let policy = ResolvedPolicy::parse("the resolved policy", policy_text)?;
    let keys = Keys::of(&policy, &case.roots, case.now)?;
    let exceptions = exceptions(case, &policy)?;
    let mut found = gather::gather(case, &image, policy.policy(), &keys, rescans);
    found.evidence.feeds = feeds(case)?;
    Ok(Inputs { image, policy, keys, exceptions, found })
}

/// The feeds, each whole or not at all.
fn feeds(case: &Case) -> Result<Feeds> {
    let epss = case.epss.as_deref().map(Epss::parse).transpose().context("input `epss`")?;
    let kev = case.kev.as_deref().map(Kev::parse).transpose().context("input `kev`")?;
    Ok(Feeds { epss, kev })
}

fn exceptions(case: &Case, policy: &ResolvedPolicy) -> Result<Exceptions> {
    let Some(bytes) = &case.exceptions else { return Ok(Exceptions::default()) };
    let text = std::str::from_utf8(bytes).context("the exceptions file is not text")?;
    Ok(Exceptions::parse("the exceptions file", text, policy.policy().exception_limits())?)
}

fn resumed(
    case: &Case,
    image: &ImageManifest,
    policy: &ResolvedPolicy,
    keys: &Keys,
    found: &mut Gathered,
) -> Option<Resumed> {
    let now = Now { image, policy: policy.policy(), policy_digest: policy.digest(), evidence: &found.refs };
    match resume::read(case, keys, &now) {
        Ok(resumed) => resumed,
        Err(objection) => {
            found.evidence.objections.push(objection);
            None
        }
    }
}
