//! What the gate signs: the verdict, and the same decision as an SLSA verification summary.

use std::collections::BTreeMap;

use anyhow::Result;
use attest::predicate::verdict::EvidenceRef;
use attest::predicate::{FileDigest, ResourceDescriptor, Tool, verdict, vsa};
use attest::{Kind, Statement};
use model::{ImageManifest, Reason, Sha256, Verdict};
use policy::{Changes, Decision, ExceptionUse, ResolvedPolicy};
use serde::Serialize;
use serde_json::{Value, json};

use crate::case::Case;

/// Everything that the two statements say.
pub(crate) struct About<'a> {
    pub(crate) case: &'a Case,
    pub(crate) image: &'a ImageManifest,
    pub(crate) policy: &'a ResolvedPolicy,
    pub(crate) decision: &'a Decision,
    pub(crate) evidence: &'a [EvidenceRef],
    pub(crate) approval: Option<&'a EvidenceRef>,
    pub(crate) manifest: Sha256,
    pub(crate) brief: Sha256,
}

/// The verdict's predicate, and what the gate alone reads of it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Full {
    #[serde(flatten)]
    verdict: verdict::Predicate,
    /// The program that decided.
    gate: Tool,
    /// The brief that an approver is shown.
    brief: FileDigest,
    /// Statements that newer ones supersede.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    superseded: Vec<String>,
    /// What the approval cleared.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    waived: Vec<Reason>,
    /// What the policy's own conditions cleared.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    auto_approved: Vec<AutoApproved>,
    /// What is another than in the image before.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Changed>,
}

/// A reason that an entry of the policy cleared.
#[derive(Serialize)]
struct AutoApproved {
    reason: Reason,
    by: String,
}

/// How many things changed since which image; which ones, a replay tells.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Changed {
    since: String,
    new: usize,
    fixed: usize,
    unchanged: usize,
    packages_added: usize,
    packages_removed: usize,
    packages_upgraded: usize,
}

impl Changed {
    fn of(changes: &Changes) -> Self {
        Self {
            since: changes.since.clone(),
            new: changes.new.len(),
            fixed: changes.fixed.len(),
            unchanged: changes.unchanged,
            packages_added: changes.added.len(),
            packages_removed: changes.removed.len(),
            packages_upgraded: changes.upgraded.len(),
        }
    }
}

/// The verdict.
pub(crate) fn verdict(about: &About<'_>) -> Result<Statement> {
    let (case, decision) = (about.case, about.decision);
    let exceptions_file =
        case.exceptions.as_ref().map(|bytes| ResourceDescriptor::file("exceptions.yml", Sha256::of(bytes)));
    let predicate = Full {
        verdict: verdict::Predicate {
            verdict: decision.verdict,
            reasons: decision.reasons.clone(),
            exceptions: decision.exceptions.iter().map(exception).collect(),
            policy: verdict::Policy {
                name: about.policy.policy().name().to_owned(),
                digest: about.policy.digest().into(),
            },
            report_only: decision.report_only,
            environment: case.environment.clone(),
            sources: case.sources.clone(),
            exceptions_file,
            evidence: sorted(about.evidence),
            decided_on: case.now,
            manifest: Some(ResourceDescriptor::file("replay.json", about.manifest)),
            approval: about.approval.cloned(),
        },
        gate: Tool { name: "gate".into(), version: case.gate.version.clone(), sha256: case.gate.sha256 },
        brief: about.brief.into(),
        superseded: decision.superseded.clone(),
        waived: decision.waived.as_ref().map(|waived| waived.reasons.clone()).unwrap_or_default(),
        auto_approved: decision
            .auto_approved
            .iter()
            .map(|one| AutoApproved { reason: one.reason.clone(), by: one.by.clone() })
            .collect(),
        changes: decision.changes.as_ref().map(Changed::of),
    };
    Ok(Statement::new(Kind::Verdict, about.image.subjects()?, &predicate)?)
}

/// An exception as its file has it, and what it covers here.
fn exception(one: &ExceptionUse) -> Value {
    let exception = &one.exception;
    let mut said = json!({
        "class": exception.class,
        "id": exception.id,
        "aliases": exception.aliases,
        "package": exception.package,
        "purl": exception.purl,
        "version": exception.version,
        "versions": exception.versions.as_ref().map(ToString::to_string),
        "paths": exception.paths.as_ref().map(policy::Paths::patterns),
        "images": exception.images,
        "environments": exception.environments,
        "reason": exception.reason,
        "owner": exception.owner,
        "ticket": exception.ticket,
        "created": exception.created.to_string(),
        "expires": exception.expires.to_string(),
        "untilFixed": exception.until_fixed,
        "vex": exception.vex.as_ref().map(|vex| json!({
            "status": vex.status.as_str(),
            "justification": vex.justification.map(policy::Justification::as_str),
            "impact": vex.impact,
            "action": vex.action,
        })),
        "line": exception.at.line,
        "column": exception.at.column,
        "state": one.state.as_str(),
        "suppressed": one.suppressed,
    });
    if exception.is_of_a_comment() {
        said["from"] = json!("comment");
    }
    said
}

fn sorted(evidence: &[EvidenceRef]) -> Vec<EvidenceRef> {
    let mut evidence = evidence.to_vec();
    evidence.sort_by(|a, b| (&a.file, a.sha256).cmp(&(&b.file, b.sha256)));
    evidence
}

/// The level that an image reaches by passing a policy.
pub(crate) fn level(policy: &str) -> String {
    format!("HALLMARK_{}", policy.to_uppercase().replace('-', "_"))
}

/// The summary: PASSED for `pass` alone, so that nothing downstream opens on `review`.
pub(crate) fn summary(about: &About<'_>) -> Result<Statement> {
    let name = about.policy.policy().name();
    let passed = about.decision.verdict == Verdict::Pass;
    let level = if passed { level(name) } else { "FAILED".into() };
    // What was refused or superseded is in the verdict; the summary rests on what decided.
    let decided =
        sorted(about.evidence).into_iter().filter(|one| about.decision.deciding.contains(&one.file));
    let inputs = decided.chain(about.approval.cloned());
    let predicate = vsa::Predicate {
        verifier: vsa::Verifier {
            id: about.case.gate.verifier_id.clone(),
            version: BTreeMap::from([("hallmark".into(), about.case.gate.version.clone())]),
        },
        time_verified: Some(about.case.now),
        resource_uri: about.image.content_digest().to_string(),
        policy: ResourceDescriptor {
            uri: Some(format!("urn:hallmark:policy:{name}")),
            ..ResourceDescriptor::file(name, about.policy.digest())
        },
        input_attestations: inputs
            .map(|one| vsa::InputAttestation {
                uri: one.file,
                digest: BTreeMap::from([("sha256".into(), one.sha256.to_string())]),
            })
            .collect(),
        verification_result: if passed {
            vsa::VerificationResult::Passed
        } else {
            vsa::VerificationResult::Failed
        },
        verified_levels: vec![level],
        slsa_version: Some("1.0".into()),
    };
    Ok(Statement::of(about.image.subjects()?, &predicate)?)
}
