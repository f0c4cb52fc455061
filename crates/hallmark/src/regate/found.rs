//! What deciding again came to for one channel, as people and issues need it: pure.

use gate::{Again, Published};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use model::{Reason, Severity, Sha256, Verdict, Weight};
use policy::{Code, Decision, ExceptionState, Judged, SetBy};
use serde::Serialize;

/// How a channel's image stands today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Standing {
    /// It passes.
    Passes,
    /// All that holds it up is that what is known about it is too old, or missing: nobody knows.
    Stale,
    /// It no longer passes.
    Fails,
}

/// A channel's image, decided about again.
#[derive(Debug, Serialize)]
pub(super) struct Found {
    pub(super) family: String,
    pub(super) channel: String,
    /// The image's name. Hostile text.
    pub(super) image: String,
    pub(super) content: String,
    pub(super) standing: Standing,
    pub(super) policy: String,
    /// The day on which it was published, and by which policy it passed.
    pub(super) published: Option<(String, String)>,
    /// What holds it up, heaviest first.
    pub(super) reasons: Vec<Reason>,
    /// The findings among that, worst first.
    pub(super) findings: Vec<Finding>,
    /// Exceptions that are over, and were for these findings.
    pub(super) ended: Vec<String>,
    /// What somebody answered for when it was published.
    pub(super) accepted: Vec<Acceptance>,
}

/// A finding that holds an image up. Hostile texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub(super) id: String,
    pub(super) severity: Severity,
    pub(super) package: String,
    pub(super) version: String,
    pub(super) fixed: Option<String>,
    pub(super) exploited: bool,
    pub(super) review: bool,
    pub(super) links: Vec<String>,
}

/// What somebody answered for. Hostile texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Acceptance {
    pub(super) what: String,
    pub(super) by: String,
    pub(super) until: String,
    pub(super) over: bool,
}

/// Codes that say only that what is known is too old, or missing.
const KNOWLEDGE: [Code; 5] =
    [Code::StaleEvidence, Code::StaleDatabase, Code::FeedStale, Code::FeedMissing, Code::FeedUndated];

impl Found {
    pub(super) fn of(family: &str, channel: &str, again: &Again, now: Timestamp) -> Self {
        let Again { image, policy, decision, published, channels, .. } = again;
        let name = format!("{family}/{channel}");
        let mut reasons = own_reasons(&name, published.as_ref(), channels);
        reasons.extend(decision.reasons.iter().filter(|one| one.weight > Weight::Note).cloned());
        let blocking: Vec<&Judged> = decision.findings.iter().filter(|one| holds_up(one)).collect();
        Self {
            family: family.to_owned(),
            channel: channel.to_owned(),
            content: image.content_digest().to_string(),
            image: image.name.clone(),
            standing: standing(&reasons),
            policy: policy.0.clone(),
            published: published.as_ref().map(|one| (day(one.on), one.policy.clone())),
            ended: ended(decision, &blocking),
            accepted: published.as_ref().map(|one| accepted(one, now)).unwrap_or_default(),
            findings: blocking.into_iter().map(Finding::of).collect(),
            reasons,
        }
    }

    /// Whether somebody who may publish says that the image is in the channel.
    pub(super) fn is_released(&self) -> bool {
        !self.reasons.iter().any(|one| one.code == NOT_RELEASED)
    }

    /// `family/name`.
    pub(super) fn name(&self) -> String {
        format!("{}/{}", self.family, self.channel)
    }

    /// What tells one night's reasons from another's: each finding, and each other reason by its words.
    pub(super) fn keys(&self) -> Vec<(String, String)> {
        let finding = |one: &Finding| {
            (key(&["finding", &one.id, &one.package]), format!("{} in {}", one.id, one.package))
        };
        let by_rule = |reason: &&Reason| {
            let code = Code::from_name(&reason.code);
            code.is_some_and(|code| code.set_by() == SetBy::Rules && code != Code::RegoDenied)
        };
        let others = self.reasons.iter().filter(|reason| !by_rule(reason));
        let others = others.map(|one| (key(&["reason", &one.code, &one.message]), one.message.clone()));
        let mut keys: Vec<(String, String)> = self.findings.iter().map(finding).chain(others).collect();
        keys.sort_unstable();
        keys.dedup_by(|one, other| one.0 == other.0);
        keys
    }
}

fn key(parts: &[&str]) -> String {
    Sha256::of(parts.join("\0").as_bytes()).short()
}

/// The code of an image of which nobody says that it is in its channel.
const NOT_RELEASED: &str = "not-released";

/// What the gate does not ask of an image that is about to be published.
fn own_reasons(name: &str, published: Option<&Published>, channels: &[String]) -> Vec<Reason> {
    let reason = |code: &str, message: String, clears: &str| Reason {
        weight: Weight::Fail,
        code: code.to_owned(),
        message,
        evidence: Vec::new(),
        clears: clears.to_owned(),
    };
    let mut reasons = Vec::new();
    if published.is_none() {
        reasons.push(reason(
            "not-published",
            "There is no verdict that passed this image, by somebody whom today's policy lets decide."
                .to_owned(),
            "Find out how it got into the channel; publish an image with a passing verdict.",
        ));
    }
    if !channels.iter().any(|one| one == name) {
        reasons.push(reason(
            NOT_RELEASED,
            format!(
                "No release by somebody whom today's policy lets publish says that the image is in {name}."
            ),
            "Find out who pointed the channel at it; put the evidence with its release into the archive.",
        ));
    }
    reasons
}

fn standing(reasons: &[Reason]) -> Standing {
    let known = |reason: &Reason| Code::from_name(&reason.code).is_some_and(|code| KNOWLEDGE.contains(&code));
    match Verdict::of(reasons) {
        Verdict::Pass => Standing::Passes,
        Verdict::Review | Verdict::Fail if reasons.iter().all(known) => Standing::Stale,
        Verdict::Review | Verdict::Fail => Standing::Fails,
    }
}

fn holds_up(one: &Judged) -> bool {
    one.counts().is_some_and(|weight| weight > Weight::Note)
}

impl Finding {
    fn of(one: &Judged) -> Self {
        let finding = &*one.finding;
        Self {
            id: finding.id.clone(),
            severity: finding.severity,
            package: finding.package.name.clone(),
            version: finding.package.version.clone(),
            fixed: finding.fixed_version.clone(),
            exploited: one.kev == Some(true),
            review: one.counts() == Some(Weight::Review),
            links: finding.links.to_vec(),
        }
    }
}

/// Exceptions that would have covered one of the findings, and do not any more.
fn ended(decision: &Decision, blocking: &[&Judged]) -> Vec<String> {
    let over = decision
        .exceptions
        .iter()
        .filter(|one| matches!(one.state, ExceptionState::Expired | ExceptionState::Lapsed))
        .map(|one| (&one.exception, one.state));
    let about = |exception: &policy::Exception| {
        let names = exception.id.iter().chain(&exception.aliases);
        let names: Vec<&String> = names.collect();
        blocking.iter().any(|one| {
            let finding = &*one.finding;
            names.iter().any(|name| **name == finding.id || finding.aliases.contains(name))
        })
    };
    let said = over.filter(|(one, _)| about(one)).map(|(one, state)| match state {
        ExceptionState::Lapsed => format!("{}, by {}: it held until there was a fix", one.label(), one.owner),
        _ => format!("{}, by {}: its last day was {}", one.label(), one.owner, one.expires),
    });
    said.collect()
}

fn accepted(published: &Published, now: Timestamp) -> Vec<Acceptance> {
    let Some(consent) = &published.consent else { return Vec::new() };
    let over = now >= consent.until;
    let reasons = consent.reasons.iter().map(|one| Acceptance {
        what: one.message.clone(),
        by: consent.approver.clone(),
        until: consent.until.to_string(),
        over,
    });
    let today = now.to_zoned(TimeZone::UTC).date();
    let exceptions = consent.exceptions.iter().map(|one| Acceptance {
        what: format!("{}: {}", one.label(), one.reason),
        by: one.owner.clone(),
        until: one.expires.to_string(),
        over: one.expires < today,
    });
    reasons.chain(exceptions).collect()
}

fn day(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).date().to_string()
}
