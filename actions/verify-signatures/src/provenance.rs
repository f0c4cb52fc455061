//! SLSA provenance v1: what a verified statement says about who built a file, and from what. The statement is its
//! signer's word: whom to believe, the manifest's identities say. <https://slsa.dev/spec/v1.0/provenance>

use attest::predicate::signature_verification::BuiltBy;
use serde_json::Value;

use crate::manifest::Provenance;

const SLSA_V1: &str = "https://slsa.dev/provenance/v1";

/// The predicate type of a statement.
pub(crate) fn predicate_type(payload: &[u8]) -> Option<String> {
    let statement: Value = serde_json::from_slice(payload).ok()?;
    statement["predicateType"].as_str().map(str::to_owned)
}

/// Whether a statement of this type says where a file comes from, and by that is a signature of it.
pub(crate) fn is_provenance(predicate_type: &str) -> bool {
    [SLSA_V1, "https://slsa.dev/provenance/v0.2"].contains(&predicate_type)
}

/// What a statement says, if it is SLSA provenance v1 with a builder.
pub(crate) fn built_by(payload: &[u8]) -> Option<BuiltBy> {
    let statement: Value = serde_json::from_slice(payload).ok()?;
    if statement["predicateType"].as_str() != Some(SLSA_V1) {
        return None;
    }
    let predicate = &statement["predicate"];
    let builder = predicate["runDetails"]["builder"]["id"].as_str()?.to_owned();
    let parameters = &predicate["buildDefinition"]["externalParameters"];
    let workflow = &parameters["workflow"];
    // GitHub's own build types have `workflow`, the generators of the SLSA project `source`.
    let of_source = parameters["source"].as_str().or(parameters["source"]["uri"].as_str()).map(repository);
    let of_workflow = workflow["repository"].as_str().map(repository);
    let source = agreed(of_workflow.map(|(source, _)| source), of_source.map(|(source, _)| source));
    let git_ref = agreed(workflow["ref"].as_str(), of_source.and_then(|(_, git_ref)| git_ref));
    let path = agreed(workflow["path"].as_str(), parameters["workflowPath"].as_str());
    Some(BuiltBy {
        builder,
        source: source.map(str::to_owned),
        git_ref: git_ref.map(str::to_owned),
        workflow: path.map(str::to_owned),
    })
}

/// What both say; what one says where the other is silent; nothing where they contradict each other.
fn agreed<'t>(one: Option<&'t str>, other: Option<&'t str>) -> Option<&'t str> {
    match (one, other) {
        (Some(one), Some(other)) if one != other => None,
        (one, other) => one.or(other),
    }
}

/// `git+https://github.com/owner/name@refs/tags/v1` as the repository without scheme, and the ref.
fn repository(uri: &str) -> (&str, Option<&str>) {
    let uri = uri.strip_prefix("git+").unwrap_or(uri);
    let uri = uri.strip_prefix("https://").unwrap_or(uri);
    let (uri, git_ref) = match uri.rsplit_once('@') {
        Some((uri, git_ref)) if git_ref.starts_with("refs/") => (uri, Some(git_ref)),
        _ => (uri, None),
    };
    (uri.strip_suffix(".git").unwrap_or(uri), git_ref)
}

/// What differs from what is wanted, in words.
pub(crate) fn mismatches(wanted: &Provenance, built: &BuiltBy) -> Vec<String> {
    let fields = [
        ("builder", &wanted.builder, Some(&built.builder)),
        ("source", &wanted.source, built.source.as_ref()),
        ("ref", &wanted.git_ref, built.git_ref.as_ref()),
        ("workflow", &wanted.workflow, built.workflow.as_ref()),
    ];
    let differs = |(field, wanted, found): (&str, &Option<String>, Option<&String>)| {
        let wanted = wanted.as_ref().filter(|wanted| Some(*wanted) != found)?;
        let found = found.map_or("nothing".to_owned(), |found| format!("`{}`", crate::path::shown(found)));
        Some(format!("`{field}` is {found}, not `{wanted}`"))
    };
    fields.into_iter().filter_map(differs).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn statement(parameters: Value) -> Vec<u8> {
        let predicate = json!({
            "buildDefinition": {"buildType": "t", "externalParameters": parameters},
            "runDetails": {"builder": {"id": "https://b"}},
        });
        json!({"predicateType": SLSA_V1, "predicate": predicate}).to_string().into_bytes()
    }

    #[test]
    fn what_it_says_is_found_wherever_builders_put_it() {
        let github = json!({"workflow": {
            "ref": "refs/tags/v1", "repository": "https://github.com/acme/tools", "path": ".github/workflows/r.yml",
        }});
        let generator = json!({"source": {"uri": "git+https://github.com/acme/tools.git@refs/tags/v1"}});
        let delegated = json!({
            "source": "git+https://github.com/acme/tools@refs/tags/v1", "workflowPath": ".github/workflows/r.yml",
        });
        let contradiction = json!({
            "workflow": {"ref": "refs/tags/v1", "repository": "https://github.com/acme/tools", "path": "p"},
            "source": "git+https://github.com/evil/tools@refs/tags/v2", "workflowPath": "q",
        });
        for (parameters, source, git_ref, workflow) in [
            (github, Some("github.com/acme/tools"), Some("refs/tags/v1"), Some(".github/workflows/r.yml")),
            (generator, Some("github.com/acme/tools"), Some("refs/tags/v1"), None),
            (delegated, Some("github.com/acme/tools"), Some("refs/tags/v1"), Some(".github/workflows/r.yml")),
            (contradiction, None, None, None),
            (json!({}), None, None, None),
            (json!(null), None, None, None),
        ] {
            let built = built_by(&statement(parameters.clone())).unwrap();
            let found = (built.source.as_deref(), built.git_ref.as_deref(), built.workflow.as_deref());
            assert_eq!(found, (source, git_ref, workflow), "{parameters}");
        }
        for nothing in
            [&b"{}"[..], b"x", br#"{"predicateType":"https://slsa.dev/provenance/v0.2","predicate":{}}"#]
        {
            assert_eq!(built_by(nothing), None);
        }
    }

    #[test]
    fn everything_named_has_to_be_the_same() {
        let text = |value: &str| Some(value.to_owned());
        let built = BuiltBy { builder: "b".into(), source: text("s"), git_ref: text("r"), workflow: None };
        for (wanted, differing) in [
            (Provenance { builder: text("b"), ..Provenance::default() }, vec![]),
            (
                Provenance { builder: text("b"), source: text("s"), git_ref: text("r"), workflow: None },
                vec![],
            ),
            (
                Provenance { builder: text("B"), source: text("s"), ..Provenance::default() },
                vec!["`builder`"],
            ),
            (
                Provenance { source: text("s/"), git_ref: text(""), ..Provenance::default() },
                vec!["`source`", "`ref`"],
            ),
            (Provenance { workflow: text("w"), ..Provenance::default() }, vec!["`workflow` is nothing"]),
        ] {
            let found = mismatches(&wanted, &built);
            assert_eq!(found.len(), differing.len(), "{found:?}");
            for (found, word) in found.iter().zip(differing) {
                assert!(found.starts_with(word), "{found}");
            }
        }
    }
}
