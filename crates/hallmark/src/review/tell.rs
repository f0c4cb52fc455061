//! Without a screen: the same facts as text, or for machines.

use std::fs;

use anyhow::{Context as _, Result, ensure};
use gate::Foreseen;
use model::Reason;
use runner::Context;
use runner::screen::{cut, inert};
use serde_json::{Value, json};

use super::desk::Desk;
use super::server::Waiting;

/// A run in one line.
pub(super) fn row(one: &Waiting) -> String {
    let run = &one.run;
    let mine = if one.is_mine() { "" } else { "  (not for you)" };
    let since =
        run.started.map(|at| format!("  since {}", at.strftime("%Y-%m-%d %H:%M"))).unwrap_or_default();
    let by = run.by.as_ref().map(|by| format!("  by {}", by.login)).unwrap_or_default();
    inert(&format!("{}  {}  → {}{since}{by}{mine}", run.id, cut(&run.title, 60), one.environments()))
}

/// The runs that wait.
pub(super) fn waiting(cx: &mut Context, all: &[Waiting]) -> Result<()> {
    if cx.flag("json")? {
        let of = |one: &Waiting| {
            let names: Vec<&str> = one.pending.iter().map(|one| one.environment.name.as_str()).collect();
            json!({"run": one.run.id, "attempt": one.run.attempt, "title": one.run.title, "url": one.run.url,
                "environments": names, "mayApprove": one.is_mine()})
        };
        let list: Vec<Value> = all.iter().map(of).collect();
        cx.print(&machine_text(&json!({"waiting": list})));
        return Ok(());
    }
    if all.is_empty() {
        cx.info("No run waits for a review.");
    }
    for one in all {
        cx.info(&row(one));
    }
    Ok(())
}

/// The decision, what somebody has put down, and what would come of it.
pub(super) fn show(cx: &mut Context, desk: &Desk) -> Result<Option<Foreseen>> {
    let foreseen = desk.foreseen();
    let view = desk.stored.view();
    if cx.flag("json")? {
        cx.print(&machine_text(&machine(desk, foreseen.as_ref().ok())?));
    } else {
        if !cx.present(|columns, colour| report::terminal::decision(view, columns, colour)) {
            cx.info(&report::terminal::decision(view, 100, false));
        }
        for line in lines(desk) {
            cx.info(&line);
        }
        match &foreseen {
            Ok(foreseen) => previewed(foreseen).iter().for_each(|line| cx.info(line)),
            Err(error) => cx.info(&format!("No preview: {error:#}")),
        }
    }
    // What cannot be foreseen cannot be approved either, and is told then.
    Ok(foreseen.ok())
}

/// What identifies it, and what blocks.
fn lines(desk: &Desk) -> Vec<String> {
    let mut lines = vec![
        format!("from {}", desk.from),
        format!("brief sha256:{}", desk.stored.brief()),
        format!("an approval counts until {} and says: {}", desk.stored.approvable_until(), desk.approval()),
    ];
    for one in desk.blocking() {
        let place =
            if one.package.is_empty() { one.path.as_deref().unwrap_or_default() } else { &one.package };
        lines.push(format!("{}  {} {} in {place} {}", one.outcome, one.severity, one.id, one.version));
    }
    if let Some(Err(why)) = &desk.facts {
        lines.push(format!("who may approve is not known: {why}"));
    }
    lines.extend(desk.accepted.iter().map(|one| format!("accepted: {}", one.line())));
    lines
}

/// What would come of an approval.
pub(super) fn previewed(foreseen: &Foreseen) -> Vec<String> {
    let mut lines = vec![format!("If this is approved now, the verdict is `{}`.", foreseen.verdict.as_str())];
    let of = |mark: &str, reason: &Reason| format!("{mark} {}: {}", reason.code, reason.message);
    let stand = foreseen.reasons.iter().filter(|reason| reason.weight > model::Weight::Note);
    lines.extend(stand.map(|reason| of("stands", reason)));
    lines.extend(foreseen.waived.iter().map(|reason| of("waived", reason)));
    lines
}

fn machine(desk: &Desk, foreseen: Option<&Foreseen>) -> Result<Value> {
    let view = desk.stored.view();
    let blocking = serde_json::to_value(desk.blocking())?;
    let accepted: Vec<String> = desk.accepted.iter().map(super::accepted::Accepted::line).collect();
    let names: Vec<&str> = desk.environments.iter().map(|one| one.name.as_str()).collect();
    let foreseen = foreseen.map(|one| {
        json!({"verdict": one.verdict, "counts": one.counts, "reasons": one.reasons, "waived": one.waived})
    });
    Ok(json!({
        "from": desk.from,
        "image": serde_json::to_value(&view.image)?,
        "verdict": view.verdict,
        "verdictDigest": desk.stored.verdict().to_string(),
        "briefDigest": desk.stored.brief().to_string(),
        "approvableUntil": desk.stored.approvable_until().to_string(),
        "approval": desk.approval(),
        "environments": names,
        "reasons": serde_json::to_value(&view.reasons)?,
        "blocking": blocking,
        "accepted": accepted,
        "foreseen": foreseen,
    }))
}

/// JSON in plain letters alone: somebody may look at it on a terminal.
fn machine_text(value: &Value) -> String {
    let mut text = String::new();
    for c in format!("{value:#}\n").chars() {
        if c.is_ascii() && (c == '\n' || !c.is_control()) {
            text.push(c);
        } else {
            text.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    text
}

/// What of it may be of use to whoever called.
pub(super) fn outputs(cx: &mut Context, desk: &Desk) -> Result<()> {
    cx.output("verdict", desk.stored.view().verdict.as_str())?;
    cx.output("brief-digest", desk.stored.brief().to_string())
}

/// Without GitHub: the comment, and the exceptions for the file.
pub(super) fn write(cx: &mut Context, desk: &Desk, comment: &str) -> Result<()> {
    let owner = cx.opt_text("owner")?.or_else(|| cx.env("USER").map(str::to_owned));
    let exceptions = match desk.accepted.as_slice() {
        [] => None,
        _ => Some(desk.file_with("exceptions.yml", None, owner.as_deref())?.text),
    };
    let Some(folder) = cx.opt_path("output")? else {
        cx.print(&format!("{comment}\n"));
        if let Some(text) = exceptions {
            cx.print(&format!("---\n{text}"));
        }
        return Ok(());
    };
    ensure!(
        folder.symlink_metadata().is_err(),
        "input `output`: {} is there already; give another name",
        folder.display()
    );
    let put = || -> std::io::Result<()> {
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("comment.txt"), format!("{comment}\n"))?;
        match &exceptions {
            Some(text) => fs::write(folder.join("exceptions.yml"), text),
            None => Ok(()),
        }
    };
    put().with_context(|| format!("input `output`: cannot write to {}", folder.display()))?;
    cx.info(&format!("written to {}", folder.display()));
    Ok(())
}
