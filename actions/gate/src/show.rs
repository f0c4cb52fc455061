//! What people see of a decision: the same view for the page, the brief, the summary and the log.

mod changes;
mod sources;

use model::{ImageManifest, Severity, Sha256, Verdict, Weight};
use policy::{Decision, Facts, Judged, ResolvedPolicy, Signed};
use report::View;
use runner::{Annotation, Context, Result};

use crate::case::Case;
use crate::gather::Gathered;
use crate::judge::Judgement;
use crate::resume::Resumed;

/// Fills the view.
pub(crate) fn view(
    case: &Case,
    image: &ImageManifest,
    policy: &ResolvedPolicy,
    found: &Gathered,
    decision: &Decision,
    resumed: Option<&Resumed>,
) -> View {
    let os = image.os.as_ref().map(|os| format!("{} {}", os.id, os.version)).unwrap_or_default();
    View {
        image: report::Image {
            name: image.name.clone(),
            family: image.family.clone(),
            architecture: image.architecture.as_str().into(),
            os,
            content_digest: image.content_digest().to_string(),
            layers: image
                .layers
                .iter()
                .map(|layer| report::Layer { name: layer.name.clone(), bake_id: layer.bake_id.to_string() })
                .collect(),
        },
        policy: report::Policy { name: policy.policy().name().into(), digest: policy.digest().to_string() },
        verdict: decision.verdict,
        report_only: decision.report_only,
        environment: case.environment.clone(),
        sources: sources::of(case, found),
        decided_on: case.now.to_string(),
        reasons: decision.reasons.clone(),
        waived: decision.waived.as_ref().map(|waived| report::Waived {
            approver: waived.approver.clone(),
            comment: resumed.map(|one| one.comment.clone()).unwrap_or_default(),
            reasons: waived.reasons.clone(),
        }),
        auto_approved: decision
            .auto_approved
            .iter()
            .map(|one| report::AutoApproved { reason: one.reason.clone(), rule: one.by.clone() })
            .collect(),
        changes: decision.changes.as_ref().map(changes::of),
        findings: findings(decision),
        exceptions: decision.exceptions.iter().map(exception).collect(),
        evidence: evidence(found, decision),
        packages: found.evidence.packages.iter().map(package).collect(),
    }
}

/// Each finding, and whether the image before had it.
fn findings(decision: &Decision) -> Vec<report::Finding> {
    let new = changes::new(decision);
    decision.findings.iter().map(|one| finding(one, &new)).collect()
}

fn package(package: &model::Package) -> report::Package {
    report::Package {
        name: package.name.clone(),
        version: package.version.clone(),
        source: package.source.clone(),
        path: package.path.clone(),
        layer: package.layer.clone(),
    }
}

fn finding(one: &Judged, new: &changes::New<'_>) -> report::Finding {
    let finding = &*one.finding;
    let outcome = match (one.suppressed_by.is_empty(), one.weight) {
        (false, _) => "suppressed",
        (true, Some(Weight::Fail)) => "fail",
        (true, Some(Weight::Review)) => "review",
        (true, Some(Weight::Note)) => "note",
        (true, None) => "allowed",
    };
    report::Finding {
        id: finding.id.clone(),
        aliases: finding.aliases.clone(),
        severity: finding.severity,
        package: finding.package.name.clone(),
        source: finding.package.source.clone(),
        version: finding.package.version.clone(),
        path: finding.package.path.clone(),
        layer: finding.package.layer.clone(),
        fixed: finding.fixed_version.clone(),
        title: finding.title.to_string(),
        description: finding.description.to_string(),
        cvss: finding.cvss,
        published: finding.published.clone(),
        outcome: outcome.into(),
        exceptions: one.suppressed_by.clone(),
        scanner: finding.scanner.clone(),
        links: finding.links.to_vec(),
        class: finding.class.as_str().to_owned(),
        epss: one.epss,
        kev: one.kev == Some(true),
        new: new.has(finding),
    }
}

fn exception(one: &policy::ExceptionUse) -> report::Exception {
    let exception = &one.exception;
    report::Exception {
        label: exception.label(),
        line: exception.at.line,
        state: one.state.as_str().into(),
        suppressed: one.suppressed,
        reason: exception.reason.clone(),
        owner: exception.owner.clone(),
        ticket: exception.ticket.clone().unwrap_or_default(),
        created: exception.created.to_string(),
        expires: exception.expires.to_string(),
        until_fixed: exception.until_fixed,
        broad: one.broad,
        scope: exception.scope(),
        vex: exception.vex.as_ref().map(|vex| report::Vex {
            status: vex.status.as_str().into(),
            justification: vex.justification.map(|one| one.as_str().into()),
            impact: vex.impact.clone(),
            action: vex.action.clone(),
        }),
    }
}

fn evidence(found: &Gathered, decision: &Decision) -> Vec<report::Evidence> {
    let mut rows: Vec<report::Evidence> = found
        .evidence
        .statements
        .iter()
        .map(|statement| {
            let state = if decision.deciding.contains(&statement.file) {
                "decides"
            } else if decision.superseded.contains(&statement.file) {
                "superseded"
            } else {
                "refused"
            };
            let who = found.refs.iter().find(|one| one.file == statement.file);
            let signer = match (&statement.signed, who.and_then(|one| one.signer.as_ref())) {
                (Signed::By(names), Some(signer)) => format!("{} ({signer})", names.join(", ")),
                (Signed::By(names), None) => names.join(", "),
                (Signed::Unsigned, _) => "nobody".into(),
            };
            report::Evidence {
                kind: statement.facts.kind().as_str().into(),
                file: statement.file.clone(),
                signer,
                issued: statement.issued.map(|at| at.to_string()).unwrap_or_default(),
                state: state.into(),
                seen: seen(&statement.facts).into(),
            }
        })
        .collect();
    rows.sort_by(|a, b| (&a.kind, &a.file).cmp(&(&b.kind, &b.file)));
    rows
}

/// How the image was seen.
const fn seen(facts: &Facts) -> &'static str {
    match facts {
        Facts::TestResult { seen, .. } | Facts::Sbom { seen, .. } | Facts::Vulns { seen, .. } => {
            seen.as_str()
        }
        Facts::SignatureVerification | Facts::Provenance | Facts::SpdxSbom { .. } | Facts::BaseVsa { .. } => {
            ""
        }
    }
}

/// Tells a person, or a runner, what was decided: the same reasons in the same order.
pub(crate) fn told(ctx: &mut Context, judged: &Judgement, exceptions: Option<&str>) {
    // A person reads it whole at the end, and needs no lines for a runner before.
    if !ctx.present(|columns, colour| report::terminal::decision(&judged.view, columns, colour)) {
        ctx.info(&headline(judged));
        reasons(ctx, judged);
        ctx.summary().raw(&judged.brief);
    }
    places(ctx, judged, exceptions);
}

/// The log's lines and the annotations.
fn reasons(ctx: &mut Context, judged: &Judgement) {
    for reason in &judged.decision.reasons {
        let message = format!("{} {}", reason.message, reason.clears);
        let annotation = Annotation::new(message).title(reason.code.clone());
        match reason.weight {
            Weight::Fail => ctx.error(annotation),
            Weight::Review => ctx.warning(annotation),
            Weight::Note => ctx.info(&format!("note: {} ({})", reason.message, reason.code)),
        }
    }
}

/// The exceptions that somebody has to look at, each at its place in the file.
fn places(ctx: &mut Context, judged: &Judgement, exceptions: Option<&str>) {
    for one in &judged.decision.exceptions {
        // Those of a comment have no place in the file.
        if one.exception.is_of_a_comment() {
            continue;
        }
        let (Some(file), Ok(line)) = (exceptions, u32::try_from(one.exception.at.line)) else { continue };
        let state = match one.state {
            policy::ExceptionState::Holds => continue,
            other => other.as_str(),
        };
        let message = format!(
            "The exception for {} is {state} (last day {}).",
            one.exception.label(),
            one.exception.expires
        );
        let col = u32::try_from(one.exception.at.column).unwrap_or(1);
        ctx.notice(
            Annotation::new(message).title(format!("exception-{state}")).file(file).line(line).col(col),
        );
    }
}

/// The outputs that follow from the decision alone.
pub(crate) fn outputs(ctx: &mut Context, judged: &Judgement) -> Result<()> {
    let decision = &judged.decision;
    let waived = decision.waived.as_ref().map_or(0, |waived| waived.reasons.len());
    let suppressed = decision.findings.iter().filter(|one| !one.suppressed_by.is_empty()).count();
    ctx.output("verdict", decision.verdict.as_str())?;
    ctx.output("reasons", serde_json::to_string(&decision.reasons)?)?;
    ctx.output("waived", waived.to_string())?;
    ctx.output("suppressed", suppressed.to_string())?;
    ctx.output("report-only", decision.report_only.to_string())?;
    ctx.output("auto-approved", decision.auto_approved.len().to_string())?;
    let changed = decision.changes.as_ref();
    let count =
        |of: fn(&policy::Changes) -> usize| changed.map(|one| of(one).to_string()).unwrap_or_default();
    ctx.output("new", count(|changes| changes.new.len()))?;
    ctx.output("fixed", count(|changes| changes.fixed.len()))?;
    ctx.output("unchanged", count(|changes| changes.unchanged))?;
    ctx.output("packages-added", count(|changes| changes.added.len()))?;
    ctx.output("packages-removed", count(|changes| changes.removed.len()))?;
    ctx.output("packages-upgraded", count(|changes| changes.upgraded.len()))?;
    ctx.output("exceptions-digest", judged.exceptions.map(|digest| digest.to_string()).unwrap_or_default())?;
    ctx.output("policy-digest", judged.policy.digest().to_string())?;
    ctx.output("brief-digest", Sha256::of(judged.brief.as_bytes()).to_string())?;
    ctx.output("verdict-digest", judged.verdict_digest().to_string())
}

/// One line that says it all.
pub(crate) fn headline(judged: &Judgement) -> String {
    let decision = &judged.decision;
    let of = |weight: Weight| decision.reasons.iter().filter(|reason| reason.weight == weight).count();
    let standing = |severity: Severity| judged.view.count(severity).0;
    let word = match decision.verdict {
        Verdict::Pass => "pass",
        Verdict::Review => "review",
        Verdict::Fail => "fail",
    };
    format!(
        "{}: {word} by policy {} ({} to fail, {} to review, {} notes; {} critical and {} high vulnerabilities)",
        judged.image.name,
        judged.policy.policy().name(),
        of(Weight::Fail),
        of(Weight::Review),
        of(Weight::Note),
        standing(Severity::Critical),
        standing(Severity::High),
    )
}
