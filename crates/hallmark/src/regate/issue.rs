//! The text of a channel's issue: title, body, and what a comment says is new. Pure; two nights with the same reasons give
//! the same bytes.
//!
//! All names and titles are others' words: they go through `runner::escape`, and the only links are https ones of advisories.

use std::collections::BTreeSet;

use jiff::civil::Date;
use model::Weight;
use runner::Summary;
use runner::escape::{markdown, markdown_code, shortened};
use serde::{Deserialize, Serialize};

use super::found::{Finding, Found, Standing};

/// What is shown before the rest is counted: GitHub takes 65,536 characters.
const ROWS: usize = 40;
const NEW_ROWS: usize = 20;
const LONGEST: usize = 300;
const MOST: usize = 60_000;

/// More reasons than are told apart from night to night.
const MOST_KEYS: usize = 1000;

/// What an issue remembers of the night before. It is read from the issue's own body, where anybody who may edit issues
/// can change it: what does not read is as if it were not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    /// The image that it is about.
    content: String,
    /// Since when it does not pass.
    since: Date,
    /// Its reasons.
    keys: BTreeSet<String>,
}

/// An issue as it is to be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) title: String,
    pub(super) body: String,
    /// What to say about what was not there before; none where there is nothing.
    pub(super) comment: Option<String>,
}

/// The first line of a channel's issue.
pub(super) fn mark(channel: &str) -> String {
    format!("<!-- hallmark:regate:{channel} -->")
}

/// Whether a body is a channel's.
pub(super) fn is_of(body: &str, channel: &str) -> bool {
    body.lines().next().is_some_and(|line| line.trim_end() == mark(channel))
}

/// The channel that a body is of.
pub(super) fn channel_of(body: &str) -> Option<&str> {
    let line = body.lines().next()?.trim_end();
    line.strip_prefix("<!-- hallmark:regate:")?.strip_suffix(" -->")
}

const STATE: (&str, &str) = ("<!-- hallmark:regate-state ", " -->");

impl State {
    fn read(body: &str) -> Option<Self> {
        let line = body.lines().nth(1)?.trim_end();
        serde_json::from_str(line.strip_prefix(STATE.0)?.strip_suffix(STATE.1)?).ok()
    }

    /// What is to be remembered, after what was remembered.
    fn next(found: &Found, before: Option<&Self>, today: Date) -> Self {
        let same = before.filter(|before| before.content == found.content);
        let keys = found.keys().into_iter().map(|(key, _)| key).take(MOST_KEYS).collect();
        // A clock that was set back, or a hand in the body, makes nothing younger than it is.
        let since = same.map_or(today, |before| before.since.min(today));
        Self { content: found.content.clone(), since, keys }
    }
}

/// The issue of a channel that does not pass, after the body that it had.
pub(super) fn text(found: &Found, before: Option<&str>, today: Date) -> Text {
    let before = before.and_then(State::read);
    let state = State::next(found, before.as_ref(), today);
    let title = title(found);
    // Dates and digests: nothing in it ends an HTML comment.
    let remembered = serde_json::to_string(&state).unwrap_or_default();
    let head = format!("{}\n{}{remembered}{}", mark(&found.name()), STATE.0, STATE.1);
    let body = format!("{head}\n\n{}", body(found, &state));
    let comment = before.and_then(|before| comment(found, &before, &state));
    Text { title, body: shortened(&body, MOST), comment }
}

fn title(found: &Found) -> String {
    let (name, count) = (found.name(), found.reasons.len());
    match found.standing {
        Standing::Stale => format!("{name}: not known whether it still passes"),
        Standing::Passes | Standing::Fails => {
            format!("{name} no longer passes: {}", counted(count, "reason"))
        }
    }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn body(found: &Found, state: &State) -> String {
    let mut summary = Summary::default();
    summary.paragraph(match found.standing {
        Standing::Stale => {
            "What is known about the image in this channel is too old, or missing: it may still pass, and it may not."
        }
        Standing::Passes | Standing::Fails => {
            "The image in this channel was published, and by today's policy, exceptions and feeds it would not be."
        }
    });
    summary.table(&["", ""], &facts(found, state));
    reasons(&mut summary, found);
    findings(&mut summary, found);
    listed(&mut summary, "Exceptions that are over", &found.ended);
    accepted(&mut summary, found);
    to_do(&mut summary, found);
    summary.paragraph(
        "This text is written anew when something changes, and closed when the image passes or the channel has moved on to one \
         that does. Whoever closes it sooner finds a new one the next time.",
    );
    summary.markdown()
}

fn facts(found: &Found, state: &State) -> Vec<Vec<String>> {
    let published = match &found.published {
        Some((on, policy)) => format!("{on}, by the policy {policy}"),
        None => "not known".to_owned(),
    };
    [
        ("channel", found.name()),
        ("image", found.image.clone()),
        ("content", found.content.clone()),
        ("published", published),
        ("policy today", found.policy.clone()),
        ("since", state.since.to_string()),
    ]
    .map(|(name, value)| vec![name.to_owned(), shortened(&value, LONGEST)])
    .into()
}

fn reasons(summary: &mut Summary, found: &Found) {
    let row = |one: &model::Reason| {
        let weight = if one.weight == Weight::Fail { "fail" } else { "review" };
        [weight, &one.code, &one.message, &one.clears].map(|text| shortened(text, LONGEST)).to_vec()
    };
    let rows: Vec<Vec<String>> = found.reasons.iter().take(ROWS).map(row).collect();
    summary.heading(3, "Why").table(&["", "code", "reason", "what clears it"], &rows);
    more(summary, found.reasons.len());
}

fn findings(summary: &mut Summary, found: &Found) {
    if found.findings.is_empty() {
        return;
    }
    summary.heading(3, "What was found");
    let lines: Vec<String> = found.findings.iter().take(ROWS).map(finding).collect();
    summary.raw(&lines.join("\n"));
    more(summary, found.findings.len());
}

/// One finding as an item of a list.
fn finding(one: &Finding) -> String {
    let cut = |text: &str| shortened(text, 100);
    let id = markdown(&cut(&one.id));
    let id = match one.links.iter().find(|link| is_plain(link)) {
        Some(link) => format!("[{id}]({link})"),
        None => id,
    };
    let fixed = match &one.fixed {
        Some(version) => format!(", fixed in {}", markdown_code(&cut(version))),
        None => ", no fix known".to_owned(),
    };
    let exploited = if one.exploited { ", **known to be exploited**" } else { "" };
    let review = if one.review { " (a person may answer for it)" } else { "" };
    let package = markdown_code(&cut(&format!("{} {}", one.package, one.version)));
    format!("- {}: {id} in {package}{fixed}{exploited}{review}", one.severity)
}

/// An https address with nothing in it that Markdown or HTML could read as something else.
fn is_plain(link: &str) -> bool {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/?=%+,:".contains(&byte);
    link.len() <= LONGEST
        && link.strip_prefix("https://").is_some_and(|rest| {
            rest.starts_with(|first: char| first.is_ascii_alphanumeric()) && rest.bytes().all(safe)
        })
}

fn listed(summary: &mut Summary, title: &str, items: &[String]) {
    if items.is_empty() {
        return;
    }
    let shown: Vec<String> = items.iter().take(ROWS).map(|one| shortened(one, LONGEST)).collect();
    summary.heading(3, title).list(&shown);
    more(summary, items.len());
}

fn accepted(summary: &mut Summary, found: &Found) {
    let said = |one: &super::found::Acceptance| {
        let (held, until) = if one.over { ("was accepted", "until") } else { ("is accepted", "until") };
        format!("{}: {held} for this release by {} {until} {}", one.what, one.by, one.until)
    };
    listed(summary, "Accepted when it was published", &found.accepted.iter().map(said).collect::<Vec<_>>());
}

/// What somebody can do, in the order in which it helps most.
fn to_do(summary: &mut Summary, found: &Found) {
    let rollback = format!(
        "hallmark register-ami --operation rollback --family {} --channel {}",
        found.family, found.channel
    );
    let mut steps = vec![];
    if found.standing == Standing::Stale {
        steps.push("Scan the image again with today's database, or give this step fresh feeds.".to_owned());
    }
    steps.push("Bake it again with today's packages (a new `snapshot`) and publish what passes.".to_owned());
    if !found.findings.is_empty() {
        steps.push("Where somebody answers for a finding, write an exception with a reason and an end, by a pull request.".to_owned());
    }
    steps.push("Until then, point the channel back to the image before, if that one passes:".to_owned());
    summary.heading(3, "What to do").list(&steps).code(&rollback);
}

fn more(summary: &mut Summary, all: usize) {
    if all > ROWS {
        summary.paragraph(&format!("and {} more", all - ROWS));
    }
}

/// What was not there before: another image, or more reasons.
fn comment(found: &Found, before: &State, state: &State) -> Option<String> {
    let new: Vec<String> = found
        .keys()
        .into_iter()
        .filter(|(key, _)| state.keys.contains(key) && !before.keys.contains(key))
        .map(|(_, said)| shortened(&said, LONGEST))
        .collect();
    let moved = before.content != state.content;
    if new.is_empty() && !moved {
        return None;
    }
    let mut summary = Summary::default();
    if moved {
        summary.paragraph(&format!(
            "The channel shows another image now, {}, which does not pass either.",
            found.image
        ));
    }
    if !new.is_empty() {
        summary.paragraph(&format!(
            "{} that {} not there before:",
            counted(new.len(), "thing"),
            if new.len() == 1 { "was" } else { "were" }
        ));
        summary.list(&new.iter().take(NEW_ROWS).collect::<Vec<_>>());
        if new.len() > NEW_ROWS {
            summary.paragraph(&format!("and {} more", new.len() - NEW_ROWS));
        }
    }
    Some(summary.markdown())
}

/// What is said when a channel's issue is closed.
pub(super) fn closing(found: &Found, before: &str) -> String {
    let moved = State::read(before).is_some_and(|before| before.content != found.content);
    let mut summary = Summary::default();
    summary.paragraph(&if moved {
        format!("The channel has moved on to {} ({}), which passes.", found.image, found.content)
    } else {
        format!("{} passes again by today's policy, exceptions and feeds.", found.image)
    });
    for one in found.accepted.iter().filter(|one| !one.over) {
        summary
            .paragraph(&format!("Accepted for this release by {} until {}: {}", one.by, one.until, one.what));
    }
    shortened(&summary.markdown(), MOST)
}

#[cfg(test)]
mod tests {
    use model::{Reason, Severity};

    use super::*;

    fn finding(n: usize) -> Finding {
        Finding {
            id: format!("CVE-2026-{n:05}"),
            severity: Severity::High,
            package: "p".repeat(500),
            version: "1".to_owned(),
            fixed: None,
            exploited: false,
            review: false,
            links: vec!["javascript:alert(1)".to_owned(), format!("https://example.org/{n}")],
        }
    }

    fn found(findings: usize) -> Found {
        let reason = Reason {
            weight: Weight::Fail,
            code: "unfixed-vulnerability".to_owned(),
            message: "m".repeat(100_000),
            evidence: vec![],
            clears: "c".to_owned(),
        };
        Found {
            family: "web".to_owned(),
            channel: "stable".to_owned(),
            image: "web".to_owned(),
            content: "hallmarkBlocks1:0".to_owned(),
            standing: Standing::Fails,
            policy: "p".to_owned(),
            published: None,
            reasons: vec![reason; 3000],
            findings: (0..findings).map(finding).collect(),
            ended: vec!["e".repeat(1000); 3000],
            accepted: vec![],
        }
    }

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn however_much_there_is_github_takes_it() {
        let first = text(&found(5000), None, day("2026-11-22"));
        assert!(first.body.chars().count() < 65_536 && first.title.chars().count() < 256);
        assert!(first.body.contains("and 4960 more"), "{}", first.body);
        let next = text(&found(5000), Some(&first.body), day("2026-11-23"));
        assert_eq!(next, first, "another night, and nothing new");
        let more = text(&found(5001), Some(&found_before(900).body), day("2026-11-23"));
        let comment = more.comment.unwrap();
        assert!(comment.chars().count() < 65_536 && comment.contains("more"), "{comment}");
    }

    fn found_before(findings: usize) -> Text {
        text(&found(findings), None, day("2026-11-22"))
    }

    #[test]
    fn since_when_is_remembered_and_never_later_than_today() {
        let first = found_before(1);
        let mut other = found(1);
        for (body, today, since) in [
            (Some(first.body.clone()), "2026-12-01", "2026-11-22"),
            (Some(first.body.clone()), "2026-11-20", "2026-11-20"),
            (Some(first.body.replace("2026-11-22", "yesterday")), "2026-12-01", "2026-12-01"),
            (None, "2026-12-01", "2026-12-01"),
        ] {
            let text = text(&found(1), body.as_deref(), day(today));
            assert!(text.body.contains(&format!("| since | {since} |")), "{since}\n{}", text.body);
        }
        other.content = "hallmarkBlocks1:1".to_owned();
        assert!(text(&other, Some(&first.body), day("2026-12-01")).body.contains("| since | 2026-12-01 |"));
    }

    #[test]
    fn links_are_plain_https() {
        for (link, plain) in [
            ("https://nvd.nist.gov/vuln/detail/CVE-2026-1", true),
            ("https://example.org/a?b=c,d:e", true),
            ("http://example.org/", false),
            ("javascript:alert(1)", false),
            ("https://", false),
            ("https:///x", false),
            ("https://evil)[x](https://y", false),
            ("https://a b", false),
            ("https://a\"onclick=x", false),
            ("https://a<b>", false),
            ("https://a|b", false),
            ("https://me@evil.example", false),
            ("https://a#b", false),
            ("https://a\n", false),
        ] {
            assert_eq!(is_plain(link), plain, "{link:?}");
        }
        assert!(!is_plain(&format!("https://{}", "a".repeat(400))));
        assert!(found_before(1).body.contains("[CVE-2026-00000](https://example.org/0)"));
    }

    #[test]
    fn the_mark_is_the_whole_first_line() {
        for (body, is) in [
            ("<!-- hallmark:regate:web/stable -->", true),
            ("<!-- hallmark:regate:web/stable -->\r\nx", true),
            (" <!-- hallmark:regate:web/stable -->", false),
            ("<!-- hallmark:regate:web/stable-2 -->", false),
            ("x\n<!-- hallmark:regate:web/stable -->", false),
            ("", false),
        ] {
            assert_eq!(is_of(body, "web/stable"), is, "{body:?}");
        }
        assert_eq!(channel_of("<!-- hallmark:regate:a/b/c -->\n"), Some("a/b/c"));
    }
}
