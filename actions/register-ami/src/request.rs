//! The inputs, checked once.

use std::path::PathBuf;
use std::time::Duration;

use admission::{Demands, VERDICT_IDENTITY, VERDICT_SIGNER, Whom};
use anyhow::{Context as _, bail};
use attest::Sign;
use provider::Name;
use runner::{Context, Result};

use crate::place::Where;

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Publish,
    Rollback,
    Plan,
    Retire,
    Reject,
}

/// How far an image's life is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Deprecate,
    Disable,
    Delete,
}

/// What the caller asks for.
pub(crate) struct Request {
    pub(crate) operation: Operation,
    pub(crate) to: Where,
    /// Retire and reject: which image. Publish on AWS: the AMI that the build made; without it, one is made of disks.
    pub(crate) image_id: Option<String>,
    pub(crate) stage: Stage,
    pub(crate) reason: Option<String>,
    pub(crate) image: Option<PathBuf>,
    pub(crate) disks: Vec<String>,
    pub(crate) name: Option<Name>,
    pub(crate) channel: Option<String>,
    pub(crate) family: Option<String>,
    pub(crate) evidence: PathBuf,
    pub(crate) signing_key: Option<Box<dyn Sign>>,
    pub(crate) lock_timeout: Duration,
    /// Whose verdict counts. A rollback needs none: the image it goes back to had one when it was published.
    pub(crate) trust: Option<Demands>,
}

impl Request {
    pub(crate) fn read(ctx: &mut Context) -> Result<Self> {
        let operation = match ctx.text("operation")?.as_str() {
            "publish" => Operation::Publish,
            "rollback" => Operation::Rollback,
            "plan" => Operation::Plan,
            "retire" => Operation::Retire,
            "reject" => Operation::Reject,
            other => {
                bail!("input `operation` is `{other}`: publish, rollback, plan, retire or reject is wanted")
            }
        };
        let trust = match operation {
            Operation::Rollback | Operation::Retire | Operation::Reject => None,
            Operation::Publish | Operation::Plan => Some(trust(ctx)?),
        };
        let name = ctx.opt_text("name")?.map(|name| name.parse()).transpose().context("input `name`")?;
        let signing_key = services::signer(ctx)?;
        Ok(Self {
            operation,
            to: Where::read(ctx)?,
            image_id: ctx.opt_text("image-id")?,
            stage: match ctx.text("stage")?.as_str() {
                "deprecate" => Stage::Deprecate,
                "disable" => Stage::Disable,
                _ => Stage::Delete,
            },
            reason: ctx.opt_text("reason")?,
            image: ctx.opt_path("image")?,
            disks: ctx.lines("disk")?,
            name,
            channel: ctx.opt_text("channel")?,
            family: ctx.opt_text("family")?,
            evidence: ctx.path("evidence")?,
            signing_key,
            lock_timeout: ctx.duration("lock-timeout")?,
            trust,
        })
    }

    /// The image family: given, or that of the image.
    pub(crate) fn family(&self) -> Result<String> {
        match (&self.family, &self.image) {
            (Some(family), _) => Ok(family.clone()),
            (None, Some(image)) => Ok(admission::manifest(image)?.family),
            (None, None) => bail!(
                "input `family` (or `image`, whose family is taken) is required to {}",
                self.operation.verb()
            ),
        }
    }
}

impl Operation {
    /// As people say it.
    pub(crate) const fn verb(self) -> &'static str {
        match self {
            Self::Publish | Self::Plan => "publish",
            Self::Rollback => "roll back",
            Self::Retire => "retire",
            Self::Reject => "reject",
        }
    }
}

/// None of these has a default: whoever publishes says whom they trust.
fn trust(ctx: &Context) -> Result<Demands> {
    let required = |name: &str| format!("input `{name}` is required to publish, and has no default");
    let signer = Whom::read(ctx, VERDICT_SIGNER.name, VERDICT_IDENTITY.name)?;
    let policy = ctx.opt_text("policy-digest")?.with_context(|| required("policy-digest"))?;
    let policy =
        policy.strip_prefix("sha256:").unwrap_or(&policy).parse().context("input `policy-digest`")?;
    Ok(Demands {
        signer,
        verifier_id: ctx.opt_text("verifier-id")?.with_context(|| required("verifier-id"))?,
        policies: vec![policy],
        max_age: ctx.duration("max-verdict-age")?,
    })
}
