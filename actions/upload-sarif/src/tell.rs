//! What people and later steps are told.

use runner::{Annotation, Context, Outcome, Result};

use crate::log::Log;
use crate::place::Place;
use crate::send::{Sent, Status};

/// The most results of a run that GitHub keeps.
const KEPT: usize = 5_000;

/// What a file lacks, and what it left out.
pub(crate) fn warn(cx: &mut Context, logs: &[Log]) {
    for log in logs {
        let file = log.path.display();
        if log.without_fingerprint > 0 {
            cx.warning(format!(
                "{file}: {} of {} results have no `partialFingerprints.primaryLocationLineHash`: GitHub tells them apart by \
                 their lines, and dismissals are lost when those move",
                log.without_fingerprint, log.results
            ));
        }
        if log.longest > KEPT {
            let text = format!(
                "{file}: a run has {} results, and GitHub keeps {KEPT} of a run: which, it decides itself",
                log.longest
            );
            cx.warning(Annotation::new(text).title("Not all findings are shown"));
        }
        if log.cut > 0 {
            cx.warning(
                Annotation::new(format!(
                    "{file}: {} findings were cut, because GitHub keeps 5,000 of a run: the {} that matter most are shown, and \
                     the evidence has all of them",
                    log.cut, log.results
                ))
                .title("Not all findings are shown"),
            );
        }
        for (tool, category) in &log.runs {
            if category.is_empty() {
                cx.warning(format!(
                    "{file}: the run of {tool} has no category: of several jobs with that tool each would close the alerts of \
                     the others (`category`)"
                ));
            }
        }
    }
}

/// The outputs, whatever went up.
pub(crate) fn done(cx: &mut Context, sent: &[Sent]) -> Result<()> {
    let ids: Vec<&str> = sent.iter().map(|one| one.id.as_str()).collect();
    cx.output("sarif-id", ids.join("\n"))?;
    cx.output("uploaded", (!sent.is_empty()).to_string())?;
    // The worst of them; where nothing went up, it failed.
    let worst = sent.iter().map(|one| &one.status).max().map_or("failed", Status::as_str);
    cx.output("processing-status", worst)?;
    cx.output("results", sent.iter().map(|one| one.results).sum::<usize>().to_string())
}

/// Code scanning is not to be had: that is told, and is no error.
pub(crate) fn skipped(cx: &mut Context, logs: &[Log], why: &str) -> Result<Outcome> {
    cx.output("sarif-id", "")?;
    cx.output("uploaded", "false")?;
    cx.output("processing-status", "skipped")?;
    let results: usize = logs.iter().map(|log| log.results).sum();
    cx.output("results", results.to_string())?;
    cx.notice(
        Annotation::new(format!("Nothing was uploaded: {why}. The output `sarif` names the files to keep"))
            .title("Code scanning"),
    );
    let files: Vec<String> = logs.iter().map(|log| log.path.to_string_lossy().into_owned()).collect();
    let summary = cx.summary();
    summary.heading(2, "Not uploaded to code scanning").paragraph(why);
    summary.paragraph(&format!("{results} results are in:")).list(&files);
    Ok(Outcome::Done)
}

/// The summary.
pub(crate) fn summary(cx: &mut Context, sent: &[Sent], place: &Place, page: &str) {
    let rows: Vec<Vec<String>> = sent
        .iter()
        .flat_map(|one| one.runs.iter().map(move |run| (one, run)))
        .map(|(one, (tool, category))| {
            let results = match one.cut {
                0 => one.results.to_string(),
                cut => format!("{} ({cut} cut)", one.results),
            };
            let status = match &one.status {
                Status::Failed(why) => format!("failed: {why}"),
                status => status.as_str().to_owned(),
            };
            vec![tool.clone(), category.clone(), one.name.clone(), results, status]
        })
        .collect();
    let failed = sent.iter().any(|one| matches!(one.status, Status::Failed(_)));
    let heading = if failed { "Not taken in by code scanning" } else { "Uploaded to code scanning" };
    let summary = cx.summary();
    summary.heading(2, heading);
    summary.table(&["tool", "category", "file", "results", "status"], &rows);
    summary.paragraph(&format!("{} at {}: {page}", place.reference, place.commit.as_str()));
}
