//! `.trivyignore`: an id a line, comments, `exp:YYYY-MM-DD`.
//!
//! Trivy takes an id for a vulnerability, a misconfiguration, a secret and a licence alike; ours says
//! which, so an id that does not tell by its spelling is not taken over. Text behind the id means
//! nothing to Trivy, and is a comment to people.

use jiff::civil::Date;

use super::entry::{Entry, Imported};
use super::ids::{self, Names};
use super::remarks;
use super::{Broken, Format, Source};
use crate::problem::At;

pub(super) const FORMAT: Format =
    Format { name: "trivyignore", is_named: |name| name.ends_with(".trivyignore"), read };

fn read(source: &Source<'_>) -> Result<Imported, Broken> {
    let mut imported = Imported::default();
    // Comments stand for the lines below them, up to a blank one or the next comment.
    let mut comments: Vec<&str> = Vec::new();
    let mut used = false;
    for (line, number) in source.text.lines().zip(1..) {
        let trimmed = line.trim();
        if let Some(comment) = trimmed.strip_prefix('#') {
            if std::mem::take(&mut used) {
                comments.clear();
            }
            comments.push(comment.trim());
        } else if trimmed.is_empty() {
            comments.clear();
        } else {
            used = true;
            let mut entry = one(line, number);
            entry.reason = entry.reason.or_else(|| remarks::joined(&comments));
            imported.entries.push(entry);
        }
    }
    Ok(imported)
}

fn one(line: &str, number: u64) -> Entry {
    let column = |part: &str| {
        let before = line.find(part).map_or(0, |at| line[..at].chars().count());
        u64::try_from(before).unwrap_or_default() + 1
    };
    let id = line.split_whitespace().next().unwrap_or_default();
    let at = At::new(number, column(id));
    let mut entry = Entry::at(at);
    entry.terms.id = Some(id.to_owned());
    let rest = line.trim_start().strip_prefix(id).unwrap_or_default();
    if let Some(field) = rest.split_whitespace().find(|field| field.starts_with("exp:")) {
        let at = At::new(number, column(field));
        expires(&mut entry, at, &field["exp:".len()..]);
    }
    entry.reason = rest.split_once('#').and_then(|(_, comment)| remarks::joined(&[comment.trim()]));
    judge(&mut entry, id);
    entry
}

/// Trivy's entry ends as the day begins; ours holds through its last day.
fn expires(entry: &mut Entry, at: At, text: &str) {
    let date: Option<Date> = if text.len() == "2026-01-31".len() { text.parse().ok() } else { None };
    match date.and_then(|date| date.yesterday().ok()) {
        Some(last) => entry.expires = Some(last),
        // Trivy warns, and goes on without the line.
        None => entry.idle(
            at,
            format!("`exp:{text}` is no date, and Trivy leaves the line out"),
            "write `exp:2027-01-31`",
        ),
    }
}

fn judge(entry: &mut Entry, id: &str) {
    let at = entry.at;
    match ids::names(id) {
        _ if !ids::is_plain(id, Some("any")) => {
            entry.lost(at, format!("`{id}` cannot be an id here"), "write the id of one finding");
        }
        Names::Vulnerability => {}
        Names::Check => entry.terms.class = Some("misconfiguration"),
        Names::Advisory => advisory(entry, id),
        Names::Unknown if ids::is_misspelt(id) => misspelt(entry, id),
        Names::Unknown => entry.lost(
            at,
            format!("`{id}` may be a secret, a licence, a misconfiguration or a vulnerability: Trivy takes it for each of them"),
            "say which by `class`",
        ),
    }
}

/// A notice of a vendor stands here for every vulnerability that it is about, and in Trivy for a
/// finding of its own name only.
pub(super) fn advisory(entry: &mut Entry, id: &str) {
    entry.lost(
        entry.at,
        format!("`{id}` is a vendor's notice, and would cover every vulnerability that it is about"),
        "name the vulnerabilities, or uncomment it if that is meant",
    );
}

pub(super) fn misspelt(entry: &mut Entry, id: &str) {
    entry.idle(
        entry.at,
        format!("`{id}` is not how such ids are written, and Trivy finds nothing by it"),
        "write it as the scanner does, if it is meant",
    );
}
