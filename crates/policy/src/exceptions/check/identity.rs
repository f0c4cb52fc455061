//! What an exception is for: the id and the other ids of the same.

use model::Class;

use super::only_for_vulnerabilities;
use crate::fields::{Fields, Map};
use crate::problem::At;

const MAX_ID: usize = 256;

pub(super) struct Identity {
    pub(super) id: Option<String>,
    pub(super) aliases: Vec<String>,
}

pub(super) fn read(fields: &mut Fields<'_>, map: &Map<'_>, class: Option<Class>) -> Identity {
    let id = map.get("id").and_then(|node| {
        let id = fields.text(node, "id")?;
        check(fields, &id, node.at, class);
        Some(id)
    });
    let aliases = aliases(fields, map, class, id.as_deref());
    Identity { id, aliases }
}

fn aliases(fields: &mut Fields<'_>, map: &Map<'_>, class: Option<Class>, id: Option<&str>) -> Vec<String> {
    let Some(node) = map.get("aliases") else { return Vec::new() };
    only_for_vulnerabilities(fields, node.at, "aliases", class);
    if map.get("id").is_none() {
        fields.problem(node.at, "`aliases` without an `id`", "write one of them as `id`");
    }
    let mut aliases: Vec<String> = Vec::new();
    for (alias, at) in fields.texts(node, "aliases") {
        check(fields, &alias, at, class);
        let known = id.into_iter().chain(aliases.iter().map(String::as_str));
        if known.into_iter().any(|known| known.eq_ignore_ascii_case(&alias)) {
            fields.problem(at, format!("`{alias}` is named twice"), "name each id once");
        }
        aliases.push(alias);
    }
    aliases
}

/// An id is compared letter by letter: a blank or a star in it would silently match nothing.
fn check(fields: &mut Fields<'_>, id: &str, at: At, class: Option<Class>) {
    let Some(class) = class else { return };
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.:".contains(&b);
    let (good, what, example) = match class {
        Class::Vulnerability => {
            (id.bytes().all(plain) && id.contains('-'), "no vulnerability's id", "CVE-2026-0001")
        }
        Class::Secret => (id.bytes().all(|b| plain(b) || b == b'/'), "no rule for secrets", "private-key"),
        Class::Misconfiguration => {
            (id.bytes().all(|b| plain(b) || b == b'/'), "no check's id", "AVD-DS-0002")
        }
        // Semgrep writes dots, CodeQL slashes, SARIF what it likes but blanks.
        Class::Weakness => (id.bytes().all(|b| plain(b) || b == b'/'), "no rule's id", "java/sql-injection"),
        // An expression has blanks, and scanners write licences as they find them.
        Class::License => (!id.contains(['*', '\n', '\r']), "no licence", "AGPL-3.0-only"),
    };
    if !good || id.len() > MAX_ID {
        let id: String = id.chars().take(60).collect();
        fields.problem(
            at,
            format!("`{id}` is {what}"),
            format!("write one id such as `{example}`; there are no wildcards"),
        );
    }
}
