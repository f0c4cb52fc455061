//! Shows a gate's decision where people are asked: one comment of the pull request that updates itself, and a check run.
//!
//! It decides nothing. What is shown is the brief that the verdict names by digest, and no other; that it could not be
//! shown opens nothing, because whoever publishes asks the evidence.

mod place;
mod read;
mod show;
mod text;

use anyhow::bail;
use github::MAX_CHECK_SUMMARY;
use runner::{Action, Annotation, Context, Input, Kind, Outcome, Output, Result};

use place::Place;
use read::Shown;
use show::Came;

/// See the crate.
pub static ACTION: Action = Action {
    name: "brief",
    about: "Shows a decision where people are asked, as a pull request's comment and as a check run",
    inputs: &[
        Input::new("verdict", Kind::Path, "The statement with the verdict: the gate's output `evidence`").required(),
        Input::new("brief", Kind::Path, "The brief: the gate's output `brief`").required(),
        Input::new("json", Kind::Path, "The decision as JSON, the gate's output `json`: for the counts in the check run's title"),
        Input::new("brief-digest", Kind::Text, "The SHA-256 that the brief has to have: the gate's output `brief-digest`"),
        Input::new("comment", Kind::Bool, "Whether to comment on the pull request").default("true"),
        Input::new("check", Kind::Bool, "Whether to write a check run").default("true"),
        Input::new("check-name", Kind::Text, "What the check run is called; by default `Hallmark: ` and the image's name"),
        Input::new("pull-request", Kind::Integer, "The pull request's number; by default the event's, or the open one of the commit"),
        Input::new("commit", Kind::Text, "The commit that the check run is of; by default the pull request's newest, or the job's"),
        Input::new("author", Kind::Text, "Whose comments are this action's own, where the token is an app's: the name of the app's account").default("github-actions[bot]"),
        Input::new("page-url", Kind::Text, "Where the page can be read, to link to"),
        Input::new("alerts-url", Kind::Text, "Where the alerts can be read, to link to"),
        Input::new("token", Kind::Secret, "A token with `pull-requests: write` for the comment and `checks: write` for the check run").required(),
        github::inputs::REPOSITORY,
        github::inputs::API_URL,
    ],
    outputs: &[
        Output { name: "comment-url", help: "The comment; empty where there is none" },
        Output { name: "check-url", help: "The check run; empty where there is none" },
        Output { name: "words", help: "The line of a comment that approves this brief" },
        Output { name: "brief-digest", help: "The SHA-256 of the brief" },
    ],
    run: |cx| Box::pin(run(cx)),
    post: None,
};

async fn run(cx: &mut Context) -> Result<Outcome> {
    let shown = Shown::read(cx)?;
    let facts = text::Facts::of(cx)?;
    let (client, repository) = github::inputs::open(cx)?;
    let place = Place::read(cx)?;
    let commit = if cx.flag("check")? { Some(place.commit()?) } else { None };
    cx.output("words", shown.words())?;
    cx.output("brief-digest", shown.digest.to_string())?;

    let mut failed = 0;
    let mut rows = Vec::new();
    if cx.flag("comment")? {
        let author = cx.text("author")?;
        let came = match place.pull_request(&client, &repository).await {
            Ok(Ok(number)) => {
                let body = text::comment(&shown, &facts);
                show::comment(&client, &repository, number, &author, &text::marker(&shown.image), &body).await
            }
            Ok(Err(why)) => Came::Nowhere(why),
            Err(error) => Came::of(error),
        };
        failed += told(cx, "comment-url", "The comment", came, &mut rows)?;
    }
    if let Some(commit) = commit {
        let name =
            cx.opt_text("check-name")?.unwrap_or_else(|| format!("Hallmark: {}", text::line(&shown.image)));
        let check = github::Check {
            name,
            commit,
            conclusion: shown.conclusion(),
            title: shown.title(),
            summary: text::fit(&shown.brief, &facts.markdown(&shown), MAX_CHECK_SUMMARY),
            external_id: shown.digest.to_string(),
            details_url: facts.run_url.clone(),
        };
        let came = match client.add_check(&repository, &check).await {
            Ok(url) => Came::Shown { url, note: None },
            Err(error) => Came::of(error),
        };
        failed += told(cx, "check-url", "The check run", came, &mut rows)?;
    }
    cx.summary().list(&rows);
    if failed > 0 {
        bail!(
            "the brief could not be shown everywhere; the job's summary has it, and nothing was decided by this step"
        );
    }
    Ok(Outcome::Done)
}

/// Tells what came of one place, and whether that is an error.
fn told(cx: &mut Context, output: &str, what: &str, came: Came, rows: &mut Vec<String>) -> Result<usize> {
    let (url, row, failed) = match came {
        Came::Shown { url, note } => {
            if let Some(note) = note {
                cx.warning(Annotation::new(note).title(what));
            }
            (url.clone(), format!("{what}: {url}"), 0)
        }
        Came::Nowhere(why) => {
            cx.info(&format!("{what}: {why}"));
            (String::new(), format!("{what}: none, {why}"), 0)
        }
        Came::NotAllowed(why) => {
            let message = format!(
                "not written: {why}. A job of a fork's pull request has a token that only reads; the job's summary has the brief"
            );
            cx.notice(Annotation::new(message).title(what));
            (String::new(), format!("{what}: not allowed"), 0)
        }
        Came::Failed(why) => {
            cx.error(Annotation::new(why).title(what));
            (String::new(), format!("{what}: failed"), 1)
        }
    };
    cx.info(&row);
    cx.output(output, &url)?;
    rows.push(row);
    Ok(failed)
}
