//! What is told, each at its place.

use std::path::Path;

use anyhow::anyhow;
use policy::interchange::{Effect, Objection};
use policy::{At, Problems};
use runner::{Annotation, Context, Error};

/// A path as people know it: relative to where they are.
pub(super) fn shown(cx: &Context, path: &Path) -> String {
    path.strip_prefix(cx.cwd()).unwrap_or(path).display().to_string()
}

/// A message at a place in a file.
pub(super) fn at(file: &str, at: At, message: String) -> Annotation {
    let annotation = Annotation::new(message).file(file);
    match (u32::try_from(at.line), u32::try_from(at.column)) {
        (Ok(line @ 1..), Ok(column)) => annotation.line(line).col(column),
        _ => annotation,
    }
}

/// Every mistake of a file, and how many there are as the error.
pub(super) fn problems(cx: &mut Context, file: &str, problems: Problems) -> Error {
    for problem in &problems.0 {
        let message = format!("{}: {}", problem.what, problem.mend);
        cx.error(at(&problem.file, problem.at, message));
    }
    match problems.0.len() {
        1 => anyhow!("`{file}` has a mistake"),
        many => anyhow!("`{file}` has {many} mistakes"),
    }
}

/// What did not come over: how many things were lost.
pub(super) fn objections<'o>(
    cx: &mut Context,
    file: &str,
    title: &str,
    objections: impl IntoIterator<Item = &'o Objection>,
) -> usize {
    let mut lost = 0;
    for objection in objections {
        let message = format!("{}: {}", objection.what, objection.mend);
        let annotation = at(file, objection.at, message).title(title);
        match objection.effect {
            Effect::Lost => {
                lost += 1;
                cx.warning(annotation);
            }
            Effect::Idle => cx.notice(annotation),
        }
    }
    lost
}

/// `1 exception`, `2 exceptions`.
pub(super) fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
