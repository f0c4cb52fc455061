//! A rule: one vulnerability, kind of secret, licence, check or rule, with what to do about it.

use std::collections::{BTreeMap, BTreeSet};

use model::{Class, Finding, Severity};

use super::rows::Row;
use super::text::{cut, escaped, markdown, plain, plain_lines};
use super::wire::{Configuration, Help, Message, Rule, RuleProperties};
use super::{MAX_DESCRIPTION, MAX_NAME, level, rule_id};

const MAX_LINKS: usize = 5;
const MAX_FIXES: usize = 20;

/// The rules that the kept results use.
pub(super) struct Rules {
    index: BTreeMap<String, usize>,
    pub(super) rendered: Vec<Rule>,
}

impl Rules {
    pub(super) fn of(rows: &[Row<'_>], help: usize) -> Self {
        let mut by_id: BTreeMap<String, Vec<&Finding>> = BTreeMap::new();
        for row in rows {
            by_id.entry(rule_id(row.entry.finding)).or_default().push(row.entry.finding);
        }
        let rendered = by_id.iter().map(|(id, findings)| rule(id, findings, help)).collect();
        let index = by_id.into_keys().enumerate().map(|(at, id)| (id, at)).collect();
        Self { index, rendered }
    }

    pub(super) fn index(&self, id: &str) -> Option<usize> {
        self.index.get(id).copied()
    }
}

fn rule(id: &str, findings: &[&Finding], most: usize) -> Rule {
    let worst = findings.iter().map(|f| f.severity).max_by_key(|s| s.rank_for_decision());
    let severity = worst.unwrap_or(Severity::Unknown);
    let cvss = findings.iter().filter_map(|f| f.cvss).max_by(f64::total_cmp);
    let first = findings.first();
    let title = first.map_or("", |f| f.title.as_str());
    let description = first.map_or("", |f| f.description.as_str());
    let class = first.map_or(Class::Vulnerability, |f| f.class);
    let short = if title.trim().is_empty() { id } else { title };
    let full = if description.is_empty() { short } else { description };
    let links = links(findings);
    Rule {
        id: plain(id, MAX_NAME),
        short_description: Message::of(escaped(short, MAX_DESCRIPTION)),
        full_description: Message::of(escaped(full, MAX_DESCRIPTION)),
        default_configuration: Configuration { level: level(severity) },
        help: help((id, short, description), findings, &links, most),
        properties: RuleProperties {
            tags: ["security", class.as_str(), severity.as_str()],
            security_severity: security_severity(severity, cvss),
            precision: precision(class),
        },
        help_uri: links.into_iter().next(),
    }
}

/// A vulnerability comes from an advisory; the others are by patterns and checks, and may be wrong.
const fn precision(class: Class) -> &'static str {
    match class {
        Class::Vulnerability => "very-high",
        Class::Secret | Class::License | Class::Misconfiguration | Class::Weakness => "high",
    }
}

/// What to do about it: as text, and as Markdown, which GitHub shows.
fn help(
    (id, title, description): (&str, &str, &str),
    findings: &[&Finding],
    links: &[String],
    most: usize,
) -> Help {
    let fixes: BTreeSet<String> = findings
        .iter()
        .filter_map(|finding| {
            let version = finding.fixed_version.as_deref()?;
            Some(format!("{}: fixed in {version}", finding.package.name))
        })
        .collect();
    let fixes = match (fixes.is_empty(), findings.first().map(|finding| finding.class)) {
        (true, Some(Class::Vulnerability)) => vec!["No fixed version is known.".to_owned()],
        _ => fixes.into_iter().take(MAX_FIXES).collect(),
    };
    let description = if most == 0 { "" } else { description };
    let text = format!("{id}: {title}\n\n{description}\n{}\n{}\n", fixes.join("\n"), links.join("\n"));
    let items =
        |items: &[String]| items.iter().map(|item| format!("- {}\n", markdown(item))).collect::<String>();
    let addresses: String = links.iter().map(|link| format!("- <{link}>\n")).collect();
    let head = format!("**{}**: {}", markdown(id), markdown(title));
    let body = cut(description, most.max(1) / 2);
    let shown = format!("{head}\n\n{}\n\n{}\n{addresses}", markdown(&body), items(&fixes));
    Help { text: escaped(&text, most.max(MAX_DESCRIPTION)), markdown: plain_lines(&shown) }
}

/// Only plain web addresses: a viewer makes these clickable.
fn links(findings: &[&Finding]) -> Vec<String> {
    let mut links: Vec<String> = Vec::new();
    for link in findings.iter().flat_map(|f| f.links.iter()) {
        let plain_address = (link.starts_with("https://") || link.starts_with("http://"))
            && link.len() < 2_000
            && link.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}[]".contains(&b));
        if plain_address && !links.contains(link) {
            links.push(link.clone());
        }
        if links.len() == MAX_LINKS {
            break;
        }
    }
    links
}

/// GitHub's own bands: over 9.0 critical, from 7.0 high, from 4.0 medium, from 0.1 low. A CVSS score
/// is shown only where it lies in the band of the severity that decides, so that the Security tab
/// and the verdict never disagree.
pub(super) fn security_severity(severity: Severity, cvss: Option<f64>) -> String {
    let (least, greatest, usual) = match severity {
        Severity::Critical => (9.1, 10.0, 9.5),
        Severity::High => (7.0, 8.9, 8.0),
        Severity::Medium | Severity::Unknown => (4.0, 6.9, 5.5),
        Severity::Low => (0.1, 3.9, 2.0),
        Severity::Negligible => (0.1, 3.9, 0.1),
    };
    let score = cvss.filter(|score| (least..=greatest).contains(score)).unwrap_or(usual);
    format!("{score:.1}")
}
