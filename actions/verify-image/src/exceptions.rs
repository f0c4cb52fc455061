//! The exceptions that a verdict rests on, as they stand today.
//!
//! When it was decided, somebody answered for what they hid. If their time is over, or whoever answers has taken
//! them back, nobody does any more.

use std::str::FromStr as _;

use admission::reason;
use attest::predicate::verdict;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use model::Reason;
use policy::{Exception, Exceptions, Paths};
use serde::Serialize;
use serde_json::{Value, json};

use crate::ask::ENDING;

/// One exception that hides something in the image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Standing {
    /// What it is for.
    pub(crate) label: String,
    /// Who answers for it. Hostile text.
    pub(crate) owner: String,
    /// How many findings it hides.
    pub(crate) suppressed: u64,
    /// Its last day, as it is today.
    pub(crate) expires: Option<String>,
    /// How it stands.
    pub(crate) state: State,
}

/// How an exception stands today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    /// It holds.
    Holds,
    /// It ends soon.
    Ending,
    /// Its last day is over.
    Expired,
    /// It is not in today's file any more.
    Gone,
    /// What the verdict says of it does not read.
    Unreadable,
}

/// Looks at every exception that hides something, and tells which of them no longer do.
pub(crate) fn standing(
    verdict: &verdict::Predicate,
    today: Option<&Exceptions>,
    now: Timestamp,
) -> (Vec<Standing>, Vec<Reason>) {
    // One that says no number may hide anything.
    let hides = |one: &&Value| one["suppressed"].as_u64() != Some(0);
    let all: Vec<Standing> =
        verdict.exceptions.iter().filter(hides).map(|one| stands(one, today, now)).collect();
    let reasons = all.iter().filter_map(against).collect();
    (all, reasons)
}

fn stands(one: &Value, today: Option<&Exceptions>, now: Timestamp) -> Standing {
    let text = |name: &str| one[name].as_str().map(str::to_owned);
    let what = text("id").unwrap_or_else(|| format!("every {}", text("class").unwrap_or_default()));
    let label = match text("package").or_else(|| text("purl")) {
        Some(place) => format!("{what} in {place}"),
        None => what,
    };
    let mut standing = Standing {
        label,
        owner: text("owner").unwrap_or_default(),
        suppressed: one["suppressed"].as_u64().unwrap_or_default(),
        expires: text("expires"),
        state: State::Unreadable,
    };
    if one["suppressed"].as_u64().is_none() {
        return standing;
    }
    let Some(today) = today else {
        standing.state = by_date(standing.expires.as_deref(), now);
        return standing;
    };
    // Renewed under another reason or owner, it is still the same one.
    let mut same = today.list().iter().filter(|other| is_same(one, other));
    let Some(found) = same.by_ref().max_by_key(|other| other.expires) else {
        standing.state = State::Gone;
        return standing;
    };
    let expires = found.expires.to_string();
    standing.state = by_date(Some(&expires), now);
    standing.expires = Some(expires);
    standing
}

fn by_date(expires: Option<&str>, now: Timestamp) -> State {
    let last = expires.and_then(|text| Date::from_str(text).ok());
    let ends = last.and_then(|last| last.tomorrow().ok()?.to_zoned(TimeZone::UTC).ok());
    let Some(ends) = ends.map(|zoned| zoned.timestamp()) else { return State::Unreadable };
    match now.duration_until(ends) {
        left if left <= SignedDuration::ZERO => State::Expired,
        left if left <= ENDING => State::Ending,
        _ => State::Holds,
    }
}

/// Whether both are for the same, and for no fewer images. Who answers for it, why and until when may have changed.
fn is_same(then: &Value, today: &Exception) -> bool {
    let written = json!({
        "class": today.class,
        "id": today.id,
        "aliases": today.aliases,
        "package": today.package,
        "purl": today.purl,
        "version": today.version,
        "versions": today.versions.as_ref().map(ToString::to_string),
        "paths": today.paths.as_ref().map(Paths::patterns),
        "images": today.images,
        "environments": today.environments,
    });
    let same = |members: &serde_json::Map<String, Value>| {
        members.iter().all(|(name, value)| then.get(name).unwrap_or(&Value::Null) == value)
    };
    today.suppresses() && written.as_object().is_some_and(same)
}

fn against(one: &Standing) -> Option<Reason> {
    let hid = format!("the exception for {}, which hides {} findings,", one.label, one.suppressed);
    let again = "Have the image scanned and decided on again by today's exceptions";
    let (code, message) = match one.state {
        State::Holds | State::Ending => return None,
        State::Expired => {
            let ended = one.expires.as_deref().unwrap_or_default();
            ("exception-expired", format!("{hid} ended after {ended}"))
        }
        State::Gone => ("exception-gone", format!("{hid} is not among today's exceptions any more")),
        State::Unreadable => ("exception-unreadable", format!("{hid} does not say how long it holds")),
    };
    Some(reason(code, message, again))
}
