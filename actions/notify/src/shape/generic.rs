//! JSON of our own, for whoever has a webhook: `notification.schema.json` describes it.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use aws_lc_rs::hmac;
use jiff::Timestamp;
use model::{Reason, Sha256, Verdict};
use runner::Secret;
use serde::Serialize;

use crate::message::{Changes, Decision, Message, Publication, Told};
use crate::text::most_that_fits;

/// The most bytes of a body.
pub(crate) const LONGEST: usize = 256 << 10;

/// The header that says who sent a body, where a secret is shared.
pub(crate) const SIGNATURE: &str = "x-hallmark-signature-256";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Notification<'m> {
    version: u8,
    event: &'static str,
    id: Sha256,
    title: &'m str,
    sent_on: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    repository: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<Run<'m>>,
    image: Image<'m>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<Decided<'m>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    publication: Option<Published<'m>>,
    links: BTreeMap<String, &'m str>,
}

#[derive(Serialize)]
struct Run<'m> {
    id: &'m str,
    attempt: &'m str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Image<'m> {
    name: &'m str,
    content_digest: &'m str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Decided<'m> {
    verdict: Verdict,
    report_only: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<&'m str>,
    policy: Policy<'m>,
    decided_on: Timestamp,
    brief: Digest,
    reasons: &'m [Reason],
    /// How many reasons did not fit.
    reasons_left_out: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    findings: Option<BTreeMap<&'static str, Count>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Changed<'m>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approval: Option<Approved<'m>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    words: Option<String>,
}

#[derive(Serialize)]
struct Policy<'m> {
    name: &'m str,
    digest: Digest,
}

#[derive(Serialize)]
struct Digest {
    sha256: Sha256,
}

#[derive(Serialize)]
struct Count {
    stand: usize,
    suppressed: usize,
}

#[derive(Serialize)]
struct Changed<'m> {
    since: &'m str,
    findings: Moved,
    packages: Packages,
}

#[derive(Serialize)]
struct Moved {
    new: usize,
    fixed: usize,
    unchanged: usize,
}

#[derive(Serialize)]
struct Packages {
    added: usize,
    removed: usize,
    upgraded: usize,
}

#[derive(Serialize)]
struct Approved<'m> {
    by: &'m str,
    #[serde(skip_serializing_if = "str::is_empty")]
    comment: &'m str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Published<'m> {
    purl: &'m str,
    #[serde(skip_serializing_if = "Option::is_none")]
    release_id: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prior_image: Option<&'m str>,
}

/// The body of a request.
pub(crate) fn body(message: &Message) -> Result<Vec<u8>> {
    let all = message.reasons().len();
    most_that_fits(all, LONGEST, |kept| with_reasons(message, kept))
        .context("what is to be told is too long even without the reasons")
}

/// The signature over a body, as the header has it.
pub(crate) fn signature(secret: &Secret, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().trim().as_bytes());
    format!("sha256={}", hex::encode(hmac::sign(&key, body)))
}

/// With so many of the reasons, heaviest first.
pub(crate) fn with_reasons(message: &Message, kept: usize) -> Vec<u8> {
    let (decision, publication) = match &message.told {
        Told::Decision(decision) => (Some(decided(decision, kept)), None),
        Told::Publication(publication) => (None, Some(published(publication))),
    };
    let notification = Notification {
        version: 1,
        event: message.told.event(),
        id: message.id,
        title: &message.title,
        sent_on: message.sent_on,
        repository: message.repository.as_deref(),
        run: message.run.as_ref().map(|run| Run { id: &run.id, attempt: &run.attempt }),
        image: Image { name: &message.image, content_digest: &message.content },
        decision,
        publication,
        links: message.links.iter().map(|(name, url)| (name.to_lowercase(), url.as_str())).collect(),
    };
    // Texts, numbers and lists under fixed names: nothing in it can fail to be written.
    serde_json::to_vec(&notification).unwrap_or_default()
}

fn decided(decision: &Decision, kept: usize) -> Decided<'_> {
    let count = |(severity, stand, suppressed): &(model::Severity, usize, usize)| {
        (severity.as_str(), Count { stand: *stand, suppressed: *suppressed })
    };
    Decided {
        verdict: decision.verdict,
        report_only: decision.report_only,
        environment: decision.environment.as_deref(),
        policy: Policy { name: &decision.policy, digest: Digest { sha256: decision.policy_digest } },
        decided_on: decision.decided_on,
        brief: Digest { sha256: decision.brief },
        reasons: decision.reasons.get(..kept).unwrap_or_default(),
        reasons_left_out: decision.reasons.len().saturating_sub(kept),
        findings: decision.counts.as_ref().map(|counts| counts.iter().map(count).collect()),
        changes: decision.changes.as_ref().map(changed),
        approval: decision
            .approval
            .as_ref()
            .map(|approval| Approved { by: &approval.by, comment: &approval.comment }),
        words: decision.words(),
    }
}

fn changed(changes: &Changes) -> Changed<'_> {
    Changed {
        since: &changes.since,
        findings: Moved { new: changes.new, fixed: changes.fixed, unchanged: changes.unchanged },
        packages: Packages { added: changes.added, removed: changes.removed, upgraded: changes.upgraded },
    }
}

fn published(publication: &Publication) -> Published<'_> {
    Published {
        purl: &publication.purl,
        release_id: publication.release_id.as_deref(),
        provider: publication.provider.as_deref(),
        location: publication.location.as_deref(),
        channel: publication.channel.as_deref(),
        prior_image: publication.prior_image.as_deref(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test cases 2 and 6.
    #[test]
    fn the_signature_is_hmac_sha_256() {
        for (key, data, expected) in [
            (
                "Jefe".to_owned(),
                "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            // The secret's own line end is a file's, and no part of it.
            (
                "Jefe\n".to_owned(),
                "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
        ] {
            assert_eq!(signature(&Secret::new(key), data.as_bytes()), format!("sha256={expected}"));
        }
    }
}
