//! The difference between the file and GitHub, pure: each setting, what is there, what would be, and whether
//! what is there protects less.

use std::collections::{BTreeMap, BTreeSet};

use github::BranchMode;
use github::environments::{PersonId, Ref};

use crate::file::Branches;
use crate::found::Pair;

/// How what GitHub has stands to what the file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The same.
    Equal,
    /// It protects less.
    Weaker,
    /// It protects more: the file loosens it.
    Stronger,
    /// Another one, and neither more nor less.
    Different,
    /// The server does not say.
    Unknown,
    /// A secret that is not there, which only a person can set.
    Missing,
}

impl Standing {
    /// Whether something would be changed.
    #[must_use]
    pub const fn is_change(self) -> bool {
        matches!(self, Self::Weaker | Self::Stronger | Self::Different)
    }

    /// In a table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "as it is",
            Self::Weaker => "WEAKER than the file says",
            Self::Stronger => "stronger; would be loosened",
            Self::Different => "would be changed",
            Self::Unknown => "not told by this server",
            Self::Missing => "MISSING; set it yourself",
        }
    }
}

/// One setting of one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Which.
    pub setting: String,
    /// What GitHub has.
    pub found: String,
    /// What the file says.
    pub wanted: String,
    /// How they stand to each other.
    pub standing: Standing,
}

/// Every setting that the file speaks of.
#[must_use]
pub fn rows(pair: &Pair) -> Vec<Row> {
    let mut rows = Vec::new();
    if pair.found.is_none() {
        let row = row("environment", "not there", "there", Standing::Weaker);
        rows.push(row);
    }
    rows.extend(reviewers(pair));
    rows.extend(self_review(pair));
    rows.push(bypass(pair));
    rows.extend(wait(pair));
    rows.extend(branches(pair));
    variables(pair, &mut rows);
    secrets(pair, &mut rows);
    rows
}

/// How what is there stands to what is wanted, where a smaller set protects more and `None` is everything.
fn of_sets<T: Ord>(found: Option<&BTreeSet<T>>, wanted: &BTreeSet<T>) -> Standing {
    match found {
        None => Standing::Weaker,
        Some(found) if found == wanted => Standing::Equal,
        Some(found) if found.is_subset(wanted) => Standing::Stronger,
        Some(_) => Standing::Weaker,
    }
}

fn reviewers(pair: &Pair) -> Option<Row> {
    let wanted = pair.reviewers.as_ref()?;
    let ids =
        |people: &[github::environments::Person]| people.iter().map(|one| one.id).collect::<BTreeSet<_>>();
    let found = pair.found.as_ref().map(|found| found.settings.reviewers.as_slice()).unwrap_or_default();
    // Nobody asked is everybody allowed; otherwise any one of them is enough, so that fewer protect more.
    let standing = match (found.is_empty(), wanted.is_empty()) {
        (true, true) => Standing::Equal,
        (true, false) => Standing::Weaker,
        (false, true) => Standing::Stronger,
        (false, false) => of_sets(Some(&ids(found)), &ids(wanted)),
    };
    Some(row("reviewers", &people(found), &people(wanted), standing))
}

fn people(people: &[github::environments::Person]) -> String {
    if people.is_empty() {
        return "nobody".to_owned();
    }
    let name = |one: &github::environments::Person| match one.id {
        PersonId::User(_) => one.name.clone(),
        PersonId::Team(_) => format!("team {}", one.name),
    };
    let mut names: Vec<_> = people.iter().map(name).collect();
    names.sort_unstable();
    names.join(", ")
}

/// GitHub keeps it with the reviewers: where there are none, there is nothing to compare.
fn self_review(pair: &Pair) -> Option<Row> {
    let found = pair.found.as_ref().map(|found| &found.settings);
    let has = found.is_some_and(|settings| !settings.reviewers.is_empty());
    let will_have = pair.reviewers.as_ref().map_or(has, |wanted| !wanted.is_empty());
    if !will_have {
        return None;
    }
    let found = has && found.is_some_and(|settings| settings.prevents_self_review);
    let wanted = pair.wanted.prevent_self_review;
    Some(row("prevent-self-review", yes(found), yes(wanted), of_flags(found, wanted)))
}

/// Where `true` protects more.
const fn of_flags(found: bool, wanted: bool) -> Standing {
    match (found, wanted) {
        (true, true) | (false, false) => Standing::Equal,
        (false, true) => Standing::Weaker,
        (true, false) => Standing::Stronger,
    }
}

const fn yes(flag: bool) -> &'static str {
    if flag { "true" } else { "false" }
}

fn bypass(pair: &Pair) -> Row {
    let wanted = pair.wanted.admins_can_bypass;
    // What is made anew lets them, unless the call that makes it says otherwise.
    let found = pair.found.as_ref().map_or(Some(true), |found| found.settings.admins_bypass);
    let standing = found.map_or(Standing::Unknown, |found| of_flags(!found, !wanted));
    row("admins-can-bypass", found.map_or("unknown", yes), yes(wanted), standing)
}

fn wait(pair: &Pair) -> Option<Row> {
    let wanted = pair.wanted.wait_minutes?;
    let found = pair.found.as_ref().map_or(0, |found| found.settings.wait_minutes);
    let standing = match found.cmp(&wanted) {
        std::cmp::Ordering::Less => Standing::Weaker,
        std::cmp::Ordering::Equal => Standing::Equal,
        std::cmp::Ordering::Greater => Standing::Stronger,
    };
    Some(row("wait-timer", &minutes(found), &minutes(wanted), standing))
}

fn minutes(minutes: u32) -> String {
    match minutes {
        0 => "0".to_owned(),
        _ if minutes.is_multiple_of(1440) => format!("{}d", minutes / 1440),
        _ if minutes.is_multiple_of(60) => format!("{}h", minutes / 60),
        _ => format!("{minutes}m"),
    }
}

fn branches(pair: &Pair) -> Option<Row> {
    let wanted = pair.wanted.branches.as_ref()?;
    let mode = pair.found.as_ref().map_or(BranchMode::Any, |found| found.settings.branches);
    let patterns: BTreeSet<(Ref, String)> = pair
        .found
        .iter()
        .flat_map(|found| &found.patterns)
        .map(|pattern| (pattern.of, pattern.name.clone()))
        .collect();
    let shown = match mode {
        BranchMode::Any => "any".to_owned(),
        BranchMode::Protected => "protected branches".to_owned(),
        BranchMode::Named => refs(&patterns),
    };
    let (text, standing) = match wanted {
        Branches::Protected => {
            let standing = match mode {
                BranchMode::Protected => Standing::Equal,
                BranchMode::Named if patterns.is_empty() => Standing::Stronger,
                // Which of them are protected is not known.
                BranchMode::Named | BranchMode::Any => Standing::Weaker,
            };
            ("protected branches".to_owned(), standing)
        }
        Branches::Named(wanted) => {
            let found = (mode == BranchMode::Named).then_some(&patterns);
            (refs(wanted), of_sets(found, wanted))
        }
    };
    Some(row("branches and tags", &shown, &text, standing))
}

/// Branches and tags as they are read.
fn refs(patterns: &BTreeSet<(Ref, String)>) -> String {
    if patterns.is_empty() {
        return "none".to_owned();
    }
    let name = |(of, name): &(Ref, String)| match of {
        Ref::Branch => name.clone(),
        Ref::Tag => format!("tag {name}"),
    };
    patterns.iter().map(name).collect::<Vec<_>>().join(", ")
}

fn variables(pair: &Pair, rows: &mut Vec<Row>) {
    let Some(wanted) = &pair.wanted.variables else { return };
    let found: BTreeMap<String, &str> = pair
        .found
        .iter()
        .flat_map(|found| &found.variables)
        .map(|variable| (variable.name.to_ascii_uppercase(), variable.value.as_str()))
        .collect();
    let names: BTreeSet<&String> = wanted.keys().chain(found.keys()).collect();
    for name in names {
        let (found, wanted) = (found.get(name).copied(), wanted.get(name).map(String::as_str));
        let standing = if found == wanted { Standing::Equal } else { Standing::Different };
        let shown =
            |value: Option<&str>| value.map_or_else(|| "not there".to_owned(), |value| format!("{value:?}"));
        rows.push(row(&format!("variable {name}"), &shown(found), &shown(wanted), standing));
    }
}

fn secrets(pair: &Pair, rows: &mut Vec<Row>) {
    let found: BTreeSet<String> =
        pair.found.iter().flat_map(|found| &found.secrets).map(|name| name.to_ascii_uppercase()).collect();
    for name in pair.wanted.secrets.keys() {
        let (shown, standing) =
            if found.contains(name) { ("there", Standing::Equal) } else { ("not there", Standing::Missing) };
        rows.push(row(&format!("secret {name}"), shown, "there", standing));
    }
}

fn row(setting: &str, found: &str, wanted: &str, standing: Standing) -> Row {
    Row { setting: setting.to_owned(), found: found.to_owned(), wanted: wanted.to_owned(), standing }
}
