//! What a report has besides vulnerabilities: secrets, licences, misconfigurations.
//!
//! Only what is named here is taken: lines of a file, and so whatever secret is in them, never leave the report.

use std::collections::BTreeMap;

use model::{Class, Finding, Package, Region, Severity};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::report::severity;
use super::wire::{License, Misconfiguration, Secret};
use crate::links;

/// SPDX's word for a licence that nobody names.
const NO_NAME: &str = "NOASSERTION";

/// The packages of a report by name and path.
pub(super) type Packages = BTreeMap<(String, Option<String>), Package>;

/// The packages of a report, the first of each name and path.
pub(super) fn by_place(packages: &[Package]) -> Packages {
    let mut by_place = Packages::new();
    for package in packages {
        by_place.entry((package.name.clone(), package.path.clone())).or_insert_with(|| package.clone());
    }
    by_place
}

/// Reads an entry of that class, found in `target`. None is one that nothing speaks against.
pub(super) fn read(
    class: Class,
    record: &RawValue,
    target: &str,
    packages: &Packages,
) -> Result<Option<Finding>, String> {
    match class {
        Class::Secret => secret(record, target).map(Some),
        Class::License => license(record, packages).map(Some),
        Class::Misconfiguration => misconfiguration(record, target),
        Class::Vulnerability | Class::Weakness => {
            Err(format!("a {class}, which Trivy does not list like this"))
        }
    }
}

fn secret(record: &RawValue, target: &str) -> Result<Finding, String> {
    let raw: Secret = parse(record)?;
    if raw.rule_id.is_empty() {
        return Err("a secret without a RuleID".into());
    }
    Ok(Finding {
        severity: severity(raw.severity.as_deref())?,
        package: in_file(target, raw.layer.name())?,
        region: Region::of(raw.start_line, raw.end_line),
        title: raw.title.into(),
        description: "Whoever has the image has what is secret in it. Take it out, and revoke it.".into(),
        ..blank(Class::Secret, raw.rule_id)
    })
}

fn license(record: &RawValue, packages: &Packages) -> Result<Finding, String> {
    let raw: License = parse(record)?;
    let path = Some(raw.file_path.trim_start_matches('/').to_owned()).filter(|path| !path.is_empty());
    if raw.pkg_name.is_empty() && path.is_none() {
        return Err("a licence of neither a package nor a file".into());
    }
    let severity = match category(&raw.category) {
        Some(severity) => severity,
        None => severity(raw.severity.as_deref())?,
    };
    let key = (raw.pkg_name, path);
    let package = packages.get(&key).cloned().unwrap_or_else(|| {
        let (name, path) = key;
        Package { name, path, ..Package::default() }
    });
    let name = if raw.name.trim().is_empty() { NO_NAME.to_owned() } else { raw.name };
    Ok(Finding {
        severity,
        package,
        title: match raw.category.as_str() {
            "" => name.clone(),
            category => format!("{name} ({category})"),
        }
        .into(),
        links: links(raw.link).into(),
        ..blank(Class::License, name)
    })
}

/// Trivy's own order of the categories of licences.
fn category(word: &str) -> Option<Severity> {
    Some(match word {
        "forbidden" => Severity::Critical,
        "restricted" => Severity::High,
        "reciprocal" => Severity::Medium,
        "notice" | "permissive" | "unencumbered" => Severity::Low,
        "unknown" => Severity::Unknown,
        _ => return None,
    })
}

fn misconfiguration(record: &RawValue, target: &str) -> Result<Option<Finding>, String> {
    let raw: Misconfiguration = parse(record)?;
    match raw.status.as_str() {
        "FAIL" => {}
        "PASS" | "EXCEPTION" => return Ok(None),
        other => {
            let other: String = other.chars().take(40).collect();
            return Err(format!("the Status `{other}`: FAIL, PASS and EXCEPTION are known"));
        }
    }
    let id = if raw.id.is_empty() { raw.avd_id.clone() } else { raw.id };
    if id.is_empty() {
        return Err("a misconfiguration without an ID".into());
    }
    Ok(Some(Finding {
        aliases: Some(raw.avd_id).filter(|other| !other.is_empty() && *other != id).into_iter().collect(),
        severity: severity(raw.severity.as_deref())?,
        package: in_file(target, raw.layer.name())?,
        region: Region::of(raw.cause_metadata.start_line, raw.cause_metadata.end_line),
        title: raw.title.into(),
        description: [raw.description, raw.resolution]
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join("\n")
            .into(),
        links: links(raw.primary_url.into_iter().chain(raw.references.unwrap_or_default())).into(),
        ..blank(Class::Misconfiguration, id)
    }))
}

fn parse<T: DeserializeOwned>(record: &RawValue) -> Result<T, String> {
    serde_json::from_str(record.get()).map_err(|error| error.to_string())
}

/// A file in the image. Trivy begins its path with a `/` or not, by what it scans.
fn in_file(target: &str, layer: Option<String>) -> Result<Package, String> {
    let path = target.trim_start_matches('/');
    if path.is_empty() {
        return Err("a finding in a file, and the result has no Target that names it".into());
    }
    Ok(Package { path: Some(path.to_owned()), layer, ..Package::default() })
}

fn blank(class: Class, id: String) -> Finding {
    Finding::new(class, id, "trivy")
}
