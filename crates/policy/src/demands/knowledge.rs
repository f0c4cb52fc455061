//! What rules need to be more than words: a scan that looked for what they are about, and the feeds
//! that they read.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use model::Class;

use super::{SKEW, counts};
use crate::code::Code;
use crate::evidence::{Evidence, Facts, Statement};
use crate::kind::Seen;
use crate::noun::noun;
use crate::policy::{Policy, Rule};
use crate::reasons::Reasons;
use crate::span;

/// A scan that says nothing about secrets may not have looked for any.
pub(crate) fn classes(policy: &Policy, deciding: &[&Statement], reasons: &mut Reasons<'_>) {
    let scans = deciding.iter().filter_map(|statement| {
        let Facts::Vulns { looked_for, seen, .. } = &statement.facts else { return None };
        let requirement = policy.evidence.get(&statement.facts.kind())?;
        let source = *seen == Seen::Source;
        (source || counts(requirement, statement)).then_some((statement.file.as_str(), (source, looked_for)))
    });
    let (files, looked_for): (Vec<&str>, Vec<(bool, &BTreeSet<Class>)>) = scans.unzip();
    // That there is no scan at all is said already, where one is required.
    if files.is_empty() {
        return;
    }
    for class in policy.rules.iter().filter(|(_, rules)| !rules.is_empty()).map(|(class, _)| class) {
        // What is in the image nobody learns from its sources; weaknesses are in nothing else.
        let tells = |source: bool| !source || *class == Class::Weakness;
        if !looked_for.iter().any(|(source, scan)| tells(*source) && scan.contains(class)) {
            let message =
                format!("The policy has rules about {}, and no scan looked for any.", noun(*class, 2));
            reasons.add(Code::ClassNotScanned, files.iter().copied(), message);
        }
    }
}

/// A rule about what nobody has told matches nothing: that the feed is missing stands for it.
pub(crate) fn feeds(policy: &Policy, evidence: &Evidence, now: Timestamp, reasons: &mut Reasons<'_>) {
    let needed = |reads: fn(&Rule) -> bool| policy.rules.values().flatten().any(reads);
    let feeds = &evidence.feeds;
    let (epss, kev) =
        (feeds.epss.as_ref().map(|feed| feed.date()), feeds.kev.as_ref().map(|feed| feed.date()));
    for (name, needed, given, max_age) in [
        ("EPSS", needed(|rule| rule.epss_at_least.is_some()), epss, policy.feeds.epss),
        ("KEV", needed(|rule| rule.kev), kev, policy.feeds.kev),
    ] {
        match given {
            Some(date) => feed_age(name, date, max_age, now, reasons),
            None if needed => {
                let message =
                    format!("The policy has rules that need the {name} feed, and it was not given.");
                reasons.add(Code::FeedMissing, [], message);
            }
            None => {}
        }
    }
}

fn feed_age(
    name: &str,
    date: Option<Timestamp>,
    max_age: Option<SignedDuration>,
    now: Timestamp,
    reasons: &mut Reasons<'_>,
) {
    match (date, max_age) {
        (Some(date), _) if now.duration_until(date) > SKEW => {
            reasons.add(
                Code::FeedStale,
                [],
                format!("The {name} feed is dated {date}, after this decision."),
            );
        }
        (Some(date), Some(age)) if date.duration_until(now) > age => {
            let age = span::show(age);
            reasons.add(Code::FeedStale, [], format!("The {name} feed of {date} is older than {age}."));
        }
        (None, Some(_)) => reasons.add(Code::FeedUndated, [], format!("The {name} feed says no date.")),
        (Some(_) | None, _) => {}
    }
}
