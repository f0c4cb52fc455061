//! What people see of a decision: the same view for the page, the brief, the summary and the log.

use model::{ImageManifest, Severity, Verdict, Weight};
use policy::{Decision, Judged, ResolvedPolicy, Signed};
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
            layers: image.layers.iter().map(|layer| layer.name.clone()).collect(),
        },
        policy: report::Policy { name: policy.policy().name().into(), digest: policy.digest().to_string() },
        verdict: decision.verdict,
        decided_on: case.now.to_string(),
        reasons: decision.reasons.clone(),
        waived: decision.waived.as_ref().map(|waived| report::Waived {
            approver: waived.approver.clone(),
            comment: resumed.map(|one| one.comment.clone()).unwrap_or_default(),
            reasons: waived.reasons.clone(),
        }),
        findings: decision.findings.iter().map(finding).collect(),
        exceptions: decision.exceptions.iter().map(exception).collect(),
        evidence: evidence(found, decision),
        packages: found
            .packages
            .iter()
            .map(|p| report::Package {
                name: p.name.clone(),
                version: p.version.clone(),
                source: p.source.clone(),
            })
            .collect(),
    }
}

fn finding(one: &Judged) -> report::Finding {
    let finding = &one.finding;
    let outcome = match (one.suppressed_by.is_empty(), one.weight) {
        (false, _) => "suppressed",
        (true, Some(Weight::Fail)) => "fail",
        (true, Some(Weight::Review)) => "review",
        (true, Some(Weight::Note)) => "note",
        (true, None) => "allowed",
    };
    report::Finding {
        id: finding.id.clone(),
        severity: finding.severity,
        package: finding.package.name.clone(),
        version: finding.package.version.clone(),
        fixed: finding.fixed_version.clone(),
        title: finding.title.clone(),
        outcome: outcome.into(),
        exceptions: one.suppressed_by.clone(),
        scanner: finding.scanner.clone(),
        link: finding.links.iter().find(|link| link.starts_with("https://")).cloned(),
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
        expires: exception.expires.to_string(),
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
            let key = found.refs.iter().find(|one| one.file == statement.file).and_then(|one| one.signer);
            let signer = match (&statement.signed, key) {
                (Signed::By(names), Some(key)) => format!("{} (key {})", names.join(", "), key.short()),
                (Signed::By(names), None) => names.join(", "),
                (Signed::Unsigned, _) => "nobody".into(),
            };
            report::Evidence {
                kind: statement.facts.kind().as_str().into(),
                file: statement.file.clone(),
                signer,
                issued: statement.issued.map(|at| at.to_string()).unwrap_or_default(),
                state: state.into(),
            }
        })
        .collect();
    rows.sort_by(|a, b| (&a.kind, &a.file).cmp(&(&b.kind, &b.file)));
    rows
}

/// The log's lines and the annotations.
pub(crate) fn tell(ctx: &mut Context, judged: &Judgement, exceptions: Option<&str>) {
    let decision = &judged.decision;
    for reason in &decision.reasons {
        let message = format!("{} {}", reason.message, reason.clears);
        let annotation = Annotation::new(message).title(reason.code.clone());
        match reason.weight {
            Weight::Fail => ctx.error(annotation),
            Weight::Review => ctx.warning(annotation),
            Weight::Note => ctx.info(&format!("note: {} ({})", reason.message, reason.code)),
        }
    }
    for one in &decision.exceptions {
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
    ctx.output("policy-digest", judged.policy.digest().to_string())?;
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
