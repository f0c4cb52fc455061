//! What people and later steps see of it: one row for each channel.

use runner::escape::shortened;
use runner::{Annotation, Context, Result};
use serde_json::json;

use super::found::{Found, Standing};
use super::track::{Kept, What};

const LONGEST: usize = 200;

/// A channel, and what came of it.
pub(super) struct Row {
    pub(super) channel: String,
    /// What was found, or why nothing could be decided.
    pub(super) found: Result<Found>,
    /// Its issue, where there is one.
    pub(super) issue: Option<Kept>,
    /// Why its issue could not be kept.
    pub(super) untold: Option<String>,
}

/// Writes log, summary and outputs.
pub(super) fn tell(ctx: &mut Context, rows: &[Row]) -> Result<()> {
    for row in rows {
        log(ctx, row);
    }
    let table: Vec<Vec<String>> = rows.iter().map(cells).collect();
    let standing = |wanted: Standing| rows.iter().filter(|row| is(row, wanted)).count();
    let undecided = rows.iter().filter(|row| row.found.is_err()).count();
    let title = format!(
        "Decided again: {} pass, {} do not, {} not known, {undecided} not decided",
        standing(Standing::Passes),
        standing(Standing::Fails),
        standing(Standing::Stale),
    );
    ctx.summary().heading(2, &title).table(&["Channel", "Image", "Standing", "Why", "Issue"], &table);
    outputs(ctx, rows)
}

fn is(row: &Row, wanted: Standing) -> bool {
    row.found.as_ref().is_ok_and(|found| found.standing == wanted)
}

const fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::Passes => "passes",
        Standing::Stale => "not known",
        Standing::Fails => "no longer passes",
    }
}

fn log(ctx: &mut Context, row: &Row) {
    match &row.found {
        Ok(found) if found.standing == Standing::Passes => {
            ctx.info(&format!("{}: {} passes{}", row.channel, found.image, standing_consent(found)));
        }
        Ok(found) => {
            let reasons: Vec<&str> = found.reasons.iter().map(|one| one.message.as_str()).collect();
            let message =
                format!("{}: {} {}: {}", row.channel, found.image, word(found.standing), reasons.join(" "));
            ctx.warning(Annotation::new(message).title(format!("{} {}", row.channel, word(found.standing))));
        }
        Err(error) => {
            let message = format!("{}: {error:#}", row.channel);
            ctx.error(Annotation::new(message).title("Not decided"));
        }
    }
}

/// What lets it pass that will end.
fn standing_consent(found: &Found) -> String {
    let standing: Vec<String> = found
        .accepted
        .iter()
        .filter(|one| !one.over)
        .map(|one| format!("accepted by {} until {}: {}", one.by, one.until, one.what))
        .collect();
    if standing.is_empty() { String::new() } else { format!(" ({})", standing.join("; ")) }
}

fn cells(row: &Row) -> Vec<String> {
    let issue = match (&row.issue, &row.untold) {
        (_, Some(_)) => "could not be kept".to_owned(),
        (Some(kept), None) => format!("{}, {}", kept.number, done(kept.what)),
        (None, None) => String::new(),
    };
    let (image, standing, why) = match &row.found {
        Ok(found) => {
            let codes: Vec<&str> = found.reasons.iter().map(|one| one.code.as_str()).collect();
            let why = if codes.is_empty() { standing_consent(found) } else { codes.join(", ") };
            (found.image.clone(), word(found.standing).to_owned(), why)
        }
        Err(error) => (String::new(), "not decided".to_owned(), format!("{error:#}")),
    };
    [row.channel.clone(), image, standing, why, issue].map(|text| shortened(text.trim(), LONGEST)).to_vec()
}

const fn done(what: What) -> &'static str {
    match what {
        What::Opened => "opened",
        What::Updated => "updated",
        What::Unchanged => "as it was",
        What::Closed => "closed",
        What::Left => "left open",
    }
}

fn outputs(ctx: &mut Context, rows: &[Row]) -> Result<()> {
    let lines = |wanted: &dyn Fn(&Row) -> bool| {
        let names = rows.iter().filter(|row| wanted(row)).map(|row| row.channel.as_str());
        names.collect::<Vec<_>>().join("\n")
    };
    ctx.output("passing", lines(&|row| is(row, Standing::Passes)))?;
    ctx.output("failing", lines(&|row| is(row, Standing::Fails) || is(row, Standing::Stale)))?;
    ctx.output("undecided", lines(&|row| row.found.is_err() || row.untold.is_some()))?;
    let open = |kept: &&Kept| kept.what != What::Closed;
    let urls: Vec<&str> =
        rows.iter().filter_map(|row| row.issue.as_ref()).filter(open).map(|kept| kept.url.as_str()).collect();
    ctx.output("issues", urls.join("\n"))?;
    let all: Vec<serde_json::Value> = rows.iter().map(as_json).collect();
    ctx.output("json", serde_json::to_string(&all)?)
}

fn as_json(row: &Row) -> serde_json::Value {
    let error = row.found.as_ref().err().map(|error| format!("{error:#}"));
    json!({
        "channel": row.channel,
        "found": row.found.as_ref().ok(),
        "error": error,
        "issue": row.issue,
        "untold": row.untold,
    })
}
