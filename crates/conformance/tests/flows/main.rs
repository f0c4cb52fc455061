//! The workflows that people call: that each job runs when it may, and never else.
//!
//! The conditions are those of the files themselves. They are asked in every state that there is, by an evaluator of this test, and
//! held against what `expected.rs` says; every change of one is noticed. The evaluator is held against `act`, which runs the same
//! files with each job's work in the place of what it is told. `act` knows neither environments that wait for people nor a run
//! that is cancelled: to it, a rejected review is a job that fails.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that fails is a test that fails")]
#![expect(clippy::disallowed_methods, reason = "this test starts programs, and is told where things are")]

mod act;
mod expected;
mod expression;
mod files;
mod shape;
mod states;
mod table;
mod wired;

use expression::Expression;
use files::{jobs, needs, workflow};

fn condition(job: &serde_json::Value) -> Expression {
    Expression::condition(job["if"].as_str().unwrap_or("success()"))
}

#[test]
fn each_job_runs_in_exactly_the_states_in_which_it_may() {
    let workflow = workflow("golden-image");
    let mut seen = 0;
    for (id, job) in jobs(&workflow) {
        let (condition, needs) = (condition(job), needs(job));
        seen += states::each(&condition, &needs, |state| {
            let (opens, may) = (condition.opens(state), expected::may_run(id, state));
            assert_eq!(opens, may, "{id} in {state:?}");
            false
        });
    }
    assert!(seen > 300_000, "only {seen} states");
}

#[test]
fn every_change_of_a_condition_is_noticed() {
    let workflow = workflow("golden-image");
    let (mut mutants, mut missed) = (0, vec![]);
    for (id, job) in jobs(&workflow).iter().filter(|(_, job)| job["if"].is_string()) {
        let (condition, needs) = (condition(job), needs(job));
        for mutant in condition.mutants() {
            // `a` and `a || a` are one.
            if mutant == condition {
                continue;
            }
            mutants += 1;
            let mut noticed = false;
            states::each(&condition, &needs, |state| {
                let may = expected::may_run(id, state);
                // GitHub adds success() where a change took away what asked about the run; that may not hide another.
                noticed = mutant.opens(state) != may || mutant.says(state) != may;
                noticed
            });
            if !noticed {
                missed.push(format!("{id}: {mutant:?}"));
            }
        }
    }
    assert!(missed.is_empty(), "{} of {mutants}: {missed:#?}", missed.len());
    assert!(mutants > 150, "only {mutants} changes");
}

#[test]
fn the_feeds_are_there_or_nobody_asked_for_them() {
    let assay = workflow("assay");
    let job = &jobs(&assay)["assay"];
    let condition = condition(job);
    let text = |state: &expression::State| match state.contexts.get("needs.feeds.result") {
        Some(expression::Value::Text(text)) => text.clone(),
        _ => String::new(),
    };
    states::each(&condition, &needs(job), |state| {
        let asked = state.contexts["inputs.feeds"].holds();
        let may = !state.cancelled && text(state) == if asked { "success" } else { "skipped" };
        assert_eq!(condition.opens(state), may, "{state:?}");
        false
    });
}
