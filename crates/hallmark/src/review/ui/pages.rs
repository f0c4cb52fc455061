//! What each page shows. The runner makes every text inert where it is drawn.

mod ahead;
mod brief;
mod findings;

use model::{Verdict, Weight};
use runner::screen::{Line, Tone, wrap};

use super::state::{Ask, Page, State};
use crate::review::desk::Desk;

/// As wide as one reads.
const MOST_COLUMNS: usize = 100;

type Drawn = (Vec<Line>, Option<(usize, usize)>);

/// The page as lines, and where the cursor is.
pub(super) fn draw(state: &mut State, desk: &Desk, (columns, rows): (usize, usize)) -> Drawn {
    let room = columns.min(MOST_COLUMNS);
    let (body, cursor, keys) = match &state.page {
        Page::Brief => {
            (brief::brief(desk, room), None, "f findings  p preview  a approve  r reject  ? help  q quit")
        }
        Page::Findings => {
            let keys = "↑↓ choose  enter read  e accept  x take back  p preview  esc back  ? help";
            (findings::findings(desk, state.at, columns), None, keys)
        }
        Page::Finding => {
            let keys = "e accept  n next  b before  o open advisory  x take back  esc back  ? help";
            (findings::finding(desk, state.at, room), None, keys)
        }
        Page::Accept(form) => {
            let (body, cursor) = findings::accept(desk, state.at, form, room);
            (body, Some(cursor), "tab other line  enter next, then accept  esc leave it")
        }
        Page::Preview(foreseen) => (
            ahead::preview(desk, foreseen.as_ref().map(Box::as_ref), room),
            None,
            "a approve  r reject  P pull request  f findings  esc back  ? help",
        ),
        Page::Confirm(ask, field) => {
            let (body, cursor) = ahead::confirm(desk, *ask, field, room);
            let keys = match ask {
                Ask::Propose => "enter open the pull request  esc back",
                Ask::Approve | Ask::Reject if desk.facts.is_some() => "ctrl-s send  esc back",
                Ask::Approve | Ask::Reject => "ctrl-s write it down  esc back",
            };
            (body, cursor, keys)
        }
        Page::Help => (ahead::help(room), None, "esc back  q quit"),
    };
    let shown = rows.saturating_sub(4);
    state.lines = body.len();
    state.rows = shown;
    let most = body.len().saturating_sub(shown);
    state.top = match (&state.page, cursor) {
        (Page::Findings, _) => kept_in_sight(state.top, state.at + findings::HEAD, shown, most),
        (_, Some((_, row))) => kept_in_sight(state.top, row, shown, most),
        _ => state.top.min(most),
    };
    let top = state.top;
    let cursor = cursor.map(|(column, row)| (column, row - top.min(row) + 2));
    let more = body.len().saturating_sub(top + shown);
    let visible: Vec<Line> = body.into_iter().skip(top).take(shown).collect();
    let note = match (state.note.as_str(), more) {
        ("", 0) => String::new(),
        ("", more) => format!("{more} lines more (space)"),
        (note, _) => note.to_owned(),
    };
    (framed(&title(desk), visible, &note, keys, (columns, rows)), cursor)
}

/// Lines between a title and the keys.
pub(super) fn framed(
    title: &str,
    body: Vec<Line>,
    note: &str,
    keys: &str,
    (columns, rows): (usize, usize),
) -> Vec<Line> {
    let mut lines = vec![Line::of(Tone::Bold, title), Line::of(Tone::Dim, "─".repeat(columns))];
    let room = rows.saturating_sub(4);
    lines.extend(body.into_iter().take(room));
    lines.resize(room + 2, Line::default());
    lines.push(Line::of(Tone::Warn, note));
    lines.push(Line::of(Tone::Dim, keys));
    lines
}

/// A list to pick from.
pub(super) fn list(
    title: &str,
    rows: &[String],
    none: &str,
    at: usize,
    (columns, height): (usize, usize),
) -> Vec<Line> {
    let shown = height.saturating_sub(4);
    let top = kept_in_sight(0, at, shown, rows.len().saturating_sub(shown));
    let each =
        |(place, text): (usize, &String)| Line { chosen: place == at, ..Line::plain(format!(" {text}")) };
    let mut body: Vec<Line> = rows.iter().enumerate().skip(top).take(shown).map(each).collect();
    if body.is_empty() {
        body.push(Line::plain(none));
    }
    framed(title, body, "", "↑↓ choose  enter take it  q quit", (columns, height))
}

/// The first line that is shown, so that one line is among them.
fn kept_in_sight(top: usize, line: usize, shown: usize, most: usize) -> usize {
    let first = (line + 1).saturating_sub(shown.max(1));
    top.clamp(first, line.max(first)).min(most.max(first))
}

fn title(desk: &Desk) -> String {
    let view = desk.stored.view();
    format!("{}  {}   {}", word(view.verdict), view.image.name, desk.from)
}

const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "PASS",
        Verdict::Review => "REVIEW",
        Verdict::Fail => "FAIL",
    }
}

const fn tone(weight: Weight) -> Tone {
    match weight {
        Weight::Fail => Tone::Bad,
        Weight::Review => Tone::Warn,
        Weight::Note => Tone::Dim,
    }
}

/// A label and its text, further lines below the text; of nothing, nothing.
fn entry(label: &str, text: &str, room: usize) -> Vec<Line> {
    let each = |(row, text): (usize, String)| {
        let label = if row == 0 { label } else { "" };
        Line::of(Tone::Dim, format!("{label:<13}")).and(Tone::Plain, text)
    };
    wrap(text, room.saturating_sub(13)).into_iter().enumerate().map(each).collect()
}
