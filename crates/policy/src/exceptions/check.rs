//! From a tree to a list of exceptions.

mod dates;
mod identity;
mod place;
mod product;
mod vex;

use model::Class;

use super::{Exception, twins};
use crate::fields::{Fields, Map};
use crate::policy::ExceptionLimits;
use crate::problem::{At, Problems};
use crate::yaml::Node;

/// The keys of an exception; its schema goes by them too.
pub(crate) const KEYS: [&str; 17] = [
    "id",
    "aliases",
    "class",
    "package",
    "purl",
    "version",
    "versions",
    "paths",
    "images",
    "environments",
    "reason",
    "owner",
    "ticket",
    "created",
    "expires",
    "until",
    "vex",
];

const CLASSES: [(&str, Class); 5] = [
    ("vulnerability", Class::Vulnerability),
    ("secret", Class::Secret),
    ("license", Class::License),
    ("misconfiguration", Class::Misconfiguration),
    ("weakness", Class::Weakness),
];

pub(super) fn check(file: &str, tree: &Node, limits: ExceptionLimits) -> Result<Vec<Exception>, Problems> {
    let mut fields = Fields::new(file);
    let list = whole(&mut fields, tree, limits);
    if let Some(list) = &list {
        twins::check(&mut fields, list);
    }
    fields.finish(list)
}

fn whole(fields: &mut Fields<'_>, tree: &Node, limits: ExceptionLimits) -> Option<Vec<Exception>> {
    let top = fields.map(tree, "the exceptions file", &["version", "exceptions"])?;
    fields.version(&top, "the exceptions file");
    let node = fields.required(&top, "the exceptions file", "exceptions", "[]")?;
    let items = fields.list(node, "exceptions")?;
    Some(items.iter().filter_map(|item| one(fields, item, limits)).collect())
}

/// Every part is looked at before any that is missing ends it: all mistakes at once.
fn one(fields: &mut Fields<'_>, node: &Node, limits: ExceptionLimits) -> Option<Exception> {
    let map = fields.map(node, "an exception", &KEYS)?;
    let class = match map.get("class") {
        Some(node) => fields.choice(node, "class", &CLASSES),
        None => Some(Class::Vulnerability),
    };
    let identity = identity::read(fields, &map, class);
    let product = product::read(fields, &map, class);
    let paths = place::paths(fields, &map);
    let images = place::patterns(fields, &map, "images");
    let environments = place::patterns(fields, &map, "environments");
    enough(fields, &map, class, limits);
    let reason = said(fields, &map, "reason", "why this is acceptable");
    let owner = said(fields, &map, "owner", "team-or-person");
    let ticket = map.get("ticket").and_then(|node| fields.text(node, "ticket"));
    let until_fixed = until(fields, &map, class);
    let vex = vex::read(fields, &map, class, until_fixed);
    let dates = dates::read(fields, &map, limits);
    let (created, expires) = dates?;
    Some(Exception {
        at: map.at,
        class: class?,
        id: identity.id,
        aliases: identity.aliases,
        package: product.package,
        purl: product.purl,
        version: product.version,
        versions: product.versions,
        paths,
        images,
        environments,
        reason: reason?,
        owner: owner?,
        ticket,
        created,
        expires,
        until_fixed,
        vex,
    })
}

/// An exception has to name something: an id, or what it is found in.
fn enough(fields: &mut Fields<'_>, map: &Map<'_>, class: Option<Class>, limits: ExceptionLimits) {
    let Some(class) = class else { return };
    if map.get("id").is_some() {
        return;
    }
    let (keys, mend): (&[&str], _) = match class {
        Class::Vulnerability => (&["package", "purl"], "add `id: CVE-2026-0001`, or `package` or `purl`"),
        Class::License => {
            (&["package", "purl", "paths"], "add `id: AGPL-3.0-only`, or `package`, `purl` or `paths`")
        }
        Class::Secret | Class::Misconfiguration | Class::Weakness => {
            (&["paths"], "add `id` with the scanner's rule, or `paths`")
        }
    };
    if !keys.iter().any(|key| map.get(key).is_some()) {
        fields.problem(map.at, "the exception does not say what it is for", mend);
    } else if !limits.package_level {
        fields.problem(
            map.at,
            "the exception names no `id`, and the policy refuses such exceptions",
            "add the id of what was looked at, or write `exceptions: {package-level: allow}` into the policy",
        );
    }
}

fn said(fields: &mut Fields<'_>, map: &Map<'_>, key: &str, example: &str) -> Option<String> {
    fields.required(map, "an exception", key, example).and_then(|node| fields.text(node, key))
}

fn until(fields: &mut Fields<'_>, map: &Map<'_>, class: Option<Class>) -> bool {
    let Some(node) = map.get("until") else { return false };
    only_for_vulnerabilities(fields, node.at, "until", class);
    fields.choice(node, "until", &[("fixed", true)]).unwrap_or(false)
}

/// Only vulnerabilities have other ids, fixes and VEX.
fn only_for_vulnerabilities(fields: &mut Fields<'_>, at: At, key: &str, class: Option<Class>) {
    if let Some(class) = class.filter(|class| *class != Class::Vulnerability) {
        fields.problem(
            at,
            format!("`{key}` in an exception of the class `{class}`"),
            format!("take it out: only vulnerabilities have `{key}`"),
        );
    }
}
