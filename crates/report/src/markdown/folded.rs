//! What is folded away below the brief: changes, suppressed findings, exceptions, evidence, sources.

use runner::Summary;

use super::{FOLDED_ROWS, cut, rows_of};
use crate::view::{Changed, Changes, Exception, Finding, Package, View};
use crate::words;

pub(super) fn all(summary: &mut Summary, view: &View) {
    if let Some(changed) = &view.changes {
        changes(summary, changed);
    }
    suppressed(summary, view);
    let rows = |e: &Exception| {
        let vex = e.vex.as_ref().map(|vex| vex.status.clone()).unwrap_or_default();
        vec![
            e.label.clone(),
            e.line.to_string(),
            e.state.clone(),
            e.suppressed.to_string(),
            e.owner.clone(),
            e.expires.clone(),
            e.reason.clone(),
            vex,
        ]
    };
    let header = ["exception", "line", "state", "suppresses", "owner", "last day", "reason", "VEX"];
    fold(summary, &words::count(view.exceptions.len(), "exception"), &header, &view.exceptions, rows);
    let pieces = match view.evidence.len() {
        1 => "1 piece of evidence".into(),
        n => format!("{n} pieces of evidence"),
    };
    fold(summary, &pieces, &["kind", "", "signed by", "seen", "made", "file"], &view.evidence, |e| {
        vec![
            e.kind.clone(),
            e.state.clone(),
            e.signer.clone(),
            e.seen.clone(),
            e.issued.clone(),
            e.file.clone(),
        ]
    });
    let header = ["what", "where it comes from", "digest"];
    fold(summary, "Where policy and exceptions come from", &header, &view.sources, |s| {
        vec![s.what.clone(), s.place.clone(), s.digest.clone()]
    });
}

fn suppressed(summary: &mut Summary, view: &View) {
    let suppressed: Vec<&Finding> = view.findings.iter().filter(|f| !f.exceptions.is_empty()).collect();
    if !suppressed.is_empty() {
        let mut body = Summary::default();
        rows_of(&mut body, &suppressed, FOLDED_ROWS);
        summary
            .details(&format!("{} suppressed", words::count(suppressed.len(), "finding")), &body.markdown());
    }
}

fn changes(summary: &mut Summary, changes: &Changes) {
    let found = |one: &Changed| {
        let package =
            if one.package.is_empty() { one.path.clone().unwrap_or_default() } else { one.package.clone() };
        vec![
            one.severity.to_string(),
            one.id.clone(),
            package,
            one.version.clone(),
            one.fixed.clone().unwrap_or_else(|| "-".into()),
        ]
    };
    let header = ["severity", "id", "package", "installed", "fixed in"];
    fold(
        summary,
        &format!("{} new", words::count(changes.new.len(), "finding")),
        &header,
        &changes.new,
        found,
    );
    let title = format!("{} fixed", words::count(changes.fixed.len(), "finding"));
    fold(summary, &title, &header, &changes.fixed, found);
    let package = |one: &Package| vec![one.name.clone(), one.version.clone()];
    for (list, what) in [(&changes.added, "added"), (&changes.removed, "removed")] {
        let title = format!("{} {what}", words::count(list.len(), "package"));
        fold(summary, &title, &["package", "version"], list, package);
    }
    let title = format!("{} upgraded", words::count(changes.upgraded.len(), "package"));
    fold(summary, &title, &["package", "before", "now"], &changes.upgraded, |one| {
        vec![one.name.clone(), one.before.clone(), one.now.clone()]
    });
}

/// A bounded table under a title; nothing where there is nothing.
fn fold<T>(summary: &mut Summary, title: &str, header: &[&str], all: &[T], row: impl Fn(&T) -> Vec<String>) {
    if all.is_empty() {
        return;
    }
    let mut body = Summary::default();
    body.table(header, &cut(all.iter().take(FOLDED_ROWS).map(row).collect()));
    if all.len() > FOLDED_ROWS {
        body.paragraph(&format!("and {} more", all.len() - FOLDED_ROWS));
    }
    summary.details(title, &body.markdown());
}
