//! What a bake claims about its image: SLSA provenance v1.

use crate::materials::Materials;
use anyhow::Result;
use attest::{
    Statement,
    predicate::{
        ResourceDescriptor,
        provenance::{BuildDefinition, Builder, Metadata, PACKER_BUILD, Predicate, RunDetails},
    },
};
use jiff::Timestamp;
use model::{ImageManifest, Sha256};
use runner::GitHub;
use serde_json::{Map, Value, json};

/// Outside a runner, nobody vouches for the machine.
const LOCAL_BUILDER: &str = "https://hallmark.dev/builders/local";

/// When, where and by whom.
pub(crate) struct Run<'a> {
    pub(crate) github: &'a GitHub,
    pub(crate) started: Timestamp,
    pub(crate) finished: Timestamp,
    pub(crate) bake_id: Sha256,
    /// The source of the template that made the image.
    pub(crate) source: &'a str,
    /// What else the build made.
    pub(crate) byproducts: Vec<ResourceDescriptor>,
}

/// The statement about one image.
pub(crate) fn statement(
    manifest: &ImageManifest,
    materials: &Materials<'_>,
    run: Run<'_>,
) -> Result<Statement> {
    let predicate = Predicate {
        build_definition: BuildDefinition {
            build_type: PACKER_BUILD.to_owned(),
            external_parameters: external(materials),
            internal_parameters: internal(&run),
            resolved_dependencies: materials.dependencies(),
        },
        run_details: RunDetails {
            builder: Builder {
                id: builder(run.github),
                version: [
                    ("packer-build".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
                    ("packer".to_owned(), materials.tool.version.clone()),
                ]
                .into(),
                builder_dependencies: Vec::new(),
            },
            metadata: Metadata {
                invocation_id: run.github.run_url(),
                started_on: Some(run.started),
                finished_on: Some(run.finished),
            },
            byproducts: run.byproducts,
        },
    };
    Ok(Statement::of(manifest.subjects()?, &predicate)?)
}

fn builder(github: &GitHub) -> String {
    match (&github.server_url, &github.workflow_ref) {
        (Some(server), Some(workflow)) if github.on_runner => {
            format!("{}/{workflow}", server.trim_end_matches('/'))
        }
        _ => LOCAL_BUILDER.to_owned(),
    }
}

fn external(materials: &Materials<'_>) -> Map<String, Value> {
    let inputs = materials.inputs;
    let mut parameters = object(json!({
        "template": inputs.template.shown,
        "variables": inputs.variables,
        "only": inputs.only,
        "except": inputs.except,
        "name": inputs.name,
        "family": inputs.family,
        "architecture": inputs.architecture.as_str(),
        // By name only: that they were given is no secret.
        "secretVariables": inputs.secrets.keys().collect::<Vec<_>>(),
        "environment": inputs.passed.keys().collect::<Vec<_>>(),
    }));
    if let Some(snapshot) = &inputs.snapshot {
        parameters.insert("snapshot".to_owned(), json!(snapshot));
    }
    parameters
}

fn internal(run: &Run<'_>) -> Map<String, Value> {
    let github = run.github;
    let runner: Map<String, Value> = [
        ("environment", &github.runner_environment),
        ("os", &github.runner_os),
        ("arch", &github.runner_arch),
        ("event", &github.event_name),
        ("repositoryId", &github.repository_id),
        ("actorId", &github.actor_id),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_owned(), json!(value.as_ref()?))))
    .collect();
    let mut parameters = object(json!({ "bakeId": run.bake_id, "source": run.source }));
    if !runner.is_empty() {
        parameters.insert("runner".to_owned(), Value::Object(runner));
    }
    parameters
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
