//! What a report has besides vulnerabilities: secrets, licences, misconfigurations.
//!
//! A record is made anew here, of the members that are listed: lines of a file, and so whatever
//! secret is in them, never leave the report.

use std::collections::BTreeMap;

use model::{Class, Finding, Package, Severity};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::report::{links, severity};
use super::wire::{License, Misconfiguration, Secret};

/// What a secret's record keeps. Not `Match` and `Code`, which are lines of the file, nor `Offset`.
const OF_A_SECRET: [&str; 7] = ["RuleID", "Category", "Severity", "Title", "StartLine", "EndLine", "Layer"];
/// What a misconfiguration's record keeps. Its cause has lines of the file, too.
const OF_A_MISCONFIGURATION: [&str; 13] = [
    "Type",
    "ID",
    "AVDID",
    "Title",
    "Description",
    "Message",
    "Namespace",
    "Resolution",
    "Severity",
    "PrimaryURL",
    "References",
    "Status",
    "Layer",
];
const OF_A_CAUSE: [&str; 5] = ["Resource", "Provider", "Service", "StartLine", "EndLine"];
/// SPDX's word for a licence that nobody names.
const NO_NAME: &str = "NOASSERTION";

/// The packages of a report by name and path.
pub(super) type Packages = BTreeMap<(String, Option<String>), Package>;

/// Reads an entry of that class, found in `target`. None is one that nothing speaks against.
pub(super) fn read(
    class: Class,
    record: &Value,
    target: &str,
    packages: &Packages,
) -> Result<Option<Finding>, String> {
    match class {
        Class::Secret => secret(record, target).map(Some),
        Class::License => license(record, packages).map(Some),
        Class::Misconfiguration => misconfiguration(record, target),
        Class::Vulnerability => Err("a vulnerability, where another class is read".into()),
    }
}

fn secret(record: &Value, target: &str) -> Result<Finding, String> {
    let raw: Secret = parse(record)?;
    if raw.rule_id.is_empty() {
        return Err("a secret without a RuleID".into());
    }
    Ok(Finding {
        severity: severity(raw.severity.as_deref())?,
        package: in_file(target, raw.layer.name())?,
        title: raw.title,
        description: "Whoever has the image has what is secret in it. Take it out, and revoke it.".into(),
        record: Some(kept(record, &OF_A_SECRET)),
        ..blank(Class::Secret, raw.rule_id)
    })
}

fn license(record: &Value, packages: &Packages) -> Result<Finding, String> {
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
        },
        links: links(raw.link, Vec::new()),
        record: Some(record.clone()),
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

fn misconfiguration(record: &Value, target: &str) -> Result<Option<Finding>, String> {
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
    let mut kept_record = kept(record, &OF_A_MISCONFIGURATION);
    if let (Some(kept_record), Some(cause)) = (kept_record.as_object_mut(), record.get("CauseMetadata")) {
        kept_record.insert("CauseMetadata".into(), kept(cause, &OF_A_CAUSE));
    }
    Ok(Some(Finding {
        aliases: Some(raw.avd_id).filter(|other| !other.is_empty() && *other != id).into_iter().collect(),
        severity: severity(raw.severity.as_deref())?,
        package: in_file(target, raw.layer.name())?,
        title: raw.title,
        description: [raw.description, raw.resolution]
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join("\n"),
        links: links(raw.primary_url, raw.references.unwrap_or_default()),
        record: Some(kept_record),
        ..blank(Class::Misconfiguration, id)
    }))
}

fn parse<T: DeserializeOwned>(record: &Value) -> Result<T, String> {
    T::deserialize(record).map_err(|error| error.to_string())
}

/// These members of it, where they are.
fn kept(record: &Value, names: &[&str]) -> Value {
    let member = |name: &&str| record.get(*name).map(|value| ((*name).to_owned(), value.clone()));
    Value::Object(names.iter().filter_map(member).collect::<Map<_, _>>())
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
    Finding {
        class,
        id,
        aliases: Vec::new(),
        package: Package::default(),
        severity: Severity::Unknown,
        severities: BTreeMap::new(),
        fixed_version: None,
        status: None,
        title: String::new(),
        description: String::new(),
        cvss: None,
        links: Vec::new(),
        published: None,
        scanner: "trivy".into(),
        record: None,
    }
}
