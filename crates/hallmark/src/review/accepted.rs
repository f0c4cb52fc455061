//! What somebody accepts: a vulnerability, in a package, until a day, for a reason.

use std::collections::BTreeSet;

use anyhow::{Result, anyhow};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use policy::click::{Account, Bounds, except, read_comment};
use policy::interchange::{Entry, Imported, Terms};
use policy::{Exception, ExceptionLimits};

/// Accepted by a line that the gate reads as it was meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Accepted {
    /// Of the policy's own reading.
    pub(super) exception: Exception,
}

/// By what an exception is held.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub(super) now: Timestamp,
    pub(super) limits: ExceptionLimits,
}

impl Rules {
    pub(super) fn today(&self) -> Date {
        TimeZone::UTC.to_datetime(self.now).date()
    }

    /// The last day that the policy allows.
    pub(super) fn longest(&self) -> Date {
        self.today().checked_add(self.limits.max_lifetime).unwrap_or(self.today())
    }
}

impl Accepted {
    /// From `CVE-2026-1 [package] until 2026-12-31 because …`, as the command line has it.
    ///
    /// # Errors
    /// It is not written so, or holds for longer than the policy allows.
    pub(super) fn parse(text: &str, by: &Account, rules: &Rules) -> Result<Self, String> {
        let text: Vec<&str> = text.split_whitespace().collect();
        let text = text.join(" ");
        Self::read(&format!("except {}", text.strip_prefix("except ").unwrap_or(&text)), by, rules)
    }

    /// From what somebody filled in about a finding.
    pub(super) fn of(
        (id, package): (&str, Option<&str>),
        until: &str,
        reason: &str,
        by: &Account,
        rules: &Rules,
    ) -> Result<Self, String> {
        let reason = runner::screen::inert(reason);
        Self::read(&except(id, package, until.trim(), &reason), by, rules)
    }

    fn read(line: &str, by: &Account, rules: &Rules) -> Result<Self, String> {
        let bounds = Bounds { today: rules.today(), limits: rules.limits, by };
        let read = read_comment(line, &bounds);
        let mut found = read.map_err(|why| why.trim_start_matches("line 1 of the comment: ").to_owned())?;
        match (found.approves, found.exceptions.pop()) {
            (None, Some(exception)) if found.exceptions.is_empty() => Ok(Self { exception }),
            _ => Err("it is no exception".to_owned()),
        }
    }

    /// Of which vulnerability, and in what; a comment names at least the first.
    pub(super) fn id(&self) -> &str {
        self.exception.id.as_deref().unwrap_or_default()
    }

    /// As a line of a comment.
    pub(super) fn line(&self) -> String {
        let one = &self.exception;
        except(self.id(), one.package.as_deref(), &one.expires.to_string(), &one.reason)
    }

    /// Whether it is about the same.
    pub(super) fn is_about(&self, id: &str, package: Option<&str>) -> bool {
        self.id() == id && self.exception.package.as_deref() == package
    }

    /// Whether the exception covers a finding of this id in this package.
    pub(super) fn covers(&self, id: &str, package: &str) -> bool {
        self.id() == id && self.exception.package.as_deref().is_none_or(|name| name == package)
    }
}

/// All of the command line, each once.
pub(super) fn all(lines: &[String], by: &Account, rules: &Rules) -> Result<Vec<Accepted>> {
    let mut list: Vec<Accepted> = Vec::new();
    let mut seen = BTreeSet::new();
    for line in lines {
        let wrong = |why: &str| anyhow!("input `accept`: `{}`: {why}", runner::screen::inert(line));
        let one = Accepted::parse(line, by, rules).map_err(|why| wrong(&why))?;
        if !seen.insert((one.exception.id.clone(), one.exception.package.clone())) {
            return Err(wrong("it is there twice"));
        }
        list.push(one);
    }
    Ok(list)
}

/// As entries of an exceptions file.
pub(super) fn entries(list: &[Accepted]) -> Imported {
    let entry = |one: &Accepted| Entry {
        terms: Terms {
            id: one.exception.id.clone(),
            package: one.exception.package.clone(),
            ..Terms::default()
        },
        reason: Some(one.exception.reason.clone()),
        expires: Some(one.exception.expires),
        ..Entry::default()
    };
    Imported { entries: list.iter().map(entry).collect(), strays: Vec::new() }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn rules() -> Rules {
        let day = SignedDuration::from_hours(24);
        let limits = ExceptionLimits { max_lifetime: day * 30, warn_before: day, package_level: true };
        Rules { now: "2026-11-22T12:00:00Z".parse().unwrap(), limits }
    }

    #[test]
    fn the_command_lines_exceptions() {
        let by = Account { id: 7, login: "ada".into() };
        for (text, line) in [
            ("CVE-2026-1 until 2026-12-01 because x", Ok("except CVE-2026-1 until 2026-12-01 because x")),
            (
                "except CVE-2026-1 p until 2026-12-01 because x\ny",
                Ok("except CVE-2026-1 p until 2026-12-01 because x y"),
            ),
            ("CVE-2026-1 until 2027-12-01 because x", Err("the exception may hold until 2026-12-22")),
            ("CVE-2026-1 until 2026-11-01 because x", Err("is over")),
            ("CVE-2026-1 until 2026-12-01", Err("no reason")),
            ("approve 0123456789ab", Err("no reason")),
            ("", Err("no reason")),
        ] {
            match (Accepted::parse(text, &by, &rules()), line) {
                (Ok(one), Ok(line)) => assert_eq!(one.line(), line),
                (Err(why), Err(part)) => assert!(why.contains(part), "{text}: {why}"),
                (found, _) => panic!("{text}: {found:?}"),
            }
        }
        let twice = ["CVE-2026-1 until 2026-12-01 because x", "CVE-2026-1 until 2026-12-02 because y"];
        let why = all(&twice.map(str::to_owned), &by, &rules()).unwrap_err().to_string();
        assert!(why.contains("twice"), "{why}");
    }
}
