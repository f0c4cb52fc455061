//! One table of runs, by `act` and by the evaluator.

use std::collections::{BTreeMap, BTreeSet};

use crate::act::Repository;
use crate::expression::{State, Value};
use crate::files::{self, Told, needs, workflow};

struct Case {
    /// The gate's outputs: `verdict` and `report-only`.
    decided: (&'static str, &'static str),
    /// Whether a second environment is named, and whether it is a dry run.
    asked: (bool, bool),
    /// The jobs that fail; a review that is rejected is one.
    failing: &'static [&'static str],
    ran: &'static str,
}

const fn case(
    decided: (&'static str, &'static str),
    asked: (bool, bool),
    failing: &'static [&'static str],
    ran: &'static str,
) -> Case {
    Case { decided, asked, failing, ran }
}

const PASS: (&str, &str) = ("pass", "false");
const REVIEW: (&str, &str) = ("review", "false");
const ONE: (bool, bool) = (false, false);
const TWO: (bool, bool) = (true, false);
const DRY: (bool, bool) = (false, true);

#[rustfmt::skip]
const CASES: &[Case] = &[
    case(PASS, ONE, &[], "bake assay publish"),
    case(PASS, TWO, &[], "bake assay publish"),
    case(PASS, DRY, &[], "bake assay publish"),
    case(PASS, ONE, &["publish"], "bake assay publish close"),
    case(PASS, DRY, &["publish"], "bake assay publish"),
    case(REVIEW, ONE, &[], "bake assay review publish"),
    case(REVIEW, ONE, &["review"], "bake assay review close"),
    case(REVIEW, ONE, &["publish"], "bake assay review publish close"),
    case(REVIEW, TWO, &[], "bake assay review second-review publish"),
    case(REVIEW, TWO, &["review"], "bake assay review close"),
    case(REVIEW, TWO, &["second-review"], "bake assay review second-review close"),
    case(REVIEW, TWO, &["publish"], "bake assay review second-review publish close"),
    case(REVIEW, DRY, &[], "bake assay"),
    case(REVIEW, (true, true), &[], "bake assay"),
    // The gate ends a `fail` with 1; also if it did not, nothing follows.
    case(("fail", "false"), ONE, &["assay"], "bake assay"),
    case(("fail", "false"), ONE, &[], "bake assay"),
    // Nothing was decided, or something that nobody knows.
    case(("", ""), ONE, &[], "bake assay"),
    case(("", "false"), ONE, &[], "bake assay"),
    case(("", "false"), TWO, &[], "bake assay"),
    case(("passed", "false"), ONE, &[], "bake assay"),
    case(("true", "false"), ONE, &[], "bake assay"),
    // A policy that only reports, or that does not say whether it does.
    case(("pass", "true"), ONE, &[], "bake assay"),
    case(("review", "true"), ONE, &[], "bake assay"),
    case(("pass", ""), ONE, &[], "bake assay"),
    // A job that failed after it had decided.
    case(PASS, ONE, &["assay"], "bake assay"),
    case(REVIEW, ONE, &["assay"], "bake assay"),
    case(REVIEW, TWO, &["assay"], "bake assay"),
    case(PASS, ONE, &["bake"], "bake"),
    case(REVIEW, ONE, &["bake"], "bake"),
];

impl Case {
    fn inputs(&self) -> BTreeMap<&'static str, &'static str> {
        let (second, dry) = self.asked;
        let mut inputs = BTreeMap::from([("image", "web")]);
        if second {
            inputs.insert("second-review-environment", "two");
        }
        if dry {
            inputs.insert("dry-run", "true");
        }
        inputs
    }

    fn told(&self) -> BTreeMap<String, Told> {
        let mut told: BTreeMap<String, Told> = self
            .failing
            .iter()
            .map(|job| ((*job).to_owned(), Told { fails: true, ..Told::default() }))
            .collect();
        let (verdict, report_only) = self.decided;
        told.entry("assay".to_owned()).or_default().outputs =
            [("verdict", verdict), ("report-only", report_only)]
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
                .into();
        told
    }

    /// Which jobs run by the evaluator.
    fn by_evaluator(&self, workflow: &serde_json::Value) -> BTreeSet<String> {
        let told = self.told();
        let mut state = State::default();
        for (name, value) in self.inputs() {
            let value = if name == "dry-run" { Value::Bool(value == "true") } else { Value::text(value) };
            state.contexts.insert(format!("inputs.{name}"), value);
        }
        let mut ran = BTreeSet::new();
        for (id, job) in files::in_order(workflow) {
            let result = |state: &State, id: &str| state.contexts[&format!("needs.{id}.result")].clone();
            state.all_succeeded = needs(job).iter().all(|id| result(&state, id) == Value::text("success"));
            let default = Told::default();
            let told = told.get(id).unwrap_or(&default);
            let ended = if !crate::condition(job).opens(&state) {
                "skipped"
            } else {
                ran.insert(id.clone());
                for (name, value) in &told.outputs {
                    state.contexts.insert(format!("needs.{id}.outputs.{name}"), Value::text(value));
                }
                if told.fails { "failure" } else { "success" }
            };
            state.contexts.insert(format!("needs.{id}.result"), Value::text(ended));
        }
        ran
    }
}

/// What `act`, and what the evaluator, does otherwise than the table says.
fn wrong(workflow: &serde_json::Value) -> (Vec<String>, Vec<String>) {
    let repository = Repository::new();
    for (at, case) in CASES.iter().enumerate() {
        let name = format!("case-{at:02}");
        repository.write(&name, &files::case(workflow, &name, &case.told(), &case.inputs()));
    }
    let log = repository.run();
    let ran = log.ran();
    let (mut by_act, mut by_evaluator) = (vec![], vec![]);
    for (at, case) in CASES.iter().enumerate() {
        let expected: BTreeSet<&str> = case.ran.split(' ').collect();
        let what = format!("{:?} {:?} {:?} failing", case.decided, case.asked, case.failing);
        let name = format!("case-{at:02}");
        let acted = ran.get(name.as_str()).cloned().unwrap_or_default();
        if acted != expected {
            by_act.push(format!("{what}: {acted:?}, not {expected:?}"));
        }
        let evaluated = case.by_evaluator(workflow);
        if !evaluated.iter().map(String::as_str).eq(expected.iter().copied()) {
            by_evaluator.push(format!("{what}: {evaluated:?}, not {expected:?}"));
        }
    }
    (by_act, by_evaluator)
}

#[test]
fn the_jobs_of_a_run_are_those_of_the_table() {
    let (by_act, by_evaluator) = wrong(&workflow("golden-image"));
    assert!(by_act.is_empty(), "by act: {by_act:#?}");
    assert!(by_evaluator.is_empty(), "by the evaluator: {by_evaluator:#?}");
}

/// What `each_job_runs…` finds in every state, `act` finds too.
#[test]
fn a_weaker_condition_fails_the_table_under_act_as_well() {
    let said = |word: &str| format!("needs.assay.outputs.verdict == '{word}'");
    for (job, from, to) in [
        ("publish", said("pass"), "true".to_owned()),
        ("publish", "needs.review.result == 'success'".into(), "needs.review.result != 'skipped'".into()),
        ("publish", "needs.assay.result == 'success'".into(), "true".into()),
        ("publish", "needs.second-review.result == 'success'".into(), "true".into()),
        ("review", said("review"), "true".into()),
        ("close", "always()".into(), "true".into()),
    ] {
        let mut weaker = workflow("golden-image");
        let condition = weaker["jobs"][job]["if"].as_str().unwrap();
        assert!(condition.contains(&from), "{job} has no {from}");
        weaker["jobs"][job]["if"] = condition.replace(&from, &to).into();
        let (by_act, by_evaluator) = wrong(&weaker);
        assert!(!by_act.is_empty(), "{job} with {to} for {from} is not noticed");
        assert_eq!(by_act, by_evaluator, "{job} with {to} for {from}");
    }
}
