//! `rego`: the module, whose text the reader put beside its path.

use crate::fields::{Fields, Map};
use crate::rego::Module;

/// The module and its text. A path alone is a module that nobody has read.
pub(super) fn rego(fields: &mut Fields<'_>, top: &Map<'_>) -> Option<Module> {
    let node = top.get("rego")?;
    let map = fields.map(node, "rego", &["module", "source"])?;
    let Some(source) = map.get("source") else {
        fields.problem(
            node.at,
            "`rego` has no module",
            "write `module: policy.rego`, a path beside this file",
        );
        return None;
    };
    let text = fields.text(source, "source")?;
    let file = match map.get("module") {
        Some(module) => fields.text(module, "module")?,
        None => format!("{} (its `rego` source)", fields.file(source.at)),
    };
    match Module::parse(&file, &text) {
        Ok(module) => Some(module),
        Err(problems) => {
            fields.others(problems);
            None
        }
    }
}
