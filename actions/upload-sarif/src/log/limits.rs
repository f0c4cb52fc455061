//! What GitHub refuses a file for, by its numbers. What it only cuts is said elsewhere.
//!
//! <https://docs.github.com/en/code-security/reference/code-scanning/sarif-support-for-code-scanning>

use anyhow::{Context as _, bail};
use runner::Result;

use super::shape::{Run, Sarif};

const MAX_RUNS: usize = 20;
const MAX_RESULTS: usize = 25_000;
const MAX_RULES: usize = 25_000;
const MAX_EXTENSIONS: usize = 100;
const MAX_LOCATIONS: usize = 1_000;
const MAX_FLOW_LOCATIONS: usize = 10_000;
const MAX_TAGS: usize = 20;

pub(super) fn hold(sarif: &Sarif) -> Result<()> {
    if sarif.runs.is_empty() {
        bail!("it has no run: no tool looked at anything");
    }
    most("runs in a file", sarif.runs.len(), MAX_RUNS)?;
    for run in &sarif.runs {
        hold_run(run).with_context(|| format!("the run of {}", run.tool.driver.name.escape_debug()))?;
    }
    Ok(())
}

fn hold_run(run: &Run) -> Result<()> {
    if run.tool.driver.name.trim().is_empty() {
        bail!("the tool has no name, and GitHub knows alerts by it");
    }
    let Some(results) = &run.results else { bail!("it has no `results`: it did not come to an end") };
    most("results in a run", results.len(), MAX_RESULTS)?;
    let extensions = &run.tool.extensions;
    most("extensions of a tool", extensions.len(), MAX_EXTENSIONS)?;
    let rules = || run.tool.driver.rules.iter().chain(extensions.iter().flat_map(|one| &one.rules));
    most("rules in a run", rules().count(), MAX_RULES)?;
    for rule in rules() {
        most("tags of a rule", rule.properties.tags.len(), MAX_TAGS)
            .with_context(|| format!("the rule {}", rule.id.escape_debug()))?;
    }
    for result in results {
        most("locations of a result", result.locations.len(), MAX_LOCATIONS)?;
        let flows = result.code_flows.iter().flat_map(|flow| &flow.thread_flows);
        let steps = flows.map(|flow| flow.locations.len()).sum();
        most("thread flow locations of a result", steps, MAX_FLOW_LOCATIONS)?;
    }
    Ok(())
}

fn most(what: &str, found: usize, most: usize) -> Result<()> {
    if found > most {
        bail!("it has {found} {what}, and GitHub takes {most}");
    }
    Ok(())
}
