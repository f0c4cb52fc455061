//! Every state in which a condition can be asked, of the contexts that it names.

use std::collections::BTreeMap;

use crate::expression::{Expression, State, Value};

const RESULTS: [&str; 5] = ["success", "failure", "cancelled", "skipped", ""];

/// What a context can be. What no job would write is among it.
fn values(path: &str) -> Vec<Value> {
    let texts = |texts: &[&str]| texts.iter().map(|text| Value::text(text)).collect::<Vec<_>>();
    let mut values = match path {
        "needs.assay.outputs.verdict" => texts(&["pass", "review", "fail", "", "passed", "true"]),
        "needs.assay.outputs.report-only" => texts(&["false", "true", "", "maybe"]),
        "inputs.second-review-environment" => texts(&["", "two"]),
        "inputs.dry-run" | "inputs.feeds" => vec![Value::Bool(false), Value::Bool(true)],
        path if path.starts_with("needs.") && path.ends_with(".result") => texts(&RESULTS),
        path => panic!("nothing is said about {path}"),
    };
    // An input that nobody gave is nothing; and so is an output that nobody wrote, which is none of the texts.
    values.push(Value::Null);
    values
}

/// Calls `look` with each state, until it says that it has seen enough. How many it has seen.
pub(crate) fn each(condition: &Expression, needs: &[String], mut look: impl FnMut(&State) -> bool) -> usize {
    let mut choices: BTreeMap<String, Vec<Value>> =
        condition.contexts().into_iter().map(|path| (path.to_owned(), values(path))).collect();
    for job in needs {
        // What the condition does not name matters for whether everything before succeeded, and for nothing else.
        let path = format!("needs.{job}.result");
        choices.entry(path).or_insert_with(|| vec![Value::text("success"), Value::text("failure")]);
    }
    let first = choices.iter().map(|(path, values)| (path.clone(), values[0].clone())).collect();
    let mut state = State { contexts: first, ..State::default() };
    let mut at = vec![0; choices.len()];
    let mut seen = 0;
    loop {
        state.all_succeeded =
            needs.iter().all(|job| state.contexts[&format!("needs.{job}.result")] == Value::text("success"));
        for cancelled in [false, true] {
            state.cancelled = cancelled;
            seen += 1;
            if look(&state) {
                return seen;
            }
        }
        let mut all = choices.values().zip(state.contexts.values_mut()).zip(&mut at);
        // As a counter does: the first that can go on goes on, and those before it begin again.
        let went_on = all.any(|((values, value), at)| {
            *at = (*at + 1) % values.len();
            *value = values[*at].clone();
            *at > 0
        });
        if !went_on {
            return seen;
        }
    }
}
