//! A result: one alert.

use model::{Class, Finding};

use super::rows::Row;
use super::rule::Rules;
use super::text::{escaped, plain, uri};
use super::wire::{
    ArtifactLocation, Fingerprints, Location, Message, Other, PhysicalLocation, Region, ResultEntry,
    ResultProperties, Suppressed, SuppressionProperties,
};
use super::{MAX_DESCRIPTION, MAX_NAME, Run, Suppression, level, rule_id};

/// So many others that are the same alert are named.
const MAX_OTHERS: usize = 20;

pub(super) fn result<'a>(run: &Run<'_>, row: &'a Row<'_>, rules: &Rules) -> ResultEntry<'a> {
    let finding = row.entry.finding;
    let package = &finding.package;
    let rule_id = rule_id(finding);
    let others = row.others.iter().take(MAX_OTHERS);
    ResultEntry {
        rule_index: rules.index(&rule_id),
        rule_id: plain(&rule_id, MAX_NAME),
        level: level(finding.severity),
        message: Message::of(escaped(&sentence(finding), MAX_DESCRIPTION)),
        locations: [place(run, finding)],
        partial_fingerprints: Fingerprints {
            primary_location_line_hash: format!("{}:{}", finding.fingerprint(run.family), row.ordinal),
        },
        suppressions: row.entry.suppressed.iter().map(suppressed).collect(),
        properties: ResultProperties {
            package: &package.name,
            version: &package.version,
            purl: package.purl.as_deref(),
            fixed_version: finding.fixed_version.as_deref(),
            severity: finding.severity.as_str(),
            scanner: &finding.scanner,
            class: finding.class.as_str(),
            path: package.path.as_deref(),
            severity_source: finding.severity_source.as_deref(),
            epss: finding.epss.as_ref(),
            kev: finding.kev.as_ref(),
            aliases: &finding.aliases,
            same_alert: row.others.len(),
            others: others
                .map(|other| Other { version: &other.package.version, scanner: &other.scanner })
                .collect(),
        },
    }
}

/// The family's one file; or, of sources, where it was found.
fn place(run: &Run<'_>, finding: &Finding) -> Location {
    let found_at = finding.package.path.as_deref().unwrap_or(".");
    let (location, place, lines) = match run.location {
        Some(location) => (location, format!("image family {}", run.family), None),
        None => (found_at, found_at.to_owned(), finding.region),
    };
    Location {
        physical_location: PhysicalLocation {
            artifact_location: ArtifactLocation { uri: uri(location) },
            region: lines.map_or(Region::START, |lines| Region::lines(lines.start_line, lines.end_line)),
        },
        message: Message::of(escaped(&place, MAX_DESCRIPTION)),
    }
}

/// The exception's reason, and what it is bound to.
fn suppressed<'a>(why: &Suppression<'a>) -> Suppressed<'a> {
    let ticket = why.ticket.map(|ticket| format!("ticket {ticket}"));
    let expires = why.expires.map(|day| format!("until {day}"));
    let bounds: Vec<String> = ticket.into_iter().chain(expires).collect();
    // What bounds it is never cut.
    let mut justification = escaped(why.reason, MAX_DESCRIPTION - MAX_DESCRIPTION / 4);
    if !bounds.is_empty() {
        let bounds = escaped(&bounds.join(", "), MAX_DESCRIPTION / 4 - 3).replace('\n', " ");
        justification.push_str(&format!(" ({bounds})"));
    }
    Suppressed {
        kind: "external",
        status: "accepted",
        justification,
        properties: SuppressionProperties {
            ticket: why.ticket,
            expires: why.expires.map(|day| day.to_string()),
        },
    }
}

/// What was found, and where.
fn sentence(finding: &Finding) -> String {
    let Finding { id, package, severity, title, .. } = finding;
    let path = package.path.as_deref();
    if finding.class != Class::Vulnerability {
        let place = match (package.name.as_str(), path) {
            ("", path) => path.unwrap_or("the image").to_owned(),
            (name, None) => name.to_owned(),
            (name, Some(path)) => format!("{name}, at {path}"),
        };
        return format!("{}: {id} in {place} ({severity}): {title}", finding.class);
    }
    let fix = finding
        .fixed_version
        .as_deref()
        .map_or_else(|| "no fixed version is known".to_owned(), |version| format!("fixed in {version}"));
    let place = path.map(|path| format!(", at {path}")).unwrap_or_default();
    format!("{id} in {} {} ({severity}{place}): {fix}. {title}", package.name, package.version)
}
