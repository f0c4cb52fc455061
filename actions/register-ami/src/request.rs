//! The inputs, checked once.

use std::path::PathBuf;
use std::time::Duration;

use admission::{Demands, VERDICT_IDENTITY, VERDICT_SIGNER, Whom};
use anyhow::{Context as _, bail};
use attest::Sign;
use provider::{BoxError, Local, Name, Provider, Settings};
use runner::{Context, Result};

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Publish,
    Rollback,
    Plan,
}

/// What the caller asks for.
pub(crate) struct Request {
    pub(crate) operation: Operation,
    pub(crate) store: PathBuf,
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
            other => bail!("input `operation` is `{other}`: publish, rollback or plan is wanted"),
        };
        let trust = match operation {
            Operation::Rollback => None,
            Operation::Publish | Operation::Plan => Some(trust(ctx)?),
        };
        let name = ctx.opt_text("name")?.map(|name| name.parse()).transpose().context("input `name`")?;
        let signing_key = services::signer(ctx)?;
        Ok(Self {
            operation,
            store: ctx.path("store")?,
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

    /// The provider that was asked for: the table of inputs accepts `local` only.
    pub(crate) fn provider(&self) -> Box<dyn Provider> {
        let digest = |disk: &std::path::Path| {
            blocks::digest_file(disk, &blocks::Options::default())
                .map(|digested| digested.content_digest)
                .map_err(BoxError::from)
        };
        Box::new(Local::new(&self.store, Settings { lock_timeout: self.lock_timeout }, digest))
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
