//! What is different from the image that the channel has.

use super::escape::text;
use super::tables::{fold, row};
use crate::view::{Changed, Changes, Package, View};

/// Rows of each list; the data for machines has all of them.
const ROWS: usize = 500;

pub(super) fn section(view: &View) -> String {
    let Some(changes) = &view.changes else { return String::new() };
    format!(
        "<section id=\"changes\" class=\"changes\"><h2>Since {}</h2>\n{}{}</section>\n",
        text(&changes.since),
        sums(changes),
        lists(changes)
    )
}

fn sums(changes: &Changes) -> String {
    let parts = [
        ("bad", changes.new.len(), "new"),
        ("good", changes.fixed.len(), "fixed"),
        ("", changes.unchanged, "unchanged"),
        ("", changes.added.len(), "added"),
        ("", changes.removed.len(), "removed"),
        ("", changes.upgraded.len(), "upgraded"),
    ];
    let item = |(class, count, what): &(&str, usize, &str)| {
        let class = if *count == 0 { "" } else { class };
        format!("<li class=\"{class}\"><b>{count}</b> {what}</li>\n")
    };
    let (findings, packages) = parts.split_at(3);
    format!(
        "<ul class=\"sums\">\n<li>Findings:</li>\n{}</ul>\n<ul class=\"sums\">\n<li>Packages:</li>\n{}</ul>\n",
        findings.iter().map(item).collect::<String>(),
        packages.iter().map(item).collect::<String>()
    )
}

fn lists(changes: &Changes) -> String {
    const FOUND: [&str; 5] = ["Severity", "Id", "Package", "Installed", "Fixed in"];
    const PACKAGES: [&str; 3] = ["Package", "Version", "Source"];
    let upgraded = |one: &crate::view::Upgrade| row(&[&one.name, &one.before, &one.now]);
    [
        list("New findings", &FOUND, &changes.new, found, changes.new.len() <= 12),
        list("Fixed findings", &FOUND, &changes.fixed, found, false),
        list("Packages added", &PACKAGES, &changes.added, package, false),
        list("Packages removed", &PACKAGES, &changes.removed, package, false),
        list("Packages upgraded", &["Package", "Before", "Now"], &changes.upgraded, upgraded, false),
    ]
    .concat()
}

fn list<T>(title: &str, header: &[&str], all: &[T], each: impl Fn(&T) -> String, open: bool) -> String {
    if all.is_empty() {
        return String::new();
    }
    let rows: String = all.iter().take(ROWS).map(each).collect();
    let more = all.len().saturating_sub(ROWS);
    let more = if more > 0 { format!("<p class=\"quiet\">and {more} more</p>\n") } else { String::new() };
    fold("h3", title, all.len(), open, header, &rows) + &more
}

fn found(one: &Changed) -> String {
    let package = if one.package.is_empty() { one.path.as_deref().unwrap_or_default() } else { &one.package };
    format!(
        "<tr><td class=\"{0}\">{0}</td><td>{1}</td><td>{2}</td><td>{3}</td><td>{4}</td></tr>\n",
        one.severity,
        text(&one.id),
        text(package),
        text(&one.version),
        text(one.fixed.as_deref().unwrap_or_default())
    )
}

fn package(one: &Package) -> String {
    row(&[&one.name, &one.version, one.source.as_deref().unwrap_or_default()])
}
