//! `hallmark reap`: what bakes in AWS that were cancelled or killed have left there, shown or deleted.

use anyhow::bail;
use aws::reaper::{EXPIRES, Found, Leftover, Pace, RELEASE, Wanted, delete, find};
use aws::{Account, Caller};
use runner::{Action, Context, Input, Kind, Outcome, Output, Result};

/// See the module.
pub(crate) static ACTION: Action = Action {
    name: "reap",
    about: "Deletes what cancelled bakes left in AWS: what says that it expired, and nothing else",
    inputs: &[
        Input::new("regions", Kind::List, "The regions to look in").required(),
        Input::new(
            "operation",
            Kind::Choice(&["list", "delete"]),
            "`list` shows what would be deleted; `delete` deletes it",
        )
        .default("list"),
        aws::ROLE,
    ],
    outputs: &[
        Output { name: "found", help: "How many things have expired" },
        Output { name: "deleted", help: "How many of them were deleted" },
    ],
    run: |cx| Box::pin(run(cx)),
    post: None,
};

async fn run(cx: &mut Context) -> Result<Outcome> {
    let regions = cx.list("regions")?;
    let [first, ..] = regions.as_slice() else { bail!("input `regions` names no region") };
    let deletes = cx.text("operation")? == "delete";
    let account = Account::of(&Caller::read(cx, ACTION.name)?, first).await?;
    let wanted = Wanted::ExpiredAt(cx.now());
    let (mut count, mut deleted, mut troubles) = (0, 0, Vec::new());
    for region in &regions {
        let place = account.place(region);
        // What cannot be looked at in one region does not keep the others from being cleaned up.
        let Found { leftovers, unclear } = match find(&place, wanted).await {
            Ok(found) => found,
            Err(failure) => {
                troubles.push(failure.to_string());
                continue;
            }
        };
        count += leftovers.len();
        troubles.extend(unclear.into_iter().map(|left| format!("{}: {}", left.what, left.why)));
        if !deletes {
            leftovers.iter().for_each(|leftover| cx.info(&told(leftover)));
            continue;
        }
        let left = delete(&place, &leftovers, Pace::default(), &mut |leftover| {
            deleted += 1;
            cx.info(&format!("deleted: {}", told(leftover)));
        })
        .await;
        troubles.extend(left.into_iter().map(|left| format!("{}: {}", left.what, left.why)));
    }
    for trouble in &troubles {
        cx.error(trouble.as_str());
    }
    cx.output("found", count.to_string())?;
    cx.output("deleted", deleted.to_string())?;
    if !troubles.is_empty() {
        bail!("{} things are left or unclear, each named above", troubles.len());
    }
    cx.info(&match (count, deletes) {
        (0, _) => format!(
            "nothing in {} has a tag {EXPIRES} of the past, but for releases ({RELEASE})",
            regions.join(", ")
        ),
        (_, true) => format!("{deleted} deleted"),
        (_, false) => format!("{count} have expired: `--operation delete` deletes them"),
    });
    Ok(Outcome::Done)
}

fn told(leftover: &Leftover) -> String {
    let run = leftover.run.as_deref().unwrap_or("unknown");
    let expired = leftover.expires.as_deref().unwrap_or_default();
    format!("{leftover}, of the run {run}, needed until {expired}")
}
