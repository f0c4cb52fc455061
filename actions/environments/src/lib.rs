//! Keeps GitHub's deployment environments as a file says: `plan` tells the difference, `apply` makes it go away, and
//! `check` tries what the environments' jobs need.
//!
//! The difference ([`rows`]) and the calls that follow from it ([`steps`]) are pure; `apply` only makes the calls.

mod apply;
mod check;
mod difference;
mod file;
mod found;
mod names;
mod schema;
mod steps;
mod tell;

use std::io::Read as _;
use std::time::Duration;

use anyhow::{Context as _, bail};
use github::{Client, Repository};
use runner::{Action, Context, Input, Kind, Outcome, Output, Result};

pub use difference::{Row, Standing, rows};
pub use file::{Branches, Environment, File, Needs, Reviewer, Who};
pub use found::{Found, Pair};
pub use schema::schema;
pub use steps::{Change, Step, steps};

/// More than any file of environments has, and more than is read of one.
const LONGEST: u64 = 4 << 20;

/// How often is looked whether GitHub did what it was told, and how long in between.
const LOOKS: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);
const AGAIN: &str = "looking again after the calls";

/// See the crate.
pub static ACTION: Action = Action {
    name: "environments",
    about: "Keeps GitHub's deployment environments as a file says: reviewers, timers, branches, variables",
    inputs: &[
        Input::new(
            "operation",
            Kind::Choice(&["plan", "apply", "check"]),
            "What to do: say what differs (plan), change it (apply), or try what the environments' jobs need (check)",
        )
        .default("plan")
        .word(),
        Input::new("file", Kind::Path, "The file that says how the environments are to be").default("environments.yml"),
        Input::new(
            "environments",
            Kind::List,
            "Check: the environments whose needs are tried, by default all; a role is opened only by a job in the environment",
        ),
        Input::new(
            "token",
            Kind::Secret,
            "Plan and apply: a token that reads the environments (`actions: read`, `environments: read`, and `members: read` of the organisation where there are teams) and, for apply, changes them (`administration: write`, `environments: write`); a job's own token cannot",
        ),
        Input::new("repository", Kind::Text, "Whose environments, as owner/name; by default the job's repository"),
        github::inputs::API_URL,
    ],
    outputs: &[
        Output { name: "changes", help: "How many settings differ from the file: before apply, of those that it changed" },
        Output { name: "weaker", help: "How many of them protect less than the file says" },
        Output { name: "calls", help: "How many calls lead to what the file says, or led there" },
        Output { name: "missing-secrets", help: "The secrets that are not there, by line: environment/NAME" },
        Output { name: "unmanaged", help: "The environments that the file does not name, by line" },
    ],
    run: |cx| Box::pin(run(cx)),
    post: None,
};

async fn run(cx: &mut Context) -> Result<Outcome> {
    let (name, file) = read(cx)?;
    match cx.text("operation")?.as_str() {
        "check" => try_needs(cx, &name, &file),
        operation => {
            if cx.opt_text("environments")?.is_some() {
                bail!("input `environments` has no meaning for `environments {operation}`: leave it out");
            }
            change(cx, &name, &file, operation == "apply").await
        }
    }
}

fn read(cx: &mut Context) -> Result<(String, File)> {
    let path = cx.opt_path("file")?.context("input `file` was not given: which file?")?;
    let name = tell::shown(cx, &path);
    let read = || -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        std::fs::File::open(&path)?.take(LONGEST + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().with_context(|| format!("input `file`: cannot read {name}"))?;
    let text = String::from_utf8(bytes).with_context(|| format!("input `file`: {name} is no UTF-8 text"))?;
    let file = File::parse(&name, &text).map_err(|problems| tell::problems(cx, &name, &problems))?;
    Ok((name, file))
}

/// `plan` and `apply`: the same until the first call that changes something.
async fn change(cx: &mut Context, name: &str, file: &File, apply: bool) -> Result<Outcome> {
    let wanted = "a token with `administration: write` on the repository, not the job's own";
    let (client, repository) = github::inputs::open_by(cx, wanted)?;
    let world = found::look(cx, &client, &repository, (name, file)).await?;
    let steps = steps(&world.pairs);
    found::tell_unmanaged(cx, &world.unmanaged);
    let missing = tell::advice(cx, name, &world, &repository);
    let all: Vec<Row> = world.pairs.iter().flat_map(rows).collect();
    let changes = all.iter().filter(|row| row.standing.is_change()).count();
    let weaker = all.iter().filter(|row| row.standing == Standing::Weaker).count();
    for (output, number) in [("changes", changes), ("weaker", weaker), ("calls", steps.len())] {
        cx.output(output, number.to_string())?;
    }
    cx.output("missing-secrets", missing.join("\n"))?;
    cx.output(
        "unmanaged",
        world.unmanaged.iter().map(|name| tell::line(name)).collect::<Vec<_>>().join("\n"),
    )?;
    let what = if apply { "before apply" } else { "plan" };
    tell::summary(cx, &format!("Environments of {repository}: {what}"), &world, &steps);
    if !apply {
        return Ok(Outcome::Done);
    }
    apply::apply(cx, &client, &repository, &steps, world.facts.private).await?;
    confirm(cx, &client, &repository, (name, file), steps.len()).await
}

/// Looks again: that a call was answered well does not say that GitHub did all of it.
async fn confirm(
    cx: &mut Context,
    client: &Client,
    repository: &Repository,
    file: (&str, &File),
    calls: usize,
) -> Result<Outcome> {
    let mut world = found::look(cx, client, repository, file).await.context(AGAIN)?;
    let differs =
        |world: &found::World| world.pairs.iter().flat_map(rows).any(|row| row.standing.is_change());
    for _ in 1..LOOKS {
        if !differs(&world) {
            break;
        }
        // What was just written may take a moment until it is read.
        tokio::time::sleep(PAUSE).await;
        world = found::look(cx, client, repository, file).await.context(AGAIN)?;
    }
    let mut left = 0;
    for pair in &world.pairs {
        for row in rows(pair).into_iter().filter(|row| row.standing.is_change()) {
            left += 1;
            let message = format!(
                "GitHub took the calls, and {} of {} is {} still, where the file says {}",
                tell::line(&row.setting),
                tell::line(&pair.wanted.name),
                tell::line(&row.found),
                tell::line(&row.wanted)
            );
            cx.error(tell::at(file.0, pair.wanted.at, message).title("Not taken"));
        }
    }
    if left == 0 {
        let told =
            format!("{} made; every environment of the file is as it says.", tell::count(calls, "call"));
        cx.info(&told);
        cx.summary().heading(2, "After apply").paragraph(&told);
        return Ok(Outcome::Done);
    }
    cx.summary().heading(2, "After apply").paragraph(&format!("{} left.", tell::count(left, "difference")));
    Ok(Outcome::Against)
}

/// `check`: every need is tried, and what fails is told at its place.
fn try_needs(cx: &mut Context, name: &str, file: &File) -> Result<Outcome> {
    let only = cx.list("environments")?;
    if let Some(unknown) = only.iter().find(|one| !file.environments.iter().any(|known| &known.name == *one))
    {
        bail!("input `environments`: {name} has no environment {}", tell::line(unknown));
    }
    let prober = check::Prober::new();
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut failed = 0;
    let chosen = |one: &&Environment| only.is_empty() || only.contains(&one.name);
    for environment in file.environments.iter().filter(chosen) {
        let needs = &environment.needs;
        let mut tried: Vec<(String, policy::At, Result<String>)> = Vec::new();
        if let Some((arn, at)) = &needs.oidc_role {
            let mut open = || prober.assume(arn, &check::sts(cx, arn)?, &prober.token(cx)?);
            tried.push((arn.clone(), *at, open().map(|()| "can be assumed".to_owned())));
        }
        for (url, at) in &needs.reachable {
            tried.push((url.to_string(), *at, prober.reach(url).map(|status| format!("answers {status}"))));
        }
        for (need, at, result) in tried {
            let told = match result {
                Ok(told) => told,
                Err(error) => {
                    failed += 1;
                    let why = tell::line(&format!("{error:#}"));
                    let message =
                        format!("{} needs {}: {why}", tell::line(&environment.name), tell::line(&need));
                    cx.error(tell::at(name, at, message).title("Need"));
                    format!("FAILED: {why}")
                }
            };
            rows.push(vec![tell::line(&environment.name), tell::line(&need), told]);
        }
    }
    let all = rows.len();
    let summary = cx.summary();
    summary.heading(2, "What the environments need");
    summary.paragraph(&format!("{} tried, {failed} failed.", tell::count(all, "need")));
    summary.table(&["Environment", "Need", ""], &rows);
    cx.info(&format!("{} tried, {failed} failed", tell::count(all, "need")));
    Ok(if failed == 0 { Outcome::Done } else { Outcome::Against })
}
