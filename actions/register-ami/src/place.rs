//! The provider that was asked for, and what it says while it is at work.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;

use anyhow::{Context as _, bail};
use archive::{Keeping, Location};
use aws::{Account, Aws, Caller, Holder};
use provider::{Answer, BoxError, Error, Local, Provider, Settings};
use runner::{Context, Result};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::request::Request;
use crate::{ACTION, distribution};

/// Where a request wants to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Where {
    /// A folder.
    Local(PathBuf),
    /// AWS.
    Aws(Box<OnAws>),
}

/// What publishing on AWS needs to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OnAws {
    pub(crate) to: aws::distribution::Distribution,
    /// Where the journal is.
    pub(crate) journal: Location,
    /// The key that its objects are encrypted with.
    pub(crate) journal_key: Option<String>,
}

impl Where {
    /// Reads the inputs that say where, each only where it means something.
    pub(crate) fn read(ctx: &Context) -> Result<Self> {
        if ctx.text("provider")? == "local" {
            for input in ["distribution", "journal", "journal-kms-key", aws::ROLE.name] {
                if ctx.opt_text(input)?.is_some() {
                    bail!("input `{input}` is for `provider: aws`; this is `local`");
                }
            }
            return Ok(Self::Local(ctx.path("store")?));
        }
        let required = |name: &str| format!("input `{name}` is required with `provider: aws`");
        let file = ctx.opt_path("distribution")?.with_context(|| required("distribution"))?;
        let journal = ctx.opt_text("journal")?.with_context(|| required("journal"))?;
        Ok(Self::Aws(Box::new(OnAws {
            to: distribution::read(&file).context("input `distribution`")?,
            journal: Location::parse(&journal, ctx.cwd()).context("input `journal`")?,
            journal_key: ctx.opt_text("journal-kms-key")?,
        })))
    }
}

/// What a provider says while it is at work.
pub(crate) struct Heard(RefCell<Option<UnboundedReceiver<String>>>);

impl Heard {
    /// Nothing is ever said.
    pub(crate) const fn nothing() -> Self {
        Self(RefCell::new(None))
    }

    /// Waits for an answer, and tells the log what is said meanwhile.
    pub(crate) async fn while_at<T>(
        &self,
        ctx: &mut Context,
        answer: Answer<'_, T>,
    ) -> std::result::Result<T, Error> {
        let Some(mut said) = self.0.borrow_mut().take() else { return answer.await };
        let mut answer = answer;
        let answered = loop {
            tokio::select! {
                biased;
                Some(line) = said.recv() => ctx.info(&line),
                answered = &mut answer => break answered,
            }
        };
        while let Ok(line) = said.try_recv() {
            ctx.info(&line);
        }
        *self.0.borrow_mut() = Some(said);
        answered
    }
}

/// Makes the provider. Nothing is changed, and nothing but who we are is asked.
pub(crate) async fn open(ctx: &mut Context, request: &Request) -> Result<(Box<dyn Provider>, Heard)> {
    match &request.to {
        Where::Local(store) => Ok((local(store.clone(), request), Heard::nothing())),
        Where::Aws(on_aws) => aws(ctx, request, on_aws).await,
    }
}

/// A store in a folder.
pub(crate) fn local(store: PathBuf, request: &Request) -> Box<dyn Provider> {
    let digest = |disk: &std::path::Path| {
        blocks::digest_file(disk, &blocks::Options::default())
            .map(|digested| digested.content_digest)
            .map_err(BoxError::from)
    };
    Box::new(Local::new(store, Settings { lock_timeout: request.lock_timeout }, digest))
}

async fn aws(ctx: &mut Context, request: &Request, on_aws: &OnAws) -> Result<(Box<dyn Provider>, Heard)> {
    // Where nobody says where the journal's bucket is, it is at home.
    let caller = Caller::read(ctx, ACTION.name)?.or_in(&on_aws.to.home);
    let keeping = Keeping { kms_key: on_aws.journal_key.clone(), lock: None };
    let records = caller.records(&on_aws.journal, keeping).await?;
    let owner = Account::of(&caller, &on_aws.to.home).await?;
    let (sender, heard) = unbounded_channel();
    let settings = aws::Settings {
        holder: holder(ctx),
        family: request.family()?,
        lock_timeout: request.lock_timeout,
        clock: ctx.clock(),
        // Nobody listens any more only when the answer is there.
        say: Rc::new(move |line| drop(sender.send(line.to_owned()))),
    };
    let provider = Aws::new(owner, on_aws.to.clone(), records, settings).await?;
    Ok((Box::new(provider), Heard(RefCell::new(Some(heard)))))
}

/// Who publishes: the job, whose next attempt begins only when this one is over; off a runner, nobody else ever.
fn holder(ctx: &Context) -> Holder {
    let github = ctx.github();
    match (&github.repository, &github.run_id, &github.job) {
        (Some(repository), Some(run), Some(job)) if github.on_runner => Holder {
            name: format!("{repository}, run {run}, job {job}"),
            attempt: github.run_attempt.as_ref().and_then(|text| text.parse().ok()).unwrap_or(1),
        },
        _ => Holder { name: format!("process {} since {}", std::process::id(), ctx.now()), attempt: 1 },
    }
}
