//! `hallmark tools`: gets the pinned tools ahead of time, lists what an air-gapped machine has to
//! be brought, and says what is there.

use process::Real;
use runner::{Action, Context, Input, Kind, Outcome, Result};
use tools::{Event, Lock, Settings, Tools};

/// See the module.
pub(crate) static ACTION: Action = Action {
    name: "tools",
    about: "Fetches the pinned external tools, lists what to mirror, or checks what is there",
    inputs: &[
        Input::new("operation", Kind::Choice(&["fetch", "list", "check"]), "What to do")
            .default("fetch")
            .word(),
        Input::new(
            "names",
            Kind::List,
            "The tools to fetch or check; all of tools.lock if none is named. Semgrep and Checkov, which pip fetches, only by name",
        ),
    ],
    outputs: &[],
    run: |cx| Box::pin(run(cx)),
    post: None,
};

async fn run(cx: &mut Context) -> Result<Outcome> {
    let settings = Settings::from_env(|name| cx.env(name).map(str::to_owned))?;
    let tools = Tools::new(Lock::embedded()?, settings.clone(), &Real);
    match cx.text("operation")?.as_str() {
        "list" => list(cx, &tools)?,
        "check" => return check(cx, &tools, &settings).await,
        _ => fetch(cx, &tools, &settings).await?,
    }
    Ok(Outcome::Done)
}

async fn fetch(cx: &mut Context, tools: &Tools<'_>, settings: &Settings) -> Result<()> {
    let (python, names) = names(cx)?;
    // pip has to be there and to reach an index: only who names a Python tool wants that.
    if !names.is_empty() || python.is_empty() {
        for tool in tools.fetch(&names, &mut |event| say(cx, &event)).await? {
            cx.info(&format!("{} {} {} {}", tool.name, tool.version, tool.sha256, tool.path.display()));
        }
    }
    for name in &python {
        let got = tools::python_tool(name, settings, &Real, &mut |event| say(cx, &event)).await?;
        cx.info(&format!("{} {} {} {}", got.name, got.version, got.sha256, got.folder.display()));
    }
    Ok(())
}

/// The names that were given: of Python tools, and of the others.
fn names(cx: &Context) -> Result<(Vec<String>, Vec<String>)> {
    let names = cx.list("names")?;
    Ok(names.into_iter().partition(|name| tools::python_tools().contains(&name.as_str())))
}

/// Assets for a mirror of releases, then packages for an index of Python's.
fn list(cx: &mut Context, tools: &Tools<'_>) -> Result<()> {
    for asset in tools.list() {
        cx.info(&format!(
            "{} {} {} {} {} {}",
            asset.name, asset.version, asset.platform, asset.sha256, asset.url, asset.mirror_path
        ));
    }
    for package in tools::python_packages()? {
        let when = if package.always { "python" } else { "python-sometimes" };
        cx.info(&format!("{} {} {when} {}", package.tool, package.tool_version, package.purl));
    }
    Ok(())
}

/// Fails if a tool is missing, of those that are named, or of tools.lock: what a job in an air-gapped network asks
/// first.
async fn check(cx: &mut Context, tools: &Tools<'_>, settings: &Settings) -> Result<Outcome> {
    let (python, names) = names(cx)?;
    tools.check_names(&names)?;
    let all = names.is_empty() && python.is_empty();
    let mut outcome = Outcome::Done;
    for tool in tools.verify(&mut |event| say(cx, &event)).await {
        if !all && !names.contains(&tool.name) {
            continue;
        }
        let found = match tool.found {
            Ok(Some(found)) => found.path.display().to_string(),
            Ok(None) => "missing".to_owned(),
            Err(error) => error.to_string(),
        };
        if !found.starts_with('/') {
            outcome = Outcome::Against;
        }
        cx.info(&format!("{} {}: {found}", tool.name, tool.version));
    }
    if !all && python.is_empty() {
        return Ok(outcome);
    }
    for tool in tools::python_verify(settings, &Real, &mut |event| say(cx, &event)).await? {
        let named = python.iter().any(|name| name == tool.name);
        if !all && !named {
            continue;
        }
        let found = match tool.found {
            Ok(Some(found)) => format!("wheels in {}", found.folder.display()),
            problem => {
                // Who names none may do without them.
                if named {
                    outcome = Outcome::Against;
                }
                problem.err().map_or_else(|| "missing".to_owned(), |error| error.to_string())
            }
        };
        cx.info(&format!("{} {}: {found}", tool.name, tool.version));
    }
    Ok(outcome)
}

fn say(cx: &mut Context, event: &Event) {
    // Bytes so far are for a terminal's progress bar; in a log they are noise.
    if !matches!(event, Event::Downloaded { .. } | Event::Says { .. }) {
        cx.info(&event.to_string());
    }
}
