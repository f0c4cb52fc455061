//! What was chosen is done, and told.

use anyhow::{bail, ensure};
use gate::Foreseen;
use github::Answer;
use model::Verdict;
use runner::screen::Screen;
use runner::{Context, Outcome, Result};

use super::desk::Desk;
use super::open::Source;
use super::server::{Server, Shown};
use super::ui::{self, Choice};
use super::{propose, tell};

/// Does what was chosen, and tells it.
pub(super) async fn finish(
    cx: &mut Context,
    screen: &mut Option<Screen>,
    source: Source,
    desk: &mut Desk,
    choice: Choice,
    foreseen: Option<Foreseen>,
) -> Result<Outcome> {
    if matches!(source, Source::Folder) {
        // What is written down goes to where the prompt is.
        drop(screen.take());
    }
    // Somebody may have looked at it for hours.
    desk.rules.now = cx.now();
    let desk = &*desk;
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
    let with_it = choice == Choice::Approve && outcome == Outcome::Done && cx.flag("pull-request")?;
    let wants = choice == Choice::Propose || with_it;
    if let (true, Source::Run(run)) = (wants, &source) {
        told.extend(proposed(cx, run, desk).await?);
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

async fn proposed(cx: &mut Context, run: &(Server, Shown), desk: &Desk) -> Result<Vec<String>> {
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
