//! An identity as files write it: the fields of [`signers::FIELDS`], read with their places.

use serde_json::{Map as Json, Value, json};
use signers::{FIELDS, IdentityRule, Requirement};

use crate::fields::{Fields, Map};
use crate::problem::Problems;
use crate::yaml::{self, Node};

/// The one field that is a list.
pub(crate) const WAIVE: &str = "waive";

/// The words of that list.
pub(crate) fn requirements() -> [(&'static str, Requirement); Requirement::ALL.len()] {
    Requirement::ALL.map(|one| (one.as_str(), one))
}

/// Reads a rule that stands by itself, as an input has it: a mapping of its fields, in YAML or JSON. `name` is only for
/// messages.
///
/// # Errors
/// Every mistake, each with its place and how to mend it.
pub fn identity_rule(name: &str, text: &str) -> Result<IdentityRule, Problems> {
    let tree = yaml::read(name, text)?;
    let mut fields = Fields::new(name);
    let rule = rule(&mut fields, &tree, "an identity");
    fields.finish(rule)
}

pub(super) fn rule(fields: &mut Fields<'_>, node: &Node, of: &str) -> Option<IdentityRule> {
    let known = FIELDS.map(|(field, _)| field);
    let map = fields.map(node, of, &known)?;
    let good_so_far = fields.is_good();
    let mut written = Json::new();
    for field in known {
        let Some(value) = map.get(field) else { continue };
        if field == WAIVE {
            let words = fields.texts(value, field);
            let known = requirements();
            let waived: Vec<Requirement> =
                words.into_iter().filter_map(|(word, at)| fields.word(&word, at, field, &known)).collect();
            written.insert(field.to_owned(), json!(waived));
        } else if let Some(text) = fields.text(value, field) {
            written.insert(field.to_owned(), json!(text));
        }
    }
    // What a rule lacks that is mistaken already is no news.
    if good_so_far && !fields.is_good() {
        return None;
    }
    checked(fields, &map, written)
}

fn checked(fields: &mut Fields<'_>, map: &Map<'_>, written: Json<String, Value>) -> Option<IdentityRule> {
    let text = match serde_json::from_value(written.into()) {
        Ok(text) => text,
        Err(error) => {
            fields.problem(map.at, error.to_string(), "write the fields of an identity");
            return None;
        }
    };
    match IdentityRule::new(text) {
        Ok(rule) => Some(rule),
        Err(error) => {
            let at = error.field.and_then(|field| map.get(field)).map_or(map.at, |node| node.at);
            fields.problem(at, error.what, error.mend);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As an input of a workflow has it, and what is told of mistakes in it.
    #[test]
    fn truth_table() {
        let good = "workflow: acme/images/.github/workflows/assay.yml@refs/heads/main\n";
        for (text, wanted) in [
            (good.to_owned(), Ok(())),
            (format!("{good}runner-environment: github-hosted\nenvironment: prod\n"), Ok(())),
            (
                r#"{"issuer": "https://idp.example", "subject": "a@example.org", "waive": ["certificate-log"]}"#
                    .to_owned(),
                Ok(()),
            ),
            (format!("{good}waive: transparency-log\n"), Ok(())),
            (String::new(), Err("1:1: the file is empty")),
            ("{}".to_owned(), Err("1:1: no `issuer` is named")),
            ("a@example.org".to_owned(), Err("1:1: an identity is text")),
            ("issuer: https://idp.example\n".to_owned(), Err("1:1: nobody is named")),
            (format!("{good}branch: main\n"), Err("2:1: `branch` is not known in an identity")),
            (format!("{good}waive: [log]\n"), Err("2:9: `log` is not known in waive")),
            (format!("{good}ref: 1\n"), Err("2:6: `ref` reads as a number")),
            (format!("{good}environment: ''\n"), Err("2:14: `environment` is empty")),
            (format!("{good}environment: ' prod'\n"), Err("2:14: `environment` is empty or has blanks")),
            (format!("{good}{good}"), Err("2:1: the key `workflow` is there twice")),
            (
                "workflow: acme/images/.github/workflows/assay.yml\n".to_owned(),
                Err("1:11: `acme/images/.github/workflows/assay.yml` is no workflow file with its ref"),
            ),
            (
                "issuer: https://idp.example\nsubject-pattern: '.*'\n".to_owned(),
                Err("2:18: `subject-pattern` matches anything"),
            ),
        ] {
            let found = identity_rule("verdict-identity", &text).map(|_| ()).map_err(|e| e.to_string());
            match wanted {
                Ok(()) => assert_eq!(found, Ok(()), "{text}"),
                Err(told) => {
                    let found = found.unwrap_err();
                    assert!(found.starts_with(&format!("verdict-identity:{told}")), "{text}\n{found}");
                }
            }
        }
    }
}
