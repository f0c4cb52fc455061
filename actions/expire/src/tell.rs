//! What was found and done.

use jiff::SignedDuration;
use runner::{Annotation, Context, Result};

use crate::look::{Limit, Looked, Standing};

/// `1 run`, `2 runs`.
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Outputs, log and summary.
pub(crate) fn tell(cx: &mut Context, looked: &[Looked], limit: &Limit, dry_run: bool) -> Result<()> {
    let ids = |wanted: &[Standing]| {
        let of = looked.iter().filter(|one| wanted.contains(&one.standing)).filter_map(|one| one.run);
        of.map(|id| id.to_string()).collect::<Vec<_>>().join("\n")
    };
    cx.output("expired", ids(&[Standing::Over, Standing::Ended]))?;
    cx.output("waiting", ids(&[Standing::Waits]))?;
    let mut rows = Vec::new();
    for one in looked {
        let (word, why) = words(&one.standing);
        if let Standing::Unknown(why) = &one.standing {
            cx.error(Annotation::new(format!("{}: {why}", one.name)).title("Not settled"));
        } else {
            cx.info(&format!("{}: {word}", one.name));
        }
        rows.push(vec![one.name.clone(), one.waits_for.join(", "), age(one, limit), format!("{word}{why}")]);
    }
    let over = looked.iter().filter(|one| matches!(one.standing, Standing::Over | Standing::Ended)).count();
    let headline = match (over, dry_run) {
        (0, _) => "No run waits too long".to_owned(),
        (over, true) => format!("{} would be ended", count(over, "run", "runs")),
        (over, false) => format!("{} ended", count(over, "run", "runs")),
    };
    cx.info(&headline);
    let summary = cx.summary();
    summary.heading(2, &headline);
    summary.paragraph(&format!(
        "A run may wait {:#} for somebody; {} looked at.",
        limit.timeout,
        count(looked.iter().filter(|one| one.run.is_some()).count(), "run was", "runs were")
    ));
    summary.table(&["Run", "Waits for", "For", ""], &rows);
    if over > 0 && !dry_run {
        summary.paragraph(
            "Nothing was published by them. Start the workflow again to have a new brief looked at.",
        );
    }
    Ok(())
}

fn age(one: &Looked, limit: &Limit) -> String {
    let Some(since) = one.since else { return String::new() };
    // Whole minutes: nobody waits by the second.
    let minutes = limit.now.duration_since(since).as_secs() / 60;
    format!("{:#}", SignedDuration::from_mins(minutes))
}

fn words(standing: &Standing) -> (&'static str, String) {
    match standing {
        Standing::Waits => ("waits", String::new()),
        Standing::OfOthers => ("waits for another environment", String::new()),
        Standing::Over => ("waits too long", String::new()),
        Standing::Ended => ("ended", String::new()),
        Standing::GoneOn => ("went on or ended by itself", String::new()),
        Standing::Unknown(why) => ("not settled: ", why.clone()),
    }
}
