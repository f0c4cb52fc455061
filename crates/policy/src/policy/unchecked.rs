//! A policy as it is written: read with all that it extends, but its meaning not looked at yet.

use std::collections::BTreeSet;

use super::layers::{self, Layers};
use super::merge::Merged;
use super::overrides::{Override, Scope, overrides};
use super::{Origin, Policy, check};
use crate::fields::Fields;
use crate::problem::{At, Files, Problem, Problems};

/// A policy file that is YAML, with those that it extends, and whose meaning has not been looked at yet.
#[derive(Debug, Clone)]
pub struct UncheckedPolicy {
    layers: Layers,
}

impl UncheckedPolicy {
    /// Reads a policy and all that it extends. `get` gives a file's text by its path: first that of
    /// `file` itself, then those of its parents and Rego modules, as seen from where `file` was named,
    /// with `/` and without `.`; `..` only at the beginning. What may be read is for `get` to say.
    ///
    /// # Errors
    /// What cannot be had or is no YAML, with its place.
    pub fn read(file: &str, get: &mut dyn FnMut(&str) -> Result<String, String>) -> Result<Self, Problems> {
        let text = get(file).map_err(|why| {
            let (what, mend) = (format!("the policy cannot be read: {why}"), "mend its path".to_owned());
            Problems(vec![Problem { file: file.to_owned(), at: At::default(), what, mend }])
        })?;
        Ok(Self { layers: layers::read(file, &text, get)? })
    }

    /// Reads a text that names no other file: it may extend a policy that ships. `file` is only for messages.
    ///
    /// # Errors
    /// What is no YAML, with its place.
    pub fn parse(file: &str, text: &str) -> Result<Self, Problems> {
        let mut get = |_: &str| Err("no other file can be read here".to_owned());
        Ok(Self { layers: layers::read(file, text, &mut get)? })
    }

    /// The shipped policies that it rests on, which were not asked for by path.
    pub fn shipped(&self) -> impl Iterator<Item = (&'static str, &'static str)> + '_ {
        let files = self.layers.files.names().skip(1);
        files.filter_map(|file| super::SHIPPED.into_iter().find(|(name, _)| *name == file))
    }

    /// The environments that its overrides name, some with a `*` at the end: whoever decides by such a
    /// policy has to say for which environment.
    #[must_use]
    pub fn environments(&self) -> BTreeSet<String> {
        let mut fields = Fields::of(&self.layers.files);
        let all = overrides(&mut fields, &self.layers.trees);
        all.iter().flat_map(Override::environments).cloned().collect()
    }

    /// Whether an override is for this environment, whatever the image.
    #[must_use]
    pub fn names(&self, environment: &str) -> bool {
        let named: Vec<String> = self.environments().into_iter().collect();
        !named.is_empty() && super::overrides::fits(&named, Some(environment))
    }

    /// Checks what it says, where neither family nor environment is known.
    ///
    /// # Errors
    /// Every mistake, each with its place and how to mend it.
    pub fn check(self) -> Result<Policy, Problems> {
        self.check_for(&Scope::default())
    }

    /// Checks what it says and what each override makes of it, and keeps what holds in this scope.
    /// Every override is checked, in scope or not: a policy that breaks in production only is found before.
    ///
    /// # Errors
    /// Every mistake, each with its place and how to mend it.
    pub fn check_for(self, scope: &Scope<'_>) -> Result<Policy, Problems> {
        let Layers { files, trees } = self.layers;
        let mut problems = BTreeSet::new();
        let mut fields = Fields::of(&files);
        for parent in trees.iter().rev().skip(1) {
            if let Some(map) = fields.map(parent, "the policy", &super::sections::KEYS) {
                fields.version(&map, "the policy");
                check::name(&mut fields, &map);
            }
        }
        let base = Merged::of(&mut fields, &trees);
        let own = trees.last().and_then(|own| own.get("environment"));
        let own = own.and_then(|node| fields.text(node, "environment").map(|name| (name, node.at)));
        if let (Some((own, at)), Some(given)) = (&own, scope.environment)
            && own != given
        {
            let what = format!("the policy is for `{own}`, and `{given}` was asked for");
            fields.problem(*at, what, "take `environment` out, or ask for the same");
        }
        let environment = scope.environment.or(own.as_ref().map(|(name, _)| name.as_str()));
        let scope = &Scope { environment, ..*scope };
        let overrides = overrides(&mut fields, &trees);
        let mut in_force = base.clone();
        let mut policy =
            check::check(&files, &base.tree()).map_err(|Problems(found)| problems.extend(by_place(found)));
        for one in &overrides {
            let alone = base.with(&mut fields, one);
            if let Err(Problems(found)) = check::check(&files, &alone.tree()) {
                let new =
                    found.into_iter().filter(|problem| !problems.contains(&(problem.at, problem.clone())));
                let new: Vec<Problem> = new.map(|problem| under(&files, one, problem)).collect();
                problems.extend(by_place(new));
            }
            if one.is_for(scope) {
                in_force = in_force.with(&mut fields, one);
            }
        }
        if problems.is_empty() && overrides.iter().any(|one| one.is_for(scope)) {
            // Each is good by itself, and together they may still not be.
            policy = check::check(&files, &in_force.tree())
                .map_err(|Problems(found)| problems.extend(by_place(found)));
        }
        if let Err(Problems(found)) = fields.finish(Some(())) {
            problems.extend(by_place(found));
        }
        match policy {
            Ok(mut policy) if problems.is_empty() => {
                policy.environment = scope.environment.map(str::to_owned);
                policy.origin =
                    Origin { tree: in_force.tree(), was: in_force.was, anew: in_force.anew, files };
                Ok(policy)
            }
            _ => Err(Problems(problems.into_iter().map(|(_, problem)| problem).collect())),
        }
    }
}

fn by_place(problems: Vec<Problem>) -> impl Iterator<Item = (At, Problem)> {
    problems.into_iter().map(|problem| (problem.at, problem))
}

/// What only an override brings about, at a place that is not in it, has to name it.
fn under(files: &Files, one: &Override, mut problem: Problem) -> Problem {
    if !one.tree.has_place(problem.at) {
        let at = one.tree.at;
        problem.what = format!("{}, under the override in {}:{}", problem.what, files.name(at), at.line);
    }
    problem
}
