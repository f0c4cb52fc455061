//! What one sees first: the verdict, about what, by what; and the way to the rest.

use model::{Severity, Verdict};

use super::escape::text;
use crate::view::View;
use crate::words;

pub(super) fn header(view: &View) -> String {
    let mark = words::verdict(view.verdict);
    let only = if view.report_only {
        format!("<p class=\"only\">{}</p>\n", words::REPORT_ONLY)
    } else {
        String::new()
    };
    format!(
        "<header>\n<div class=\"stand\"><p class=\"verdict\">{mark}</p>\n<div class=\"name\"><h1>{}</h1>\n\
         <p class=\"lede\">{}</p></div></div>\n{only}{}<dl class=\"facts\">\n{}</dl>\n</header>\n",
        text(&view.image.name),
        text(&lede(view)),
        tally(view),
        facts(view)
    )
}

fn lede(view: &View) -> String {
    let say = match view.verdict {
        Verdict::Pass => "Nothing stands against this image.",
        Verdict::Review => "A person has to decide about this image.",
        Verdict::Fail => "No person may waive what stands against this image.",
    };
    format!("{say} {}.", words::reasons(&view.reasons))
}

fn facts(view: &View) -> String {
    let image = &view.image;
    let facts = [
        ("Family", image.family.clone()),
        ("Architecture", image.architecture.clone()),
        ("System", image.os.clone()),
        ("Environment", view.environment.clone().unwrap_or_default()),
        ("Policy", format!("{}, {}", view.policy.name, words::mode(view))),
        ("Decided", view.decided_on.clone()),
        ("Content", image.content_digest.clone()),
    ];
    facts
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| {
            let long = if value.len() > 60 { " class=\"long\"" } else { "" };
            format!("<div{long}><dt>{name}</dt><dd>{}</dd></div>\n", text(value))
        })
        .collect()
}

fn tally(view: &View) -> String {
    let cells: String = Severity::ALL
        .iter()
        .map(|severity| {
            let (stand, suppressed) = view.count(*severity);
            let more = if suppressed > 0 {
                format!("<small>+{suppressed} suppressed</small>")
            } else {
                String::new()
            };
            let zero = if stand == 0 { " zero" } else { "" };
            format!("<li class=\"{severity}{zero}\"><b>{stand}</b> {severity}{more}</li>\n")
        })
        .collect();
    format!("<ul class=\"tally\" aria-label=\"Findings by severity\">\n{cells}</ul>\n")
}

pub(super) fn contents(view: &View) -> String {
    let changed = view.changes.as_ref().map(|changes| changes.new.len() + changes.fixed.len());
    let parts = [
        ("reasons", "Reasons", Some(view.reasons.len())),
        ("changes", "Changes", changed),
        ("findings", "Findings", Some(view.findings.len())),
        ("exceptions", "Exceptions", Some(view.exceptions.len())),
        ("evidence", "Evidence", Some(view.evidence.len())),
        ("layers", "Layers", Some(view.image.layers.len())),
        ("packages", "Packages", Some(view.packages.len())),
        ("policy", "Policy", Some(view.sources.len())),
    ];
    let items: String = parts
        .iter()
        .filter_map(|(id, name, count)| {
            let count = (*count)?;
            Some(format!("<li><a href=\"#{id}\">{name} <span>{count}</span></a></li>\n"))
        })
        .collect();
    format!("<nav aria-label=\"Contents\"><ul>\n{items}</ul></nav>\n")
}
