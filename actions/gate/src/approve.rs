//! Approving: a person's signature under exactly one `review` verdict, for a limited time.

use admission::{TRUSTED_ROOT, VERDICT_IDENTITY, Whom};
use anyhow::{Context as _, Result, bail, ensure};
use attest::predicate::{approval, verdict};
use attest::{EvidenceDir, Statement, Verified};
use jiff::Timestamp;
use model::{Sha256, Verdict, Weight};
use runner::{Action, Context, Input, Kind, Outcome, Output};

use crate::disk;

/// Approves a verdict.
pub static APPROVE: Action = Action {
    name: "approve",
    about: "Approves a `review` verdict: signs that you have seen its reasons and answer for them",
    inputs: &[
        Input::new("verdict", Kind::Path, "The signed verdict, as the gate wrote it").required(),
        Input::new(
            "verdict-key",
            Kind::Path,
            "The public key (PEM) that verdicts are signed with; this or `verdict-identity` is required",
        ),
        VERDICT_IDENTITY,
        TRUSTED_ROOT,
        Input {
            help: "Your private key: PEM, or the path of its file; awskms:///alias/NAME for a key in AWS KMS; keyless; not the gate's",
            ..services::SIGNING_KEY
        }
        .required(),
        services::SIGNING_KEY_PASSWORD,
        services::SIGNING_CONFIG,
        Input::new("approver", Kind::Text, "Who you are").required(),
        Input::new("comment", Kind::Text, "Why"),
        Input::new(
            "brief",
            Kind::Path,
            "The brief that you have read, to make sure that it is this verdict's",
        ),
        Input::new("expires", Kind::Duration, "How long the approval holds; the policy may end it sooner")
            .default("24h"),
        Input::new("evidence", Kind::Path, "The folder of evidence").default(".hallmark/evidence"),
    ],
    outputs: &[
        Output { name: "approval", help: "The approval file, for `gate --resume`" },
        Output { name: "waives", help: "The codes of the reasons that it waives, as JSON" },
    ],
    run: |ctx| Box::pin(run(ctx)),
    post: None,
};

/// What a person says to a verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// Who.
    pub approver: String,
    /// Why.
    pub comment: String,
    /// When.
    pub decided_on: Timestamp,
    /// Until when.
    pub expires_on: Timestamp,
}

/// The approval of a verified verdict. It waives that verdict's reasons for review, and no others.
///
/// # Errors
/// The verdict is no `review` verdict, is by a policy that only reports, or does not say which brief belongs to it.
pub fn approve(verdict: &Verified, consent: Consent) -> Result<Statement> {
    let read: verdict::Predicate = verdict.statement.predicate()?;
    ensure!(
        !read.report_only,
        "the verdict is by a policy that only reports: nothing is published by it, approved or not. Decide by one with \
         `mode: enforce`"
    );
    match read.verdict {
        Verdict::Review => {}
        Verdict::Pass => bail!("the verdict is `pass`: there is nothing to approve"),
        Verdict::Fail => {
            bail!("the verdict is `fail`: no person may waive that; its reasons say what clears them")
        }
    }
    let brief = verdict.statement.predicate.get("brief").and_then(|brief| brief.get("sha256"));
    let brief: Sha256 = brief.and_then(|b| b.as_str()).context("the verdict names no brief")?.parse()?;
    let mut waives: Vec<String> = read
        .reasons
        .into_iter()
        .filter(|reason| reason.weight == Weight::Review)
        .map(|reason| reason.code)
        .collect();
    waives.sort_unstable();
    waives.dedup();
    let predicate = approval::Predicate {
        verdict: verdict.payload_digest.into(),
        brief: brief.into(),
        approver: consent.approver,
        comment: consent.comment,
        decided_on: consent.decided_on,
        expires_on: consent.expires_on,
        waives,
        github: None,
    };
    Ok(Statement::of(verdict.statement.subject.clone(), &predicate)?)
}

async fn run(ctx: &mut Context) -> Result<Outcome> {
    let path = ctx.path("verdict")?;
    let whom = Whom::read(ctx, "verdict-key", VERDICT_IDENTITY.name)?;
    let key = services::signer(ctx)?.context("input `signing-key` was not given")?;
    let verified = attest::verify(&disk::read(&path, attest::MAX_BUNDLE as u64)?, &whom.trust)
        .with_context(|| format!("the verdict {}", path.display()))?;
    ensure!(
        !verified.signer.is_same_as(key.signer()),
        "the `signing-key` is the verdict's own: nobody approves their own verdict"
    );
    let decided_on = ctx.now();
    let expires_on =
        decided_on.checked_add(ctx.duration("expires")?).context("input `expires` is too long")?;
    let comment = ctx.opt_text("comment")?.unwrap_or_default();
    let consent = Consent { approver: ctx.text("approver")?, comment, decided_on, expires_on };
    let statement = approve(&verified, consent)?;
    let read: approval::Predicate = statement.predicate()?;
    if let Some(brief) = ctx.opt_path("brief")? {
        let found = Sha256::of(&disk::read(&brief, disk::MAX)?);
        ensure!(found == read.brief.sha256, "{} is not this verdict's brief", brief.display());
    }
    let file = EvidenceDir::new(ctx.path("evidence")?).write(&statement, Some(&*key))?;
    ctx.info(&format!("approved until {expires_on}: {}", read.waives.join(", ")));
    ctx.output("waives", serde_json::to_string(&read.waives)?)?;
    ctx.output("approval", file.display().to_string())?;
    Ok(Outcome::Done)
}
