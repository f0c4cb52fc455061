//! Outputs, summary, terminal and JSON.

use jiff::SignedDuration;
use runner::{Annotation, Context, Result};

use crate::answer::Answer;

/// Tells everything.
pub(crate) fn tell(ctx: &mut Context, answer: &Answer) -> Result<()> {
    if ctx.flag("json")? && !ctx.github().on_runner {
        ctx.print(serde_json::to_string_pretty(answer)?.trim_end());
        return Ok(());
    }
    outputs(ctx, answer)?;
    let headline = headline(answer);
    if ctx.github().on_runner {
        ctx.info(&headline);
    }
    for reason in &answer.reasons {
        ctx.error(
            Annotation::new(format!("{}. {}.", reason.message, reason.clears)).title(reason.code.clone()),
        );
    }
    for note in &answer.notes {
        ctx.notice(note.as_str());
    }
    let reasons: Vec<_> = answer
        .reasons
        .iter()
        .map(|one| vec![one.code.clone(), one.message.clone(), one.clears.clone(), one.evidence.join(", ")])
        .collect();
    let exceptions: Vec<_> = answer
        .exceptions
        .iter()
        .map(|one| {
            let state = serde_json::to_value(one.state).ok();
            let state = state.as_ref().and_then(|state| state.as_str()).unwrap_or_default().to_owned();
            vec![
                one.label.clone(),
                state,
                one.expires.clone().unwrap_or_default(),
                one.suppressed.to_string(),
                one.owner.clone(),
            ]
        })
        .collect();
    let releases: Vec<_> = answer
        .releases
        .iter()
        .map(|one| {
            let optional = |text: &Option<String>| text.clone().unwrap_or_default();
            vec![one.purl.clone(), optional(&one.channel), optional(&one.location), one.signer.clone()]
        })
        .collect();
    let summary = ctx.summary().heading(2, &headline);
    let summary = match reasons.is_empty() {
        true => summary,
        false => summary.table(&["Reason", "What", "What clears it", "Evidence"], &reasons),
    };
    let summary = summary.table(&["", "What it rests on"], &rows(answer));
    let summary = match exceptions.is_empty() {
        true => summary,
        false => summary.table(&["Exception", "Today", "Until", "Hides", "Who answers for it"], &exceptions),
    };
    if !releases.is_empty() {
        summary.table(&["Release", "Channel", "Where", "Signed by"], &releases);
    }
    Ok(())
}

fn outputs(ctx: &mut Context, answer: &Answer) -> Result<()> {
    let verdict = answer.verdict.as_ref();
    ctx.output("verified", answer.verified.to_string())?;
    ctx.output("reasons", serde_json::to_string(&answer.reasons)?)?;
    ctx.output("content-digest", answer.content_digest.as_deref().unwrap_or_default())?;
    ctx.output("policy", verdict.map(|verdict| verdict.policy.as_str()).unwrap_or_default())?;
    ctx.output("policy-digest", verdict.map(|verdict| verdict.policy_digest.as_str()).unwrap_or_default())?;
    ctx.output("signer", verdict.map(|verdict| verdict.signer.as_str()).unwrap_or_default())?;
    ctx.output("decided-on", verdict.map(|verdict| verdict.decided_on.to_string()).unwrap_or_default())?;
    let approver = answer.approval.as_ref().map(|one| one.approver.as_ref().or(one.signer.as_ref()));
    ctx.output("approver", approver.flatten().map(String::as_str).unwrap_or_default())?;
    // On a terminal it would bury what is said.
    if ctx.env("GITHUB_OUTPUT").is_some() {
        ctx.output("answer", serde_json::to_string(answer)?)?;
    }
    Ok(())
}

fn headline(answer: &Answer) -> String {
    let name = answer.image.as_deref().or(answer.content_digest.as_deref()).unwrap_or("the image");
    match (&answer.verdict, answer.verified) {
        (Some(verdict), true) => format!(
            "Yes: {name} passed the policy {}, {} ago",
            verdict.policy,
            age(SignedDuration::from_secs(verdict.age_seconds))
        ),
        _ => format!("No: {name} may not be used"),
    }
}

fn rows(answer: &Answer) -> Vec<Vec<String>> {
    let row = |what: &str, value: String| vec![what.to_owned(), value];
    let mut rows = Vec::new();
    let mut put = |what: &str, value: Option<String>| rows.extend(value.map(|value| row(what, value)));
    put("Image", answer.image.clone());
    put("Content", answer.content_digest.clone());
    put("Seen", answer.seen.clone());
    if let Some(verdict) = &answer.verdict {
        put("Verdict signed by", Some(verdict.signer.clone()));
        put("Policy", Some(format!("{} ({})", verdict.policy, verdict.policy_digest)));
        put("Decided for", verdict.environment.clone());
        let ago = age(SignedDuration::from_secs(verdict.age_seconds));
        put("Decided", Some(format!("{}, {ago} ago", verdict.decided_on)));
        put("Evidence", Some(format!("{}, {}", verdict.file, verdict.summary)));
    }
    if let Some(approval) = &answer.approval {
        put("Approved by", approval.approver.clone().or_else(|| approval.signer.clone()));
        put(
            "Approval signed by",
            approval.signer.as_ref().map(|signer| format!("{signer} (verified by {})", approval.verified_by)),
        );
        put("Waived", Some(approval.waives.join(", ")).filter(|waives| !waives.is_empty()));
        put("They say", Some(approval.comment.clone()).filter(|comment| !comment.is_empty()));
        put(
            "The approval could be used until",
            approval
                .expires_on
                .map(|until| format!("{until}{}", if approval.over { ", which is over" } else { "" })),
        );
    }
    rows
}

/// A length of time as people say it.
fn age(age: SignedDuration) -> String {
    let minutes = age.as_mins();
    let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes} min"),
        (0, hours) => format!("{hours} h {minutes} min"),
        (days, hours) => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_as_people_say_them() {
        for (seconds, said) in [
            (0, "0 min"),
            (59, "0 min"),
            (60, "1 min"),
            (3_660, "1 h 1 min"),
            (90_000, "1 d 1 h"),
            (864_000, "10 d 0 h"),
        ] {
            assert_eq!(age(SignedDuration::from_secs(seconds)), said);
        }
    }
}
