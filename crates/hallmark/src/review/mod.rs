//! `hallmark review`: somebody decides on a `review` verdict at a terminal, on what the gate decided and on nothing else.
//!
//! The report is a run's artifact, or a folder. It is replayed first ([`gate::Stored`]); what is shown, and the brief's
//! digest, come from that replay. What somebody puts down ([`desk`]) is composed into the comment that the gate reads, read
//! back by the gate's own reading, and its verdict is foreseen before anything is sent.

mod accepted;
mod archive;
mod browse;
mod desk;
mod open;
mod propose;
mod send;
mod server;
mod tell;
mod ui;

use anyhow::ensure;
use runner::{Action, Context, Input, Kind, Outcome, Output, Result};

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
    let opened = open::open(cx, &mut screen).await;
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
    send::finish(cx, &mut screen, source, &mut desk, choice, foreseen).await
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
