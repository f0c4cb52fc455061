//! Publishes that were begun and never finished: shown where a journal is given, deleted where an age is.

use super::Tally;
use anyhow::{Context as _, ensure};
use archive::{Keeping, Location};
use aws::abandoned::{Publishes, Thing, Unfinished};
use aws::distribution::Distribution;
use aws::{Account, Caller, Holder};
use jiff::Timestamp;
use runner::{Context, Input, Kind, Result};
use std::time::Duration;

/// Where publishing writes down what it does.
pub(super) const JOURNAL: Input = Input::new(
    "journal",
    Kind::Text,
    "The `journal` of `register-ami`: with it, what publishes have left that were never finished is shown as well",
);
/// The file that says whose images these are, and where channels are.
pub(super) const DISTRIBUTION: Input =
    Input::new("distribution", Kind::Path, "The `distribution` of `register-ami`; required with `journal`");
/// The consent to delete.
pub(super) const AFTER: Input = Input::new(
    "abandoned-after",
    Kind::Duration,
    "How old everything has to be that such a publish made, to be deleted as well with `operation: delete`: a day or more. \
     Without it nothing of a publish is deleted",
);

/// Nobody has given up a publish of today.
const SHORTEST: Duration = Duration::from_secs(24 * 3600);

/// What the inputs want to be looked at.
pub(super) struct Wanted {
    to: Distribution,
    journal: Location,
    after: Option<Duration>,
}

impl Wanted {
    /// Nothing, if no journal is given.
    pub(super) fn read(cx: &Context) -> Result<Option<Self>> {
        let after = cx.opt_duration(AFTER.name)?;
        let Some(journal) = cx.opt_text(JOURNAL.name)? else {
            for (name, given) in [
                (AFTER.name, after.is_some()),
                (DISTRIBUTION.name, cx.opt_path(DISTRIBUTION.name)?.is_some()),
            ] {
                ensure!(!given, "input `{name}` is about publishes: give their `journal` as well");
            }
            return Ok(None);
        };
        let file = cx.opt_path(DISTRIBUTION.name)?;
        let file =
            file.context("input `distribution` is required with `journal`: it says where channels are")?;
        ensure!(
            after.is_none_or(|after| after >= SHORTEST),
            "input `abandoned-after` is shorter than a day: somebody may be about to run a publish of today again"
        );
        Ok(Some(Self {
            to: register_ami::distribution::read(&file).context("input `distribution`")?,
            journal: Location::parse(&journal, cx.cwd()).context("input `journal`")?,
            after,
        }))
    }

    /// Where images are made.
    pub(super) fn home(&self) -> &str {
        &self.to.home
    }

    /// Shows what there is, and deletes what may go if that is asked for. What fails is a trouble, and nothing is deleted.
    pub(super) async fn look(
        &self,
        cx: &mut Context,
        (caller, account): (&Caller, &Account),
        regions: &[String],
        deletes: bool,
        tally: &mut Tally,
    ) -> Result<()> {
        let records = caller.records(&self.journal, Keeping::default()).await?;
        let now = cx.now();
        let holder =
            Holder { name: format!("reap, process {} since {now}", process::this_process()), attempt: 1 };
        let publishes = Publishes::new(account, &self.to, records, regions, holder, cx.clock())?;
        let found = publishes.unfinished().await?;
        tally.troubles.extend(found.unclear);
        if !found.elsewhere.is_empty() {
            let ids: Vec<String> = found.elsewhere.iter().map(ToString::to_string).collect();
            cx.info(&format!(
                "{} has no record of these releases, so whatever has their tag stays: {}",
                self.journal,
                ids.join(", ")
            ));
        }
        for unfinished in &found.unfinished {
            self.told(cx, unfinished, now, tally);
            let before = self.after.and_then(|after| now.checked_sub(after).ok());
            let may_go = unfinished.stays.is_empty() && !unfinished.made.is_empty();
            let Some(before) = before.filter(|before| deletes && may_go && unfinished.is_of_before(*before))
            else {
                continue;
            };
            let mut on = |thing: &Thing| {
                tally.deleted += 1;
                cx.info(&format!("deleted: {}", thing.what));
            };
            let named = |why: String| format!("of the release {}: {why}", unfinished.release);
            match publishes.end(&unfinished.release, before, &mut on).await {
                Ok(left) => tally.troubles.extend(left.into_iter().map(named)),
                Err(error) => tally.troubles.push(named(error.to_string())),
            }
        }
        Ok(())
    }

    /// Tells about one, and what becomes of it.
    fn told(&self, cx: &mut Context, unfinished: &Unfinished, now: Timestamp, tally: &mut Tally) {
        let Unfinished { release, name, begun_on, made, kept, stays } = unfinished;
        cx.info(&format!("the release {release} ({name}) was begun on {begun_on:.0} and never published"));
        let created = |thing: &Thing| match thing.created_on {
            Some(on) => format!("made on {on:.0}"),
            None => "made nobody knows when".to_owned(),
        };
        for thing in made {
            cx.info(&format!("  {}, {}", thing.what, created(thing)));
        }
        for thing in kept {
            cx.info(&format!("  {}, which is not known to be the publish's own, and stays", thing.what));
        }
        if made.is_empty() {
            return;
        }
        let old =
            |after: Duration| now.checked_sub(after).is_ok_and(|before| unfinished.is_of_before(before));
        let fate = match self.after {
            _ if !stays.is_empty() => format!("  it stays: {}", stays.join("; ")),
            None => "  publish it again to finish it, end it by `register-ami` with `operation: retire`, or say by \
                     `abandoned-after` from which age on it can be deleted"
                .to_owned(),
            Some(after) if !old(after) => "  it stays: something of it is not as old as `abandoned-after`".to_owned(),
            Some(_) => {
                tally.abandoned += made.len();
                return;
            }
        };
        cx.info(&fate);
    }
}
