//! Categories: what keeps the alerts of one upload apart from those of another of the same tool.
//!
//! `automationDetails.id` is `category/run`, parted at its last slash; without a slash it only names the run.

use anyhow::bail;
use runner::Result;
use serde_json::Value;

use super::shape::Run;
use super::stable;

/// A category as it is given, without a last slash.
pub(super) fn checked(category: &str) -> Result<&str> {
    let category = category.trim_end_matches('/');
    if category.trim().is_empty() {
        bail!("it says nothing");
    }
    if category.contains(|c: char| c.is_control()) {
        bail!("it is to be one line of plain characters");
    }
    check(category)?;
    Ok(category)
}

/// A run's category: its own, or the one that is given. And whether the file has to be given it.
pub(super) fn of<'a>(run: &'a Run, given: Option<&'a str>) -> Result<(&'a str, bool)> {
    let id = run.automation_details.as_ref().and_then(|details| details.id.as_deref());
    let own = id.and_then(before_last_slash);
    if let Some(own) = own {
        check(own)?;
    }
    match (own, given) {
        (Some(own), Some(given)) if own != given => bail!(
            "the run of {} is of the category `{}`, and input `category` is `{}`: leave that out, or give the same",
            run.tool.driver.name.escape_debug(),
            own.escape_debug(),
            given.escape_debug()
        ),
        (Some(own), _) => Ok((own, false)),
        (None, Some(given)) => Ok((given, true)),
        (None, None) => Ok(("", false)),
    }
}

fn before_last_slash(id: &str) -> Option<&str> {
    id.rsplit_once('/').map(|(category, _)| category).filter(|category| !category.is_empty())
}

fn check(category: &str) -> Result<()> {
    if stable::changes(category) {
        bail!(
            "the category `{}` names one image by its digest or id: the next image would have another, and the alerts of \
             this one would stay open for ever",
            runner::escape::shortened(category, 120).escape_debug()
        );
    }
    Ok(())
}

/// The same file, with the category in each run that has none.
pub(super) fn written(bytes: &[u8], category: &str) -> Result<Vec<u8>> {
    let mut whole: Value = serde_json::from_slice(bytes)?;
    for run in whole["runs"].as_array_mut().into_iter().flatten() {
        let id = &mut run["automationDetails"]["id"];
        let run = id.as_str().unwrap_or_default();
        if before_last_slash(run).is_none() {
            *id = Value::String(format!("{category}/{}", run.trim_start_matches('/')));
        }
    }
    Ok(serde_json::to_vec(&whole)?)
}
