//! What the workflows give to Hallmark's actions, against the actions' own tables.

use std::collections::BTreeSet;

use runner::{Action, Input, Kind};

use crate::doctor::facts::Facts;
use crate::doctor::finding::{Finding, count, named};
use crate::doctor::workflow::{Given, Step};
use crate::words::is_expression;

/// Inputs that are required in a case only: action, the case, the inputs; of each group exactly one.
struct Needed {
    action: &'static str,
    case: fn(&Step) -> bool,
    inputs: &'static [&'static str],
    one_of: &'static [&'static str],
}

/// Whose verdict counts.
const SIGNER: &[&str] = &["verdict-signer", "verdict-identity"];

const NEEDED: &[Needed] = &[
    Needed {
        action: "gate",
        case: |step| step.value("replay").is_none(),
        inputs: &["image", "policy"],
        one_of: &[],
    },
    Needed {
        action: "goss-test",
        case: |step| step.literal("mode") != Some("results"),
        inputs: &["specs"],
        one_of: &[],
    },
    Needed {
        action: "register-ami",
        case: |step| step.value("operation").is_none_or(|operation| operation == "publish"),
        inputs: &["image", "verifier-id", "policy-digest"],
        one_of: SIGNER,
    },
    Needed { action: "verify-image", case: |_| true, inputs: &[], one_of: SIGNER },
];

/// Unknown, missing and malformed inputs.
pub(super) fn inputs(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut steps = 0;
    for workflow in &facts.project.workflows {
        for (_, step) in workflow.steps() {
            let Some(action) = step.action() else { continue };
            steps += 1;
            found.extend(step.with.iter().filter_map(|given| wrong(action, given)));
            found.extend(missing(action, step));
        }
    }
    if found.is_empty() && steps > 0 {
        found.push(Finding::ok(format!("those of {} fit", count(steps, "step"))));
    }
    found
}

fn wrong(action: &Action, given: &Given) -> Option<Finding> {
    let Some(input) = action.inputs.iter().find(|input| input.name.eq_ignore_ascii_case(&given.name)) else {
        let what = format!("`{}` has no input {}", action.name, named(&given.name));
        return Some(Finding::problem(what, instead_of(action, &given.name)).at(&given.at));
    };
    let value = given.value.as_deref().map(str::trim).filter(|value| !value.is_empty())?;
    let accepted = accepted(input.kind, value)?;
    let what = format!("input `{}` of `{}`: {} is not accepted", input.name, action.name, named(value));
    Some(Finding::problem(what, format!("give {accepted}")).at(&given.at))
}

/// What is accepted instead of a value that is not. Only what can be told without running the action.
fn accepted(kind: Kind, value: &str) -> Option<String> {
    if is_expression(value) {
        return None;
    }
    match kind {
        Kind::Bool if !["true", "True", "TRUE", "false", "False", "FALSE"].contains(&value) => {
            Some("true or false".to_owned())
        }
        Kind::Integer if !value.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some("a whole number".to_owned())
        }
        Kind::Duration
            if !value.starts_with(|c: char| c.is_ascii_digit())
                || !value.ends_with(|c: char| c.is_ascii_alphabetic()) =>
        {
            Some("a number with a unit, such as 90s, 15m, 24h or 7d".to_owned())
        }
        Kind::Choice(choices) if !choices.contains(&value) => Some(format!("one of {}", choices.join(", "))),
        _ => None,
    }
}

fn missing(action: &Action, step: &Step) -> Vec<Finding> {
    let at = step.uses.as_ref().map_or(&step.at, |(_, at)| at);
    let case = NEEDED.iter().filter(|needed| needed.action == action.name && (needed.case)(step));
    let named = case.flat_map(|needed| needed.inputs.iter().copied());
    let always = action.inputs.iter().filter(|input| input.required && input.default.is_none());
    let mut wanted: Vec<&Input> = always.collect();
    wanted.extend(named.filter_map(|name| action.inputs.iter().find(|input| input.name == name)));
    let mut seen = BTreeSet::new();
    wanted.retain(|input| seen.insert(input.name));
    // A value that is no text is told as a value of a wrong form by GitHub itself.
    let lacks = |input: &&Input| {
        step.given(input.name)
            .is_none_or(|given| given.value.as_deref().is_some_and(|value| value.trim().is_empty()))
    };
    let tell = |input: &Input| {
        let what = format!("`{}` is not given its input `{}`: {}", action.name, input.name, input.help);
        Finding::problem(what, format!("set `{}:` under `with:`", input.name)).at(at)
    };
    let groups = NEEDED.iter().filter(|needed| needed.action == action.name && (needed.case)(step));
    let not_one = groups.filter_map(|needed| {
        let group =
            needed.one_of.iter().filter_map(|name| action.inputs.iter().find(|one| one.name == *name));
        let given = group.clone().filter(|input| !lacks(input)).count();
        let names = group.map(|input| format!("`{}`", input.name)).collect::<Vec<_>>().join(" and ");
        let what = match (needed.one_of.is_empty(), given) {
            (true, _) | (_, 1) => return None,
            (false, 0) => format!("`{}` is given none of its inputs {names}, and needs one", action.name),
            (false, _) => format!("`{}` is given both of its inputs {names}, and takes one", action.name),
        };
        Some(Finding::problem(what, "say by exactly one of them who signs verdicts").at(at))
    });
    wanted.iter().copied().filter(lacks).map(tell).chain(not_one).collect()
}

/// The nearest name there is, or all of them.
fn instead_of(action: &Action, word: &str) -> String {
    let known = action.inputs.iter().map(|input| input.name);
    match policy::nearest(&word.to_ascii_lowercase(), known.clone()) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("it has {}", known.collect::<Vec<_>>().join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_accepted() {
        const CHOICE: Kind = Kind::Choice(&["a", "b"]);
        for (kind, value, good) in [
            (Kind::Bool, "true", true),
            (Kind::Bool, "yes", false),
            (Kind::Bool, "${{ inputs.x }}", true),
            (Kind::Integer, "12", true),
            (Kind::Integer, "-1", false),
            (Kind::Duration, "1h30m", true),
            (Kind::Duration, "90", false),
            (Kind::Duration, "soon", false),
            (CHOICE, "a", true),
            (CHOICE, "c", false),
            (Kind::Text, "anything", true),
            (Kind::Path, "a/b", true),
        ] {
            assert_eq!(accepted(kind, value).is_none(), good, "{kind:?} {value}");
        }
    }

    #[test]
    fn what_is_needed_in_a_case_is_an_input() {
        for needed in NEEDED {
            let action = crate::RANK.iter().find(|action| action.name == needed.action).unwrap();
            let mut names = needed.inputs.iter().chain(needed.one_of);
            assert!(names.all(|name| action.inputs.iter().any(|input| input.name == *name)));
        }
    }
}
