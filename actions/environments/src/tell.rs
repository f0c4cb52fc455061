//! What is told, each at its place; names and values come from a file and from GitHub, and are taken as hostile.

use std::path::Path;

use anyhow::anyhow;
use github::environments::Ref;
use policy::{At, Problems};
use runner::escape::{plain, shortened};
use runner::{Annotation, Context, Error};

use crate::apply;
use crate::difference::{Row, Standing, rows};
use crate::found::{Pair, World};
use crate::steps::{Change, Step};

/// The longest value in a table.
const LONGEST: usize = 120;

/// A path as people know it: relative to where they are.
pub(crate) fn shown(cx: &Context, path: &Path) -> String {
    path.strip_prefix(cx.cwd()).unwrap_or(path).display().to_string()
}

/// A message at a place in a file.
pub(crate) fn at(file: &str, at: At, message: String) -> Annotation {
    let annotation = Annotation::new(message).file(file);
    match (u32::try_from(at.line), u32::try_from(at.column)) {
        (Ok(line @ 1..), Ok(column)) => annotation.line(line).col(column),
        _ => annotation,
    }
}

/// Every mistake of a file, and how many there are as the error.
pub(crate) fn problems(cx: &mut Context, file: &str, problems: &Problems) -> Error {
    for problem in &problems.0 {
        cx.error(at(&problem.file, problem.at, format!("{}: {}", problem.what, problem.mend)));
    }
    match problems.0.len() {
        1 => anyhow!("`{file}` has a mistake: nothing was asked or changed"),
        many => anyhow!("`{file}` has {many} mistakes: nothing was asked or changed"),
    }
}

/// Someone else's text on one line.
pub(crate) fn line(text: &str) -> String {
    shortened(&plain(text).replace(['\n', '\t'], " "), LONGEST)
}

/// Several names.
pub(crate) fn names(names: &[String]) -> String {
    names.iter().map(|name| line(name)).collect::<Vec<_>>().join(", ")
}

/// `1 change`, `2 changes`.
pub(crate) fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// One call in words.
pub(crate) fn step(step: &Step) -> String {
    let kind = |of: Ref| of.as_str();
    let what = match &step.change {
        Change::RemovePattern(_, of, name) => format!("close to the {} {}", kind(*of), line(name)),
        Change::Protect(rules) => format!("protect: {}", apply::rules(rules)),
        Change::AddVariable(variable) => format!("add the variable {}", line(&variable.name)),
        Change::SetVariable(variable) => format!("change the variable {}", line(&variable.name)),
        Change::RemoveVariable(name) => format!("remove the variable {}", line(name)),
        Change::AddPattern(of, name) => format!("open to the {} {}", kind(*of), line(name)),
        Change::Loosen(rules) => format!("set as the file says: {}", apply::rules(rules)),
    };
    format!("{}: {what}", line(&step.environment))
}

/// The plan as the summary, which a terminal shows as tables.
pub(crate) fn summary(cx: &mut Context, title: &str, world: &World, steps: &[Step]) {
    let all: Vec<(&Pair, Vec<Row>)> = world.pairs.iter().map(|pair| (pair, rows(pair))).collect();
    let changes = all.iter().flat_map(|(_, rows)| rows).filter(|row| row.standing.is_change()).count();
    let weaker = all.iter().flat_map(|(_, rows)| rows).filter(|row| row.standing == Standing::Weaker).count();
    let summary = cx.summary();
    summary.heading(2, title);
    summary.paragraph(&match (changes, weaker) {
        (0, _) => "Everything is as the file says.".to_owned(),
        (changes, 0) => format!("{}.", count(changes, "difference")),
        (changes, weaker) => {
            format!("{}; {weaker} protect less than the file says.", count(changes, "difference"))
        }
    });
    for (pair, rows) in &all {
        summary.heading(3, &line(&pair.wanted.name));
        let cells = |row: &Row| {
            vec![line(&row.setting), line(&row.found), line(&row.wanted), row.standing.as_str().to_owned()]
        };
        let rows: Vec<_> = rows.iter().map(cells).collect();
        summary.table(&["Setting", "On GitHub", "In the file", ""], &rows);
    }
    if !steps.is_empty() {
        summary.heading(3, "Calls, in their order");
        let lines: Vec<String> = steps.iter().map(step).collect();
        summary.list(&lines);
    }
    if !world.unmanaged.is_empty() {
        summary.paragraph(&format!("Not in the file, and left alone: {}.", names(&world.unmanaged)));
    }
}

/// Says at the file's own places what only a person can do, and what is weak by the file itself.
pub(crate) fn advice(
    cx: &mut Context,
    file: &str,
    world: &World,
    repository: &github::Repository,
) -> Vec<String> {
    let mut missing = Vec::new();
    for pair in &world.pairs {
        let wanted = &pair.wanted;
        let name = line(&wanted.name);
        for row in rows(pair) {
            let Some(secret) =
                row.setting.strip_prefix("secret ").filter(|_| row.standing == Standing::Missing)
            else {
                continue;
            };
            missing.push(format!("{name}/{secret}"));
            let place = wanted.secrets.get(secret).copied().unwrap_or(wanted.at);
            let quoted = wanted.name.replace('\'', "");
            let message = format!(
                "{name} has no secret {secret}: gh secret set {secret} --env '{}' --repo {repository}",
                line(&quoted)
            );
            cx.warning(at(file, place, message).title("Missing secret"));
        }
        let kept = pair.found.as_ref().map_or(0, |found| found.settings.reviewers.len());
        if pair.reviewers.as_ref().map_or(kept, Vec::len) == 0 {
            let message = format!("{name} has no reviewers: its jobs begin by themselves");
            cx.warning(at(file, wanted.at, message).title("No reviewers"));
        }
        let any = github::BranchMode::Any;
        if wanted.branches.is_none() && pair.found.as_ref().is_none_or(|found| found.settings.branches == any)
        {
            let message = format!(
                "{name} is open to every branch, and a workflow that is changed on one gets its secrets: write `branches`"
            );
            cx.warning(at(file, wanted.at, message).title("Any branch"));
        }
        if pair.found.as_ref().is_some_and(|found| found.settings.admins_bypass.is_none()) {
            let message =
                format!("whether administrators may pass the rules of {name} by, this server does not say");
            cx.warning(at(file, wanted.at, message).title("Not known"));
        }
    }
    missing
}
