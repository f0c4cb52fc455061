//! `.grype.yaml`: its `ignore` rules, each a conjunction of conditions.
//!
//! Grype compares the package's own name, and ours covers the packages built from a source of that name
//! too: where the package's type says which purl it has, the purl is taken, which is exact; elsewhere the
//! rule is not taken over.

use super::entry::{Effect, Entry, Imported, Objection};
use super::ids::{self, Names};
use super::remarks::Lines;
use super::trivyignore::advisory;
use super::trivyignore_yaml::glob;
use super::{Broken, Format, Source, purls, tree};
use crate::yaml::{Node, Value};

pub(super) const FORMAT: Format = Format {
    name: "grype",
    is_named: |name| [".grype.yaml", ".grype.yml", "grype.yaml", "grype.yml"].contains(&name),
    read,
};

const KEYS: [&str; 9] = [
    "vulnerability",
    "include-aliases",
    "reason",
    "fix-state",
    "namespace",
    "package",
    "vex-status",
    "vex-justification",
    "match-type",
];

const PACKAGE_KEYS: [&str; 6] = ["name", "version", "language", "type", "location", "upstream-name"];

/// What else in the file keeps findings from being shown.
const ELSEWHERE: [&str; 7] =
    ["only-fixed", "only-notfixed", "ignore-wontfix", "ignore-states", "exclude", "vex-documents", "vex-add"];

/// Types of packages whose name says the purl: type, purl's type, language.
const TYPES: [(&str, &str, &str); 9] = [
    ("npm", "npm", "javascript"),
    ("python", "pypi", "python"),
    ("gem", "gem", "ruby"),
    ("go-module", "golang", "go"),
    ("rust-crate", "cargo", "rust"),
    ("php-composer", "composer", "php"),
    ("dotnet", "nuget", "dotnet"),
    ("hex", "hex", "elixir"),
    ("dart-pub", "pub", "dart"),
];

fn read(source: &Source<'_>) -> Result<Imported, Broken> {
    let top = tree::read(source)?;
    if !matches!(top.value, Value::Map(_)) {
        let what = format!("the file is {}", top.value.name());
        return Err(Broken { at: top.at, what, mend: "`ignore:` and a list is wanted".into() });
    }
    let lines = Lines::of(source.text);
    let mut imported = Imported::default();
    for (key, value) in top.entries() {
        let name = key.text().unwrap_or_default();
        let set = !matches!(value.value, Value::Null | Value::Bool(false)) && !value.items().is_empty();
        if set && ELSEWHERE.contains(&name.as_str()) && value.text().as_deref() != Some("") {
            imported.strays.push(Objection::new(
                Effect::Lost,
                key.at,
                format!("`{name}` keeps findings from being shown, and is no exception"),
                "say in the policy's rules what it is meant to say",
            ));
        }
    }
    let Some(list) = top.get("ignore") else { return Ok(imported) };
    let Value::List(rules) = &list.value else {
        let what = format!("`ignore` is {}", list.value.name());
        return Err(Broken { at: list.at, what, mend: "a list is wanted".into() });
    };
    imported.entries = rules.iter().map(|rule| one(rule, &lines)).collect();
    Ok(imported)
}

fn one(rule: &Node, lines: &Lines<'_>) -> Entry {
    let mut entry = Entry::at(rule.at);
    tree::known(&mut entry, rule, &KEYS);
    entry.terms.id = tree::text(&mut entry, rule, "vulnerability");
    let aliases = rule.get("include-aliases").is_some_and(|node| matches!(node.value, Value::Bool(true)));
    if let Some(id) = entry.terms.id.clone() {
        if !ids::is_plain(&id, None) {
            entry.lost(entry.at, format!("`{id}` cannot be an id here"), "write the id of one vulnerability");
        } else if ids::names(&id) == Names::Advisory && !aliases {
            advisory(&mut entry, &id);
        }
    }
    let id = rule.get("vulnerability");
    let beside = id.and_then(|node| lines.beside(node.at, entry.terms.id.as_deref()?));
    let reason = tree::text(&mut entry, rule, "reason");
    entry.reason = reason.or(beside).or_else(|| lines.above(rule.at));
    fix_state(&mut entry, rule);
    for (key, why) in [
        ("namespace", "where the vulnerability was looked up is not known here"),
        ("match-type", "how it was found is not known here"),
        ("vex-status", "it speaks of a VEX document's statements; import that document instead"),
        ("vex-justification", "it speaks of a VEX document's statements; import that document instead"),
    ] {
        unsaid(&mut entry, rule, key, why);
    }
    if let Some(package) = rule.get("package") {
        self::package(&mut entry, package);
    }
    let terms = &entry.terms;
    if terms.id.is_none() && terms.purl.is_none() && terms.package.is_none() && entry.is_active() {
        if terms.paths.is_empty() && !terms.until_fixed {
            entry.idle(rule.at, "the rule has no condition, and Grype leaves it out", "name a vulnerability");
        } else {
            entry.lost(rule.at, "the rule names neither vulnerability nor package", "name one of them");
        }
    }
    entry
}

/// A condition that ours has no word for.
fn unsaid(entry: &mut Entry, map: &Node, key: &str, why: &str) {
    let Some(node) = map.get(key) else { return };
    let value = node.text().unwrap_or_default();
    if !value.is_empty() {
        entry.lost(
            node.at,
            format!("`{key}: {value}` cannot be said: {why}"),
            "leave it out, if what it covers then is meant",
        );
    }
}

fn fix_state(entry: &mut Entry, rule: &Node) {
    match tree::text(entry, rule, "fix-state").as_deref() {
        None => {}
        Some("not-fixed") => entry.terms.until_fixed = true,
        Some(_) => unsaid(entry, rule, "fix-state", "ours knows only whether there is a fix"),
    }
}

fn package(entry: &mut Entry, map: &Node) {
    tree::known(entry, map, &PACKAGE_KEYS);
    let name = tree::text(entry, map, "name");
    let version = tree::text(entry, map, "version");
    let kind = tree::text(entry, map, "type");
    let language = tree::text(entry, map, "language");
    if let (Some(location), Some(node)) = (tree::text(entry, map, "location"), map.get("location")) {
        glob(entry, location.trim_start_matches('/').to_owned(), node.at);
    }
    let known = TYPES.iter().find(|(name, ..)| Some(*name) == kind.as_deref());
    match (&name, known) {
        (None, _) => {
            unsaid(entry, map, "type", "a package has to be named");
            unsaid(entry, map, "language", "a package has to be named");
            unsaid(entry, map, "version", "a package has to be named");
        }
        (Some(name), Some((_, purl, spoken))) => {
            named(entry, map, name, &format!("pkg:{purl}/{name}"));
            if language.is_some_and(|language| language != *spoken) {
                unsaid(entry, map, "language", "it is not the language of the package's type");
            }
        }
        (Some(name), None) => {
            broad(entry, map, name, "name");
            unsaid(entry, map, "type", "the package's purl is not known by it");
            unsaid(entry, map, "language", "the package's type is not known by it");
        }
    }
    if let Some(upstream) = tree::text(entry, map, "upstream-name") {
        if name.is_some() {
            unsaid(entry, map, "upstream-name", "the package has a name already");
        } else {
            broad(entry, map, &upstream, "upstream-name");
        }
    }
    entry.terms.version = version;
}

/// A package whose type tells its purl.
fn named(entry: &mut Entry, map: &Node, name: &str, purl: &str) {
    let at = map.get("name").map_or(map.at, |node| node.at);
    let covered = if is_pattern(name) {
        Err(format!("`{name}` is a regular expression to Grype"))
    } else if name.get(1..).is_some_and(|rest| rest.contains('@')) {
        Err(format!("`{name}` is no package's name"))
    } else {
        purls::cover(purl)
    };
    match covered {
        Ok(covered) => {
            entry.terms.purl = Some(covered.purl);
            entry.terms.package = covered.package;
        }
        Err(why) => {
            entry.terms.package = Some(name.to_owned());
            entry.lost(at, why, "write an entry for each package that is meant");
        }
    }
}

/// A name that covers more here than there.
fn broad(entry: &mut Entry, map: &Node, name: &str, key: &str) {
    let at = map.get(key).map_or(map.at, |node| node.at);
    entry.terms.package = Some(name.to_owned());
    if is_pattern(name) {
        let what = format!("`{name}` is a regular expression to Grype");
        entry.lost(at, what, "write an entry for each package that is meant");
    } else {
        let what = format!(
            "`package: {name}` covers here both the package of that name and all that is built from the source `{name}`"
        );
        entry.lost(at, what, format!("uncomment it if that is meant, or write `purl: pkg:…/{name}`"));
    }
}

/// As Grype tells a regular expression from a name.
fn is_pattern(name: &str) -> bool {
    name.contains(['^', '$', '*', '+', '?', '[', ']', '(', ')', '{', '}', '|', '\\'])
}
