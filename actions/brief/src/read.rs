//! What is shown: the brief that a verdict names, and that verdict.

use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use attest::predicate::verdict;
use attest::{EvidenceFile, Form, Kind, MAX_BUNDLE, Statement};
use github::Conclusion;
use model::{Sha256, Verdict, Weight};
use runner::Context;
use serde_json::Value;

/// Far longer than any brief or decision.
const LONGEST: u64 = 64 << 20;

/// A brief that belongs to its verdict.
pub(crate) struct Shown {
    pub(crate) brief: String,
    pub(crate) digest: Sha256,
    /// The image's name. Hostile text.
    pub(crate) image: String,
    verdict: verdict::Predicate,
    /// Critical and high findings that stand, where that is known.
    severe: Option<(usize, usize)>,
}

impl Shown {
    /// Reads the brief and the verdict, and holds one against the other.
    pub(crate) fn read(ctx: &Context) -> Result<Self> {
        let statement = statement(&ctx.path("verdict")?)?;
        let verdict: verdict::Predicate = statement.predicate().context("input `verdict`")?;
        let path = ctx.path("brief")?;
        let bytes = bytes(&path, LONGEST).context("input `brief`")?;
        let digest = Sha256::of(&bytes);
        let named =
            statement.predicate.get("brief").and_then(|brief| brief.get("sha256")).and_then(Value::as_str);
        let named: Sha256 = named
            .context("input `verdict`: it names no brief")?
            .parse()
            .context("input `verdict`: its brief")?;
        ensure!(
            digest == named,
            "input `brief`: {} has the SHA-256 {digest}, and the verdict names the brief {named}: it was changed since, or is another decision's. \
             Show the one that the gate wrote with this verdict",
            path.display()
        );
        if let Some(given) = ctx.opt_text("brief-digest")? {
            let wanted: Sha256 =
                given.trim_start_matches("sha256:").parse().context("input `brief-digest`")?;
            ensure!(
                digest == wanted,
                "input `brief-digest` is {wanted}, and {} has the SHA-256 {digest}: it is not the brief that was decided with",
                path.display()
            );
        }
        let content =
            statement.content_digest().context("input `verdict`: it is about no image")?.to_string();
        let severe = match ctx.opt_path("json")? {
            Some(path) => Some(severe(&path, &content, &verdict)?),
            None => None,
        };
        let image = statement.subject.iter().find_map(|subject| subject.name.clone()).unwrap_or(content);
        let brief = String::from_utf8(bytes).context("input `brief`: it is no UTF-8 text")?;
        Ok(Self { brief, digest, image, verdict, severe })
    }

    /// The line of a comment that approves it.
    pub(crate) fn words(&self) -> String {
        format!("approve {}", self.digest.short())
    }

    /// Whether somebody is asked.
    pub(crate) fn asks(&self) -> bool {
        self.verdict.verdict == Verdict::Review && !self.verdict.report_only
    }

    pub(crate) fn conclusion(&self) -> Conclusion {
        if self.verdict.report_only {
            return Conclusion::Neutral;
        }
        match self.verdict.verdict {
            Verdict::Pass => Conclusion::Success,
            Verdict::Review => Conclusion::ActionRequired,
            Verdict::Fail => Conclusion::Failure,
        }
    }

    /// One line of GitHub's, which shows it as text.
    pub(crate) fn title(&self) -> String {
        let of =
            |weight: Weight| self.verdict.reasons.iter().filter(|reason| reason.weight == weight).count();
        let severe = self
            .severe
            .map(|(critical, high)| format!("; {critical} critical and {high} high findings"))
            .unwrap_or_default();
        let mode = if self.verdict.report_only { ", only reported" } else { "" };
        format!(
            "{}{mode}: {} to fail, {} to review, {} notes{severe}",
            self.verdict.verdict.as_str(),
            of(Weight::Fail),
            of(Weight::Review),
            of(Weight::Note)
        )
    }
}

fn statement(path: &Path) -> Result<Statement> {
    let shown = path.display();
    let bytes = bytes(path, MAX_BUNDLE as u64).context("input `verdict`")?;
    let form = if path.to_string_lossy().ends_with(".intoto.json") { Form::Unsigned } else { Form::Signed };
    let sha256 = Sha256::of(&bytes);
    let file = EvidenceFile { name: shown.to_string(), path: path.to_owned(), form, bytes, sha256 };
    // Its signature is for whoever publishes: here nothing rests on it but what is shown.
    let payload = file.payload().with_context(|| format!("input `verdict`: {shown} is no statement"))?;
    let statement = Statement::from_bytes(&payload).with_context(|| format!("input `verdict`: {shown}"))?;
    if statement.predicate_type != Kind::Verdict.predicate_type() {
        bail!("input `verdict`: {shown} is no verdict: give the gate's output `evidence`");
    }
    Ok(statement)
}

/// The findings that stand, by the decision that the gate wrote for machines.
fn severe(path: &Path, content: &str, verdict: &verdict::Predicate) -> Result<(usize, usize)> {
    let read = || -> Result<Value> { Ok(serde_json::from_slice(&bytes(path, LONGEST)?)?) };
    let json = read().context("input `json`")?;
    let is = |pointer: &str, wanted: &str| json.pointer(pointer).and_then(Value::as_str) == Some(wanted);
    ensure!(
        is("/image/contentDigest", content) && is("/verdict", verdict.verdict.as_str()),
        "input `json`: {} is another decision's: give the gate's output `json`",
        path.display()
    );
    let findings =
        json.get("findings").and_then(Value::as_array).context("input `json`: it has no findings")?;
    let standing = |severity: &str| {
        let of = findings.iter().filter(|one| one["severity"].as_str() == Some(severity));
        of.filter(|one| one["exceptions"].as_array().is_none_or(Vec::is_empty)).count()
    };
    Ok((standing("critical"), standing("high")))
}

fn bytes(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let shown = path.display();
    let length = std::fs::metadata(path).with_context(|| format!("cannot read {shown}"))?.len();
    ensure!(length <= limit, "{shown} is longer than the {limit} bytes that are read");
    std::fs::read(path).with_context(|| format!("cannot read {shown}"))
}
