//! The report, from a folder or from a run, brought to the table.

use std::path::Path;

use anyhow::{Context as _, ensure};
use gate::Stored;
use github::Client;
use policy::click::Account;
use runner::screen::Screen;
use runner::{Context, Result};

use super::accepted::{self, Rules};
use super::desk::Desk;
use super::server::{self, Server, Shown};
use super::{tell, ui};

/// Where the report is from.
pub(super) enum Source {
    Folder,
    Run(Box<(Server, Shown)>),
}

pub(super) type Opened = (Source, Desk, Option<tempfile::TempDir>);

/// Brings the report to the table; nothing where there is none to choose.
pub(super) async fn open(cx: &mut Context, screen: &mut Option<Screen>) -> Result<Option<Opened>> {
    if let Some(folder) = cx.opt_path("report")? {
        for input in ["run", "token", "repository", "environment", "api-url", "exceptions-path"] {
            ensure!(!given(cx, input)?, "input `{input}` has no meaning with `report`: leave it out");
        }
        ensure!(!cx.flag("pull-request")?, "`pull-request` needs GitHub: leave `report` out, and give `run`");
        return Ok(Some((Source::Folder, of_folder(cx, &folder)?, None)));
    }
    ensure!(cx.opt_path("output")?.is_none(), "input `output` is for `report` alone: leave it out");
    let server = server(cx).await?;
    let run = match cx.opt_integer("run")? {
        Some(run) => i64::try_from(run).context("input `run`")?,
        None => match which(cx, screen, &server).await? {
            Some(run) => run,
            None => return Ok(None),
        },
    };
    let asking = format!("Asking {} about run {run} …", server.repository);
    let asked =
        ui::during(screen, &asking, async { Ok((server.look(run).await?, server.assayed(run).await?)) });
    let Some((shown, all)) = asked.await? else { return Ok(None) };
    let folder = tempfile::tempdir_in(cx.temp()).context("cannot make a folder for the artifact")?;
    let mut image = cx.opt_text("image")?;
    if let (None, [_, _, ..], Some(screen)) = (&image, all.as_slice(), screen.as_mut()) {
        let names: Vec<String> = all.iter().map(|one| server::image_of(one).to_owned()).collect();
        let Some(at) = ui::pick(screen, "Which image?", &names, "").await? else { return Ok(None) };
        image = Some(names[at].clone());
    }
    let artifact = Server::choose(all, run, image.as_deref())?;
    let bringing = format!("Bringing {} and deciding again …", artifact.name);
    let brought = ui::during(screen, &bringing, async {
        server.fetch(&artifact, folder.path()).await?;
        let stored = Stored::open(folder.path(), image.as_deref())?;
        of_run(cx, &server, &shown, stored).await
    });
    let Some(desk) = brought.await? else { return Ok(None) };
    Ok(Some((Source::Run(Box::new((server, shown))), desk, Some(folder))))
}

async fn server(cx: &Context) -> Result<Server> {
    let (address, repository) = crate::doctor::place(cx, cx.cwd())?;
    let token = cx.secret("token")?.context(
        "input `token` was not given: approving is a person's own, and so is looking at what waits. Give the path of a file \
         with your token, or `report` for what lies in a folder",
    )?;
    Ok(Server { client: Client::new(&address, Some(token))?, repository })
}

/// The run that somebody picks; without a screen they are told.
async fn which(cx: &mut Context, screen: &mut Option<Screen>, server: &Server) -> Result<Option<i64>> {
    let asking = format!("Asking {} what waits …", server.repository);
    let Some(waiting) = ui::during(screen, &asking, server.waiting()).await? else { return Ok(None) };
    match screen {
        Some(screen) => {
            let rows: Vec<String> = waiting.iter().map(tell::row).collect();
            let none = "No run waits for a review.";
            let at = ui::pick(screen, &format!("{}: runs that wait", server.repository), &rows, none).await?;
            Ok(at.map(|at| waiting[at].run.id))
        }
        None => {
            ensure!(
                !matches!(cx.opt_text("decision")?.as_deref(), Some("approve" | "reject")),
                "input `run` was not given: which run is decided on?"
            );
            tell::waiting(cx, &waiting)?;
            Ok(None)
        }
    }
}

fn of_folder(cx: &Context, folder: &Path) -> Result<Desk> {
    let stored = Stored::open(folder, cx.opt_text("image")?.as_deref())?;
    let login = cx.opt_text("owner")?.or_else(|| cx.env("USER").map(str::to_owned));
    let by = Account { id: 1, login: login.unwrap_or_else(|| "you".to_owned()) };
    let mute = Some("there is no GitHub to send it to: it is written down".to_owned());
    desk(cx, stored, by, folder.display().to_string(), mute)
}

async fn of_run(cx: &Context, server: &Server, shown: &Shown, stored: Stored) -> Result<Desk> {
    let by = server.account().await?;
    let names = cx.list("environment")?;
    let environments = shown.mine(&names);
    let mute = match (shown.pending.as_slice(), environments.as_slice()) {
        ([], _) => Some(format!("run {} waits for nobody", shown.run.id)),
        (_, []) => Some(format!("run {} does not wait for {}", shown.run.id, by.login)),
        _ => None,
    };
    let from = format!("{} run {} attempt {}", server.repository, shown.run.id, shown.run.attempt);
    let facts = server.facts(shown, stored.brief(), &environments).await;
    let mut desk = desk(cx, stored, by, from, mute)?;
    desk.facts = Some(facts);
    desk.environments = environments;
    Ok(desk)
}

fn desk(cx: &Context, stored: Stored, by: Account, from: String, mute: Option<String>) -> Result<Desk> {
    let rules = Rules { now: cx.now(), limits: stored.exception_limits() };
    let accepted = accepted::all(&cx.lines("accept")?, &by, &rules)?;
    let words = cx.opt_text("comment")?.unwrap_or_default();
    Ok(Desk { stored, by, rules, from, facts: None, environments: Vec::new(), mute, accepted, words })
}

fn given(cx: &Context, input: &str) -> Result<bool> {
    Ok(match input {
        "run" => cx.opt_integer(input)?.is_some(),
        "token" => cx.secret(input)?.is_some(),
        "environment" => !cx.list(input)?.is_empty(),
        _ => cx.opt_text(input)?.is_some(),
    })
}
