//! What an exception says in the words of VEX, as far as the words go together.

use model::Class;

use super::only_for_vulnerabilities;
use crate::exceptions::{Justification, Vex, VexStatus};
use crate::fields::{Fields, Map};
use crate::yaml::Node;

pub(super) fn read(
    fields: &mut Fields<'_>,
    map: &Map<'_>,
    class: Option<Class>,
    until_fixed: bool,
) -> Option<Vex> {
    let node = map.get("vex")?;
    only_for_vulnerabilities(fields, node.at, "vex", class);
    if map.get("id").is_none() {
        fields.problem(node.at, "`vex` without an `id`", "name the vulnerability that it is about");
    }
    let vex = fields.map(node, "vex", &["status", "justification", "impact", "action"])?;
    let justification = vex.get("justification").and_then(|node| {
        let table = Justification::ALL.map(|one| (one.as_str(), one));
        fields.choice(node, "justification", &table)
    });
    let mut text = |key: &str| vex.get(key).and_then(|node| fields.text(node, key));
    let (impact, action) = (text("impact"), text("action"));
    let status = fields.required(&vex, "vex", "status", "not_affected");
    let status = status.and_then(|node| {
        let table = VexStatus::ALL.map(|one| (one.as_str(), one));
        let status = fields.choice(node, "status", &table)?;
        together(fields, &vex, node, status);
        if status == VexStatus::Fixed && until_fixed {
            fields.problem(
                node.at,
                "`fixed` in an exception that holds until there is a fix",
                "take `until` out, or say `not_affected`",
            );
        }
        Some(status)
    });
    Some(Vex { status: status?, justification, impact, action })
}

/// Which of the other words a status needs, and which it cannot have.
fn together(fields: &mut Fields<'_>, vex: &Map<'_>, node: &Node, status: VexStatus) {
    let (allowed, needed): (&[&str], _) = match status {
        VexStatus::NotAffected => {
            (&["justification", "impact"], "add `justification` or `impact`: why it does no harm")
        }
        VexStatus::Affected => (&["action"], "add `action`: what is to be done about it"),
        VexStatus::Fixed | VexStatus::UnderInvestigation => (&[], ""),
    };
    if !allowed.is_empty() && allowed.iter().all(|key| vex.get(key).is_none()) {
        fields.problem(node.at, format!("`{}` alone says too little", status.as_str()), needed);
    }
    for key in ["justification", "impact", "action"] {
        if let Some(node) = vex.get(key).filter(|_| !allowed.contains(&key)) {
            let belongs = if key == "action" { "affected" } else { "not_affected" };
            fields.problem(
                node.at,
                format!("`{key}` beside `{}`", status.as_str()),
                format!("take it out: it belongs to `{belongs}`"),
            );
        }
    }
}
