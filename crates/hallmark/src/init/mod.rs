//! `hallmark init`: writes what a repository with a Packer template needs to begin: the workflow, a
//! policy, exceptions, tests, and where the keys go.
//!
//! Nothing that is there is ever overwritten, and where anything is in the way, nothing is written at
//! all. The network is asked one question, which commit the release is, and needs not answer.

mod release;
mod render;
mod starter;
mod template;
mod write;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use process::{Processes, Real};
use runner::{Action, Annotation, Context, Input, Kind, Outcome, Result};

use release::Pin;
use starter::{Choices, Starter};
use template::Template;
use write::{Found, State};

/// See the module.
pub(crate) static ACTION: Action = Action {
    name: "init",
    about: "Writes the starting workflow, policy, exceptions and tests for a repository with a Packer template",
    inputs: &[
        Input::new("directory", Kind::Path, "The repository").default("."),
        Input::new(
            "template",
            Kind::Text,
            "The Packer template, a folder or a file, relative to `directory`; by default the only one there is",
        ),
        Input::new("name", Kind::Text, "The image's name; the template's by default"),
        Input::new(
            "policy",
            Kind::Choice(&["minimal", "recommended", "strict"]),
            "Which of Hallmark's policies to begin from",
        )
        .default("recommended"),
        Input::new("channel", Kind::Text, "The channel that shows what was published").default("stable"),
        Input::new("distribution", Kind::Text, "The image's system and its version, such as `debian 13`"),
        Input::new("architecture", Kind::Choice(&["amd64", "arm64"]), "The image's processor architecture")
            .default("amd64"),
        Input::new(
            "sources",
            Kind::List,
            "Files and folders outside its own that the template uses, relative to `directory`",
        ),
        Input::new(
            "release",
            Kind::Text,
            "The commit of Hallmark's release to pin: 40 hexadecimal digits; by default the server is asked",
        ),
        Input::new("dry-run", Kind::Bool, "Only show what would be written"),
    ],
    outputs: &[],
    run: |cx| Box::pin(run(cx, &Real)),
    post: None,
};

async fn run(cx: &mut Context, processes: &dyn Processes) -> Result<Outcome> {
    let root = repository(cx)?;
    let template = Template::find(&root, cx.opt_text("template")?.as_deref())?;
    let choices = Choices::read(cx, &root, &template)?;
    let pin = pin(cx, processes, &root, &choices).await?;
    let files = starter::files(&choices, &pin)?;
    let found = write::compare(&root, &files)?;
    let dry = cx.flag("dry-run")?;
    if dry {
        preview(cx, &files, &found);
    }
    refuse_differences(&found)?;
    if dry {
        return Ok(Outcome::Done);
    }
    for (file, found) in files.iter().zip(&found) {
        if found.state == State::New {
            write::create(&root, file)?;
        }
    }
    tell(cx, &choices, &found);
    warn(cx, &choices, &template, &pin);
    Ok(Outcome::Done)
}

/// The folder that the files go into: the root of a repository, because GitHub reads workflows there only.
fn repository(cx: &mut Context) -> Result<PathBuf> {
    let given = cx.path("directory")?;
    let root = given
        .canonicalize()
        .with_context(|| format!("input `directory`: {} is not there", given.display()))?;
    if !root.is_dir() {
        bail!("input `directory`: {} is no folder", root.display());
    }
    if root.join(".git").exists() {
        return Ok(root);
    }
    if let Some(outer) = root.ancestors().find(|folder| folder.join(".git").exists()) {
        bail!(
            "{} is inside the repository {}, and GitHub reads workflows at its root only: give `directory: {}`",
            root.display(),
            outer.display(),
            outer.display()
        );
    }
    cx.warning(format!(
        "{} is no git repository yet: `git init` makes it one. GitHub reads workflows at a repository's root.",
        root.display()
    ));
    Ok(root)
}

/// A release that was asked for, the one that an earlier run pinned, the one that the server tells, or its tag.
async fn pin(cx: &mut Context, processes: &dyn Processes, root: &Path, choices: &Choices) -> Result<Pin> {
    if let Some(given) = cx.opt_text("release")? {
        return Pin::given(&given);
    }
    // Run again, nothing changes: also where the server can be asked now and could not before.
    if let Some(there) = write::read(root, starter::WORKFLOW)?
        && let Some(pin) = release::pinned(&there)
        && starter::workflow(choices, &pin)? == there
    {
        return Ok(pin);
    }
    Ok(release::ask(cx, processes).await)
}

fn preview(cx: &mut Context, files: &[Starter], found: &[Found]) {
    for (file, found) in files.iter().zip(found) {
        cx.group(&format!("{} ({})", file.path, found.state.as_str()));
        cx.info(&file.text);
    }
    cx.end_group();
}

fn refuse_differences(found: &[Found]) -> Result<()> {
    let in_the_way: Vec<String> = found
        .iter()
        .filter_map(|found| match &found.state {
            State::New | State::Same => None,
            State::InTheWay(why) => Some(format!("  {}: {why}", found.path)),
        })
        .collect();
    if in_the_way.is_empty() {
        return Ok(());
    }
    bail!(
        "nothing was written, because nothing that is there is overwritten:\n{}\nDelete or move what is in the way; \
         `--dry-run` shows what would be written",
        in_the_way.join("\n")
    )
}

fn tell(cx: &mut Context, choices: &Choices, found: &[Found]) {
    for found in found {
        cx.info(&format!("{:<14} {}", found.state.as_str(), found.path));
    }
    if found.iter().all(|found| found.state == State::Same) {
        cx.info("Everything was there already.");
        return;
    }
    cx.info(&starter::next_steps(choices));
}

fn warn(cx: &mut Context, choices: &Choices, template: &Template, pin: &Pin) {
    if let Pin::Tag { version, why } = pin {
        cx.warning(
            Annotation::new(format!(
                "the workflow names Hallmark's release by its tag {version}, not by its commit: {why}. A tag can be \
                 moved, a commit cannot. Once you know the commit:\n\
                 sed -i 's|@{version} # .*|@COMMIT # {version}|' {}\n\
                 or delete that file and run `hallmark init --release COMMIT`.",
                starter::WORKFLOW
            ))
            .title("Not pinned"),
        );
    }
    if template.needs.base_image {
        cx.warning(format!(
            "{} builds on another image (it declares base_image): give its step in the workflow a `base-image`, and \
             the gate's a `base-evidence`.",
            choices.template
        ));
    }
    if template.needs.cloud {
        cx.warning(format!(
            "{} makes images in a cloud. This workflow tests, scans and publishes a raw disk: the template has to make \
             one.",
            choices.template
        ));
    }
}

#[cfg(test)]
mod tests;
