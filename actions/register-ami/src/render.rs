//! Outputs, summary and annotations.

use model::Reason;
use runner::{Annotation, Context, Result};

use crate::refusal::{Refusal, Report};
use crate::request::Operation;

/// What was done, or would be.
pub(crate) fn report(ctx: &mut Context, report: &Report) -> Result<()> {
    ctx.output("image-id", &report.image_id)?;
    ctx.output("release-id", &report.release_id)?;
    ctx.output("content-digest", &report.content_digest)?;
    ctx.output("channel", report.channel.as_deref().unwrap_or_default())?;
    ctx.output("prior-image", report.prior_image.as_deref().unwrap_or_default())?;
    ctx.output("adopted", report.adopted.to_string())?;
    ctx.output("location", &report.location)?;
    ctx.output("regions", serde_json::to_string(&report.regions)?)?;
    ctx.output("changes", report.changes.len().to_string())?;
    ctx.output("evidence", report.statement.as_deref().unwrap_or_default())?;

    let row = |what: &str, value: &str| vec![what.to_owned(), value.to_owned()];
    let optional = |what, value: &Option<String>| value.as_ref().map(|value| row(what, value));
    let rows: Vec<_> = [
        Some(row("Image", &report.image_id)),
        Some(row("Content", &report.content_digest)),
        Some(row("Release", &report.release_id)),
        optional("Channel", &report.channel),
        optional("It showed before", &report.prior_image),
        Some(row("Where", &report.location)).filter(|_| !report.location.is_empty()),
        optional("Evidence", &report.statement),
    ]
    .into_iter()
    .flatten()
    .collect();
    let allowed: Vec<_> = report
        .rests_on
        .iter()
        .map(|(what, file, on)| vec![what.clone(), file.clone(), on.to_string()])
        .collect();
    let regions: Vec<_> = report.regions.iter().map(|(region, id)| row(region, id.as_str())).collect();
    let changes: Vec<_> = report.changes.iter().map(|change| row(&change.place, &change.what)).collect();
    // A terminal shows the summary in the same place.
    if ctx.github().on_runner {
        ctx.info(&report.headline);
    }
    for change in &report.changes {
        ctx.info(&format!("  {}: {}", change.place, change.what));
    }
    ctx.summary()
        .heading(2, &report.headline)
        .table(&["", report.name.as_str()], &rows)
        .table(&["Region", "Image"], &regions)
        .table(&["Where", "What would be changed"], &changes)
        .table(&["It was allowed by", "File", "Made at"], &allowed);
    Ok(())
}

/// Why not.
pub(crate) fn refusal(ctx: &mut Context, operation: Operation, refusal: &Refusal) {
    // What a provider refuses may come after steps that it has taken, which a later run finds taken.
    let unchanged = if refusal.by_provider { "" } else { ": nothing was changed" };
    let title = format!("Refused to {}{unchanged}", operation.verb());
    for reason in &refusal.reasons {
        ctx.error(
            Annotation::new(format!("{}. {}.", reason.message, reason.clears)).title(reason.code.clone()),
        );
    }
    let row = |reason: &Reason| {
        vec![reason.code.clone(), reason.message.clone(), reason.clears.clone(), reason.evidence.join(", ")]
    };
    let rows: Vec<_> = refusal.reasons.iter().map(row).collect();
    ctx.summary().heading(2, &title).table(&["Reason", "What", "What clears it", "Evidence"], &rows);
}
