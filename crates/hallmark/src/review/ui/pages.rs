//! What each page shows. The runner makes every text inert where it is drawn.

use model::{Reason, Verdict, Weight};
use report::Finding;
use runner::screen::{Line, Tone, width, wrap};

use super::field::Field;
use super::state::{Ask, Form, Page, State};
use crate::review::desk::Desk;

/// As wide as one reads.
const MOST_COLUMNS: usize = 100;

type Drawn = (Vec<Line>, Option<(usize, usize)>);

/// The page as lines, and where the cursor is.
pub(super) fn draw(state: &mut State, desk: &Desk, (columns, rows): (usize, usize)) -> Drawn {
    let room = columns.min(MOST_COLUMNS);
    let (body, cursor, keys) = match &state.page {
        Page::Brief => {
            (brief(desk, room), None, "f findings  p preview  a approve  r reject  ? help  q quit")
        }
        Page::Findings => {
            let keys = "↑↓ choose  enter read  e accept  x take back  p preview  esc back  ? help";
            (findings(desk, state.at, columns), None, keys)
        }
        Page::Finding => {
            let keys = "e accept  n next  b before  o open advisory  x take back  esc back  ? help";
            (finding(desk, state.at, room), None, keys)
        }
        Page::Accept(form) => {
            let (body, cursor) = accept(desk, state.at, form, room);
            (body, Some(cursor), "tab other line  enter next, then accept  esc leave it")
        }
        Page::Preview(foreseen) => (
            preview(desk, foreseen.as_ref().map(Box::as_ref), room),
            None,
            "a approve  r reject  P pull request  f findings  esc back  ? help",
        ),
        Page::Confirm(ask, field) => {
            let (body, cursor) = confirm(desk, *ask, field, room);
            let keys = match ask {
                Ask::Propose => "enter open the pull request  esc back",
                Ask::Approve | Ask::Reject if desk.facts.is_some() => "ctrl-s send  esc back",
                Ask::Approve | Ask::Reject => "ctrl-s write it down  esc back",
            };
            (body, cursor, keys)
        }
        Page::Help => (help(room), None, "esc back  q quit"),
    };
    let shown = rows.saturating_sub(4);
    state.lines = body.len();
    state.rows = shown;
    let most = body.len().saturating_sub(shown);
    state.top = match (&state.page, cursor) {
        (Page::Findings, _) => kept_in_sight(state.top, state.at + FINDINGS_HEAD, shown, most),
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
    lines.resize(lines.len().max(2).max(room + 2).min(room + 2), Line::default());
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

/// The decision as everybody is told it, and what an approval of it is.
fn brief(desk: &Desk, room: usize) -> Vec<Line> {
    let view = desk.stored.view();
    let mut body = Vec::new();
    for (label, text) in [
        ("Brief", format!("sha256:{}", desk.stored.brief())),
        ("Image", view.image.content_digest.clone()),
        ("Decided", view.decided_on.clone()),
        ("Approvable", format!("until {}", desk.stored.approvable_until())),
        ("Approved by", format!("the comment `{}`", desk.approval())),
    ] {
        body.extend(entry(label, &text, room));
    }
    if let Some(why) = &desk.mute {
        body.extend(wrap(why, room).into_iter().map(|line| Line::of(Tone::Warn, line)));
    }
    if let Some(Err(why)) = &desk.facts {
        let text = format!("who may approve is not known: {why}");
        body.extend(wrap(&text, room).into_iter().map(|line| Line::of(Tone::Warn, line)));
    }
    body.push(Line::default());
    let text = report::terminal::decision(view, room, false);
    body.extend(text.lines().flat_map(|line| again(line, room)));
    body
}

/// A label and its text, further lines below the text; of nothing, nothing.
fn entry(label: &str, text: &str, room: usize) -> Vec<Line> {
    let each = |(row, text): (usize, String)| {
        let label = if row == 0 { label } else { "" };
        Line::of(Tone::Dim, format!("{label:<13}")).and(Tone::Plain, text)
    };
    wrap(text, room.saturating_sub(13)).into_iter().enumerate().map(each).collect()
}

/// A line that counts signs, as one that counts columns; what it begins with says how it stands out.
fn again(line: &str, room: usize) -> Vec<Line> {
    let indent = line.len() - line.trim_start().len();
    let tone = match line.trim_start().split(' ').next().unwrap_or_default() {
        "fail" if indent == 2 => Tone::Bad,
        "review" if indent == 2 => Tone::Warn,
        "note" if indent == 2 => Tone::Dim,
        _ if indent == 0 => Tone::Bold,
        _ => Tone::Plain,
    };
    if width(line) <= room {
        return vec![Line::of(tone, line)];
    }
    let blank = " ".repeat(indent);
    let wrapped = wrap(line, room.saturating_sub(indent));
    wrapped.into_iter().map(|text| Line::of(tone, format!("{blank}{text}"))).collect()
}

/// Lines above the list of findings.
const FINDINGS_HEAD: usize = 2;

fn findings(desk: &Desk, at: usize, columns: usize) -> Vec<Line> {
    let blocking = desk.blocking();
    if blocking.is_empty() {
        return vec![Line::plain("No finding holds the image up: the reasons are others (esc).")];
    }
    let accepted = blocking.iter().filter(|one| is_accepted(desk, one)).count();
    let mut body = vec![
        Line::plain(format!("{} findings hold the image up; {accepted} accepted", blocking.len())),
        Line::default(),
    ];
    for (place, one) in blocking.iter().enumerate() {
        let mark = if is_accepted(desk, one) { "accepted" } else { one.outcome.as_str() };
        let head = format!(" {mark:<9}{:<11}", one.severity.to_string());
        let name =
            if one.package.is_empty() { one.path.as_deref().unwrap_or_default() } else { &one.package };
        let fix = one.fixed.as_ref().map(|version| format!(" → {version}")).unwrap_or_default();
        let rest = format!("{:<18} {name} {}{fix}  {}", one.id, one.version, one.title);
        let tone = match one.outcome.as_str() {
            _ if is_accepted(desk, one) => Tone::Good,
            "fail" => Tone::Bad,
            _ => Tone::Warn,
        };
        let rest = runner::screen::cut(&runner::screen::inert(&rest), columns.saturating_sub(width(&head)));
        body.push(Line { chosen: place == at, ..Line::of(tone, head).and(Tone::Plain, rest) });
    }
    body
}

fn is_accepted(desk: &Desk, finding: &Finding) -> bool {
    finding.class == "vulnerability"
        && desk.accepted.iter().any(|one| one.covers(&finding.id, &finding.package))
}

fn finding(desk: &Desk, at: usize, room: usize) -> Vec<Line> {
    let blocking = desk.blocking();
    let Some(one) = blocking.get(at) else { return Vec::new() };
    let weight = if one.outcome == "fail" { Weight::Fail } else { Weight::Review };
    let mut body = vec![
        Line::of(tone(weight), format!("{} {}", one.severity, one.id))
            .and(Tone::Plain, format!("   {} of {}, held up by `{}`", at + 1, blocking.len(), one.outcome)),
        Line::default(),
    ];
    let mut entry = |label: &str, text: &str| body.extend(entry(label, text, room));
    entry("Title", &one.title);
    entry("Class", &one.class);
    entry("Package", &format!("{} {}", one.package, one.version));
    entry("Fixed in", one.fixed.as_deref().unwrap_or("no version that is known"));
    entry("Path", one.path.as_deref().unwrap_or_default());
    entry("Layer", one.layer.as_deref().unwrap_or_default());
    entry("Also", &one.aliases.join(", "));
    entry("CVSS", &one.cvss.map(|score| score.to_string()).unwrap_or_default());
    entry(
        "EPSS",
        &one.epss.map(|score| format!("{:.1} % within 30 days", score * 100.0)).unwrap_or_default(),
    );
    entry("Exploited", if one.kev { "yes, by CISA's catalogue" } else { "" });
    entry("Published", one.published.as_deref().unwrap_or_default());
    entry("New", if one.new { "the image before did not have it" } else { "" });
    entry("Found by", &one.scanner);
    for link in &one.links {
        entry("Read", link);
    }
    for known in desk.accepted.iter().filter(|known| known.covers(&one.id, &one.package)) {
        entry("Accepted", &format!("until {} because {}", known.exception.expires, known.exception.reason));
    }
    if !one.description.is_empty() {
        body.push(Line::default());
        body.extend(wrap(&one.description, room).into_iter().map(Line::plain));
    }
    body
}

fn accept(desk: &Desk, at: usize, form: &Form, room: usize) -> (Vec<Line>, (usize, usize)) {
    let blocking = desk.blocking();
    let (id, package) = blocking.get(at).map_or(("", ""), |one| (one.id.as_str(), one.package.as_str()));
    let place = if package.is_empty() { String::new() } else { format!(" in {package}") };
    let mut body =
        vec![Line::of(Tone::Bold, format!("Accept {id}{place}, for this decision alone")), Line::default()];
    let longest = desk.rules.longest();
    let mut cursor = (0, 0);
    for (label, field, is_here) in
        [("Reason", &form.reason, !form.second), ("Until", &form.until, form.second)]
    {
        let (text, column) = field.shown(room.saturating_sub(14));
        let mark = if is_here { "›" } else { " " };
        if is_here {
            cursor = (13 + column, body.len());
        }
        body.push(Line::of(Tone::Bold, format!("{mark} {label:<11}")).and(Tone::Plain, text));
    }
    body.push(Line::default());
    body.push(Line::of(
        Tone::Dim,
        format!("A day such as {}; by the policy at most {longest}.", desk.rules.today()),
    ));
    if desk.stored.view().verdict == Verdict::Fail {
        let text = "The verdict is `fail`, which no comment changes: propose it for good (P), and run again.";
        body.extend(wrap(text, room).into_iter().map(|line| Line::of(Tone::Warn, line)));
    }
    if !form.wrong.is_empty() {
        body.push(Line::default());
        body.extend(wrap(&form.wrong, room).into_iter().map(|line| Line::of(Tone::Bad, line)));
    }
    (body, cursor)
}

fn preview(desk: &Desk, foreseen: Result<&gate::Foreseen, &String>, room: usize) -> Vec<Line> {
    let mut body = Vec::new();
    let foreseen = match foreseen {
        Ok(foreseen) => foreseen,
        Err(why) => {
            body.extend(wrap(why, room).into_iter().map(|line| Line::of(Tone::Bad, line)));
            return body;
        }
    };
    let (tone_of, then) = match foreseen.verdict {
        Verdict::Pass => (Tone::Good, "the image is published."),
        Verdict::Review => (Tone::Warn, "nothing is published."),
        Verdict::Fail => (Tone::Bad, "nothing is published."),
    };
    body.push(
        Line::plain("Approved now, the verdict is ")
            .and(tone_of, word(foreseen.verdict))
            .and(Tone::Plain, format!(": {then}")),
    );
    let about = match &desk.facts {
        Some(Ok(_)) => {
            "As the gate will see it: the same evidence, this clock, what GitHub says of the run, and your word."
        }
        Some(Err(_)) => {
            "GitHub did not say who may approve: this is as if everything there were as it should be."
        }
        None => "Without GitHub: as if everything there were as it should be.",
    };
    body.extend(wrap(about, room).into_iter().map(|line| Line::of(Tone::Dim, line)));
    let stand: Vec<&Reason> = foreseen.reasons.iter().filter(|reason| reason.weight > Weight::Note).collect();
    section(&mut body, "What would stand", &stand, room);
    section(&mut body, "What your approval clears", &foreseen.waived.iter().collect::<Vec<_>>(), room);
    if !desk.accepted.is_empty() {
        body.push(Line::default());
        body.push(Line::of(Tone::Bold, "Accepted for this decision"));
        for one in &desk.accepted {
            body.extend(
                wrap(&one.line(), room.saturating_sub(2))
                    .into_iter()
                    .map(|line| Line::plain(format!("  {line}"))),
            );
        }
    }
    body
}

fn section(body: &mut Vec<Line>, title: &str, reasons: &[&Reason], room: usize) {
    if reasons.is_empty() {
        return;
    }
    body.push(Line::default());
    body.push(Line::of(Tone::Bold, title));
    for reason in reasons {
        body.push(
            Line::of(tone(reason.weight), format!("  {:<8}", weight(reason.weight)))
                .and(Tone::Bold, reason.code.clone()),
        );
        let lines = wrap(&reason.message, room.saturating_sub(10));
        body.extend(lines.into_iter().map(|line| Line::plain(format!("          {line}"))));
    }
}

const fn weight(weight: Weight) -> &'static str {
    match weight {
        Weight::Fail => "fail",
        Weight::Review => "review",
        Weight::Note => "note",
    }
}

fn confirm(desk: &Desk, ask: Ask, field: &Field, room: usize) -> (Vec<Line>, Option<(usize, usize)>) {
    let names: Vec<&str> = desk.environments.iter().map(|one| one.name.as_str()).collect();
    let to = if names.is_empty() { String::new() } else { format!(" in {}", names.join(", ")) };
    let (what, comment) = match ask {
        Ask::Approve => (format!("Approve{to}, as {}", desk.by.login), desk.approving()),
        Ask::Reject => (format!("Reject{to}, as {}", desk.by.login), desk.rejecting()),
        Ask::Propose => {
            let mut body = vec![
                Line::of(Tone::Bold, "Propose the exceptions for good, by a pull request"),
                Line::default(),
            ];
            for one in &desk.accepted {
                body.extend(wrap(&one.line(), room).into_iter().map(Line::plain));
            }
            body.push(Line::default());
            let text =
                "Nothing is approved or rejected by it. Once it is merged, the next run decides with it.";
            body.extend(wrap(text, room).into_iter().map(|line| Line::of(Tone::Dim, line)));
            return (body, None);
        }
    };
    let mut body = vec![Line::of(Tone::Bold, what), Line::default()];
    let (text, column) = field.shown(room.saturating_sub(14));
    let cursor = (13 + column, body.len());
    body.push(Line::of(Tone::Bold, "› Your words ").and(Tone::Plain, text));
    body.push(Line::default());
    body.push(Line::of(Tone::Dim, "The comment as it will be:"));
    match comment {
        Ok(comment) => {
            let lines = comment.lines().flat_map(|line| wrap(line, room.saturating_sub(2)));
            body.extend(lines.map(|line| Line::plain(format!("  {line}"))));
        }
        Err(why) => {
            body.extend(wrap(&format!("{why:#}"), room).into_iter().map(|line| Line::of(Tone::Bad, line)))
        }
    }
    (body, Some(cursor))
}

fn help(room: usize) -> Vec<Line> {
    let mut body = vec![Line::of(Tone::Bold, "Keys"), Line::default()];
    for (key, what) in [
        ("↑ ↓ space", "move; also j k, page up and down, g and G for the ends"),
        ("f", "the findings that hold the image up; enter reads one"),
        ("e", "accept the chosen one: a reason, and the last day on which that holds"),
        ("x", "take that back"),
        ("o", "open the advisory (HTTPS only)"),
        ("n b", "the next finding, the one before"),
        ("p", "what the verdict would be if you approved now"),
        ("a", "approve: the preview first, then the comment, then ctrl-s"),
        ("r", "reject: your words, then ctrl-s"),
        ("P", "propose what you accepted for good, by a pull request"),
        ("esc", "back; q leaves, and so does ctrl-c. Nothing is sent by either"),
    ] {
        for (row, line) in wrap(what, room.saturating_sub(12)).into_iter().enumerate() {
            let key = if row == 0 { key } else { "" };
            body.push(Line::of(Tone::Bold, format!("{key:<12}")).and(Tone::Plain, line));
        }
    }
    body.push(Line::default());
    let text = "What is shown was decided again from the bundle, and is what the gate decided. An approval names it by its digest.";
    body.extend(wrap(text, room).into_iter().map(|line| Line::of(Tone::Dim, line)));
    body
}
