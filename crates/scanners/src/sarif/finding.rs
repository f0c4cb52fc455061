//! A result of SARIF as a finding.

use std::collections::{BTreeMap, HashMap};

use model::{Class, Finding, Package, Region, Severity};
use serde_json::Value;

use super::wire::{Artifact, ArtifactLocation, Component, Message, Outcome, Rule, Tool};
use crate::entry::{file, quoted};

/// How much of a message is one line.
const TITLE: usize = 300;

/// What results refer to.
pub(super) struct Rules<'a> {
    tool: &'a Tool,
    artifacts: &'a [Artifact],
    by_id: HashMap<&'a str, &'a Rule>,
    scanner: String,
}

impl<'a> Rules<'a> {
    pub(super) fn of(tool: &'a Tool, artifacts: &'a [Artifact]) -> Self {
        let all = std::iter::once(&tool.driver).chain(&tool.extensions);
        let mut by_id = HashMap::new();
        for rule in all.flat_map(|component| &component.rules) {
            by_id.entry(rule.id.as_str()).or_insert(rule);
        }
        let name: String = tool.driver.name.chars().take(60).collect();
        Self { tool, artifacts, by_id, scanner: format!("sarif:{name}") }
    }

    /// The rule of a result: by its place, else by its name, or the part of it before a `/` (section 3.27.5).
    fn rule(&self, found: &Outcome) -> Result<(String, Option<&'a Rule>), String> {
        let reference = found.rule.as_ref();
        let component: Option<&Component> =
            match reference.and_then(|one| one.tool_component.as_ref()).and_then(|one| one.index) {
                Some(index) => self.tool.extensions.get(index),
                None => Some(&self.tool.driver),
            };
        let place = found.rule_index.or_else(|| reference.and_then(|one| one.index));
        let by_place = place.and_then(|place| component?.rules.get(place));
        let id = found.rule_id.clone().or_else(|| reference.and_then(|one| one.id.clone()));
        let id = id.or_else(|| by_place.map(|rule| rule.id.clone())).filter(|id| !id.trim().is_empty());
        let id = id.ok_or("it names no rule")?;
        let whole = self.by_id.get(id.as_str()).copied();
        let rule = by_place
            .or(whole)
            .or_else(|| id.rsplit_once('/').and_then(|(head, _)| self.by_id.get(head).copied()));
        Ok((id, rule))
    }

    /// What a result says.
    pub(super) fn finding(&self, found: Outcome) -> Result<Finding, String> {
        let (id, rule) = self.rule(&found)?;
        let own = &found.properties;
        let class = class(own)?;
        let (severity, by) = severity(&found, rule)?;
        let message = self.message(&found.message, rule);
        let (in_file, region) = self.place(&found);
        let described = rule.map(|rule| [&rule.full_description, &rule.help, &rule.short_description]);
        let described =
            described.into_iter().flatten().map(|one| one.text.trim()).find(|text| !text.is_empty());
        let text = |name: &str| own.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let some = |name: &str| Some(text(name)).filter(|text| !text.is_empty());
        let declared = own.contains_key("class");
        let package = Package {
            name: if declared { text("package") } else { String::new() },
            version: if declared { text("version") } else { String::new() },
            purl: some("purl").filter(|_| declared),
            path: if declared { some("path") } else { in_file.path },
            ..Package::default()
        };
        Ok(Finding {
            package,
            region,
            severity,
            severity_source: Some(by.to_owned()),
            fixed_version: some("fixedVersion").filter(|_| declared),
            title: message.lines().next().unwrap_or_default().chars().take(TITLE).collect::<String>().into(),
            description: described.map_or_else(|| message.clone(), str::to_owned).into(),
            links: crate::links(rule.and_then(|rule| rule.help_uri.clone())).into(),
            // Hallmark's own names the class before the check.
            ..Finding::new(class, own_id(&id, class, declared), self.scanner.clone())
        })
    }

    /// The text, or the rule's string with what it is to have put in.
    fn message(&self, message: &Message, rule: Option<&Rule>) -> String {
        let string = |id: &String| Some(rule?.message_strings.get(id)?.text.as_str());
        let mut text = match (message.text.as_str(), &message.id) {
            ("", Some(id)) => string(id).unwrap_or_default().to_owned(),
            (text, _) => text.to_owned(),
        };
        for (at, argument) in message.arguments.iter().enumerate().take(20) {
            text = text.replace(&format!("{{{at}}}"), argument);
        }
        if text.trim().is_empty() {
            text = rule.map(|rule| rule.short_description.text.clone()).unwrap_or_default();
        }
        text
    }

    /// The file and the lines, of the first place that has any.
    fn place(&self, found: &Outcome) -> (Package, Option<Region>) {
        let physical = found.locations.iter().find_map(|location| location.physical_location.as_ref());
        let Some(physical) = physical else { return (Package::default(), None) };
        let uri = self.uri(&physical.artifact_location);
        let region = physical.region.as_ref();
        let region = region.and_then(|lines| Region::of(lines.start_line, lines.end_line));
        (uri.and_then(|uri| file(&path(uri))).unwrap_or_default(), region)
    }

    fn uri<'l>(&'l self, location: &'l ArtifactLocation) -> Option<&'l str> {
        let listed = || self.artifacts.get(location.index?)?.location.uri.as_deref();
        location.uri.as_deref().or_else(listed)
    }
}

/// A URI's path, its escapes undone.
fn path(uri: &str) -> String {
    let path = uri.strip_prefix("file://").unwrap_or(uri);
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        let escaped = (*first == b'%').then(|| more.get(..2)).flatten();
        let escaped = escaped.and_then(|digits| std::str::from_utf8(digits).ok());
        match escaped.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit())) {
            Some(digits) => {
                bytes.extend(u8::from_str_radix(digits, 16));
                rest = &more[2..];
            }
            None => {
                bytes.push(*first);
                rest = more;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn own_id(id: &str, class: Class, declared: bool) -> String {
    let own = declared.then(|| id.strip_prefix(class.as_str())?.strip_prefix('/')).flatten();
    own.unwrap_or(id).to_owned()
}

fn class(properties: &BTreeMap<String, Value>) -> Result<Class, String> {
    match properties.get("class") {
        None => Ok(Class::Weakness),
        Some(word) => {
            Class::ALL.into_iter().find(|class| word.as_str() == Some(class.as_str())).ok_or_else(|| {
                format!("properties.class is {}, and no class of findings", quoted(&word.to_string()))
            })
        }
    }
}

/// The severity, and who set it.
fn severity(found: &Outcome, rule: Option<&Rule>) -> Result<(Severity, &'static str), String> {
    if found.properties.contains_key("class")
        && let Some(word) = found.properties.get("severity").and_then(Value::as_str)
    {
        return Ok((word.parse().map_err(|error: model::UnknownSeverity| error.to_string())?, "hallmark"));
    }
    let of_rule = rule.and_then(|rule| rule.properties.get("security-severity"));
    if let Some(score) = found.properties.get("security-severity").or(of_rule) {
        return Ok((by_score(score)?, "security-severity"));
    }
    let level = found.level.as_deref().or_else(|| rule?.default_configuration.level.as_deref());
    let severity = match level.unwrap_or("warning") {
        "error" => Severity::High,
        "warning" => Severity::Medium,
        "note" => Severity::Low,
        "none" => Severity::Negligible,
        other => return Err(format!("the level {}: error, warning, note, none are known", quoted(other))),
    };
    Ok((severity, "level"))
}

/// GitHub's own bands.
fn by_score(score: &Value) -> Result<Severity, String> {
    let number = score.as_f64().or_else(|| score.as_str()?.trim().parse().ok());
    let number = number.filter(|number| (0.0..=10.0).contains(number));
    let number = number.ok_or_else(|| {
        format!("security-severity is {}: a number from 0 to 10 is wanted", quoted(&score.to_string()))
    })?;
    Ok(match number {
        over if over > 9.0 => Severity::Critical,
        over if over >= 7.0 => Severity::High,
        over if over >= 4.0 => Severity::Medium,
        over if over > 0.0 => Severity::Low,
        _ => Severity::Negligible,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_and_what_is_no_number() {
        for (score, severity) in [
            ("9.1", Some(Severity::Critical)),
            ("9.0", Some(Severity::High)),
            ("7", Some(Severity::High)),
            ("6.9", Some(Severity::Medium)),
            ("0.1", Some(Severity::Low)),
            ("0", Some(Severity::Negligible)),
            ("10.1", None),
            ("-1", None),
            ("NaN", None),
            ("", None),
        ] {
            assert_eq!(by_score(&Value::from(score)).ok(), severity, "{score}");
        }
    }

    #[test]
    fn a_uri_becomes_a_path() {
        for (uri, wanted) in [
            ("src/a%20b.py", "src/a b.py"),
            ("file:///srv/a.py", "/srv/a.py"),
            ("100%", "100%"),
            ("%zz%4", "%zz%4"),
            ("%C3%A9", "é"),
        ] {
            assert_eq!(path(uri), wanted);
        }
    }
}
