//! Uploads SARIF to code scanning, and waits until GitHub has taken it in.
//!
//! What GitHub would refuse, or what would churn alerts, is refused before anything is sent.

mod log;
mod place;
mod required;
mod send;
mod tell;

use std::time::Instant;

use anyhow::{Context as _, anyhow, bail};
use github::{Client, Error, Lacking, Repository, Why};
use runner::{Action, Context, Input, Kind, Outcome, Output, Result};
use url::Url;

use log::Log;
use place::Place;
use required::Required;
use send::{Sender, Sent, Status};

/// See the crate.
pub static ACTION: Action = Action {
    name: "upload-sarif",
    about: "Uploads SARIF to code scanning, and waits until GitHub has taken it in",
    inputs: &[
        Input::new(
            "sarif",
            Kind::Path,
            "A SARIF file, or a folder: then every file in it that ends in .sarif",
        )
        .required(),
        Input::new(
            "category",
            Kind::Text,
            "The category of runs that name none; two uploads of one tool need two categories",
        ),
        Input::new("sha", Kind::Text, "The commit that was analysed, where it is not the run's own"),
        Input::new("ref", Kind::Text, "Its ref, as refs/heads/main, where it is not the run's own"),
        Input::new("wait", Kind::Bool, "Whether to wait until GitHub has taken it in").default("true"),
        Input::new("timeout", Kind::Duration, "How long to wait, for all files together").default("5m"),
        Input::new(
            "required",
            Kind::Bool,
            "Whether it is an error that nothing can be uploaded. Not given: not for a fork's or Dependabot's token and a missing licence, but for a missing permission; true: for all of it, and where GitHub is not done in time; false: for none of it",
        ),
        Input::new("validate", Kind::Bool, "Whether github.com holds the files to its own rules as well")
            .default("false"),
        Input::new("token", Kind::Secret, "A token with `security-events: write` on the repository"),
        github::inputs::REPOSITORY,
        github::inputs::API_URL,
    ],
    outputs: &[
        Output { name: "sarif-id", help: "The ids of the uploads, one a line" },
        Output { name: "alerts-url", help: "The page with the alerts" },
        Output { name: "uploaded", help: "Whether it was uploaded: true or false" },
        Output { name: "processing-status", help: "complete, pending, failed or skipped" },
        Output { name: "results", help: "How many results were uploaded, or would have been" },
        Output {
            name: "sarif",
            help: "The files, one a line: what an artifact keeps where nothing was uploaded",
        },
    ],
    run: |cx| Box::pin(run(cx)),
    post: None,
};

async fn run(cx: &mut Context) -> Result<Outcome> {
    let checkout = cx.github().workspace.clone().unwrap_or_else(|| cx.cwd().to_owned());
    let logs = log::read(&cx.path("sarif")?, cx.opt_text("category")?.as_deref(), &checkout)?;
    let place = Place::of(cx)?;
    let required = Required::read(cx)?;
    let (client, repository) = github::inputs::open(cx)?;
    let page = github::alerts_page(&github::inputs::server(cx)?, &repository, &place.reference);
    let files: Vec<String> = logs.iter().map(|log| log.path.to_string_lossy().into_owned()).collect();
    cx.output("sarif", files.join("\n"))?;
    cx.output("alerts-url", &page)?;
    tell::warn(cx, &logs);
    // A repository can give such runs a token that writes; whoever knows theirs does says `required`, and it is tried.
    if let Some(why) = place.read_only.as_ref().filter(|_| required != Required::Always) {
        return tell::skipped(cx, &logs, why);
    }
    let sender = Sender {
        client: &client,
        repository: &repository,
        place: &place,
        checkout: Url::from_directory_path(&checkout).ok().map(String::from),
        validate: cx.flag("validate")?,
    };
    let mut sent: Vec<Sent> = Vec::new();
    for log in &logs {
        match sender.send(log).await {
            Ok(one) => sent.push(one),
            Err(error) => {
                tell::done(cx, &sent)?;
                let why = refused(&client, &repository, &error).await;
                return match why {
                    Some(why) if sent.is_empty() && !required.fails(why, place.dependabot) => {
                        tell::skipped(cx, &logs, &format!("{why} ({error})"))
                    }
                    why => {
                        let why = why.filter(|_| sent.is_empty());
                        Err(failed(log, &place, error, why.map(|why| (why, required))))
                    }
                };
            }
        }
    }
    settle(cx, &sender, &mut sent).await?;
    tell::done(cx, &sent)?;
    tell::summary(cx, &sent, &place, &page);
    judge(cx, &sent, required)
}

/// Waits for each file, if that is wanted; the time is for all of them.
async fn settle(cx: &Context, sender: &Sender<'_>, sent: &mut [Sent]) -> Result<()> {
    if cx.flag("wait")? {
        let (begun, within) = (Instant::now(), cx.duration("timeout")?);
        for one in sent {
            sender.wait(one, within.saturating_sub(begun.elapsed())).await;
        }
    }
    Ok(())
}

/// What is missing for code scanning, where a refusal means that. A name that leads nowhere is a mistake, and is not
/// taken for a server without code scanning.
async fn refused(client: &Client, repository: &Repository, error: &Error) -> Option<Lacking> {
    let lacking = Lacking::of(error)?;
    match lacking {
        Lacking::NotThere => client.repository(repository).await.is_ok().then_some(lacking),
        Lacking::Permission | Lacking::Licence => Some(lacking),
    }
}

fn failed(log: &Log, place: &Place, error: Error, lacking: Option<(Lacking, Required)>) -> anyhow::Error {
    let hint = match (&error.why, lacking) {
        (_, Some((lacking, required))) => {
            let fork = place.read_only.as_deref().map(|why| format!("{why}; ")).unwrap_or_default();
            format!(". {fork}{lacking}. {}", required.hint())
        }
        (Why::Status(413, _), _) => {
            ". The file is too long for GitHub: have the tool report less, or split it by category".to_owned()
        }
        (Why::NotFound, _) => ". The repository itself is not seen: is `repository` right?".to_owned(),
        _ => String::new(),
    };
    anyhow!("{error}{hint}").context(format!("{} could not be uploaded", log.path.display()))
}

fn judge(cx: &mut Context, sent: &[Sent], required: Required) -> Result<Outcome> {
    let failures: Vec<String> = sent
        .iter()
        .filter_map(|one| match &one.status {
            Status::Failed(why) => Some(format!("{} (upload {}): {why}", one.name, one.id)),
            Status::Complete | Status::Pending => None,
        })
        .collect();
    if !failures.is_empty() {
        bail!("{}", failures.join("; "));
    }
    if cx.flag("wait")? && sent.iter().any(|one| one.status == Status::Pending) {
        let text = "GitHub has not taken the upload in yet: the alerts may change later (`timeout`)";
        if required == Required::Always {
            bail!("{text}");
        }
        cx.warning(text);
    }
    Ok(Outcome::Done)
}

/// The commit by an input or by the run.
fn commit(text: &str) -> Result<github::Commit> {
    text.parse().map_err(|error| anyhow!("{error}")).context("the commit")
}
