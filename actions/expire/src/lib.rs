//! Ends runs that wait for somebody longer than an approval may take.
//!
//! It only ever ends: what it does not know it leaves alone and says so, and it neither approves nor rejects.

mod end;
mod look;
mod tell;

use anyhow::{anyhow, bail};
use jiff::SignedDuration;
use runner::{Action, Context, Input, Kind, Outcome, Output, Result};

use look::{Limit, Looked, Standing};

/// See the crate.
pub static ACTION: Action = Action {
    name: "expire",
    about: "Ends runs that wait for somebody longer than an approval may take",
    inputs: &[
        Input::new(
            "workflow",
            Kind::List,
            "The workflows whose runs are looked at, each by its file's name, such as golden-image.yml",
        )
        .required(),
        Input::new(
            "timeout",
            Kind::Duration,
            "How long a run may wait: the policy's `approval: {timeout: …}`",
        )
        .required(),
        Input::new(
            "environments",
            Kind::Lines,
            "Only runs that wait for one of these environments; by default for any",
        ),
        Input::new("dry-run", Kind::Bool, "Only say what would be ended").default("false"),
        Input::new(
            "token",
            Kind::Secret,
            "A token with `actions: write` on the repository; with `dry-run`, `actions: read`",
        ),
        github::inputs::REPOSITORY,
        github::inputs::API_URL,
    ],
    outputs: &[
        Output {
            name: "expired",
            help: "The runs that were ended, or with `dry-run` would have been: their numbers, one a line",
        },
        Output { name: "waiting", help: "The runs that wait still and may: their numbers, one a line" },
    ],
    run: |cx| Box::pin(run(cx)),
    post: None,
};

async fn run(cx: &mut Context) -> Result<Outcome> {
    let workflows = workflows(cx)?;
    let limit = Limit {
        now: cx.now(),
        timeout: SignedDuration::try_from(cx.duration("timeout")?)
            .map_err(|error| anyhow!("input `timeout`: {error}"))?,
        environments: cx.lines("environments")?.iter().map(|name| name.trim().to_ascii_lowercase()).collect(),
    };
    let dry_run = cx.flag("dry-run")?;
    let (client, repository) = github::inputs::open(cx)?;

    let mut looked: Vec<Looked> = Vec::new();
    for workflow in &workflows {
        match client.waiting_runs(&repository, Some(workflow)).await {
            Ok(runs) => {
                for run in runs {
                    if looked.iter().any(|one| one.run == Some(run.id)) {
                        continue;
                    }
                    let mut one = look::look(&client, &repository, &limit, &run).await;
                    if one.standing == Standing::Over && !dry_run {
                        one.standing = end::end(&client, &repository, &run).await;
                    }
                    looked.push(one);
                }
            }
            Err(error) => looked.push(Looked::unreadable(format!("runs of {workflow}"), &error)),
        }
    }
    tell::tell(cx, &looked, &limit, dry_run)?;
    let failed = looked.iter().filter(|one| matches!(one.standing, Standing::Unknown(_))).count();
    if failed > 0 {
        bail!(
            "{} could not be settled: each is named above; run it again",
            tell::count(failed, "run or workflow", "runs or workflows")
        );
    }
    Ok(Outcome::Done)
}

/// The files' names, which is how GitHub's API knows workflows.
fn workflows(cx: &Context) -> Result<Vec<String>> {
    let names = cx.list("workflow")?;
    for name in &names {
        let is_file = name.ends_with(".yml") || name.ends_with(".yaml");
        if !is_file || name.contains(['/', '\\']) {
            bail!(
                "input `workflow`: `{}` is no workflow file's name: golden-image.yml is wanted, without its folder",
                name.escape_debug()
            );
        }
    }
    if names.is_empty() {
        bail!("input `workflow` was not given: whose runs?");
    }
    Ok(names)
}
