//! Deciding again about an image that was published: by today's policy, exceptions and feeds, over the evidence of
//! then.
//!
//! What comes of it is told and never written as evidence: it is measured more leniently than a verdict (ages of what
//! was made once are counted to the day of publishing), so nothing may ever be published by it.

use std::collections::BTreeMap;

use admission::{Allowed, closed, dated};
use anyhow::Result;
use attest::predicate::{approval, release, verdict, vulns};
use attest::{EvidenceDir, EvidenceFile, Kind, Statement};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use model::{Finding, ImageManifest, Reason, Sha256, Verdict};
use policy::{Accepted, Decision, EvidenceKind, Exception, Policy, Signed, decide_again};
use runner::Context;

use crate::case::Item;
use crate::exact::{self, Genuine};
use crate::judge::{self, Inputs};
use crate::load;
use crate::sarif::{self, Decided, Scanned};

/// What comes of deciding again.
#[derive(Debug)]
pub struct Again {
    /// The image.
    pub image: ImageManifest,
    /// The policy's name and digest.
    pub policy: (String, Sha256),
    /// What is decided today.
    pub decision: Decision,
    /// The verdict by which the image was published; none where there is none that today's policy believes.
    pub published: Option<Published>,
    /// The channels, as family/name, that those who may publish say it was put into.
    pub channels: Vec<String>,
    /// The full report of the newest genuine scan by Trivy.
    pub report: Option<Sha256>,
    /// The image's scanners, for SARIF.
    scanned: Vec<Scanned>,
}

impl Again {
    /// The scanners that have looked at the image, by name.
    pub fn scanners(&self) -> impl Iterator<Item = &str> {
        self.scanned.iter().map(Scanned::name)
    }

    /// The category of the image's alerts in code scanning.
    #[must_use]
    pub fn category(&self) -> String {
        sarif::category(&self.image)
    }

    pub(crate) fn decided(&self) -> Decided<'_> {
        Decided { image: &self.image, decision: &self.decision, scanned: &self.scanned }
    }
}

/// The verdict by which an image was published.
#[derive(Debug)]
pub struct Published {
    /// When it was decided, by no later than a log or a timestamp vouches for.
    pub on: Timestamp,
    /// The name of the policy that passed it.
    pub policy: String,
    /// What somebody answered for.
    pub consent: Option<Consented>,
}

/// What somebody answered for when an image was published.
#[derive(Debug)]
pub struct Consented {
    /// Who. Hostile text.
    pub approver: String,
    /// Until when the approval counts here.
    pub until: Timestamp,
    /// The reasons for review that it cleared.
    pub reasons: Vec<Reason>,
    /// The exceptions of its comment, each with a last day of its own.
    pub exceptions: Vec<Exception>,
}

/// Another look at the packages of a full report, with another database.
#[derive(Debug, Clone)]
pub struct Rescan {
    /// When.
    pub on: Timestamp,
    /// The date of the database.
    pub database: Timestamp,
    /// Whether that was the sample.
    pub sample: bool,
    /// The vulnerabilities.
    pub findings: Vec<Finding>,
}

/// Such looks, by the digest of the report.
pub type Rescans = BTreeMap<Sha256, Rescan>;

/// Decides again. Reads what the gate's own inputs name; writes nothing, and signs nothing.
///
/// `rescans` take the place of what the reports of genuine scans say of vulnerabilities.
///
/// The approval by which the image was published counts until it ends, and for `longer` after publishing where that is
/// later; the exceptions of its comment count until their last day.
///
/// # Errors
/// What is not evidence cannot be read: the image, the policy, the exceptions, a feed.
pub async fn again(ctx: &mut Context, longer: SignedDuration, rescans: &Rescans) -> Result<Again> {
    let case = load::case(ctx, None).await?;
    let Inputs { image, policy, keys, exceptions, mut found } = judge::inputs(&case, rescans)?;
    let files = EvidenceDir::new(ctx.path("evidence")?).list()?.files;
    let items = files.iter().cloned().map(Item::from);
    let genuine: Vec<Genuine> = items.filter_map(|item| exact::read(&item, &keys).ok()).collect();
    let said = Said {
        files: &files,
        genuine: &genuine,
        image: &image,
        manifest: Sha256::of(&case.image),
        policy: policy.policy(),
    };
    let (published, channels, report) = (said.published(longer), said.channels(), said.report());
    found.evidence.published = published.as_ref().map(|one| one.on);
    let accepted = published.as_ref().and_then(|one| one.consent.as_ref());
    let accepted = accepted.map(|one| one.at(case.now)).unwrap_or_default();
    let decision = decide_again(&policy, &exceptions, &found.evidence, &accepted, case.now);
    let policy = (policy.policy().name().to_owned(), policy.digest());
    let scanned = sarif::scanned_before(&found, &decision);
    Ok(Again { image, policy, decision, published, channels, report, scanned })
}

/// What was said about the image when it was published, and by whom.
struct Said<'s> {
    files: &'s [EvidenceFile],
    genuine: &'s [Genuine],
    image: &'s ImageManifest,
    manifest: Sha256,
    policy: &'s Policy,
}

impl<'s> Said<'s> {
    /// The statements of a kind, about exactly this image, by somebody who may sign them.
    fn of(&self, kind: EvidenceKind, of: Kind) -> impl Iterator<Item = &'s Genuine> {
        let may = self.policy.signers_of(kind);
        let (content, manifest) = (self.image.content_digest(), self.manifest);
        self.genuine.iter().filter(move |one| {
            one.kind == of
                && matches!(&one.signed, Signed::By(names) if names.iter().any(|name| may.contains(name)))
                && one.statement.is_about(&content)
                && one.statement.subject.iter().any(|subject| subject.sha256() == Some(manifest))
        })
    }

    /// The newest verdict that passed it and was not closed.
    fn published(&self, longer: SignedDuration) -> Option<Published> {
        let verdicts = self.of(EvidenceKind::Verdict, Kind::Verdict).filter_map(passed);
        let content = self.image.content_digest();
        let open = verdicts.filter(|one| closed(self.files, one, &content).is_empty());
        let verdict = open.max_by_key(|one| one.on)?;
        let named = verdict.predicate.approval.as_ref().map(|named| named.payload_digest);
        let approval = self.of(EvidenceKind::Approval, Kind::Approval).find(|one| Some(one.payload) == named);
        let waived = waived(&verdict.statement);
        let consent = approval.and_then(|one| consented(one, verdict.on, &waived, self.policy, longer));
        Some(Published { on: verdict.on, policy: verdict.predicate.policy.name, consent })
    }

    fn report(&self) -> Option<Sha256> {
        let read = |one: &Genuine| {
            let read: vulns::Predicate = one.statement.predicate().ok()?;
            let on = dated(Some(read.metadata.scan_finished_on), one.signed_by).ok()??;
            let more = read.hallmark.filter(|more| more.tool.name == "trivy")?;
            Some((on, more.report.digest.sha256))
        };
        self.of(EvidenceKind::Vulns, Kind::Vulns).filter_map(read).max().map(|(_, report)| report)
    }

    fn channels(&self) -> Vec<String> {
        let releases = self.of(EvidenceKind::Release, Kind::Release);
        let read = releases.filter_map(|one| one.statement.predicate::<release::Predicate>().ok());
        let mut channels: Vec<String> = read.filter_map(|one| one.hallmark?.channel).collect();
        channels.sort_unstable();
        channels.dedup();
        channels
    }
}

/// A verdict that passed, and held something up where it did not.
fn passed(one: &Genuine) -> Option<Allowed<verdict::Predicate>> {
    let predicate: verdict::Predicate = one.statement.predicate().ok()?;
    let on = dated(Some(predicate.decided_on), one.signed_by).ok()??;
    let signer = one.signer.clone()?;
    let (file, payload_digest, statement) = (one.file.clone(), one.payload, one.statement.clone());
    let passes = predicate.verdict == Verdict::Pass && !predicate.report_only;
    passes.then_some(Allowed { file, payload_digest, signer, on, statement, predicate })
}

/// What the approval cleared, by the word of the verdict that it was resumed with.
fn waived(verdict: &Statement) -> Vec<Reason> {
    let waived = verdict.predicate.get("waived").cloned().unwrap_or_default();
    serde_json::from_value(waived).unwrap_or_default()
}

fn consented(
    one: &Genuine,
    on: Timestamp,
    waived: &[Reason],
    policy: &Policy,
    longer: SignedDuration,
) -> Option<Consented> {
    let read: approval::Predicate = one.statement.predicate().ok()?;
    let day = on.to_zoned(TimeZone::UTC).date();
    let longest = day.checked_add(policy.exception_limits().max_lifetime).unwrap_or(day);
    let excepted = read.github.into_iter().flat_map(|github| github.exceptions).zip(1..);
    let exceptions = excepted.filter_map(|(line, number)| {
        let expires: Date = line.expires.parse().ok()?;
        // The policy of today may allow less than that of then.
        let expires = expires.min(longest);
        Some(Exception::of_a_comment(number, line.id, line.package, (day, expires), line.reason, line.owner))
    });
    let extended = on.checked_add(longer).unwrap_or(on);
    Some(Consented {
        approver: read.approver,
        until: read.expires_on.max(extended),
        reasons: waived.to_vec(),
        exceptions: exceptions.collect(),
    })
}

impl Consented {
    /// What of it has not ended.
    fn at(&self, now: Timestamp) -> Accepted {
        let today = now.to_zoned(TimeZone::UTC).date();
        let standing = self.exceptions.iter().filter(|one| one.expires >= today);
        Accepted {
            approver: self.approver.clone(),
            reasons: if now < self.until { self.reasons.clone() } else { Vec::new() },
            exceptions: standing.cloned().collect(),
        }
    }
}
