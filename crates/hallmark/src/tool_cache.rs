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
        Input::new("names", Kind::List, "The tools to fetch; all of tools.lock if none is named"),
    ],
    outputs: &[],
    run: |cx| Box::pin(run(cx)),
    post: None,
};

async fn run(cx: &mut Context) -> Result<Outcome> {
    let settings = Settings::from_env(|name| cx.env(name).map(str::to_owned))?;
    let tools = Tools::new(Lock::embedded()?, settings, &Real);
    match cx.text("operation")?.as_str() {
        "list" => list(cx, &tools),
        "check" => return Ok(check(cx, &tools).await),
        _ => fetch(cx, &tools).await?,
    }
    Ok(Outcome::Done)
}

async fn fetch(cx: &mut Context, tools: &Tools<'_>) -> Result<()> {
    let names = cx.list("names")?;
    let got = tools.fetch(&names, &mut |event| say(cx, &event)).await?;
    for tool in got {
        cx.info(&format!("{} {} {} {}", tool.name, tool.version, tool.sha256, tool.path.display()));
    }
    Ok(())
}

fn list(cx: &mut Context, tools: &Tools<'_>) {
    for asset in tools.list() {
        cx.info(&format!(
            "{} {} {} {} {} {}",
            asset.name, asset.version, asset.platform, asset.sha256, asset.url, asset.mirror_path
        ));
    }
}

/// Fails if a tool is missing: what a job in an air-gapped network asks first.
async fn check(cx: &mut Context, tools: &Tools<'_>) -> Outcome {
    let checked = tools.verify(&mut |event| say(cx, &event)).await;
    let mut outcome = Outcome::Done;
    for tool in checked {
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
    outcome
}

fn say(cx: &mut Context, event: &Event) {
    // Bytes so far are for a terminal's progress bar; in a log they are noise.
    if !matches!(event, Event::Downloaded { .. } | Event::GoSays { .. }) {
        cx.info(&event.to_string());
    }
}
