//! `hallmark review`: somebody decides on a `review` verdict at a terminal, on what the gate decided and on nothing else.
//!
//! The report is a run's artifact, or a folder. It is replayed first ([`gate::Stored`]); what is shown, and the brief's
//! digest, come from that replay. What somebody puts down ([`desk`]) is composed into the comment that the gate reads, read
//! back by the gate's own reading, and its verdict is foreseen before anything is sent.

mod accepted;
mod archive;
mod browse;
mod desk;
mod propose;
mod server;
mod tell;
mod ui;

use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use gate::Stored;
use github::{Answer, Client};
use model::Verdict;
use policy::click::Account;
use runner::screen::Screen;
use runner::{Action, Context, Input, Kind, Outcome, Output, Result};

use accepted::Rules;
use desk::Desk;
use server::{Server, Shown};
use ui::Choice;

/// See the module.
pub(crate) static ACTION: Action = Action {
    name: "review",
    about: "Shows what waits for somebody, previews the verdict, and approves or rejects",
    inputs: &[
        Input::new(
            "report",
            Kind::Path,
            "A folder with `evidence`, `report` and `replay`: nothing is asked of GitHub, and nothing said",
        ),
        Input::new(
            "repository",
            Kind::Text,
            "owner/name on GitHub; by default the runner's, else that of the remote `origin`",
        ),
        Input::new("run", Kind::Integer, "The run; by default one of those that wait"),
        Input::new("image", Kind::Text, "The image, where a run or a folder has several"),
        Input::new(
            "environment",
            Kind::List,
            "The environments to speak to; by default all that wait for this account",
        ),
        Input::new(
            "token",
            Kind::Secret,
            "A person's token (actions: read, contents: read, pull-requests: read, deployments: write), or the path of its file",
        ),
        Input::new("api-url", Kind::Text, "GitHub's API; by default the runner's, else that of github.com"),
        Input::new(
            "decision",
            Kind::Choice(&["show", "approve", "reject"]),
            "Without a screen: what to do; by default, show",
        ),
        Input::new(
            "accept",
            Kind::Lines,
            "Exceptions, one a line: `CVE-2026-1 [package] until 2026-12-31 because …`",
        ),
        Input::new("comment", Kind::Text, "What is said besides; a rejection has to say why"),
        Input::new("yes", Kind::Bool, "Send without asking again; needed where there is nobody to ask")
            .default("false"),
        Input::new(
            "pull-request",
            Kind::Bool,
            "Propose what is accepted for good: a pull request to the exceptions file",
        )
        .default("false"),
        Input::new(
            "exceptions-path",
            Kind::Text,
            "The exceptions file in the repository; by default where the gate read it",
        ),
        Input::new("owner", Kind::Text, "Who answers for the exceptions; by default the account"),
        Input::new(
            "output",
            Kind::Path,
            "With `report`: a new folder for the comment and the exceptions; by default standard output",
        ),
        Input::new("json", Kind::Bool, "Show it for machines").default("false"),
    ],
    outputs: &[
        Output { name: "verdict", help: "The verdict that was shown" },
        Output { name: "brief-digest", help: "The digest of the brief that was shown" },
        Output { name: "foreseen", help: "The verdict that an approval would come to" },
        Output { name: "decision", help: "What was sent: approved, rejected, or nothing" },
        Output { name: "comment", help: "The comment that was sent, or that would be" },
        Output { name: "pull-request", help: "The address of the pull request with the exceptions" },
    ],
    run: |cx| Box::pin(run(cx)),
    post: None,
};

/// Where the report is from.
enum Source {
    Folder,
    Run(Box<(Server, Shown)>),
}

async fn run(cx: &mut Context) -> Result<Outcome> {
    let decision = cx.opt_text("decision")?;
    ensure!(
        cx.flag("yes")?
            || !matches!(decision.as_deref(), Some("approve" | "reject"))
            || cx.opt_path("report")?.is_some(),
        "`decision` sends what cannot be taken back: give `yes: true` with it"
    );
    let wants_screen = decision.is_none() && !cx.flag("json")?;
    let mut screen = if wants_screen { cx.screen()? } else { None };
    let opened = open(cx, &mut screen).await;
    let Some((source, mut desk, _folder)) = opened? else { return Ok(Outcome::Done) };
    let (choice, foreseen) = match &mut screen {
        Some(screen) => {
            let choice = ui::decide(cx, screen, &mut desk).await?;
            (choice, None)
        }
        None => {
            let foreseen = tell::show(cx, &desk)?;
            (chosen(cx, decision.as_deref())?, foreseen)
        }
    };
    finish(cx, &mut screen, source, &desk, choice, foreseen).await
}

/// What the inputs ask for.
fn chosen(cx: &Context, decision: Option<&str>) -> Result<Choice> {
    Ok(match decision {
        Some("approve") => Choice::Approve,
        Some("reject") => Choice::Reject,
        _ if cx.flag("pull-request")? => Choice::Propose,
        _ => Choice::Nothing,
    })
}

type Opened = (Source, Desk, Option<tempfile::TempDir>);

/// Brings the report to the table; nothing where there is none to choose.
async fn open(cx: &mut Context, screen: &mut Option<Screen>) -> Result<Option<Opened>> {
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
    let shown = server.look(run).await?;
    let folder = tempfile::tempdir_in(cx.temp()).context("cannot make a folder for the artifact")?;
    let all = server.assayed(run).await?;
    let mut image = cx.opt_text("image")?;
    if let (None, [_, _, ..], Some(screen)) = (&image, all.as_slice(), screen.as_mut()) {
        let names: Vec<String> = all.iter().map(|one| server::image_of(one).to_owned()).collect();
        let Some(at) = ui::pick(screen, "Which image?", &names, "").await? else { return Ok(None) };
        image = Some(names[at].clone());
    }
    let artifact = Server::choose(all, run, image.as_deref())?;
    server.fetch(&artifact, folder.path()).await?;
    let stored = Stored::open(folder.path(), image.as_deref())?;
    let desk = of_run(cx, &server, &shown, stored).await?;
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
    let waiting = server.waiting().await?;
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
    let facts = server.facts(shown, stored.brief()).await;
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

/// Does what was chosen, and tells it.
async fn finish(
    cx: &mut Context,
    screen: &mut Option<Screen>,
    source: Source,
    desk: &Desk,
    choice: Choice,
    foreseen: Option<gate::Foreseen>,
) -> Result<Outcome> {
    let mut told = Vec::new();
    let mut outcome = Outcome::Done;
    let mut decision = "nothing";
    if let (Choice::Approve | Choice::Reject, Source::Run(_), Some(why)) = (choice, &source, &desk.mute) {
        bail!("{why}: nothing was sent");
    }
    match (&choice, &source) {
        (Choice::Nothing, _) => {}
        (Choice::Approve, _) => {
            let foreseen = match foreseen {
                Some(foreseen) => foreseen,
                None => desk.foreseen()?,
            };
            cx.output("foreseen", foreseen.verdict.as_str())?;
            if foreseen.verdict == Verdict::Pass {
                told.extend(approve(cx, &source, desk).await?);
                decision = if matches!(source, Source::Run(_)) { "approved" } else { "nothing" };
            } else {
                told.push(format!(
                    "Not approved: the verdict would still be `{}`, and nothing would be published.",
                    foreseen.verdict.as_str()
                ));
                outcome = Outcome::Against;
            }
        }
        (Choice::Reject, Source::Folder) => {
            let comment = desk.rejecting()?;
            tell::write(cx, desk, &comment)?;
            told.push("Written down; nothing was sent.".to_owned());
        }
        (Choice::Reject, Source::Run(run)) => {
            let comment = desk.rejecting()?;
            say(run, desk, Answer::Reject, &comment).await?;
            cx.output("comment", &comment)?;
            told.push(format!("Rejected {}.", desk.from));
            decision = "rejected";
        }
        (Choice::Propose, Source::Folder) => bail!("a pull request needs GitHub"),
        (Choice::Propose, Source::Run(_)) => {}
    }
    let wants = matches!(choice, Choice::Propose) || (cx.flag("pull-request")? && outcome == Outcome::Done);
    if let (true, Source::Run(run)) = (wants, &source) {
        told.extend(propose(cx, run, desk).await?);
    }
    cx.output("decision", decision)?;
    if let Some(screen) = screen
        && !told.is_empty()
    {
        ui::done(screen, &told).await?;
    }
    // The prompt comes back first: what is said below it stays.
    drop(screen.take());
    for line in &told {
        cx.info(line);
    }
    tell::outputs(cx, desk)?;
    Ok(outcome)
}

async fn approve(cx: &mut Context, source: &Source, desk: &Desk) -> Result<Vec<String>> {
    let comment = desk.approving()?;
    match source {
        Source::Folder => {
            tell::write(cx, desk, &comment)?;
            Ok(vec!["Written down; nothing was sent.".to_owned()])
        }
        Source::Run(run) => {
            ensure!(
                !matches!(desk.facts, Some(Err(_)) | None),
                "what GitHub says of the run could not be read, so that nobody can tell whether the approval counts: {}",
                desk.facts.as_ref().and_then(|facts| facts.as_ref().err().cloned()).unwrap_or_default()
            );
            say(run, desk, Answer::Approve, &comment).await?;
            cx.output("comment", &comment)?;
            let names: Vec<&str> = desk.environments.iter().map(|one| one.name.as_str()).collect();
            Ok(vec![format!("Approved {} in {}.", desk.from, names.join(", ")), run.1.url.clone()])
        }
    }
}

async fn say(run: &(Server, Shown), desk: &Desk, answer: Answer, comment: &str) -> Result<()> {
    run.0.say(&run.1, &desk.environments, &desk.by, answer, comment).await
}

async fn propose(cx: &mut Context, run: &(Server, Shown), desk: &Desk) -> Result<Vec<String>> {
    let (path, owner) = (cx.opt_text("exceptions-path")?, cx.opt_text("owner")?);
    let proposal = propose::prepare(&run.0, desk, path.as_deref(), owner.as_deref()).await?;
    let foreseen = format!(
        "With the exceptions of {} as proposed, the same evidence would be `{}`.",
        proposal.path,
        proposal.foreseen.verdict.as_str()
    );
    let link = if run.1.url.is_empty() { desk.from.clone() } else { run.1.url.clone() };
    let (line, url) = match propose::send(&run.0, desk, &link, &proposal).await? {
        propose::Proposed::Made(pull) => (format!("Proposed: {}", pull.url), pull.url),
        propose::Proposed::There(pull) if pull.open => (format!("Proposed before: {}", pull.url), pull.url),
        propose::Proposed::There(pull) => {
            (format!("Proposed before, and merged or closed since: {}", pull.url), pull.url)
        }
        propose::Proposed::Nothing => {
            (format!("{} has these exceptions already.", proposal.path), String::new())
        }
    };
    cx.output("pull-request", url)?;
    Ok(vec![line, foreseen])
}

fn given(cx: &Context, input: &str) -> Result<bool> {
    Ok(match input {
        "run" => cx.opt_integer(input)?.is_some(),
        "token" => cx.secret(input)?.is_some(),
        "environment" => !cx.list(input)?.is_empty(),
        _ => cx.opt_text(input)?.is_some(),
    })
}
