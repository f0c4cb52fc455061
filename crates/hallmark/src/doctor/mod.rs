//! `hallmark doctor`: what is missing before an image can be baked and published from this repository:
//! permissions, keys, environments, files, tools.
//!
//! Everything is looked at once ([`facts`]), then judged by one function a check ([`checks`]). Nothing
//! in the repository is changed, and nothing is sent but the questions to GitHub. What could not be looked
//! at is told as unknown, and never as good.

mod checks;
mod facts;
mod finding;
mod machine;
mod policies;
mod project;
mod read;
mod server;
mod show;
mod template;
mod uses;
mod workflow;

use anyhow::Context as _;
use process::{Processes, Real};
use runner::{Action, Context, Input, Kind, Outcome, Output, Result};

pub(crate) use server::place;

use facts::{Facts, Job};
use machine::Machine;
use project::Project;
use show::Counts;

/// See the module.
pub(crate) static ACTION: Action = Action {
    name: "doctor",
    about: "Says what is missing before an image can be baked and published from a repository",
    inputs: &[
        Input::new("directory", Kind::Path, "The repository").default("."),
        Input::new(
            "environment",
            Kind::List,
            "The environments whose rules are looked at; by default those that the workflows name",
        ),
        Input::new(
            "repository",
            Kind::Text,
            "owner/name on GitHub; by default the runner's, else that of the remote `origin`",
        ),
        Input::new(
            "token",
            Kind::Secret,
            "A token that may read the repository's settings, or the path of its file; without one, only what is public is seen",
        ),
        Input::new("api-url", Kind::Text, "GitHub's API; by default the runner's, else that of github.com"),
        Input::new("offline", Kind::Bool, "Ask nobody").default("false"),
        Input::new("strict", Kind::Bool, "Fail on warnings, and on what is unknown, too").default("false"),
        Input::new("report", Kind::Path, "Where to write all findings as JSON"),
    ],
    outputs: &[
        Output { name: "problems", help: "How many things have to be mended first" },
        Output { name: "warnings", help: "How many things are weaker than they should be" },
        Output { name: "unknown", help: "How many things could not be looked at" },
        Output {
            name: "findings",
            help: "All findings as JSON: check, level, what, mend, file, line, column",
        },
    ],
    run: |cx| Box::pin(run(cx, &Real)),
    post: None,
};

async fn run(cx: &mut Context, processes: &dyn Processes) -> Result<Outcome> {
    let facts = look(cx, processes).await?;
    let findings = checks::judge(&facts);
    if let Some(path) = cx.opt_path("report")? {
        let text = format!("{:#}\n", show::json(&findings));
        std::fs::write(&path, text)
            .with_context(|| format!("input `report`: cannot write {}", path.display()))?;
    }
    show::show(cx, &facts.project, &findings)?;
    let counts = Counts::of(&findings);
    let strict = cx.flag("strict")?;
    let against = counts.problems > 0 || (strict && counts.warnings + counts.unknown > 0);
    Ok(if against { Outcome::Against } else { Outcome::Done })
}

async fn look(cx: &mut Context, processes: &dyn Processes) -> Result<Facts> {
    let project = Project::read(&cx.path("directory")?)?;
    let github = cx.github().clone();
    let job = Job {
        oidc: cx.env("ACTIONS_ID_TOKEN_REQUEST_URL").is_some(),
        temp: cx.env("RUNNER_TEMP").is_some_and(|folder| std::path::Path::new(folder).is_dir()),
        github,
    };
    let server = server::look(cx, &project).await?;
    Ok(Facts { now: cx.now(), machine: Machine::look(cx, processes).await, project, job, server })
}
