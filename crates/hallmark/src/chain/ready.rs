//! Before anything is changed: every step's inputs, the policy, the keys, and whether there is a verdict
//! but `fail` to be had.

use anyhow::{Context as _, Result, anyhow};
use gate::Checked;
use model::Sha256;
use policy::{Policy, Seen};
use runner::{Context, With};

use super::base::Base;
use super::folder;
use super::forecast::{self, Plan};
use super::keys::{self, Keys};
use super::steps::{BAKE, GATE, PUBLISH, SCAN, Step, TEST, VERIFY};
use super::table::{self, EVIDENCE, NOTHING, OPERATION};

/// What stands for an image that is not baked yet.
const NOT_YET: &str = "image.json";

/// A chain that can begin.
pub(super) struct Ready {
    pub(super) keys: Keys,
    /// The digest of the policy as it was before any template code ran.
    pub(super) policy: Sha256,
    pub(super) verifies: bool,
    pub(super) publishes: bool,
}

/// Checks everything, and tells all that is wrong at once.
pub(super) async fn ready(ctx: &mut Context) -> Result<Ready> {
    let plan = plan(ctx)?;
    let mut wrong = Wrong::default();
    wrong.take(folder::check(&ctx.path(EVIDENCE)?, ctx.opt_path("base-evidence")?.as_deref()));
    let given = wrong.take(keys::given(ctx));
    for step in [&VERIFY, &BAKE, &TEST, &SCAN] {
        if plan.verifies || !step.is(&VERIFY) {
            let mut with = table::with(ctx, step)?;
            if step.follows.contains(&"image") {
                with.text("image", NOT_YET);
            }
            wrong.take(check(ctx, step, &with).await);
        }
    }
    let written = wrong.take(written(ctx).await);
    let keys = match (given, written) {
        (Some(given), Some(written)) => wrong.take(Keys::lay_out(ctx, given, &written)),
        _ => None,
    };
    let policy = match &keys {
        Some(keys) => wrong.take(resolved(ctx, keys).await),
        None => None,
    };
    if let (Some(keys), Some(policy)) = (&keys, &policy) {
        wrong.take(forecast::check(policy, keys, &plan, ctx.now()));
        if plan.publishes {
            let with = publishing(ctx, keys, &policy.policy.digest(), NOT_YET)?;
            wrong.take(check(ctx, &PUBLISH, &with).await);
        }
    }
    wrong.end()?;
    let (keys, policy) = keys.zip(policy).context("the chain cannot begin, and does not know why")?;
    Ok(Ready { keys, policy: policy.policy.digest(), verifies: plan.verifies, publishes: plan.publishes })
}

/// What the chain is going to do.
fn plan(ctx: &Context) -> Result<Plan> {
    let evidence = ctx.opt_path("base-evidence")?;
    Ok(Plan {
        verifies: ctx.opt_path("manifest")?.is_some(),
        tested: match ctx.text("mode")?.as_str() {
            "booted" => Seen::Booted,
            "disk" => Seen::Disk,
            _ => Seen::InBuild,
        },
        // What is wrong with the manifest is packer-build's to say.
        base: ctx.opt_path("base-image")?.and_then(|image| Base::read(&image, evidence).ok()),
        publishes: ctx.text(OPERATION)? != NOTHING,
    })
}

/// What the gate is given.
pub(super) fn deciding(ctx: &Context, keys: &Keys, image: &str) -> Result<With> {
    let mut with = table::with(ctx, &GATE)?;
    with.text("image", image).text("signers", keys.signers());
    keys.give(&mut with, GATE.job);
    Ok(with)
}

/// What the publisher is given: the verdict has to be this run's, by the policy as it was at its start.
pub(super) fn publishing(ctx: &Context, keys: &Keys, policy: &Sha256, image: &str) -> Result<With> {
    let mut with = table::with(ctx, &PUBLISH)?;
    with.text("operation", ctx.text(OPERATION)?)
        .text("image", image)
        .text("verdict-signer", keys.public(GATE.job).display().to_string())
        .text("policy-digest", policy.to_string());
    keys.give(&mut with, PUBLISH.job);
    Ok(with)
}

async fn check(ctx: &mut Context, step: &'static Step, with: &With) -> Result<()> {
    let checked = ctx.inside(step.action, with, async |ctx| (step.check)(ctx)).await.result;
    checked.map_err(|error| error.context(step.name()))
}

/// The policy as it is written: who has to have a key.
async fn written(ctx: &mut Context) -> Result<Policy> {
    let with = table::with(ctx, &GATE)?;
    let read = ctx.inside(GATE.action, &with, async |ctx| gate::policy(ctx).await).await.result;
    read.map_err(|error| error.context(GATE.name()))
}

/// The policy with everybody's key, and all else that the gate can know.
async fn resolved(ctx: &mut Context, keys: &Keys) -> Result<Checked> {
    let with = deciding(ctx, keys, NOT_YET)?;
    let family = family(ctx).await;
    let checked =
        ctx.inside(GATE.action, &with, async |ctx| gate::check(ctx, family.as_deref()).await).await.result;
    checked.map_err(|error| error.context(GATE.name()))
}

/// The family of the image that is going to be baked: a policy may say other things about each. What is
/// wrong with the inputs that say it is packer-build's to tell.
async fn family(ctx: &mut Context) -> Option<String> {
    let with = table::with(ctx, &BAKE).ok()?;
    ctx.inside(BAKE.action, &with, async |ctx| packer_build::family(ctx)).await.result.ok()
}

/// What is wrong, in the order in which it was found.
#[derive(Default)]
struct Wrong(Vec<anyhow::Error>);

impl Wrong {
    fn take<T>(&mut self, result: Result<T>) -> Option<T> {
        result.map_err(|error| self.0.push(error)).ok()
    }

    fn end(mut self) -> Result<()> {
        match (self.0.pop(), self.0.len()) {
            (None, _) => Ok(()),
            (Some(only), 0) => Err(only.context("nothing was changed")),
            (Some(last), before) => {
                self.0.push(last);
                let lines: Vec<String> = self.0.iter().map(|error| format!("{error:#}")).collect();
                Err(anyhow!("nothing was changed; {} things are wrong:\n{}", before + 1, lines.join("\n")))
            }
        }
    }
}
