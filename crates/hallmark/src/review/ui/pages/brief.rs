//! The decision.

use runner::screen::{Line, Tone, width, wrap};

use super::entry;
use crate::review::desk::Desk;

/// The decision as everybody is told it, and what an approval of it is.
pub(super) fn brief(desk: &Desk, room: usize) -> Vec<Line> {
    let view = desk.stored.view();
    let mut body = Vec::new();
    for (label, text) in [
        ("Brief sha256", desk.stored.brief().to_string()),
        // Parted, so that a narrow window breaks it there and nowhere else.
        ("Image", view.image.content_digest.replacen(':', ": ", 1)),
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
