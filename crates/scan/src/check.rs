//! Whether a report is worth what it looks like.

use anyhow::bail;
use runner::{Annotation, Context, Result};
use scanners::{Condition, Scan, Scanner};

use crate::database::Facts;
use crate::inputs::Common;

/// Everything that makes a report worth less than it looks.
///
/// # Errors
/// It is worth nothing, and no input says that this is right for what was scanned.
pub fn check(
    ctx: &mut Context,
    scanner: &dyn Scanner,
    common: &Common,
    scan: &Scan,
    facts: Option<&Facts>,
) -> Result<()> {
    if scanner.judges_packages() {
        conditions(ctx, common, scan)?;
    }
    if scan.files == Some(0) {
        if !common.allow_no_files {
            bail!(
                "{} found no file it knows, so nothing was looked at. If that is right, set `allow-no-files: true`",
                scanner.title()
            );
        }
        ctx.warning(format!("{} found no file it knows (`allow-no-files` accepts that)", scanner.title()));
    }
    if facts.is_some_and(|facts| facts.sample) {
        sample(ctx, scanner, scan)?;
    }
    if let Some(os) = scan.os.as_ref().filter(|os| os.end_of_life) {
        ctx.warning(format!(
            "{} {} is no longer maintained: vulnerabilities are neither mended nor, often, listed",
            os.family, os.name
        ));
    }
    if scan.suppressed > 0 {
        ctx.warning(format!(
            "The report was made with an ignore list that hid {} findings; they count here",
            scan.suppressed
        ));
    }
    Ok(())
}

fn conditions(ctx: &mut Context, common: &Common, scan: &Scan) -> Result<()> {
    for condition in scan.conditions() {
        let (allowed, input) = match condition {
            Condition::NoOs | Condition::OsNotMatched => (common.allow_no_os, "allow-no-os"),
            Condition::NoPackages => (common.allow_no_packages, "allow-no-packages"),
        };
        if !allowed {
            bail!("{condition}. If that is right for what was scanned, set `{input}: true`");
        }
        ctx.warning(format!("{condition} (`{input}` accepts that)"));
    }
    Ok(())
}

fn sample(ctx: &mut Context, scanner: &dyn Scanner, scan: &Scan) -> Result<()> {
    let covers = |os: &&scanners::OperatingSystem| {
        scanner.database().is_some_and(|database| database.sample_covers(&os.family, &os.name))
    };
    if let Some(os) = scan.os.as_ref().filter(|os| !covers(os)) {
        bail!(
            "the sample database has advisories for Debian 12 and 13 only, and this is {} {}: use the real one",
            os.family,
            os.name
        );
    }
    ctx.warning(
        Annotation::new(
            "The vulnerability database is the sample: a few dozen of tens of thousands of advisories. \
             The evidence says so, and a policy can refuse it.",
        )
        .title("Sample database"),
    );
    Ok(())
}
