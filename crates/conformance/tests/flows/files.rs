//! The workflow files as they are, and the same with every step in the place of what a test tells it to do.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

pub(crate) fn folder() -> PathBuf {
    root().join(".github/workflows")
}

pub(crate) fn read(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn workflow(name: &str) -> Value {
    read(&folder().join(format!("{name}.yml")))
}

/// The jobs of a workflow.
pub(crate) fn jobs(workflow: &Value) -> &Map<String, Value> {
    workflow["jobs"].as_object().unwrap()
}

/// What a job needs.
pub(crate) fn needs(job: &Value) -> Vec<String> {
    match &job["needs"] {
        Value::String(one) => vec![one.clone()],
        Value::Array(many) => many.iter().map(|one| one.as_str().unwrap().to_owned()).collect(),
        _ => vec![],
    }
}

/// The jobs of a workflow, each after those that it needs.
pub(crate) fn in_order(workflow: &Value) -> Vec<(&String, &Value)> {
    let mut left: Vec<(&String, &Value)> = jobs(workflow).iter().collect();
    let mut ordered: Vec<(&String, &Value)> = vec![];
    while !left.is_empty() {
        let ready = |(_, job): &(&String, &Value)| {
            needs(job).iter().all(|id| ordered.iter().any(|(done, _)| *done == id))
        };
        let (now, later): (Vec<_>, Vec<_>) = left.into_iter().partition(ready);
        assert!(!now.is_empty(), "jobs need one another: {later:?}");
        ordered.extend(now);
        left = later;
    }
    ordered
}

/// How a job ends, and with which outputs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    pub(crate) fails: bool,
    pub(crate) outputs: BTreeMap<String, String>,
}

/// A script that gives these outputs, and ends so.
fn script(told: &Told) -> String {
    let mut script = String::new();
    for (name, value) in &told.outputs {
        let plain =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_/: ".contains(&byte));
        assert!(plain(name) && plain(value), "{name}={value}");
        script.push_str(&format!("echo '{name}={value}' >>\"$GITHUB_OUTPUT\"\n"));
    }
    script.push_str(if told.fails { "exit 1\n" } else { "true\n" });
    script
}

/// A job of the same needs and condition, whose one step does as it is told.
pub(crate) fn job(original: &Value, told: &Told) -> Value {
    let mut job = json!({"runs-on": "ubuntu-latest"});
    for key in ["needs", "if"] {
        if let Some(value) = original.get(key) {
            job[key] = value.clone();
        }
    }
    job["outputs"] = told
        .outputs
        .keys()
        .map(|name| (name.clone(), json!(format!("${{{{ steps.told.outputs.{name} }}}}"))))
        .collect();
    job["steps"] = json!([{"id": "told", "run": script(told)}]);
    job
}

/// The workflow with each job as it is told to be, and inputs that are what they are told to be: act gives one set of inputs
/// to all workflows, but each has defaults of its own.
pub(crate) fn case(
    original: &Value,
    name: &str,
    told: &BTreeMap<String, Told>,
    inputs: &BTreeMap<&str, &str>,
) -> Value {
    let declared = original["on"]["workflow_call"]["inputs"].as_object().unwrap();
    let dispatched = declared.iter().map(|(name, input)| {
        let value = inputs.get(name.as_str()).map_or_else(
            || match &input["default"] {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            },
            |value| (*value).to_owned(),
        );
        (name.clone(), json!({"type": input["type"], "default": value}))
    });
    let dispatched: Map<String, Value> = dispatched.collect();
    let jobs: Map<String, Value> = jobs(original)
        .iter()
        .map(|(id, original)| (id.clone(), job(original, told.get(id).unwrap_or(&Told::default()))))
        .collect();
    json!({"name": name, "on": {"workflow_dispatch": {"inputs": dispatched}}, "jobs": jobs})
}
