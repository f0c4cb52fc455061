//! `reasons`: the weights that a policy gives to reasons.

use std::collections::BTreeMap;

use model::Weight;

use super::WEIGHTS;
use crate::code::{Code, SetBy};
use crate::fields::{Fields, Map};
use crate::problem::{At, instead_of};
use crate::yaml::Value;

pub(super) fn reasons(fields: &mut Fields<'_>, top: &Map<'_>) -> BTreeMap<Code, Weight> {
    let mut weights: BTreeMap<Code, Weight> = BTreeMap::new();
    let Some(node) = top.get("reasons") else { return weights };
    fields.entries(node, "reasons");
    let Value::Map(entries) = &node.value else { return weights };
    for (key, value) in entries {
        let Value::Text(text) = &key.value else { continue };
        let weight = fields.choice(value, text, &WEIGHTS);
        if let Some(code) = settable(fields, text, key.at)
            && let Some(weight) = weight
        {
            weights.insert(code, weight);
        }
    }
    weights
}

fn settable(fields: &mut Fields<'_>, text: &str, at: At) -> Option<Code> {
    let Some(code) = Code::from_name(text) else {
        let known: Vec<&str> =
            Code::ALL.iter().filter(|c| c.set_by() == SetBy::Reasons).map(|c| c.as_str()).collect();
        fields.problem(at, format!("`{text}` is no reason"), instead_of(text, &known));
        return None;
    };
    match code.set_by() {
        SetBy::Reasons => Some(code),
        SetBy::Nobody => {
            let weight = format!("{:?}", code.usual_weight()).to_lowercase();
            fields.problem(at, format!("`{text}` always leads to `{weight}`"), "remove this line");
            None
        }
        SetBy::Rules => {
            fields.problem(
                at,
                format!("`{text}` has no weight of its own"),
                format!("write a rule under `{}`", section(code)),
            );
            None
        }
    }
}

/// The section whose rules give a code its weight.
const fn section(code: Code) -> &'static str {
    match code {
        Code::SecretFound => "secrets",
        Code::LicenseFound => "licenses",
        Code::MisconfigurationFound => "misconfigurations",
        Code::WeaknessFound => "weaknesses",
        _ => "vulnerabilities",
    }
}
