//! The screen: one page at a time, drawn from what is known, in any size of window.

mod field;
mod pages;
mod state;

use anyhow::Result;
use runner::Context;
use runner::screen::{Event, Key, Line, Screen, Tone};

use super::browse;
use super::desk::Desk;
use state::{Act, Ask, State};

/// What somebody has chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    Approve,
    Reject,
    Propose,
    Nothing,
}

/// Lets somebody look, put down, and choose.
pub(super) async fn decide(cx: &Context, screen: &mut Screen, desk: &mut Desk) -> Result<Choice> {
    let mut state = State::new();
    loop {
        let (lines, cursor) = pages::draw(&mut state, desk, screen.size());
        screen.draw(&lines, cursor)?;
        match state.take(screen.next().await, desk) {
            None => {}
            Some(Act::Quit) => return Ok(Choice::Nothing),
            Some(Act::Open(url)) => state.note = browse::open(cx, &url).await,
            Some(Act::Foresee) => {
                "looking ahead …".clone_into(&mut state.note);
                let (lines, cursor) = pages::draw(&mut state, desk, screen.size());
                screen.draw(&lines, cursor)?;
                desk.rules.now = cx.now();
                state.foresee(desk);
            }
            Some(Act::Send(ask)) => {
                "sending …".clone_into(&mut state.note);
                let (lines, _) = pages::draw(&mut state, desk, screen.size());
                screen.draw(&lines, None)?;
                return Ok(match ask {
                    Ask::Approve => Choice::Approve,
                    Ask::Reject => Choice::Reject,
                    Ask::Propose => Choice::Propose,
                });
            }
        }
    }
}

/// Lets somebody pick a row; none where they leave.
pub(super) async fn pick(
    screen: &mut Screen,
    title: &str,
    rows: &[String],
    none: &str,
) -> Result<Option<usize>> {
    let mut at = 0;
    loop {
        let (columns, height) = screen.size();
        screen.draw(&pages::list(title, rows, none, at, (columns, height)), None)?;
        match screen.next().await {
            Event::Stop | Event::Key(Key::Control('c') | Key::Char('q') | Key::Escape) => return Ok(None),
            Event::Key(Key::Up | Key::Char('k')) => at = at.saturating_sub(1),
            Event::Key(Key::Down | Key::Char('j')) => at = (at + 1).min(rows.len().saturating_sub(1)),
            Event::Key(Key::Enter) if !rows.is_empty() => return Ok(Some(at)),
            _ => {}
        }
    }
}

/// Says what is being waited for, while it is: nothing where somebody stops it.
pub(super) async fn during<T>(
    screen: &mut Option<Screen>,
    what: &str,
    work: impl Future<Output = Result<T>>,
) -> Result<Option<T>> {
    let Some(screen) = screen else { return work.await.map(Some) };
    let body = vec![Line::plain(what)];
    screen.draw(&pages::framed("hallmark review", body, "", "ctrl-c leave", screen.size()), None)?;
    screen.during(work).await.transpose()
}

/// Tells what came of it, until a key is pressed.
pub(super) async fn done(screen: &mut Screen, told: &[String]) -> Result<()> {
    loop {
        let (columns, rows) = screen.size();
        let mut body = vec![Line::of(Tone::Good, "Done."), Line::default()];
        for text in told {
            body.extend(runner::screen::wrap(text, columns).into_iter().map(Line::plain));
        }
        screen.draw(&pages::framed("hallmark review", body, "", "any key  leave", (columns, rows)), None)?;
        match screen.next().await {
            Event::Key(_) | Event::Stop => return Ok(()),
            Event::Resized | Event::Pasted(_) => {}
        }
    }
}
