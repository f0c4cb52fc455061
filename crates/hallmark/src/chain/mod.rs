//! `hallmark chain`: every action of the first rank in one step, each given what the one before gave back.
//!
//! The inputs and outputs are in [`table`], the steps in [`steps`], what is refused before anything is
//! changed in [`ready`].

mod base;
mod folder;
mod forecast;
mod job;
mod keys;
mod ready;
mod steps;
mod table;
mod tell;
#[cfg(test)]
mod tests;

use anyhow::{Context as _, ensure};
use runner::{Action, Annotation, Context, Outcome, Result, With};

use ready::Ready;
use steps::{BAKE, GATE, Outputs, PUBLISH, SCAN, STEPS, Step, TEST, VERIFY};
pub(crate) use table::input;
use table::{EVIDENCE, TOLD};
use tell::Done;

/// See the module.
pub(crate) static ACTION: Action = Action {
    name: "chain",
    about: "Bakes an image, tests it, scans it, decides about it and publishes it, in one step",
    inputs: &table::INPUTS,
    outputs: &table::OUTPUTS,
    run: |ctx| Box::pin(run(ctx)),
    post: Some(|ctx| Box::pin(post(ctx))),
};

async fn run(ctx: &mut Context) -> Result<Outcome> {
    let ready = ready::ready(ctx).await?;
    if ready.keys.throw_away {
        ctx.warning(Annotation::new(tell::THROW_AWAY).title("Throw-away keys"));
    }
    let evidence = ctx.path(EVIDENCE)?;
    if let Some(aside) = folder::set_aside(&evidence, ctx.now())? {
        ctx.notice(format!("the evidence of an earlier run is kept as {}", aside.display()));
    }
    ctx.output(EVIDENCE, evidence.to_string_lossy())?;

    let mut chain = Chain { ready: &ready, done: Vec::new() };
    let ended = chain.run(ctx).await;
    tell::tell(ctx, chain.done, &ended);
    let removed = ready.keys.remove();
    let outcome = ended?;
    removed?;
    Ok(outcome)
}

struct Chain<'a> {
    ready: &'a Ready,
    done: Vec<Done>,
}

impl Chain<'_> {
    async fn run(&mut self, ctx: &mut Context) -> Result<Outcome> {
        if self.ready.verifies {
            let with = self.with(ctx, &VERIFY, None)?;
            if self.step(ctx, &VERIFY, &with).await? == Outcome::Against {
                return Ok(Outcome::Against);
            }
        }
        let mut with = self.with(ctx, &BAKE, None)?;
        if let Some(verified) = self.output(&VERIFY, "evidence") {
            with.text("verified-files", verified);
        }
        self.step(ctx, &BAKE, &with).await?;
        let image = self.output(&BAKE, "image").map(str::to_owned).context(
            "packer-build: the build did not make one image that is here, and the chain is about one: choose its source \
             by `only`, or use the single actions",
        )?;

        // Failed tests are evidence as well: the gate says what they mean, beside all else there is to say.
        for step in [&TEST, &SCAN] {
            let with = self.with(ctx, step, Some(&image))?;
            self.step(ctx, step, &with).await?;
        }
        let with = ready::deciding(ctx, &self.ready.keys, &image)?;
        let verdict = self.step(ctx, &GATE, &with).await?;
        match verdict {
            Outcome::Done if self.ready.publishes => {
                let with = ready::publishing(ctx, &self.ready.keys, &self.ready.policy, &image)?;
                self.step(ctx, &PUBLISH, &with).await
            }
            Outcome::Review => {
                ctx.warning(Annotation::new(tell::review(self.ready.keys.throw_away)).title("Review"));
                Ok(verdict)
            }
            Outcome::Done | Outcome::Against => Ok(verdict),
        }
    }

    /// What a step is given that signs by the key of its job.
    fn with(&self, ctx: &Context, step: &'static Step, image: Option<&str>) -> Result<With> {
        let mut with = table::with(ctx, step)?;
        self.ready.keys.give(&mut with, step.job);
        if let Some(image) = image {
            with.text("image", image);
        }
        Ok(with)
    }

    async fn step(&mut self, ctx: &mut Context, step: &'static Step, with: &With) -> Result<Outcome> {
        ctx.group(&format!("{}: {}", step.name(), step.title));
        let begun = ctx.now();
        let mut ran = ctx.run_inside(step.action, with).await;
        ctx.end_group();
        if step.is(&GATE) && ran.result.is_ok() {
            // Before anything of it is passed on: whoever reads an output may not look at how the step ended.
            ran.result = self.by_our_policy(&ran.outputs).and(ran.result);
        }
        let done = Done {
            step,
            took: ctx.now().duration_since(begun),
            outcome: ran.result.as_ref().ok().copied(),
            outputs: ran.outputs,
            summary: ran.summary,
        };
        ctx.info(&done.line());
        let passed_on = if ran.result.is_ok() || !step.is(&GATE) { pass_on(ctx, &done) } else { Ok(()) };
        self.done.push(done);
        let outcome = ran.result.context(step.name())?;
        passed_on?;
        Ok(outcome)
    }

    /// A verdict by another policy than this run began with is none.
    fn by_our_policy(&self, outputs: &Outputs) -> Result<()> {
        let by = outputs.get("policy-digest").map(String::as_str);
        ensure!(
            by == Some(self.ready.policy.to_string().as_str()),
            "the policy, or the key of one of its signers, was changed while the image was baked, tested and scanned: \
             the verdict is by another policy than this run began with, and nothing is published"
        );
        Ok(())
    }

    fn output(&self, step: &Step, name: &str) -> Option<&str> {
        let done = self.done.iter().find(|done| done.step.is(step))?;
        done.outputs.get(name).map(String::as_str)
    }
}

/// Gives back what a step gave back, as far as it is the chain's.
fn pass_on(ctx: &mut Context, done: &Done) -> Result<()> {
    for told in TOLD {
        if let Some((from, theirs)) = told.from
            && from.is(done.step)
            && let Some(value) = done.outputs.get(theirs)
        {
            ctx.output(told.output.name, value)?;
        }
    }
    Ok(())
}

/// After the job: the clean-ups of all steps, each in spite of what the others could not do.
async fn post(ctx: &mut Context) -> Result<Outcome> {
    let mut wrong = Vec::new();
    for step in STEPS {
        wrong.extend(ctx.post_inside(step.action).await.context(step.name()).err());
    }
    wrong.extend(keys::clean_up(ctx).err());
    let last = wrong.pop();
    for error in wrong {
        ctx.error(format!("{error:#}"));
    }
    last.map_or(Ok(Outcome::Done), Err)
}
