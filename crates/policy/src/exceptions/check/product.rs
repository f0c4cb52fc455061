//! Which package an exception is about, and which versions of it.

use model::Class;
use versions::{Ecosystem, Range, Version};

use crate::fields::{Fields, Map};
use crate::problem::At;
use crate::yaml::Node;

/// Longer than any purl of a package, and short enough to look up every beginning of one.
const MAX_PURL: usize = 512;

#[derive(Default)]
pub(super) struct Product {
    pub(super) package: Option<String>,
    pub(super) purl: Option<String>,
    pub(super) version: Option<String>,
    pub(super) versions: Option<Range>,
}

pub(super) fn read(fields: &mut Fields<'_>, map: &Map<'_>, class: Option<Class>) -> Product {
    let keys = ["package", "purl", "version", "versions"];
    if let Some(class @ (Class::Secret | Class::Misconfiguration | Class::Weakness)) = class {
        for (key, node) in keys.into_iter().filter_map(|key| Some((key, map.get(key)?))) {
            fields.problem(
                node.at,
                format!("`{key}` in an exception of the class `{class}`"),
                "write `paths` instead: it is found in a file, and in no package",
            );
        }
        return Product::default();
    }
    let mut text =
        |key: &str| map.get(key).and_then(|node| fields.text(node, key).map(|text| (text, node.at)));
    let (package, purl, version) = (text("package"), text("purl"), text("version"));
    if let Some((purl, at)) = &purl {
        check_purl(fields, purl, *at);
    }
    let versions = map.get("versions").and_then(|node| range(fields, node));
    together(fields, map, purl.as_ref(), version.as_ref(), versions.as_ref());
    let only = |part: Option<(String, At)>| part.map(|(text, _)| text);
    Product { package: only(package), purl: only(purl), version: only(version), versions }
}

fn range(fields: &mut Fields<'_>, node: &Node) -> Option<Range> {
    let text = fields.text(node, "versions")?;
    Range::parse(&text).map_err(|error| fields.problem(node.at, error.what, error.mend)).ok()
}

/// What `version`, `versions` and the package have to do with each other.
fn together(
    fields: &mut Fields<'_>,
    map: &Map<'_>,
    purl: Option<&(String, At)>,
    version: Option<&(String, At)>,
    versions: Option<&Range>,
) {
    let Some((key, node)) = ["versions", "version"].into_iter().find_map(|key| Some((key, map.get(key)?)))
    else {
        return;
    };
    if version.is_some() && key == "versions" {
        fields.problem(node.at, "`versions` beside `version`", "keep one: a range can be one version too");
    }
    if map.get("package").is_none() && map.get("purl").is_none() {
        fields.problem(node.at, format!("a `{key}` without a package"), "add `package` or `purl`");
    }
    let Some((purl, _)) = purl else { return };
    if has_version(purl) {
        fields.problem(
            node.at,
            format!("`{key}` beside a purl with a version in it"),
            "take one of them out",
        );
    }
    let ecosystem = Ecosystem::of_purl(purl);
    if let Some(range) = versions
        && !ecosystem.is_some_and(|of_purl| range.ecosystem().covers(of_purl))
    {
        fields.problem(
            node.at,
            format!("a range of `{}` for a package of another kind ({purl})", range.ecosystem()),
            match ecosystem {
                Some(ecosystem) => format!("write `vers:{ecosystem}/…`"),
                None => "write `version`: the order of its versions is not known here".to_owned(),
            },
        );
    }
    if let (Some((version, _)), Some(ecosystem)) = (version, ecosystem)
        && let Err(error) = Version::parse(ecosystem, version)
    {
        fields.problem(node.at, error.to_string(), "write it as the image has it");
    }
}

/// `pkg:type/…/name`, where a beginning that ends in the middle of nowhere would cover a whole ecosystem.
fn check_purl(fields: &mut Fields<'_>, purl: &str, at: At) {
    let lower = purl.to_ascii_lowercase();
    if !is_purl(purl) || purl.len() > MAX_PURL {
        let mend = if purl.contains('*') {
            "there are no wildcards: it covers whatever goes on after it with `@`, `?`, `#` or `/`".to_owned()
        } else if is_purl(&lower) && purl.len() <= MAX_PURL {
            "write `pkg:` and the type in small letters".to_owned()
        } else {
            "write at least type and name, such as `pkg:deb/debian/openssl`".to_owned()
        };
        let purl: String = purl.chars().take(60).collect();
        fields.problem(at, format!("`{purl}` is no purl"), mend);
    } else if purl.contains("/@") {
        let encoded = purl.replacen("/@", "/%40", 1);
        fields.problem(at, format!("`{purl}` has a bare `@` before its name"), format!("write `{encoded}`"));
    } else if purl.contains(['?', '#']) && !has_version(purl) {
        fields.problem(
            at,
            format!("`{purl}` has qualifiers and no version: no package's purl begins so"),
            "end it after the name, or write the whole of it",
        );
    }
}

fn is_purl(purl: &str) -> bool {
    let Some(rest) = purl.strip_prefix("pkg:") else { return false };
    let parts: Vec<&str> = rest.split('/').collect();
    let kind = parts.first().copied().unwrap_or_default();
    let in_lower_case =
        kind.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b".+-".contains(&b));
    let least = if matches!(kind, "deb" | "rpm" | "apk") { 3 } else { 2 };
    let plain = !purl.contains(|c: char| c.is_whitespace() || c == '*');
    in_lower_case && plain && parts.len() >= least && parts.iter().all(|part| !part.is_empty())
}

fn has_version(purl: &str) -> bool {
    let end = purl.find(['?', '#']).unwrap_or(purl.len());
    purl[..end].rsplit('/').next().is_some_and(|name| name.contains('@'))
}
