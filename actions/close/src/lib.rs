//! Records that a run ended without publishing: somebody said no, nobody answered in time, it was ended, or a step failed.
//!
//! A job in an environment that was rejected never starts, so that somebody outside of the environment has to write it
//! down. What is written is evidence: a verdict that was closed publishes nothing.

mod decide;
mod read;

use admission::{TRUSTED_ROOT, VERDICT_IDENTITY, VERDICT_SIGNER, Whom};
use anyhow::{Context as _, bail, ensure};
use attest::predicate::closure;
use attest::{EvidenceDir, Statement};
use jiff::SignedDuration;
use runner::{Action, Context, Input, Kind, Outcome, Output, Result};

use decide::{Asked, Ended, JobResult};
use read::Decided;

const RESULTS: Kind = Kind::Choice(&["success", "failure", "cancelled", "skipped"]);

/// See the crate.
pub static ACTION: Action = Action {
    name: "close",
    about: "Records that a run ended without publishing, and how",
    inputs: &[
        Input::new("image", Kind::Path, "The image: its image.json").required(),
        Input::new("verdict", Kind::Path, "The signed verdict that people were asked about, as the gate wrote it").required(),
        VERDICT_SIGNER,
        VERDICT_IDENTITY,
        TRUSTED_ROOT,
        Input::new("brief-digest", Kind::Text, "The SHA-256 of the brief that was shown, from the output of the job that decided").required(),
        Input::new("environments", Kind::Lines, "The environments in which the run was to be approved, one a line").required(),
        Input::new("review-result", RESULTS, "The result of the job that waited for the approval, where that is a job of its own"),
        Input::new("publish-result", RESULTS, "The result of the job that was to publish").required(),
        Input::new("timeout", Kind::Duration, "How long somebody could approve: the policy's `approval: {timeout: …}`").required(),
        Input::new("evidence", Kind::Path, "The folder of evidence").default(".hallmark/evidence"),
        Input { help: "Who signs the closure: a PEM key, or the path of its file; awskms:///alias/NAME for a key in AWS KMS; keyless", ..services::SIGNING_KEY }.required(),
        services::SIGNING_KEY_PASSWORD,
        services::SIGNING_CONFIG,
        Input::new("token", Kind::Secret, "The token that approvals are read with: `actions: read`").required(),
        github::inputs::REPOSITORY,
        github::inputs::API_URL,
    ],
    outputs: &[
        Output { name: "outcome", help: "`rejected`, `expired`, `cancelled` or `failed`" },
        Output { name: "closes", help: "Whether nothing can be published by the verdict any more" },
        Output { name: "evidence", help: "The statement that was written" },
    ],
    run: |cx| Box::pin(run(cx)),
    post: None,
};

async fn run(cx: &mut Context) -> Result<Outcome> {
    let whom = Whom::read(cx, VERDICT_SIGNER.name, VERDICT_IDENTITY.name)?;
    let decided = Decided::read(cx, &whom)?;
    let asked = asked(cx, &decided)?;
    asked.settled().map_err(anyhow::Error::msg)?;
    let key = services::signer(cx)?.context("input `signing-key` was not given")?;
    let (client, repository) = github::inputs::open(cx)?;
    let run = number("GITHUB_RUN_ID", cx.github().run_id.as_deref())?;
    let attempt = number("GITHUB_RUN_ATTEMPT", cx.github().run_attempt.as_deref())?;

    let said = client
        .approvals(&repository, run)
        .await
        .context("cannot read from GitHub what was said: nothing was recorded")?;
    let ended = asked.ended(&said).map_err(anyhow::Error::msg)?;
    let predicate = closure::Predicate {
        outcome: ended.outcome,
        verdict: decided.payload.into(),
        brief: decided.brief.into(),
        by: ended.by.clone(),
        github: Some(closure::GitHub {
            repository: repository.to_string(),
            run_id: run,
            run_attempt: attempt,
        }),
        closed_on: cx.now(),
    };
    let statement = Statement::of(decided.image.subjects()?, &predicate)?;
    let file = EvidenceDir::new(cx.path("evidence")?).write(&statement, Some(&*key))?;
    cx.output("outcome", ended.outcome.as_str())?;
    cx.output("closes", ended.outcome.closes().to_string())?;
    cx.output("evidence", file.display().to_string())?;
    tell(cx, &decided, &ended);
    Ok(Outcome::Done)
}

/// What there is to know before GitHub is asked.
fn asked(cx: &Context, decided: &Decided) -> Result<Asked> {
    let result = |input: &str| -> Result<Option<JobResult>> {
        let Some(word) = cx.opt_text(input)? else { return Ok(None) };
        JobResult::of(&word)
            .map(Some)
            .with_context(|| format!("input `{input}`: `{word}` is no result of a job"))
    };
    let environments: Vec<String> = cx
        .lines("environments")?
        .iter()
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect();
    if environments.is_empty() {
        bail!("input `environments` was not given: in which was the run to be approved?");
    }
    let timeout = SignedDuration::try_from(cx.duration("timeout")?).context("input `timeout`")?;
    Ok(Asked {
        environments,
        review: result("review-result")?,
        publish: result("publish-result")?.context("input `publish-result` was not given")?,
        asks: decided.asks,
        until: decided.on.checked_add(timeout).context("input `timeout` is too long")?,
        now: cx.now(),
    })
}

fn tell(cx: &mut Context, decided: &Decided, ended: &Ended) {
    let word = ended.outcome.as_str();
    cx.info(&format!("{}: {word}", decided.image.name));
    let rows: Vec<Vec<String>> = ended
        .by
        .iter()
        .map(|one| {
            let who = one.id.map_or_else(
                || "an account that is gone".to_owned(),
                |id| format!("{} (id {id})", one.login),
            );
            vec![one.environments.join(", "), who, one.comment.clone()]
        })
        .collect();
    let summary = cx.summary();
    summary.heading(2, &format!("Not published: {word}, {}", decided.image.name));
    summary.table(&["Environment", "By", "Comment"], &rows);
    summary.paragraph(next(ended.outcome));
}

/// What to do next.
const fn next(outcome: closure::Outcome) -> &'static str {
    match outcome {
        closure::Outcome::Rejected => {
            "Somebody said no. Mend what they speak against and start a new run: nothing is published by this verdict any more. The image and its evidence are kept."
        }
        closure::Outcome::Expired => {
            "Nobody answered in time, and what was shown may not be true any more. Start a new run: nothing is published by this verdict any more."
        }
        closure::Outcome::Cancelled => {
            "The run was ended. Start a new one: nothing is published by this verdict any more."
        }
        closure::Outcome::Failed => {
            "A job failed. Its log says why; what failed for a passing reason can be run again, as long as the approval holds."
        }
    }
}

fn number(name: &str, text: Option<&str>) -> Result<i64> {
    let text = text.with_context(|| format!("{name} is not set: a run is closed by a job of its own"))?;
    let number = text.parse().with_context(|| format!("{name}: `{}` is no number", text.escape_debug()))?;
    ensure!(number > 0, "{name}: {number} is no run");
    Ok(number)
}
