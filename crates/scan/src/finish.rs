//! What every action that has a report ends with.

use std::path::PathBuf;
use std::thread;

use anyhow::{Context as _, anyhow};
use attest::{EvidenceDir, Sign};
use runner::{Context, Outcome, Result};
use scanners::{Scan, Scanner};

use crate::check::check;
use crate::database::Facts;
use crate::inputs::Common;
use crate::keep::{self, Keeping};
use crate::{About, Taken, changes, decide, evidence, view};

/// Judges the report, keeps it, writes evidence and SARIF, and shows all of it.
///
/// # Errors
/// The report cannot be taken as a whole, or something cannot be written.
pub fn finish(
    ctx: &mut Context,
    scanner: &dyn Scanner,
    common: &Common,
    about: About,
    taken: &Taken,
    signer: Option<&dyn Sign>,
) -> Result<Outcome> {
    let directory = EvidenceDir::new(&common.evidence);
    let case = Case { scanner, common, taken, directory: &directory };
    thread::scope(|scope| {
        let (scan, report) =
            keep::read(scope, &taken.report, &directory, |reader| scanner.read_from(reader))?;
        case.finish(ctx, about, signer, scan, report)
    })
}

/// What [`finish`] is about.
struct Case<'a> {
    scanner: &'a dyn Scanner,
    common: &'a Common,
    taken: &'a Taken,
    directory: &'a EvidenceDir,
}

impl Case<'_> {
    fn finish(
        &self,
        ctx: &mut Context,
        about: About,
        signer: Option<&dyn Sign>,
        mut scan: Scan,
        report: Keeping<'_>,
    ) -> Result<Outcome> {
        let Self { scanner, common, taken, directory } = *self;
        if let Some(inventory) = taken.inventory.as_ref().filter(|_| !scanner.lists_packages()) {
            scan.take_inventory(scanners::sbom::read(inventory).context("the SBOM that was scanned")?);
        }
        let facts = match (&taken.database, scanner.database()) {
            (Some(facts), _) => Some(facts.clone()),
            (None, Some(database)) => Some(Facts::of_report(database, &scan)),
            (None, None) => None,
        };
        check(ctx, scanner, common, &scan, facts.as_ref())?;
        let looked_for = evidence::looked_for(scanner, taken, &scan);
        let changes = changes::against_previous(scanner, common, &about, &scan, &looked_for)?;

        // On its way to the disk while the rest is made of it.
        let report = report.want()?;
        let inventory = taken.inventory.as_deref().map(|bytes| directory.put_report(bytes)).transpose();
        let inventory = inventory.context("the SBOM that was scanned could not be kept")?;
        let decision = decide::decide(common, &scan);
        let mut shown = view::Shown {
            scanner,
            common,
            look_for: &taken.look_for,
            scan: &scan,
            facts: facts.as_ref(),
            decision: &decision,
            changes: changes.as_ref(),
            sarif: None,
        };
        let (alerts, recorded) = (about.alerts(common), about.recorded(common)?);
        // What takes long is done at once.
        let (sarif, listed, made) = thread::scope(|scope| {
            let sarif = scope.spawn(|| view::write_sarif(&shown, &alerts));
            let listed = view::Listed::of(&shown);
            let results = evidence::results(scanner, &scan);
            let made = report.done().and_then(|report| {
                let made = evidence::Made {
                    scanner,
                    taken,
                    facts: facts.as_ref(),
                    scan: &scan,
                    looked_for: &looked_for,
                    report,
                    inventory,
                    alerts: recorded,
                };
                let subjects = about.subjects(report);
                let statement =
                    (!subjects.is_empty()).then(|| made.statement(subjects, results)).transpose()?;
                Ok((report, statement))
            });
            (sarif.join(), listed, made)
        });
        shown.sarif = sarif.map_err(|_| anyhow!("the SARIF file could not be made: its thread ended"))??;
        let (digest, statement) = made?;
        if let Some(sarif) = &shown.sarif {
            sarif.warn_of_cut(ctx);
        }
        let report = common.write_report(&taken.report, directory, &digest)?;
        let written = evidence::write(ctx, directory, statement.as_ref(), signer)?;

        let shown_path =
            |path: Option<PathBuf>| path.map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
        ctx.output("report", report.to_string_lossy())?;
        ctx.output("report-digest", digest.to_string())?;
        ctx.output("evidence", shown_path(written))?;
        ctx.output("sarif", shown_path(shown.sarif.as_ref().map(|sarif| sarif.path.clone())))?;
        ctx.output("category", alerts.category())?;
        view::outputs(ctx, &shown)?;
        changes::outputs(ctx, common, changes.as_ref())?;
        view::summary(ctx, &shown, &listed);
        Ok(decision.announce(ctx))
    }
}
