//! The last look at what was read: each exception once, and each such that the gate reads it.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use jiff::civil::Date;

use super::entry::{Entry, Imported};
use super::write::{self, Given};
use super::{Broken, about};
use crate::exceptions::Exceptions;
use crate::policy::ExceptionLimits;
use crate::problem::At;

/// A day to try by; which one says nothing.
const DAY: Date = Date::constant(2026, 1, 1);

pub(super) fn settle(imported: &mut Imported, today: Date) -> Result<(), Broken> {
    for entry in &mut imported.entries {
        if let Some(last) = entry.expires.filter(|last| *last < today) {
            let at = entry.at;
            entry.idle(at, format!("it ended after {last}"), "give it a later end, if it is still meant");
        }
    }
    once(&mut imported.entries);
    readable(&mut imported.entries)
}

/// Of several about the same, any of which would do, one is left: it ends when the last of them does.
fn once(entries: &mut [Entry]) {
    let mut first = BTreeMap::new();
    for index in 0..entries.len() {
        if !entries[index].is_active() {
            continue;
        }
        let about = about::of_terms(&entries[index].terms, &[]);
        let Some(&kept) = first.get(&about) else {
            first.insert(about, index);
            continue;
        };
        let Entry { at, expires, terms, reason, .. } = entries[index].clone();
        let other = &mut entries[kept];
        other.expires = other.expires.zip(expires).map(|(one, other)| one.max(other));
        other.terms.until_fixed &= terms.until_fixed;
        other.reason = other.reason.take().or(reason);
        let line = other.at.line;
        entries[index].idle(at, format!("it is about the same as line {line}"), "nothing has to be done");
    }
}

/// Whatever the gate would refuse is not taken over, in the gate's own words.
fn readable(entries: &mut [Entry]) -> Result<(), Broken> {
    let mut text = "version: 1\nexceptions:\n".to_owned();
    let mut begins: Vec<(u64, usize)> = Vec::new();
    let mut line = 3;
    for (index, entry) in entries.iter().enumerate().filter(|(_, entry)| entry.is_active()) {
        let tried = Entry { expires: None, comments: Vec::new(), ..entry.clone() };
        let block = write::indented(&write::block(&tried, &filled_in(), ""), 2);
        begins.push((line, index));
        line += u64::try_from(block.lines().count()).unwrap_or_default();
        text += &block;
    }
    if begins.is_empty() {
        return Ok(());
    }
    let limits = ExceptionLimits {
        max_lifetime: SignedDuration::MAX,
        warn_before: SignedDuration::ZERO,
        package_level: true,
    };
    let Err(problems) = Exceptions::parse("", &text, limits) else { return Ok(()) };
    for problem in problems.0 {
        let after = begins.partition_point(|(line, _)| *line <= problem.at.line);
        let Some((_, index)) = after.checked_sub(1).and_then(|before| begins.get(before)) else {
            let what = format!("what it becomes is no file of exceptions: {}", problem.what);
            return Err(Broken { at: At::default(), what, mend: "split the file".to_owned() });
        };
        let entry = &mut entries[*index];
        entry.lost(entry.at, problem.what, problem.mend);
    }
    Ok(())
}

fn filled_in() -> Given {
    Given {
        created: DAY,
        owner: Some("owner".to_owned()),
        expires: Some(DAY),
        ticket: None,
        reason: Some("reason".to_owned()),
        images: Vec::new(),
    }
}
