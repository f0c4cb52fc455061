//! What is ahead: what would come of an approval, what would be sent, and the keys.

use model::{Reason, Verdict, Weight};
use runner::screen::{Line, Tone, wrap};

use super::{tone, word};
use crate::review::desk::Desk;
use crate::review::ui::field::Field;
use crate::review::ui::state::Ask;

pub(super) fn preview(desk: &Desk, foreseen: Result<&gate::Foreseen, &String>, room: usize) -> Vec<Line> {
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

pub(super) fn confirm(
    desk: &Desk,
    ask: Ask,
    field: &Field,
    room: usize,
) -> (Vec<Line>, Option<(usize, usize)>) {
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

pub(super) fn help(room: usize) -> Vec<Line> {
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
