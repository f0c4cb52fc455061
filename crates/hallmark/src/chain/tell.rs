//! What people see of a chain: the verdict first, then what was done with it, then every step.

use jiff::SignedDuration;
use runner::{Context, Outcome, Result, Summary};

use super::steps::{GATE, Outputs, PUBLISH, Step};

/// A step that has run, whether it went well or not.
pub(super) struct Done {
    pub(super) step: &'static Step,
    pub(super) took: SignedDuration,
    /// None where nothing could be decided.
    pub(super) outcome: Option<Outcome>,
    pub(super) outputs: Outputs,
    pub(super) summary: Summary,
}

impl Done {
    /// What came of it, and how long it took.
    pub(super) fn line(&self) -> String {
        let says = match self.outcome {
            Some(_) => (self.step.says)(&self.outputs),
            None => "could not decide".to_owned(),
        };
        format!("{}: {says} ({:.1} s)", self.step.name(), self.took.as_secs_f64())
    }

    fn row(&self) -> Vec<String> {
        let outcome = match self.outcome {
            Some(Outcome::Done) => "done",
            Some(Outcome::Review) => "review",
            Some(Outcome::Against) => "against",
            None => "could not decide",
        };
        let says = (self.step.says)(&self.outputs);
        let took = format!("{:.1} s", self.took.as_secs_f64());
        vec![self.step.name().to_owned(), outcome.to_owned(), says, took]
    }
}

/// Writes the summary. `ended` is why there is no more.
pub(super) fn tell(ctx: &mut Context, mut done: Vec<Done>, ended: &Result<Outcome>) {
    let rows: Vec<Vec<String>> = done.iter().map(Done::row).collect();
    let last = done.last().map_or("the chain", |last| last.step.name());
    let has_verdict = done.iter().any(|done| done.step.is(&GATE) && done.outcome.is_some());
    let summary = ctx.summary();
    if !has_verdict {
        let how = if ended.is_ok() { "decided against" } else { "could not decide" };
        summary.heading(2, &format!("No verdict: {last} {how}"));
    }
    // The verdict leads, then what was done with it; all else is how it came to that.
    for first in [&GATE, &PUBLISH] {
        if let Some(at) = done.iter().position(|done| done.step.is(first) && done.outcome.is_some()) {
            summary.append(done.remove(at).summary);
        }
    }
    summary.heading(2, "The chain").table(&["Step", "Outcome", "What", "Time"], &rows);
    for step in done {
        summary.append(step.summary);
    }
}

/// What a person does about a verdict of `review`.
pub(super) const fn review(throw_away: bool) -> &'static str {
    if throw_away {
        "The verdict is `review`, and nothing was published. Nobody can approve it, because the keys of this run are \
         thrown away: clear its reasons, or run again with `bake-key`, `assay-key` and `publish-key`."
    } else {
        "The verdict is `review`, and nothing was published: a person has to decide. `hallmark approve` signs an \
         approval of the output `verdict-statement`, `hallmark gate --resume` decides again with it, and \
         `hallmark register-ami` publishes."
    }
}

/// What throw-away keys mean.
pub(super) const THROW_AWAY: &str = "No keys were given, so throw-away keys sign this run's evidence. It shows that nothing \
     was changed between the steps, and not who made it: anybody can make such keys. An image that was baked with \
     other keys is not adopted, and a base image's verification by other keys does not count.";
