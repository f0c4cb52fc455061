//! Workflows and composite actions, read as far as the checks need them, each part with its place.

use std::collections::BTreeMap;

use super::finding::{Place, named};
use super::uses::Uses;
use crate::words::is_expression;

/// One file.
#[derive(Debug)]
pub(super) struct Workflow {
    /// Relative to the repository.
    pub(super) file: String,
    /// The events that start it, by name.
    pub(super) triggers: BTreeMap<String, Place>,
    pub(super) permissions: Option<Permissions>,
    /// A composite action's steps are those of a job without a name.
    pub(super) jobs: Vec<Job>,
    /// Whether it is a composite action: what a job has, it has not.
    pub(super) composite: bool,
    pub(super) lines: Vec<String>,
}

#[derive(Debug)]
pub(super) struct Job {
    pub(super) id: String,
    pub(super) at: Place,
    pub(super) runs_on: Vec<(String, Place)>,
    pub(super) environment: Option<(String, Place)>,
    pub(super) permissions: Option<Permissions>,
    /// A job that is another workflow.
    pub(super) uses: Option<(Uses, Place)>,
    pub(super) steps: Vec<Step>,
}

#[derive(Debug)]
pub(super) struct Step {
    pub(super) at: Place,
    pub(super) uses: Option<(Uses, Place)>,
    pub(super) run: Option<(String, Place)>,
    pub(super) with: Vec<Given>,
}

/// One line of `with:`.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) name: String,
    pub(super) at: Place,
    /// None where it is no text to GitHub either, or a fraction.
    pub(super) value: Option<String>,
}

/// What `permissions:` says.
#[derive(Debug, Clone)]
pub(super) struct Permissions {
    pub(super) at: Place,
    pub(super) says: Says,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Says {
    /// `write-all`
    WriteAll,
    /// `read-all`
    ReadAll,
    /// Each by name; what is not named is none.
    Each(BTreeMap<String, Access>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Access {
    None,
    Read,
    Write,
}

impl Permissions {
    pub(super) fn of(&self, scope: &str) -> Access {
        match &self.says {
            Says::WriteAll => Access::Write,
            // There is nothing to read in it: `read-all` does not give it.
            Says::ReadAll if scope == "id-token" => Access::None,
            Says::ReadAll => Access::Read,
            Says::Each(each) => each.get(scope).copied().unwrap_or(Access::None),
        }
    }
}

impl Workflow {
    /// What a job may do: its own word counts, and nothing of the workflow's beside it.
    pub(super) fn permissions_of<'a>(&'a self, job: &'a Job) -> Option<&'a Permissions> {
        job.permissions.as_ref().or(self.permissions.as_ref())
    }

    /// How far a job may go with this. `None` where that is not said here: it is the repository's default, or the caller's of
    /// a workflow that is called. By no default a job may ask for an OIDC token.
    pub(super) fn access(&self, job: &Job, scope: &str) -> Option<Access> {
        let mut events = self.triggers.keys();
        match self.permissions_of(job) {
            Some(permissions) => Some(permissions.of(scope)),
            None if scope == "id-token" && events.any(|event| event != "workflow_call") => Some(Access::None),
            None => None,
        }
    }

    /// The text of a line, from 1.
    pub(super) fn line(&self, number: u32) -> &str {
        let at = usize::try_from(number).unwrap_or(0);
        at.checked_sub(1).and_then(|at| self.lines.get(at)).map_or("", String::as_str)
    }

    /// The first place at or after this one whose line holds the text: the line inside a long script.
    pub(super) fn find(&self, from: &Place, text: &str) -> Place {
        let begin = usize::try_from(from.line).unwrap_or(0).max(1) - 1;
        let found = self.lines.iter().enumerate().skip(begin).find_map(|(at, line)| {
            let col = line.find(text)?;
            Some((at + 1, line[..col].chars().count() + 1))
        });
        let small = |number: usize| u32::try_from(number).unwrap_or(0);
        match found {
            Some((line, col)) => Place { file: from.file.clone(), line: small(line), col: small(col) },
            None => from.clone(),
        }
    }

    /// Every step with its job.
    pub(super) fn steps(&self) -> impl Iterator<Item = (&Job, &Step)> {
        self.jobs.iter().flat_map(|job| job.steps.iter().map(move |step| (job, step)))
    }

    /// Everything behind a `uses:`, of jobs and of steps.
    pub(super) fn uses(&self) -> impl Iterator<Item = &(Uses, Place)> {
        self.jobs
            .iter()
            .flat_map(|job| job.uses.iter().chain(job.steps.iter().filter_map(|step| step.uses.as_ref())))
    }
}

impl Job {
    /// Whether a step of it is this action of Hallmark's.
    pub(super) fn has(&self, action: &str) -> bool {
        self.steps.iter().any(|step| step.is(action))
    }

    /// Whether any step of it is an action of Hallmark's.
    pub(super) fn has_hallmark(&self) -> bool {
        self.steps.iter().any(|step| step.action().is_some())
    }

    /// How messages name it.
    pub(super) fn name(&self) -> String {
        if self.id.is_empty() {
            "the composite action".to_owned()
        } else {
            format!("the job {}", named(&self.id))
        }
    }
}

impl Step {
    /// The action of Hallmark's that it is.
    pub(super) fn action(&self) -> Option<&'static runner::Action> {
        self.uses.as_ref().and_then(|(uses, _)| uses.action())
    }

    /// Whether it is this action of Hallmark's.
    pub(super) fn is(&self, action: &str) -> bool {
        self.action().is_some_and(|known| known.name == action)
    }

    /// Whether it is this action of somebody else's.
    pub(super) fn is_others(&self, action: &str) -> bool {
        self.uses.as_ref().is_some_and(|(uses, _)| uses.is(action))
    }

    /// What is given for an input; names are the same in capitals too, as on a runner.
    pub(super) fn given(&self, input: &str) -> Option<&Given> {
        self.with.iter().find(|given| given.name.eq_ignore_ascii_case(input))
    }

    /// The same, as text that is not empty.
    pub(super) fn value(&self, input: &str) -> Option<&str> {
        self.given(input)?.value.as_deref().map(str::trim).filter(|value| !value.is_empty())
    }

    /// The same, where it is known before the workflow runs.
    pub(super) fn literal(&self, input: &str) -> Option<&str> {
        self.value(input).filter(|value| !is_expression(value))
    }
}
