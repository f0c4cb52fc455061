//! Where policy, exceptions and feeds come from, for the view.

use attest::predicate::verdict::{Origin, Source};
use jiff::Timestamp;
use model::Sha256;

use crate::case::Case;
use crate::gather::Gathered;

/// Everything that a person may ask the origin of.
pub(super) fn of(case: &Case, found: &Gathered) -> Vec<report::Source> {
    let policy = case.sources.policy.iter().map(|source| file("policy", source));
    let exceptions = case.sources.exceptions.iter().map(|source| file("exceptions", source));
    let feeds = &found.evidence.feeds;
    let epss = feed("EPSS", case.epss.as_deref(), feeds.epss.as_ref().and_then(|feed| feed.date()));
    let kev = feed("KEV", case.kev.as_deref(), feeds.kev.as_ref().and_then(|feed| feed.date()));
    policy.chain(exceptions).chain(epss).chain(kev).collect()
}

fn file(what: &str, source: &Source) -> report::Source {
    let place = match source.from {
        Origin::Shipped => format!("{} (ships with Hallmark)", source.name),
        Origin::File => source.name.clone(),
        Origin::Repository => {
            let part = |part: &Option<String>| part.clone().unwrap_or_default();
            let commit: String = part(&source.commit).chars().take(12).collect();
            format!("{}:{} at {} ({commit})", part(&source.repository), source.name, part(&source.branch))
        }
    };
    report::Source { what: what.into(), place, digest: source.sha256.to_string() }
}

fn feed(what: &str, bytes: Option<&[u8]>, date: Option<Timestamp>) -> Option<report::Source> {
    let place = date.map_or_else(|| "without a date".into(), |date| format!("of {date}"));
    bytes.map(|bytes| report::Source { what: what.into(), place, digest: Sha256::of(bytes).to_string() })
}
