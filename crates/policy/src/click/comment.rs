//! What a comment says: lines that begin with `approve` or `except` are commands, and have to be right;
//! all others are words for people.

use jiff::civil::Date;
use model::Sha256;

use super::Account;
use crate::exceptions::Exception;
use crate::policy::ExceptionLimits;

/// The fewest digits of a digest that name a brief.
const FEWEST: usize = 12;

/// More than anybody looks at in one sitting.
const MOST_EXCEPTIONS: usize = 20;

/// What a comment's commands say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comment {
    /// What follows `approve`; none where no line says it.
    pub approves: Option<String>,
    /// The exceptions.
    pub exceptions: Vec<Exception>,
}

/// From when and for how long exceptions may hold, and who answers for them.
#[derive(Debug, Clone, Copy)]
pub struct Bounds<'b> {
    /// The day of the comment, UTC.
    pub today: Date,
    /// By the policy.
    pub limits: ExceptionLimits,
    /// Who writes it.
    pub by: &'b Account,
}

/// Reads a comment.
///
/// # Errors
/// A line that begins as a command and is none: which, and how it is written.
pub fn read(text: &str, bounds: &Bounds<'_>) -> Result<Comment, String> {
    let mut comment = Comment::default();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        let wrong = |why: &str| format!("line {} of the comment: {why}", number + 1);
        match line.split_whitespace().next() {
            Some("approve") => {
                let digest = approved(line).map_err(|why| wrong(&why))?;
                if comment.approves.replace(digest).is_some() {
                    return Err(wrong("a second `approve`"));
                }
            }
            Some("except") => {
                let exception = excepted(line, number, bounds).map_err(|why| wrong(&why))?;
                comment.exceptions.push(exception);
            }
            _ => {}
        }
    }
    if comment.exceptions.len() > MOST_EXCEPTIONS {
        return Err(format!(
            "the comment has more than {MOST_EXCEPTIONS} exceptions: write them into the file"
        ));
    }
    Ok(comment)
}

/// The line of a comment that makes an exception, for [`read`] to say whether it is one.
#[must_use]
pub fn except(id: &str, package: Option<&str>, until: &str, reason: &str) -> String {
    let package = package.map(|name| format!(" {name}")).unwrap_or_default();
    // A reason of several lines would be lines of the comment.
    let reason: Vec<&str> = reason.split_whitespace().collect();
    format!("except {id}{package} until {until} because {}", reason.join(" "))
}

/// Whether digits name a brief: enough of them, and all of them its own.
pub(crate) fn names(digits: &str, brief: Sha256) -> bool {
    digits.len() >= FEWEST && brief.to_string().starts_with(digits)
}

fn approved(line: &str) -> Result<String, String> {
    let mut words = line.split_whitespace().skip(1);
    let digits = words.next().unwrap_or_default();
    let hex = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if words.next().is_some() || !hex || !(FEWEST..=64).contains(&digits.len()) {
        return Err(format!(
            "after `approve` come the first {FEWEST} digits of the brief's digest, and nothing else"
        ));
    }
    Ok(digits.to_owned())
}

const GRAMMAR: &str = "an exception is `except CVE-2026-0001 [package] until 2026-12-31 because …`";

fn excepted(line: &str, number: usize, bounds: &Bounds<'_>) -> Result<Exception, String> {
    let (head, reason) =
        line.split_once(" because ").ok_or_else(|| format!("it says no reason; {GRAMMAR}"))?;
    let words: Vec<&str> = head.split_whitespace().collect();
    let (id, package, until) = match *words.as_slice() {
        ["except", id, "until", date] => (id, None, date),
        ["except", id, package, "until", date] => (id, Some(package), date),
        _ => return Err(GRAMMAR.to_owned()),
    };
    if !is_id(id) {
        return Err(format!("no id of a vulnerability where one has to be; {GRAMMAR}"));
    }
    if package.is_some_and(|name| !is_package(name)) {
        return Err(format!("no name of a package where one may be; {GRAMMAR}"));
    }
    let expires = day(until).ok_or_else(|| format!("no date after `until`; {GRAMMAR}"))?;
    if expires < bounds.today {
        return Err("the exception's last day is over".to_owned());
    }
    let longest = bounds.today.checked_add(bounds.limits.max_lifetime).unwrap_or(bounds.today);
    if expires > longest {
        return Err(format!("the exception may hold until {longest} by the policy's `max-lifetime`"));
    }
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(format!("it says no reason; {GRAMMAR}"));
    }
    Ok(Exception::of_a_comment(
        number as u64 + 1,
        id.to_owned(),
        package.map(str::to_owned),
        (bounds.today, expires),
        reason.to_owned(),
        bounds.by.shown(),
    ))
}

/// `2026-12-31`, and no other way of writing a day.
fn day(text: &str) -> Option<Date> {
    let date: Date = text.parse().ok()?;
    (date.to_string() == text).then_some(date)
}

/// `CVE-2026-0001`, `GHSA-…`, `DSA-…`: letters, and then what tells one from another.
fn is_id(text: &str) -> bool {
    let Some((kind, rest)) = text.split_once('-') else { return false };
    (2..=12).contains(&kind.len())
        && kind.bytes().all(|byte| byte.is_ascii_uppercase())
        && (1..=60).contains(&rest.len())
        && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && rest.bytes().any(|byte| byte.is_ascii_digit())
}

/// As distributions and registries name packages.
fn is_package(text: &str) -> bool {
    (1..=200).contains(&text.len())
        && text != "until"
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-._:/@".contains(&byte))
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn comment(text: &str) -> Result<Comment, String> {
        let day = SignedDuration::from_hours(24);
        let limits = ExceptionLimits { max_lifetime: day * 30, warn_before: day, package_level: true };
        let by = Account { id: 7, login: "ada".into() };
        read(text, &Bounds { today: "2026-11-22".parse().unwrap(), limits, by: &by })
    }

    #[test]
    fn what_is_understood() {
        for (text, approves, exceptions) in [
            ("", None, &[] as &[_]),
            ("Looks good.\nWe approve of it, except for the name.", None, &[]),
            ("approve 0123456789ab", Some("0123456789ab"), &[]),
            ("fine\r\n  approve\t0123456789abcdef \r\nthanks", Some("0123456789abcdef"), &[]),
            (
                "except CVE-2026-1 until 2026-11-22 because no route",
                None,
                &[("CVE-2026-1", None, "2026-11-22", "no route")],
            ),
            (
                "approve 0123456789ab\nexcept GHSA-a1b2-c3d4 libssl3t64 until 2026-12-22 because <b>x</b> because y",
                Some("0123456789ab"),
                &[("GHSA-a1b2-c3d4", Some("libssl3t64"), "2026-12-22", "<b>x</b> because y")],
            ),
        ] {
            let found = comment(text).unwrap_or_else(|why| panic!("{text}: {why}"));
            assert_eq!(found.approves.as_deref(), approves, "{text}");
            let told: Vec<_> = found
                .exceptions
                .iter()
                .map(|one| {
                    (
                        one.id.as_deref().unwrap(),
                        one.package.as_deref(),
                        one.expires.to_string(),
                        one.reason.as_str(),
                    )
                })
                .collect();
            let wanted: Vec<_> = exceptions
                .iter()
                .map(|(id, package, day, why)| (*id, *package, (*day).to_owned(), *why))
                .collect();
            assert_eq!(told, wanted, "{text}");
            assert!(found.exceptions.iter().all(|one| one.owner == "ada (id 7)"), "{text}");
        }
    }

    #[test]
    fn what_is_composed_reads_as_it_was_meant() {
        for (id, package, until, reason) in [
            ("CVE-2026-1", None, "2026-11-22", "no route"),
            ("GHSA-a1b2-c3d4", Some("libssl3t64"), "2026-12-22", "one because of two\n approve 0123456789ab"),
        ] {
            let line = except(id, package, until, reason);
            let read = comment(&format!("approve 0123456789ab\n{line}")).unwrap();
            assert_eq!(read.approves.as_deref(), Some("0123456789ab"));
            let [one] = read.exceptions.as_slice() else { panic!("{line}") };
            assert_eq!((one.id.as_deref(), one.package.as_deref()), (Some(id), package));
            assert_eq!(
                (one.expires.to_string(), one.reason.as_str()),
                (until.to_owned(), reason.replace('\n', "").as_str())
            );
        }
        for (id, package, until, reason) in [
            ("", None, "2026-11-22", "x"),
            ("CVE-2026-1", Some("a b"), "2026-11-22", "x"),
            ("CVE-2026-1", None, "soon", "x"),
            ("CVE-2026-1", None, "2026-11-22", " \n"),
        ] {
            assert!(
                comment(&except(id, package, until, reason)).is_err(),
                "{id} {package:?} {until} {reason:?}"
            );
        }
    }

    #[test]
    fn what_begins_as_a_command_is_one_or_is_refused() {
        let many = "except CVE-2026-1 until 2026-11-23 because x\n".repeat(21);
        for (text, part) in [
            ("approve", "first 12 digits"),
            ("approve 0123456789a", "first 12 digits"),
            ("approve 0123456789AB", "first 12 digits"),
            ("approve 0123456789ab now", "first 12 digits"),
            ("approve this", "first 12 digits"),
            (&format!("approve {}", "a".repeat(65)), "first 12 digits"),
            ("approve 0123456789ab\napprove 0123456789ab", "line 2 of the comment: a second"),
            ("except", "no reason"),
            ("except CVE-2026-1 until 2026-11-23", "no reason"),
            ("except CVE-2026-1 until 2026-11-23 because ", "no reason"),
            ("except CVE-2026-1 because x", "an exception is"),
            ("except CVE-2026-1 a b until 2026-11-23 because x", "an exception is"),
            ("except CVE-2026-1, CVE-2026-2 until 2026-11-23 because x", "no id"),
            ("except * until 2026-11-23 because x", "no id"),
            ("except CVE-* until 2026-11-23 because x", "no id"),
            ("except cve-2026-1 until 2026-11-23 because x", "no id"),
            ("except CVE-2026-1 * until 2026-11-23 because x", "no name of a package"),
            ("except CVE-2026-1 until tomorrow because x", "no date"),
            ("except CVE-2026-1 until 20261123 because x", "no date"),
            ("except CVE-2026-1 until 2026-02-30 because x", "no date"),
            ("except CVE-2026-1 until 2026-11-21 because x", "is over"),
            ("except CVE-2026-1 until 2026-12-23 because x", "may hold until 2026-12-22"),
            (&many, "more than 20"),
        ] {
            let why = comment(text).expect_err(text);
            assert!(why.contains(part), "{text}: {why}");
        }
    }
}
