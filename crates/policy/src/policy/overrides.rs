//! `overrides`: what holds for some image families or environments only.

use super::merge::replaced_by;
use super::sections::{SCOPE_KEYS, override_keys};
use crate::fields::{Fields, Map};
use crate::problem::At;
use crate::yaml::{Node, Value};

/// Each is checked by itself on top of the policy: more of them is no policy that people read.
const MOST: usize = 64;

/// What an image is, and what it is for. What is not known is in no override's scope.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scope<'s> {
    /// The image's family.
    pub family: Option<&'s str>,
    /// The environment that it is for.
    pub environment: Option<&'s str>,
}

/// One override.
#[derive(Debug, Clone)]
pub(super) struct Override {
    pub(super) tree: Node,
    pub(super) replace: Vec<(&'static str, At)>,
    /// Each of these must hold; empty: of no matter.
    images: Vec<String>,
    environments: Vec<String>,
}

impl Override {
    pub(super) fn environments(&self) -> &[String] {
        &self.environments
    }

    pub(super) fn is_for(&self, scope: &Scope<'_>) -> bool {
        fits(&self.images, scope.family) && fits(&self.environments, scope.environment)
    }
}

/// Whether a name is one of these; without any, every name is, and none is too.
pub(crate) fn fits(patterns: &[String], name: Option<&str>) -> bool {
    patterns.is_empty() || name.is_some_and(|name| patterns.iter().any(|pattern| fits_one(pattern, name)))
}

fn fits_one(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |beginning| name.starts_with(beginning))
}

/// Every override of every file: the eldest parent's first, each file's in its order.
pub(super) fn overrides(fields: &mut Fields<'_>, layers: &[Node]) -> Vec<Override> {
    let mut all = Vec::new();
    for layer in layers {
        let Some(node) = layer.get("overrides") else { continue };
        let Some(items) = fields.list(node, "overrides") else { continue };
        if all.len() + items.len() > MOST {
            let what = format!("the policy has more than {MOST} overrides");
            fields.problem(node.at, what, "put together what holds for the same images and environments");
            return Vec::new();
        }
        all.extend(items.iter().filter_map(|item| one(fields, item)));
    }
    all
}

fn one(fields: &mut Fields<'_>, node: &Node) -> Option<Override> {
    let map = fields.map(node, "an override", &override_keys())?;
    let [images, environments] = SCOPE_KEYS.map(|key| patterns(fields, &map, key));
    if SCOPE_KEYS.iter().all(|key| map.get(key).is_none()) {
        fields.problem(
            node.at,
            "an override without a scope",
            "add `environments: [prod]` or `images: [web]`; what holds for all stands in the policy itself",
        );
    }
    if node.entries().iter().all(|(key, value)| is_scope(key) || matches!(value.value, Value::Null)) {
        fields.problem(
            node.at,
            "an override that changes nothing",
            "add what is different there, or remove it",
        );
    }
    for (_, kind) in node.get("evidence").map_or(&[][..], Node::entries) {
        if let Some((key, _)) = kind.entries().iter().find(|(key, _)| is(key, "signed-by")) {
            fields.problem(
                key.at,
                "an override cannot say who signs",
                "take `signed-by` out: it stands in the policy's own `evidence`, and holds everywhere",
            );
        }
    }
    let replace = replaced_by(fields, node, true);
    Some(Override { tree: node.clone(), replace, images, environments })
}

fn patterns(fields: &mut Fields<'_>, map: &Map<'_>, key: &str) -> Vec<String> {
    let Some(node) = map.get(key) else { return Vec::new() };
    let texts = fields.texts(node, key);
    if matches!(&node.value, Value::List(items) if items.is_empty()) {
        fields.problem(
            node.at,
            format!("`{key}` is empty: the override would hold nowhere"),
            format!("name at least one, or leave `{key}` out"),
        );
    }
    for (text, at) in &texts {
        let beginning = text.strip_suffix('*').unwrap_or(text);
        if beginning.contains(['*', '?', '[']) {
            fields.problem(
                *at,
                format!("`{text}` has a wildcard inside"),
                "a `*` stands at the end, such as `db-*`, and nowhere else",
            );
        }
    }
    texts.into_iter().map(|(text, _)| text).collect()
}

fn is_scope(key: &Node) -> bool {
    SCOPE_KEYS.iter().any(|scope| is(key, scope))
}

fn is(key: &Node, name: &str) -> bool {
    matches!(&key.value, Value::Text(text) if text == name)
}
