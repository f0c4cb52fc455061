//! What is asked, checked once.

use admission::{Demands, VERDICT_IDENTITY, VERDICT_SIGNER, Whom};
use anyhow::{Context as _, anyhow};
use jiff::SignedDuration;
use model::Sha256;
use policy::{ExceptionLimits, Exceptions};
use runner::{Context, Result};

use crate::evidence::Place;
use crate::{APPROVAL_IDENTITY, APPROVAL_SIGNER, RELEASE_IDENTITY, RELEASE_SIGNER};

/// Far longer than any exception lives: whether one is too long was the policy's to say, when it decided.
const NO_LIMITS: ExceptionLimits = ExceptionLimits {
    max_lifetime: SignedDuration::from_hours(24 * 366 * 100),
    warn_before: SignedDuration::from_hours(24 * 14),
    package_level: true,
};

/// How long before its end an exception is told of.
pub(crate) const ENDING: SignedDuration = NO_LIMITS.warn_before;

/// Whom the caller trusts, and what has to hold.
pub(crate) struct Question {
    pub(crate) demands: Demands,
    pub(crate) approver: Option<Whom>,
    pub(crate) releaser: Option<Whom>,
    pub(crate) place: Place,
    /// Today's exceptions.
    pub(crate) exceptions: Option<Exceptions>,
}

impl Question {
    pub(crate) fn read(ctx: &Context) -> Result<Self> {
        let signer = Whom::read(ctx, VERDICT_SIGNER.name, VERDICT_IDENTITY.name)?;
        let digest = |line: String| -> Result<Sha256> {
            let text = line.trim().trim_start_matches("sha256:");
            text.parse()
                .with_context(|| format!("input `policy-digest`: `{}` is no SHA-256", text.escape_debug()))
        };
        let policies = ctx.lines("policy-digest")?.into_iter().map(digest).collect::<Result<_>>()?;
        Ok(Self {
            demands: Demands {
                signer,
                verifier_id: ctx.text("verifier-id")?,
                policies,
                max_age: ctx.duration("max-age")?,
            },
            approver: Whom::optional(ctx, APPROVAL_SIGNER, APPROVAL_IDENTITY)?,
            releaser: Whom::optional(ctx, RELEASE_SIGNER, RELEASE_IDENTITY)?,
            place: Place::of(ctx.cwd(), &ctx.text("evidence")?)?,
            exceptions: exceptions(ctx)?,
        })
    }
}

fn exceptions(ctx: &Context) -> Result<Option<Exceptions>> {
    let Some(path) = ctx.opt_path("exceptions")? else { return Ok(None) };
    let shown = path.display().to_string();
    let text =
        std::fs::read_to_string(&path).with_context(|| format!("input `exceptions`: cannot read {shown}"))?;
    let read = Exceptions::parse(&shown, &text, NO_LIMITS);
    read.map(Some).map_err(|problems| anyhow!("input `exceptions`: {}", problems.to_string().trim_end()))
}
