//! What a bake makes in AWS on its way, and cleaning it up after one that did not come to its end.
//!
//! A template that declares the variable `hallmark_run_tags` gets tags that say which run made a thing and until when it is
//! needed. `<output>/.aws-run` says which run it is for as long as that run has not finished.

use super::Amazon;
use crate::{inputs::Inputs, plugins, record};
use anyhow::{Context as _, Result, bail};
use aws::reaper::{self, EXPIRES, Kind, Left, Leftover, Pace, RUN, Wanted, copies::Copies};
use aws::{Failure, Place};
use jiff::SignedDuration;
use model::{Sha256, canonical_json};
use runner::Context;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    rc::Rc,
    time::Duration,
};

/// The variable that a template takes the tags by.
pub(crate) const VARIABLE: &str = "hallmark_run_tags";
/// The note of a run that has not finished.
const FILE: &str = ".aws-run";
/// How long after the longest that a build may take something of it is still needed.
const MARGIN: Duration = Duration::from_secs(3600);

/// A run that makes things in AWS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Run {
    /// What its things are tagged with.
    id: String,
    /// Where it makes them.
    region: String,
    /// Where it may copy them to.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    copies: BTreeSet<String>,
    /// Until when they are needed: RFC 3339.
    expires: String,
}

impl Run {
    /// A run of its own, if the template takes its tags.
    pub(crate) fn of(ctx: &Context, inputs: &Inputs, amazon: &Amazon) -> Result<Option<Self>> {
        if !plugins::mentions(&inputs.template.path, VARIABLE)? {
            return Ok(None);
        }
        let github = ctx.github();
        let who = (
            process::this_process(),
            ctx.now().as_nanosecond().to_string(),
            [&github.repository, &github.run_id, &github.run_attempt, &github.job],
            inputs.output.to_string_lossy(),
        );
        let lasts =
            SignedDuration::try_from(inputs.timeout + MARGIN).context("input `timeout` is too long")?;
        let expires = ctx.now().checked_add(lasts).context("input `timeout` is too long")?;
        let region = amazon.region()?.to_owned();
        let mut copies = plugins::regions(&inputs.template.path, &inputs.variable_files)?;
        copies.extend(inputs.variables.values().flat_map(|value| plugins::regions_in(value)));
        copies.remove(&region);
        Ok(Some(Self {
            id: Sha256::of(&canonical_json(&who)?).short(),
            region,
            copies,
            expires: expires.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        }))
    }

    /// As Packer takes a map from its environment.
    pub(crate) fn tags(&self) -> Result<String> {
        let tags = BTreeMap::from([(RUN, self.id.as_str()), (EXPIRES, self.expires.as_str())]);
        Ok(serde_json::to_string(&tags)?)
    }

    /// From here on, what it makes is not finished.
    pub(crate) fn begin(&self, output: &Path) -> Result<()> {
        record::write_whole(&file(output), &canonical_json(self)?)
    }

    fn unfinished(output: &Path) -> Result<Option<Self>> {
        let path = file(output);
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.with_context(|| format!("cannot read {}", path.display()))?,
        };
        let read = serde_json::from_slice(&bytes);
        read.map(Some).with_context(|| {
            format!(
                "{} does not read: it names a bake that may have left something in AWS; look for the tag {RUN} there, \
                 then remove the file",
                path.display()
            )
        })
    }
}

fn file(output: &Path) -> PathBuf {
    output.join(FILE)
}

/// Whether a bake in this folder has not finished what it began in AWS.
pub(crate) fn is_unfinished(output: &Path) -> bool {
    file(output).exists()
}

/// It is finished.
pub(crate) fn end(output: &Path) -> Result<()> {
    record::remove(&file(output))
}

/// Deletes what a run that did not finish has made. What is recorded of it is no image any more.
pub(crate) async fn clean(ctx: &mut Context, output: &Path, amazon: &Amazon) -> Result<()> {
    let Some(run) = Run::unfinished(output)? else { return Ok(()) };
    let mut swept = Swept::default();
    let done = run.swept(ctx, amazon, &mut swept).await;
    if !swept.deleted.is_empty() {
        let deleted = swept.deleted.join(", ");
        ctx.notice(format!("A bake had not finished: deleted what it left in AWS: {deleted}."));
        if record::makes_ami(output) {
            record::forget(output)?;
        }
    }
    done.context("what a bake left in AWS could not be looked for")?;
    if !swept.left.is_empty() {
        let left: Vec<String> =
            swept.left.iter().map(|left| format!("{} ({})", left.what, left.why)).collect();
        bail!(
            "what a bake left in AWS could not be deleted: {}; `hallmark reap` finds it by the tag {EXPIRES}",
            left.join(", ")
        );
    }
    end(output)
}

/// What came of cleaning up.
#[derive(Default)]
struct Swept {
    deleted: Vec<String>,
    left: Vec<Left>,
}

impl Run {
    /// Sweeps the run's own region, and the others that it may have copied to.
    async fn swept(&self, ctx: &mut Context, amazon: &Amazon, swept: &mut Swept) -> Result<()> {
        let wanted = Wanted::Run(&self.id);
        let home = amazon.place_of(&self.region).await?;
        let mut away = Vec::new();
        for region in &self.copies {
            away.push(amazon.place_of(region).await?);
        }
        let mut keep = BTreeSet::new();
        if !away.is_empty() {
            // Copies are found by their image, and better when machines have ended, which takes its time. What is left now
            // is found again in the end.
            let copied = |leftover: &Leftover| matches!(leftover.kind, Kind::Image | Kind::Snapshot);
            reaper::sweep(&home, wanted, &copied, Pace::default(), &mut swept.on()).await?;
            keep = self.copies_swept(ctx, &home, &mut away, swept).await?;
        }
        for place in &away {
            let kept = |leftover: &Leftover| keep.contains(&leftover.id);
            let done = reaper::sweep(place, wanted, &kept, Pace::default(), &mut swept.on()).await;
            match done {
                Ok(left) => swept.left.extend(left),
                Err(failure) => unseen(ctx, place, &failure),
            }
        }
        let kept = |leftover: &Leftover| keep.contains(&leftover.id);
        let left = reaper::sweep(&home, wanted, &kept, Pace::default(), &mut swept.on()).await?;
        swept.left.extend(left);
        Ok(())
    }

    /// Deletes copies, and what has no tags yet of them. Gives what has to stay so that the rest is found later. A region that
    /// cannot be looked at is told and taken out of `away`: what is there goes with what it is a copy of, or not at all.
    async fn copies_swept(
        &self,
        ctx: &mut Context,
        home: &Rc<Place>,
        away: &mut Vec<Rc<Place>>,
        swept: &mut Swept,
    ) -> Result<BTreeSet<String>> {
        let places: Vec<Rc<Place>> = std::iter::once(home).chain(away.iter()).cloned().collect();
        let mut leftovers = reaper::find(home, Wanted::Run(&self.id)).await?.leftovers;
        for place in std::mem::take(away) {
            match reaper::find(&place, Wanted::Run(&self.id)).await {
                Ok(found) => {
                    leftovers.extend(found.leftovers);
                    away.push(place);
                }
                Err(failure) => unseen(ctx, &place, &failure),
            }
        }
        let copies = Copies::find(&places, &leftovers).await;
        let regions: Vec<&str> = places.iter().map(|place| place.region.as_str()).collect();
        let finds = format!("`hallmark reap --regions {}` finds it", regions.join(","));
        for failure in &copies.blind {
            ctx.warning(format!(
                "Copies that a bake may have left in {} could not be looked for: {failure}. What they are copied from stays, \
                 so that {finds}.",
                failure.region
            ));
        }
        let ended = copies.delete(&places, Pace::default(), &mut swept.on()).await;
        for Left { what, why } in &ended.left {
            ctx.warning(format!(
                "A copy that a bake left could not be deleted: {what} ({why}). It and what it was copied from stay, so that \
                 {finds}; the role needs docs/iam/reap-copies.json."
            ));
        }
        Ok(ended.keep)
    }
}

/// Who makes images in one region and copies to another need not be allowed to look at everything there.
fn unseen(ctx: &mut Context, place: &Place, failure: &Failure) {
    ctx.warning(format!(
        "What a bake may have left in {region} could not be looked for: {failure}; `hallmark reap --regions {region}` finds it.",
        region = place.region
    ));
}

impl Swept {
    fn on(&mut self) -> impl FnMut(&Leftover) {
        |leftover| self.deleted.push(leftover.to_string())
    }
}
