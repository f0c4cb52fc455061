//! A policy as the gate would read it: with all that it extends, for the environment that the step names.

use policy::{Policy, Problems, SHIPPED, Scope, UncheckedPolicy};

use super::project::{Named, Project};

/// Whether a word is the name of a policy that ships.
pub(super) fn ships(name: &str) -> bool {
    SHIPPED.iter().any(|(known, _)| *known == name)
}

/// Reads it; none where there is no such file, which is told elsewhere.
pub(super) fn read(project: &Project, file: &Named<'_>) -> Option<Result<Policy, Problems>> {
    let unchecked = match SHIPPED.iter().find(|(name, _)| *name == file.path) {
        Some((name, text)) => UncheckedPolicy::parse(name, text),
        None => {
            project.text(&file.path).ok()?;
            UncheckedPolicy::read(&file.path, &mut |path| project.text(path))
        }
    };
    let scope = Scope { family: None, environment: file.step.literal("environment") };
    Some(unchecked.and_then(|unchecked| unchecked.check_for(&scope)))
}
