//! What there is to tell: the gate's verdict with its brief, or a release.

use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use attest::predicate::{release, verdict};
use attest::{EvidenceFile, Form, Kind, MAX_BUNDLE, Statement};
use jiff::Timestamp;
use model::{Severity, Sha256};
use runner::Context;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::message::{Approval, Changes, Decision, NAME, Publication, SENTENCE, Told, inert};
use crate::text::line;

/// Far longer than any brief or decision.
const LONGEST: u64 = 64 << 20;

/// What happened, and to which image.
pub(crate) struct Read {
    pub(crate) told: Told,
    pub(crate) image: String,
    pub(crate) content: String,
    /// The SHA-256 of the statement's payload.
    pub(crate) payload: Sha256,
}

/// Reads the evidence and what belongs to it, and holds one against the other.
pub(crate) fn read(ctx: &Context) -> Result<Read> {
    let path = ctx.path("evidence")?;
    let (statement, payload) = statement(&path)?;
    let content = statement.content_digest().context("input `evidence`: it is about no image")?.to_string();
    let told = if statement.predicate_type == Kind::Verdict.predicate_type() {
        Told::Decision(decision(ctx, &statement, &content)?)
    } else if statement.predicate_type == Kind::Release.predicate_type() {
        for name in ["brief", "brief-digest", "json"] {
            ensure!(
                ctx.opt_text(name)?.is_none(),
                "input `{name}` belongs to a decision, and `evidence` is a release: leave it out"
            );
        }
        Told::Publication(publication(statement.predicate().context("input `evidence`")?))
    } else {
        bail!(
            "input `evidence`: {} is neither a verdict nor a release: give the output `evidence` of the gate or of register-ami",
            path.display()
        );
    };
    let image = statement.subject.iter().find_map(|subject| subject.name.clone());
    let image = image.unwrap_or_else(|| content.clone());
    Ok(Read { told, image: line(&image, NAME), content, payload })
}

fn decision(ctx: &Context, statement: &Statement, content: &str) -> Result<Decision> {
    let verdict: verdict::Predicate = statement.predicate().context("input `evidence`")?;
    let brief = brief(ctx, statement)?;
    let json = match ctx.opt_path("json")? {
        Some(path) => Some(json(&path, content, &verdict)?),
        None => None,
    };
    let approval = match json.as_ref().and_then(|json| json.waived.as_ref()) {
        Some(waived) => {
            Some(Approval { by: line(&waived.approver, NAME), comment: line(&waived.comment, SENTENCE) })
        }
        None => verdict.approval.as_ref().map(|approval| Approval {
            by: match &approval.signer {
                Some(signer) => line(&signer.to_string(), NAME),
                None => "an approval that nobody signed".to_owned(),
            },
            comment: String::new(),
        }),
    };
    Ok(Decision {
        verdict: verdict.verdict,
        report_only: verdict.report_only,
        environment: verdict.environment.as_deref().map(|text| line(text, NAME)),
        policy: line(&verdict.policy.name, NAME),
        policy_digest: verdict.policy.digest.sha256,
        decided_on: verdict.decided_on,
        brief,
        reasons: verdict.reasons.iter().map(inert).collect(),
        counts: json.as_ref().map(Json::counts),
        changes: json.and_then(|json| json.changes).map(|changes| changes.counted()),
        approval,
    })
}

/// The brief is not told, but nothing is told of a decision whose brief is another: people would approve what they did not see.
fn brief(ctx: &Context, statement: &Statement) -> Result<Sha256> {
    let path = ctx.path("brief").context("a decision is told with its brief")?;
    let digest = Sha256::of(&bytes(&path, LONGEST).context("input `brief`")?);
    let named = statement.predicate.pointer("/brief/sha256").and_then(serde_json::Value::as_str);
    let named: Sha256 = named
        .context("input `evidence`: it names no brief")?
        .parse()
        .context("input `evidence`: its brief")?;
    ensure!(
        digest == named,
        "input `brief`: {} has the SHA-256 {digest}, and the verdict names the brief {named}: it was changed since, or is another \
         decision's. Give the one that the gate wrote with this verdict",
        path.display()
    );
    if let Some(given) = ctx.opt_text("brief-digest")? {
        let wanted: Sha256 = given.trim_start_matches("sha256:").parse().context("input `brief-digest`")?;
        ensure!(
            digest == wanted,
            "input `brief-digest` is {wanted}, and {} has the SHA-256 {digest}: it is not the brief that was decided with",
            path.display()
        );
    }
    Ok(digest)
}

fn publication(release: release::Predicate) -> Publication {
    let name = |text: String| line(&text, NAME);
    let hallmark = release.hallmark;
    Publication {
        purl: name(release.purl),
        release_id: release.release_id.map(name),
        provider: hallmark.as_ref().map(|more| name(more.provider.clone())),
        location: hallmark.as_ref().map(|more| name(more.location.clone())),
        channel: hallmark.as_ref().and_then(|more| more.channel.clone()).map(name),
        prior_image: hallmark.and_then(|more| more.prior_image).map(name),
    }
}

/// Of the decision that the gate wrote for machines, what people are told.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Json {
    image: Image,
    verdict: String,
    decided_on: Timestamp,
    waived: Option<Waived>,
    changes: Option<RawChanges>,
    findings: Vec<Finding>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Image {
    content_digest: String,
}

#[derive(Deserialize)]
struct Waived {
    approver: String,
    comment: String,
}

#[derive(Deserialize)]
struct RawChanges {
    since: String,
    new: Vec<IgnoredAny>,
    fixed: Vec<IgnoredAny>,
    unchanged: usize,
    added: Vec<IgnoredAny>,
    removed: Vec<IgnoredAny>,
    upgraded: Vec<IgnoredAny>,
}

#[derive(Deserialize)]
struct Finding {
    severity: Severity,
    exceptions: Vec<IgnoredAny>,
}

impl Json {
    fn counts(&self) -> Vec<(Severity, usize, usize)> {
        let of = |severity: Severity| {
            let all = || self.findings.iter().filter(move |finding| finding.severity == severity);
            let suppressed = all().filter(|finding| !finding.exceptions.is_empty()).count();
            (severity, all().count() - suppressed, suppressed)
        };
        Severity::ALL.into_iter().map(of).collect()
    }
}

impl RawChanges {
    fn counted(self) -> Changes {
        Changes {
            since: line(&self.since, NAME),
            new: self.new.len(),
            fixed: self.fixed.len(),
            unchanged: self.unchanged,
            added: self.added.len(),
            removed: self.removed.len(),
            upgraded: self.upgraded.len(),
        }
    }
}

fn json(path: &Path, content: &str, verdict: &verdict::Predicate) -> Result<Json> {
    let json: Json =
        serde_json::from_slice(&bytes(path, LONGEST).context("input `json`")?).with_context(|| {
            format!("input `json`: {} is no decision: give the gate's output `json`", path.display())
        })?;
    ensure!(
        json.image.content_digest == content
            && json.verdict == verdict.verdict.as_str()
            && json.decided_on == verdict.decided_on,
        "input `json`: {} is another decision's: give the gate's output `json`",
        path.display()
    );
    Ok(json)
}

fn statement(path: &Path) -> Result<(Statement, Sha256)> {
    let shown = path.display();
    let bytes = bytes(path, MAX_BUNDLE as u64).context("input `evidence`")?;
    let form = if path.to_string_lossy().ends_with(".intoto.json") { Form::Unsigned } else { Form::Signed };
    let sha256 = Sha256::of(&bytes);
    let file = EvidenceFile { name: shown.to_string(), path: path.to_owned(), form, bytes, sha256 };
    // Its signature is for whoever publishes: here nothing rests on it but what is told.
    let payload = file.payload().with_context(|| format!("input `evidence`: {shown} is no statement"))?;
    let statement = Statement::from_bytes(&payload).with_context(|| format!("input `evidence`: {shown}"))?;
    Ok((statement, Sha256::of(&payload)))
}

fn bytes(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let shown = path.display();
    let length = std::fs::metadata(path).with_context(|| format!("cannot read {shown}"))?.len();
    ensure!(length <= limit, "{shown} is longer than the {limit} bytes that are read");
    std::fs::read(path).with_context(|| format!("cannot read {shown}"))
}
