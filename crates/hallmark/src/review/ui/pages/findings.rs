//! The findings that hold the image up, one of them, and accepting it.

use model::{Verdict, Weight};
use report::Finding;
use runner::screen::{Line, Tone, width, wrap};

use super::{entry, tone};
use crate::review::desk::Desk;
use crate::review::ui::state::Form;

/// Lines above the list of findings.
pub(super) const HEAD: usize = 2;

pub(super) fn findings(desk: &Desk, at: usize, columns: usize) -> Vec<Line> {
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

pub(super) fn finding(desk: &Desk, at: usize, room: usize) -> Vec<Line> {
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

pub(super) fn accept(desk: &Desk, at: usize, form: &Form, room: usize) -> (Vec<Line>, (usize, usize)) {
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
