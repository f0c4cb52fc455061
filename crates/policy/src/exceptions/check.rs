//! From a tree to a list of exceptions.

use jiff::SignedDuration;

use super::Exception;
use crate::fields::{Fields, Map};
use crate::policy::ExceptionLimits;
use crate::problem::Problems;
use crate::span;
use crate::yaml::Node;

const KEYS: [&str; 11] = [
    "id", "package", "purl", "version", "images", "reason", "owner", "ticket", "created", "expires", "until",
];

pub(super) fn check(file: &str, tree: &Node, limits: ExceptionLimits) -> Result<Vec<Exception>, Problems> {
    let mut fields = Fields::new(file);
    let list = whole(&mut fields, tree, limits);
    fields.finish(list)
}

fn whole(fields: &mut Fields<'_>, tree: &Node, limits: ExceptionLimits) -> Option<Vec<Exception>> {
    let top = fields.map(tree, "the exceptions file", &["version", "exceptions"])?;
    fields.version(&top, "the exceptions file");
    let node = fields.required(&top, "the exceptions file", "exceptions", "[]")?;
    let items = fields.list(node, "exceptions")?;
    Some(items.iter().filter_map(|item| one(fields, item, limits)).collect())
}

fn one(fields: &mut Fields<'_>, node: &Node, limits: ExceptionLimits) -> Option<Exception> {
    let map = fields.map(node, "an exception", &KEYS)?;
    let id = id(fields, &map);
    let mut optional = |key: &str| map.get(key).and_then(|node| fields.text(node, key));
    let (package, purl, version, ticket) =
        (optional("package"), optional("purl"), optional("version"), optional("ticket"));
    if let (Some(purl), Some(node)) = (&purl, map.get("purl"))
        && !is_purl_prefix(purl)
    {
        fields.problem(
            node.at,
            format!("`{purl}` is no purl"),
            "write at least type and name, such as `pkg:deb/debian/openssl`",
        );
    }
    if version.is_some() && package.is_none() && purl.is_none() {
        fields.problem(map.at, "a `version` without a package", "add `package` or `purl`");
    }
    let mut images = Vec::new();
    if let Some(node) = map.get("images") {
        images.extend(fields.texts(node, "images").into_iter().map(|(image, _)| image));
        if images.is_empty() {
            fields.problem(
                node.at,
                "an exception for no image",
                "name image families, or leave `images` out",
            );
        }
    }
    images.sort_unstable();
    images.dedup();
    let mut said = |key: &str, example: &str| {
        fields.required(&map, "an exception", key, example).and_then(|node| fields.text(node, key))
    };
    let reason = said("reason", "why this is acceptable");
    let owner = said("owner", "team-or-person");
    let until_fixed = match map.get("until") {
        Some(node) => fields.choice(node, "until", &[("fixed", true)])?,
        None => false,
    };
    let (created, expires) = dates(fields, &map, limits)?;
    let exception = Exception {
        at: map.at,
        id: id?,
        package,
        purl,
        version,
        images,
        reason: reason?,
        owner: owner?,
        ticket,
        created,
        expires,
        until_fixed,
    };
    Some(exception)
}

/// An id is compared letter by letter: a blank or a star in it would silently match nothing.
fn id(fields: &mut Fields<'_>, map: &Map<'_>) -> Option<String> {
    let node = fields.required(map, "an exception", "id", "CVE-2026-0001")?;
    let id = fields.text(node, "id")?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':');
    if !id.bytes().all(plain) || !id.contains('-') {
        fields.problem(
            node.at,
            format!("`{id}` is no vulnerability's id"),
            "write one id such as `CVE-2026-0001`; there are no wildcards",
        );
    }
    Some(id)
}

/// `pkg:type/…/name`, where a prefix that ends in the middle of nowhere would cover a whole ecosystem.
fn is_purl_prefix(purl: &str) -> bool {
    let Some(rest) = purl.strip_prefix("pkg:") else { return false };
    let parts: Vec<&str> = rest.split('/').collect();
    let distribution = matches!(parts.first(), Some(&("deb" | "rpm" | "apk")));
    parts.len() >= if distribution { 3 } else { 2 } && parts.iter().all(|part| !part.is_empty())
}

fn dates(
    fields: &mut Fields<'_>,
    map: &Map<'_>,
    limits: ExceptionLimits,
) -> Option<(jiff::civil::Date, jiff::civil::Date)> {
    let created = fields.required(map, "an exception", "created", "2026-11-22");
    let created = created.and_then(|node| fields.date(node, "created"));
    let node = fields.required(map, "an exception", "expires", "2027-01-31");
    let expires = node.and_then(|node| fields.date(node, "expires"));
    let (created, expires, node) = (created?, expires?, node?);
    let days = i64::from((expires - created).get_days());
    if days < 0 {
        fields.problem(node.at, "it expires before it was created", "mend one of the dates");
    } else if SignedDuration::from_hours(24 * days) > limits.max_lifetime {
        let longest = span::show(limits.max_lifetime);
        fields.problem(
            node.at,
            format!("it holds for {days} days"),
            format!("the policy allows at most {longest} from `created`"),
        );
    }
    Some((created, expires))
}
