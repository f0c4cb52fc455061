//! An approval that was given by a click in GitHub: from what its API says to a statement that is signed.
//!
//! What was read is kept as it was read, so that a replay comes to the same with no network: which clicks
//! count is a question for `policy::click` alone.

mod ask;

use anyhow::{Result, anyhow};
use attest::predicate::approval::{CommentException, EnvironmentApproval, GitHub};
use attest::predicate::{approval, verdict};
use attest::{Kind, Statement};
use jiff::Timestamp;
use model::{ImageManifest, Sha256, Verdict, Weight};
use policy::click::{Bound, Counted, RunFacts, bind};
use policy::{Approval, Code, Objection, Prior, Signed};
use runner::Context;

pub(crate) use ask::Question;
pub use ask::about;

use crate::case::Case;
use crate::exact;
use crate::gather::reference;
use crate::judge::Judgement;
use crate::keys::Keys;
use crate::resume::{Now, Resumed, objected, prior};

/// What somebody has to do whose verdict is still `review`.
pub(crate) const STILL: &str = "the verdict is still `review`, and a job that runs cannot wait for somebody again: nothing \
                                is published. The reasons say what clears them; then run the workflow again, and have its \
                                new brief approved";

/// What stands for the approval's file where a reason names it.
fn label(facts: &RunFacts) -> String {
    format!("approvals of run {}", facts.run)
}

fn facts(case: &Case) -> Result<RunFacts> {
    let bytes = case.click.as_deref().unwrap_or_default();
    serde_json::from_slice(bytes)
        .map_err(|error| anyhow!("what GitHub said of the run cannot be read: {error}"))
}

/// The approval that GitHub tells of, measured against the verdict that was shown.
pub(crate) fn read(case: &Case, keys: &Keys, now: &Now<'_>) -> Result<Resumed, Objection> {
    let refused = |file: String, message: String| Objection { code: Code::ApprovalRefused, file, message };
    let facts = facts(case).map_err(|error| refused("approvals".into(), exact::sentence(&error)))?;
    let bound = bind(now.policy, &facts, case.now);
    let seen = shown(case, keys, now, &facts);
    let mut resumed = resumed(case, keys, now, &facts, bound, seen);
    if let Some(item) = &case.approval {
        let genuine = exact::read(item, keys).map_err(|one| refused(item.name.clone(), one.message))?;
        let expected = statement(case, now.image, &resumed)
            .and_then(|statement| Ok(Sha256::of(&statement.to_bytes()?)))
            .map_err(|error| refused(item.name.clone(), exact::sentence(&error)))?;
        if genuine.kind != Kind::Approval || genuine.payload != expected {
            let message = "The statement is not what GitHub says of the run.".to_owned();
            return Err(refused(item.name.clone(), message));
        }
        resumed.approval.signed = genuine.signed.clone();
        resumed.reference = Some(reference(&genuine));
    }
    Ok(resumed)
}

/// The verdict whose brief was shown, or in what it differs from what is decided now.
fn shown(
    case: &Case,
    keys: &Keys,
    now: &Now<'_>,
    facts: &RunFacts,
) -> Result<(Sha256, verdict::Predicate), String> {
    let item = case.prior.as_ref().ok_or("the verdict that was reviewed is not there")?;
    let genuine = exact::read(item, keys).map_err(objected)?;
    if genuine.kind != Kind::Verdict {
        return Err(format!("a {} is no verdict", genuine.kind));
    }
    let verdict = prior(case, now, &genuine, facts.brief)?;
    if verdict.report_only {
        return Err("that verdict is by a policy that only reports".into());
    }
    match verdict.verdict {
        Verdict::Review => Ok((genuine.payload, verdict)),
        Verdict::Pass => Err("that verdict is `pass`, so that there was nothing to approve".into()),
        Verdict::Fail => Err("that verdict is `fail`, which no person may waive".into()),
    }
}

fn resumed(
    case: &Case,
    keys: &Keys,
    now: &Now<'_>,
    facts: &RunFacts,
    bound: Bound,
    seen: Result<(Sha256, verdict::Predicate), String>,
) -> Resumed {
    // GitHub says no time: it cannot have been before the verdict that was shown, so it ends soonest from there.
    let decided_on = seen.as_ref().map_or(case.now, |(_, verdict)| verdict.decided_on);
    let expires_on = decided_on.checked_add(now.policy.approval_timeout()).unwrap_or(Timestamp::MAX);
    let waives = seen.iter().flat_map(|(_, verdict)| &verdict.reasons);
    let waives =
        waives.filter(|reason| reason.weight == Weight::Review).map(|reason| reason.code.clone()).collect();
    let people: Vec<String> = bound.counted.iter().map(|one| one.by.shown()).collect();
    let comment = comment(&bound.counted);
    let verdict = seen.as_ref().ok().map(|(payload, _)| *payload);
    let approval = Approval {
        file: label(facts),
        // As whom the job is about to sign, until it has.
        signed: case.gate.signer.as_ref().map_or(Signed::Unsigned, |signer| keys.announced(signer)),
        own_key: true,
        approver: if people.is_empty() {
            "nobody whose approval counts".to_owned()
        } else {
            people.join(", ")
        },
        waives,
        decided_on,
        expires_on,
        click: Some(bound),
        prior: seen.map(|(_, verdict)| Prior { reasons: verdict.reasons }),
    };
    Resumed { approval, reference: None, comment, verdict }
}

fn comment(counted: &[Counted]) -> String {
    match counted {
        [one] => one.comment.clone(),
        many => {
            let said = many.iter().filter(|one| !one.comment.is_empty());
            said.map(|one| format!("{}: {}", one.by.login, one.comment)).collect::<Vec<_>>().join("\n")
        }
    }
}

/// What the job signs for: who approved what, as GitHub says it.
pub(crate) fn statement(case: &Case, image: &ImageManifest, resumed: &Resumed) -> Result<Statement> {
    let facts = facts(case)?;
    let verdict = resumed.verdict.ok_or_else(|| anyhow!("the verdict that was reviewed is not there"))?;
    let approval = &resumed.approval;
    let bound = approval.click.as_ref().ok_or_else(|| anyhow!("no approval of GitHub's"))?;
    let one = |counted: &Counted| EnvironmentApproval {
        environment: counted.environment.clone(),
        approver_id: counted.by.id,
        approver_login: counted.by.login.clone(),
        comment: counted.comment.clone(),
    };
    let except = |exception: &policy::Exception| CommentException {
        id: exception.id.clone().unwrap_or_default(),
        package: exception.package.clone(),
        expires: exception.expires.to_string(),
        reason: exception.reason.clone(),
        owner: exception.owner.clone(),
    };
    let predicate = approval::Predicate {
        verdict: verdict.into(),
        brief: facts.brief.into(),
        approver: approval.approver.clone(),
        comment: resumed.comment.clone(),
        decided_on: case.now,
        expires_on: approval.expires_on,
        waives: approval.waives.iter().cloned().collect(),
        github: Some(GitHub {
            repository: facts.repository,
            run_id: facts.run,
            run_attempt: facts.attempt,
            commit: facts.commit,
            approvals: bound.counted.iter().map(one).collect(),
            exceptions: bound.exceptions.iter().map(except).collect(),
        }),
    };
    Ok(Statement::of(image.subjects()?, &predicate)?)
}

/// What was understood, for those who approved to see that it is what they meant.
pub(crate) fn told(ctx: &mut Context, case: &Case, judged: &Judgement) -> Result<()> {
    let facts = facts(case)?;
    let bound = bind(judged.policy.policy(), &facts, case.now);
    let counts = judged.decision.waived.as_ref().is_some_and(|waived| waived.counts);
    let title = if counts { "Approved in GitHub" } else { "No approval in GitHub counts" };
    let rows: Vec<Vec<String>> = bound
        .counted
        .iter()
        .map(|one| vec![one.environment.clone(), one.by.shown(), one.comment.clone()])
        .collect();
    let excepted = |one: &policy::Exception| {
        format!("{} until {}, says {}: {}", one.label(), one.expires, one.owner, one.reason)
    };
    let exceptions: Vec<String> = bound.exceptions.iter().map(excepted).collect();
    for row in &rows {
        ctx.info(&format!("approved in {} by {}", row[0], row[1]));
    }
    for one in &exceptions {
        ctx.info(&format!("excepted for this decision alone: {one}"));
    }
    let summary = ctx.summary();
    summary.heading(2, title);
    if !rows.is_empty() {
        summary.table(&["Environment", "By", "Comment"], &rows);
    }
    if !exceptions.is_empty() {
        let about = if counts {
            "Excepted for this decision alone, as understood:"
        } else {
            "Understood, and not in force:"
        };
        summary.paragraph(about).list(&exceptions);
    }
    if !counts {
        summary.paragraph(&format!("The comment that approves this brief: {}", facts.words()));
    }
    Ok(())
}
