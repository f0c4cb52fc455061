//! The verdict that a policy would come to if every step went as well as it can: what is a `fail` even
//! then is known before anything is baked.

use anyhow::{Result, bail, ensure};
use attest::Signer;
use gate::Checked;
use jiff::Timestamp;
use model::{ContentDigest, Reason, Sha256, Weight};
use policy::{
    Evidence, EvidenceKind, Exceptions, Facts, Image, ResolvedPolicy, Seen, Signed, Statement, TestOutcome,
};

use super::base::Base;
use super::job::Job;
use super::keys::Keys;

/// More tests and packages than any policy asks for.
const PLENTY: u64 = u32::MAX as u64;

/// What the chain is going to do.
pub(super) struct Plan {
    /// Whether verify-signatures runs.
    pub(super) verifies: bool,
    /// How the test sees the image.
    pub(super) tested: Seen,
    /// What the image is built on.
    pub(super) base: Option<Base>,
    /// Whether an image that passes is published.
    pub(super) publishes: bool,
}

/// Fails if the verdict can only be `fail`.
pub(super) fn check(
    Checked { policy, signers }: &Checked,
    keys: &Keys,
    plan: &Plan,
    now: Timestamp,
) -> Result<()> {
    let mut statements = statements(policy, signers, keys, plan, now)?;
    if let Some(base) = &plan.base {
        statements.extend(base.summaries(signers)?);
    }
    let image = Image {
        name: String::new(),
        family: String::new(),
        content_digest: ContentDigest::new(Sha256::of(b"")),
        base: plan.base.as_ref().map(|base| (base.name.clone(), base.content)),
    };
    let evidence = Evidence { statements, ..Evidence::about(image) };
    let decision = policy::decide(policy, &Exceptions::default(), &evidence, None, now);
    let against: Vec<String> = decision
        .reasons
        .iter()
        .filter(|reason| reason.weight == Weight::Fail)
        .map(|reason| format!("{} {} ({})", reason.message, mend(reason, keys, plan), reason.code))
        .collect();
    ensure!(
        against.is_empty(),
        "by the policy `{}` the verdict would be `fail` however well everything went: {}",
        policy.policy().name(),
        against.join(" ")
    );
    // No decision asks for a release, and the next reader of the evidence asks who signed it.
    let may = policy.policy().signers_of(EvidenceKind::Release);
    if plan.publishes && !may.is_empty() {
        let names = names(policy, signers, keys, Job::Publish, EvidenceKind::Release)?;
        ensure!(
            names.iter().any(|name| may.contains(name)),
            "by the policy `{}` a release is signed by {}, and `{}` is the key of {}",
            policy.policy().name(),
            may.join(", "),
            Job::Publish.input(),
            names.join(", ")
        );
    }
    Ok(())
}

/// What helps here, where a step is an input away.
fn mend(reason: &Reason, keys: &Keys, plan: &Plan) -> String {
    let unknown_base = plan.base.as_ref().is_some_and(|base| base.evidence.is_none());
    match reason.code.as_str() {
        "missing-evidence" if !plan.verifies => {
            "Give `manifest`, so that the chain verifies what the image is built from.".to_owned()
        }
        "base-not-verified" if unknown_base => "Give `base-evidence`.".to_owned(),
        "base-not-verified" if keys.throw_away => {
            "No throw-away key has ever signed one: give the three keys that the base was decided with."
                .to_owned()
        }
        "not-seen-as-required" => {
            "Give another `mode`; where several are required, use the single actions.".to_owned()
        }
        _ => reason.clears.clone(),
    }
}

/// A statement of each kind that the chain writes, each as good as can be.
fn statements(
    policy: &ResolvedPolicy,
    signers: &gate::Keys,
    keys: &Keys,
    plan: &Plan,
    now: Timestamp,
) -> Result<Vec<Statement>> {
    let tested = Facts::TestResult {
        tool: "goss".into(),
        seen: plan.tested,
        outcome: TestOutcome::Passed,
        passed: PLENTY,
        failed: 0,
        skipped: 0,
    };
    let scanned = Facts::Vulns {
        scanner: "trivy".into(),
        seen: Seen::Disk,
        packages: PLENTY,
        database: Some(now),
        sample: false,
        looked_for: model::Class::ALL.into(),
        findings: std::sync::Arc::default(),
    };
    let verified = plan.verifies.then_some((Job::Bake, Facts::SignatureVerification));
    let all = [(Job::Bake, Facts::Provenance), (Job::Assay, tested), (Job::Assay, scanned)];
    let mut statements = Vec::new();
    for (job, facts) in verified.into_iter().chain(all) {
        let kind = facts.kind();
        statements.push(Statement {
            file: format!("{kind}, which `{}` is to sign,", job.input()),
            payload: Sha256::of(kind.as_str().as_bytes()),
            signed: Signed::By(names(policy, signers, keys, job, kind)?),
            issued: Some(now),
            facts,
        });
    }
    Ok(statements)
}

/// Who a job is to the policy, by its key.
fn names(
    policy: &ResolvedPolicy,
    signers: &gate::Keys,
    keys: &Keys,
    job: Job,
    kind: EvidenceKind,
) -> Result<Vec<String>> {
    let names = match signers.announced(&Signer::KeyId(keys.id(job))) {
        Signed::By(names) => names,
        Signed::Unsigned => Vec::new(),
    };
    let (called, input) = (policy.policy().name(), job.input());
    if names.is_empty() && keys.throw_away {
        bail!(
            "the policy `{called}` has no signer for a throw-away `{input}`, which is to sign a {kind}: its signers have \
             other names than `{}`, or keys of their own; give the three keys",
            job.signer()
        );
    }
    ensure!(
        !names.is_empty(),
        "`{input}` is no key of a signer of the policy `{called}`, and is to sign a {kind}: call one of the signers \
         `{}`, without a key of its own, or give the key that it has",
        job.signer()
    );
    Ok(names)
}
