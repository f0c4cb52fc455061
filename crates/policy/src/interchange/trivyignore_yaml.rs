//! `.trivyignore.yaml`: ids by kind of finding, with paths, package URLs, an end and a statement.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::entry::{Effect, Entry, Imported, Objection};
use super::ids::{self, Names};
use super::remarks::Lines;
use super::trivyignore::{advisory, misspelt};
use super::{Broken, Format, Source, purls, tree};
use crate::problem::At;
use crate::yaml::{Node, Value};

pub(super) const FORMAT: Format = Format {
    name: "trivyignore-yaml",
    is_named: |name| name.ends_with(".trivyignore.yaml") || name.ends_with(".trivyignore.yml"),
    read,
};

/// Its sections, and what ours calls them.
const SECTIONS: [(&str, Option<&str>); 4] = [
    ("vulnerabilities", None),
    ("misconfigurations", Some("misconfiguration")),
    ("secrets", Some("secret")),
    ("licenses", Some("license")),
];

/// An entry becomes one for each of its package URLs, each with all of its paths: not without bound.
const MOST: usize = 10_000;

const KEYS: [&str; 5] = ["id", "paths", "purls", "statement", "expired_at"];

fn read(source: &Source<'_>) -> Result<Imported, Broken> {
    let top = tree::read(source)?;
    let Value::Map(entries) = &top.value else {
        let what = format!("the file is {}", top.value.name());
        return Err(Broken { at: top.at, what, mend: "`vulnerabilities:` and a list is wanted".into() });
    };
    let lines = Lines::of(source.text);
    let mut imported = Imported::default();
    for (key, list) in entries {
        let name = key.text().unwrap_or_default();
        let Some((_, class)) = SECTIONS.iter().find(|(section, _)| *section == name) else {
            imported.strays.push(Objection::new(
                Effect::Idle,
                key.at,
                format!("Trivy knows no section `{name}`, and neither is it read here"),
                "move its entries to the section that is meant",
            ));
            continue;
        };
        if !matches!(list.value, Value::List(_) | Value::Null) {
            let what = format!("`{name}` is {}", list.value.name());
            return Err(Broken { at: list.at, what, mend: "a list is wanted".into() });
        }
        for node in list.items() {
            one(&mut imported, node, *class, &lines);
        }
    }
    Ok(imported)
}

/// An entry; several where it has several package URLs, any of which is enough.
fn one(imported: &mut Imported, node: &Node, class: Option<&'static str>, lines: &Lines<'_>) {
    let mut entry = Entry::at(node.at);
    entry.terms.class = class;
    tree::known(&mut entry, node, &KEYS);
    entry.terms.id = tree::text(&mut entry, node, "id");
    match entry.terms.id.clone() {
        Some(id) => judge(&mut entry, &id),
        None => entry.idle(node.at, "there is no `id`, so Trivy finds nothing by it", "add `id`"),
    }
    let beside = node.get("id").and_then(|id| lines.beside(id.at, entry.terms.id.as_deref()?));
    let statement = tree::text(&mut entry, node, "statement");
    entry.reason = statement.or(beside).or_else(|| lines.above(node.at));
    for (path, at) in tree::texts(&mut entry, node, "paths") {
        glob(&mut entry, path, at.at);
    }
    if let (Some(text), Some(at)) = (tree::text(&mut entry, node, "expired_at"), node.get("expired_at")) {
        expires(&mut entry, &text, at.at);
    }
    let purls = tree::texts(&mut entry, node, "purls");
    if purls.len() * (entry.terms.paths.len() + 1) > MOST {
        entry.terms.paths.clear();
        entry.lost(node.at, format!("more than {MOST} pairs of `paths` and `purls`"), "split it");
        imported.entries.push(entry);
    } else if purls.is_empty() {
        imported.entries.push(entry);
    } else if class.is_some() {
        let what =
            "Trivy looks at `purls` for vulnerabilities only, and would suppress this for every package";
        entry.lost(purls[0].1.at, what, "say by `paths` or `package` what is meant");
        imported.entries.push(entry);
    } else {
        imported.entries.extend(purls.iter().map(|(purl, at)| for_purl(&entry, purl, at.at)));
    }
}

fn for_purl(entry: &Entry, purl: &str, at: At) -> Entry {
    let mut entry = entry.clone();
    match purls::cover(purl) {
        Ok(covered) => {
            entry.terms.purl = Some(covered.purl);
            entry.terms.package = covered.package;
        }
        Err(why) => {
            entry.terms.purl = Some(purl.to_owned());
            entry.lost(at, why, "name the package without them, or narrow it by `version` or `paths`");
        }
    }
    entry
}

fn judge(entry: &mut Entry, id: &str) {
    let class = entry.terms.class;
    if !ids::is_plain(id, class) {
        entry.lost(entry.at, format!("`{id}` cannot be an id here"), "write the id of one finding");
    } else if class.is_none() && ids::names(id) == Names::Advisory {
        advisory(entry, id);
    } else if class.is_none() && ids::is_misspelt(id) {
        misspelt(entry, id);
    }
}

/// Patterns are the same in both, but for what few know to write and each tool reads in its own way.
pub(super) fn glob(entry: &mut Entry, pattern: String, at: At) {
    let odd = |part: &str| part.contains("**") && part != "**";
    if pattern.contains(['[', ']', '{', '}', '\\', '!']) || pattern.split('/').any(odd) {
        let what = format!("the pattern `{pattern}` has more in it than `?`, `*` and `**`");
        entry.lost(at, what, "write it with those, several patterns if need be");
    }
    entry.terms.paths.push(pattern);
}

/// A moment; ours ends with a day, the last that is over by then.
fn expires(entry: &mut Entry, text: &str, at: At) {
    let date: Option<Date> = text.parse().ok().filter(|_| text.len() == "2026-01-31".len());
    let moment = text.replacen(' ', "T", 1);
    let moment: Option<Timestamp> = moment.parse().ok();
    let day = date.or_else(|| moment.map(|moment| moment.to_zoned(TimeZone::UTC).date()));
    match day.and_then(|day| day.yesterday().ok()) {
        Some(last) => entry.expires = Some(last),
        None => entry.lost(at, format!("`expired_at` is `{text}`"), "write a date such as `2027-01-31`"),
    }
}
