//! `hallmark reap`: what bakes in AWS that were cancelled or killed have left there, shown or deleted; and publishes.

mod abandoned;

use anyhow::bail;
use aws::reaper::copies::{Copies, Copy, Ended};
use aws::reaper::{EXPIRES, Left, Leftover, Pace, RELEASE, Wanted, delete, find};
use aws::{Account, Caller, Place};
use runner::{Action, Context, Input, Kind, Outcome, Output, Result};
use std::collections::BTreeSet;
use std::rc::Rc;

/// See the module.
pub(crate) static ACTION: Action = Action {
    name: "reap",
    about: "Deletes what cancelled bakes left in AWS, and shows or deletes what publishes left that were never finished",
    inputs: &[
        Input::new("regions", Kind::List, "The regions to look in").required(),
        Input::new(
            "operation",
            Kind::Choice(&["list", "delete"]),
            "`list` shows what would be deleted; `delete` deletes it",
        )
        .default("list"),
        abandoned::JOURNAL,
        abandoned::DISTRIBUTION,
        abandoned::AFTER,
        aws::ROLE,
    ],
    outputs: &[
        Output { name: "found", help: "How many things have expired" },
        Output {
            name: "abandoned",
            help: "How many things are as old as `abandoned-after`, of publishes that were never finished and that nothing \
                   refers to",
        },
        Output { name: "deleted", help: "How many of all these were deleted" },
    ],
    run: |cx| Box::pin(run(cx)),
    post: None,
};

/// What came of it.
#[derive(Default)]
struct Tally {
    found: usize,
    abandoned: usize,
    deleted: usize,
    troubles: Vec<String>,
}

async fn run(cx: &mut Context) -> Result<Outcome> {
    let regions = cx.list("regions")?;
    let [first, ..] = regions.as_slice() else { bail!("input `regions` names no region") };
    let deletes = cx.text("operation")? == "delete";
    let publishes = abandoned::Wanted::read(cx)?;
    let caller = Caller::read(cx, ACTION.name)?;
    // Where nobody says where the journal's bucket is, it is at home.
    let caller = match &publishes {
        Some(publishes) => caller.or_in(publishes.home()),
        None => caller,
    };
    let account = Account::of(&caller, first).await?;
    let mut tally = Tally::default();
    let places: Vec<Rc<Place>> = regions.iter().map(|region| account.place(region)).collect();
    expired(cx, &places, deletes, &mut tally).await;
    if let Some(publishes) = publishes
        && let Err(error) = publishes.look(cx, (&caller, &account), &regions, deletes, &mut tally).await
    {
        tally.troubles.push(format!("publishes could not be looked at: {error:#}"));
    }
    let Tally { found, abandoned, deleted, troubles } = tally;
    for trouble in &troubles {
        cx.error(trouble.as_str());
    }
    cx.output("found", found.to_string())?;
    cx.output("abandoned", abandoned.to_string())?;
    cx.output("deleted", deleted.to_string())?;
    if !troubles.is_empty() {
        bail!("{} things are left or unclear, each named above", troubles.len());
    }
    cx.info(&match (found + abandoned, deletes) {
        (0, _) => format!(
            "nothing in {} has a tag {EXPIRES} of the past, but for releases ({RELEASE})",
            regions.join(", ")
        ),
        (_, true) => format!("{deleted} deleted"),
        (count, false) => format!("{count} can go: `--operation delete` deletes them"),
    });
    Ok(Outcome::Done)
}

/// What has expired, and copies of it that have no tags yet. What cannot be looked at in one region does not keep the others
/// from being cleaned up, but for images that may have copies there.
async fn expired(cx: &mut Context, places: &[Rc<Place>], deletes: bool, tally: &mut Tally) {
    let mut leftovers = Vec::new();
    for place in places {
        match find(place, Wanted::ExpiredAt(cx.now())).await {
            Ok(found) => {
                leftovers.extend(found.leftovers);
                tally.left(found.unclear);
            }
            Err(failure) => tally.troubles.push(failure.to_string()),
        }
    }
    let copies = Copies::find(places, &leftovers).await;
    let untagged: Vec<&Copy> =
        copies.found.iter().filter(|copy| leftovers.iter().all(|one| one.id != copy.what.id)).collect();
    tally.found += leftovers.len() + untagged.len();
    tally.troubles.extend(copies.blind.iter().map(ToString::to_string));
    for copy in untagged {
        cx.info(&format!("{}, a copy of {}, has no tags yet", copy.what, copy.of));
    }
    if !deletes {
        leftovers.iter().for_each(|leftover| cx.info(&told(leftover)));
        return;
    }
    // Copies first: they are found by what they are copies of.
    let mut gone = BTreeSet::new();
    let mut on = |leftover: &Leftover| {
        cx.info(&format!("deleted: {}", told(leftover)));
        gone.insert(leftover.id.clone());
    };
    let Ended { mut left, keep } = copies.delete(places, Pace::default(), &mut on).await;
    tally.deleted += gone.len();
    leftovers.retain(|one| !gone.contains(&one.id) && left.iter().all(|left| left.what.id != one.id));
    let (kept, leftovers): (Vec<_>, Vec<_>) = leftovers.into_iter().partition(|one| keep.contains(&one.id));
    let why = "it stays for as long as it may have copies that cannot be looked for or deleted";
    left.extend(kept.into_iter().map(|what| Left { what, why: why.to_owned() }));
    for place in places {
        let here: Vec<_> = leftovers.iter().filter(|one| one.region == place.region).cloned().collect();
        let mut on = |leftover: &Leftover| {
            cx.info(&format!("deleted: {}", told(leftover)));
            tally.deleted += 1;
        };
        left.extend(delete(place, &here, Pace::default(), &mut on).await);
    }
    tally.left(left);
}

impl Tally {
    fn left(&mut self, left: Vec<Left>) {
        self.troubles.extend(left.into_iter().map(|left| format!("{}: {}", left.what, left.why)));
    }
}

fn told(leftover: &Leftover) -> String {
    let run = leftover.run.as_deref().unwrap_or("unknown");
    let expired = leftover.expires.as_deref().unwrap_or_default();
    format!("{leftover}, of the run {run}, needed until {expired}")
}
