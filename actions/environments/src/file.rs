//! `environments.yml`, read once into what is meant: every mistake with its place.

use std::collections::{BTreeMap, BTreeSet};

use github::environments::Ref;
use policy::fields::{Fields, Map};
use policy::yaml::{self, Node, Value};
use policy::{At, Problems};
use url::Url;

use crate::names;

/// The keys of a file.
pub(crate) const FILE: [&str; 2] = ["version", "environments"];
/// The keys of an environment.
pub(crate) const ENVIRONMENT: [&str; 9] = [
    "reviewers",
    "prevent-self-review",
    "admins-can-bypass",
    "wait-timer",
    "branches",
    "tags",
    "variables",
    "secrets",
    "needs",
];
/// The keys of a reviewer, of which one is there.
pub(crate) const REVIEWER: [&str; 2] = ["user", "team"];
/// The keys of `needs`.
pub(crate) const NEEDS: [&str; 2] = ["oidc-role", "reachable"];

/// The word for GitHub's own protection of branches.
pub(crate) const PROTECTED: &str = "protected";

/// GitHub has room for no more.
pub(crate) const MOST_REVIEWERS: usize = 6;
const MOST_VARIABLES: usize = 100;
const MOST_SECRETS: usize = 100;
/// 30 days.
const LONGEST_WAIT: u32 = 43_200;
/// 48 KB.
const LONGEST_VALUE: usize = 48 << 10;

/// A checked file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// In the file's order.
    pub environments: Vec<Environment>,
}

/// An environment as it is to be. What is `None` is left as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub at: At,
    /// Who may agree; an empty list: nobody has to.
    pub reviewers: Option<Vec<Reviewer>>,
    /// Whether who started a run may not agree to it.
    pub prevent_self_review: bool,
    /// Whether administrators may pass the rules by.
    pub admins_can_bypass: bool,
    /// How long every job waits.
    pub wait_minutes: Option<u32>,
    /// From where a job may begin.
    pub branches: Option<Branches>,
    /// Every variable that it has.
    pub variables: Option<BTreeMap<String, String>>,
    /// The secrets that have to be there.
    pub secrets: BTreeMap<String, At>,
    /// What its jobs have to be able to do.
    pub needs: Needs,
}

/// What an environment's jobs have to be able to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// A role of AWS that the job's OIDC token opens.
    pub oidc_role: Option<(String, At)>,
    /// Addresses that answer.
    pub reachable: Vec<(Url, At)>,
}

/// Somebody who may agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reviewer {
    /// Who.
    pub who: Who,
    /// Where it stands.
    pub at: At,
}

/// A person or a team, by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// A login.
    User(String),
    /// An organisation and a team's slug.
    Team(String, String),
}

/// From where a job may begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Branches {
    /// From protected branches.
    Protected,
    /// From what these match.
    Named(BTreeSet<(Ref, String)>),
}

impl File {
    /// Reads a file.
    ///
    /// # Errors
    /// Every mistake.
    pub fn parse(file: &str, text: &str) -> Result<Self, Problems> {
        let node = yaml::read(file, text)?;
        let mut fields = Fields::new(file);
        let environments = whole(&mut fields, &node);
        fields.finish(environments.map(|environments| Self { environments }))
    }
}

fn whole(fields: &mut Fields<'_>, node: &Node) -> Option<Vec<Environment>> {
    let map = fields.map(node, "the file", &FILE)?;
    fields.version(&map, "the file");
    let node = fields.required(&map, "the file", "environments", "{production: {…}}")?;
    let entries = fields.entries(node, "environments")?;
    if node.entries().is_empty() {
        fields.problem(node.at, "`environments` is empty", "name at least one");
    }
    let mut known = BTreeSet::new();
    let mut all = Vec::new();
    for (name, key) in entries {
        told(fields, key.at, names::environment(name));
        if !known.insert(name.to_lowercase()) {
            let what =
                format!("the environment `{name}` is there twice: GitHub does not tell capitals apart");
            fields.problem(key.at, what, "keep one of them");
        }
        let value = yaml_value(node, key);
        all.extend(value.and_then(|value| environment(fields, name, key.at, value)));
    }
    Some(all)
}

/// The value that belongs to a key, which is known by its place.
fn yaml_value<'n>(map: &'n Node, key: &Node) -> Option<&'n Node> {
    map.entries().iter().find(|(known, _)| known.at == key.at).map(|(_, value)| value)
}

fn environment(fields: &mut Fields<'_>, name: &str, at: At, node: &Node) -> Option<Environment> {
    let map = fields.map(node, &format!("the environment `{name}`"), &ENVIRONMENT)?;
    let flag = |fields: &mut Fields<'_>, key, usual| match map.get(key) {
        Some(node) => fields.flag(node, key),
        None => Some(usual),
    };
    let prevent_self_review = flag(fields, "prevent-self-review", true);
    let admins_can_bypass = flag(fields, "admins-can-bypass", false);
    Some(Environment {
        name: name.to_owned(),
        at,
        reviewers: map.get("reviewers").map(|node| reviewers(fields, node)),
        prevent_self_review: prevent_self_review?,
        admins_can_bypass: admins_can_bypass?,
        wait_minutes: map.get("wait-timer").and_then(|node| wait(fields, node)),
        branches: branches(fields, &map),
        variables: map.get("variables").map(|node| variables(fields, node)),
        secrets: map.get("secrets").map(|node| secrets(fields, node)).unwrap_or_default(),
        needs: map.get("needs").and_then(|node| needs(fields, node)).unwrap_or_default(),
    })
}

fn told(fields: &mut Fields<'_>, at: At, checked: Result<(), (String, &'static str)>) -> bool {
    let good = checked.is_ok();
    if let Err((what, mend)) = checked {
        fields.problem(at, what, mend);
    }
    good
}

fn reviewers(fields: &mut Fields<'_>, node: &Node) -> Vec<Reviewer> {
    let Some(items) = fields.list(node, "reviewers") else { return Vec::new() };
    if items.len() > MOST_REVIEWERS {
        let what = format!("`reviewers` has {} entries", items.len());
        fields.problem(node.at, what, "GitHub has room for 6: name a team");
    }
    let mut known = BTreeSet::new();
    let mut all = Vec::new();
    for item in items {
        let Some(who) = reviewer(fields, item) else { continue };
        let folded = match &who {
            Who::User(login) => login.to_lowercase(),
            Who::Team(organisation, slug) => format!("{organisation}/{slug}").to_lowercase(),
        };
        if known.insert(folded) {
            all.push(Reviewer { who, at: item.at });
        } else {
            fields.problem(item.at, "this reviewer is there twice", "keep one of them");
        }
    }
    all
}

fn reviewer(fields: &mut Fields<'_>, node: &Node) -> Option<Who> {
    let map = fields.map(node, "a reviewer", &REVIEWER)?;
    match (map.get("user"), map.get("team")) {
        (Some(node), None) => {
            let login = fields.text(node, "user")?;
            told(fields, node.at, names::login(&login)).then_some(Who::User(login))
        }
        (None, Some(node)) => {
            let team = fields.text(node, "team")?;
            let (organisation, slug) = match names::team(&team) {
                Ok(parts) => parts,
                Err(mistake) => {
                    told(fields, node.at, Err(mistake));
                    return None;
                }
            };
            Some(Who::Team(organisation, slug))
        }
        _ => {
            let mend = "write `{user: LOGIN}` or `{team: ORGANISATION/SLUG}`";
            fields.problem(node.at, "a reviewer is one person or one team", mend);
            None
        }
    }
}

fn wait(fields: &mut Fields<'_>, node: &Node) -> Option<u32> {
    // Not to wait has no unit.
    if matches!(node.value, Value::Integer(0)) {
        return Some(0);
    }
    let seconds = fields.span(node, "wait-timer")?.as_secs();
    let minutes = u32::try_from(seconds / 60).ok().filter(|minutes| *minutes <= LONGEST_WAIT);
    if seconds % 60 != 0 || minutes.is_none() {
        fields.problem(
            node.at,
            "`wait-timer` is no time that GitHub waits",
            "whole minutes, from 0 to 30d, are wanted",
        );
    }
    minutes
}

fn branches(fields: &mut Fields<'_>, map: &Map<'_>) -> Option<Branches> {
    let (branches, tags) = (map.get("branches"), map.get("tags"));
    if let Some(node) = branches
        && matches!(&node.value, Value::Text(text) if text == PROTECTED)
    {
        if let Some(tags) = tags {
            let what = "`tags` cannot stand beside `branches: protected`: GitHub then takes no tag";
            fields.problem(tags.at, what, "name the branches, or leave `tags` out");
        }
        return Some(Branches::Protected);
    }
    if branches.is_none() && tags.is_none() {
        return None;
    }
    let mut all = BTreeSet::new();
    for (of, name, node) in [(Ref::Branch, "branches", branches), (Ref::Tag, "tags", tags)] {
        let Some(node) = node else { continue };
        for (text, at) in fields.texts(node, name) {
            if told(fields, at, names::pattern(&text)) && !all.insert((of, text.clone())) {
                fields.problem(at, format!("`{text}` is in `{name}` twice"), "keep one of them");
            }
        }
    }
    Some(Branches::Named(all))
}

fn variables(fields: &mut Fields<'_>, node: &Node) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let entries = fields.entries(node, "variables").unwrap_or_default();
    if entries.len() > MOST_VARIABLES {
        let what = format!("`variables` has {} entries", entries.len());
        fields.problem(node.at, what, "GitHub has room for 100");
    }
    for (name, key) in entries {
        let good = told(fields, key.at, names::variable(name));
        let Some(value) = yaml_value(node, key) else { continue };
        let Some(text) = fields.text(value, name) else { continue };
        if text.len() > LONGEST_VALUE {
            let what = format!("`{name}` has {} bytes", text.len());
            fields.problem(value.at, what, "GitHub has room for 48 KB");
        }
        if good && all.insert(name.to_ascii_uppercase(), text).is_some() {
            let what = format!("`{name}` is there twice: GitHub does not tell capitals apart");
            fields.problem(key.at, what, "keep one of them");
        }
    }
    all
}

fn secrets(fields: &mut Fields<'_>, node: &Node) -> BTreeMap<String, At> {
    if matches!(node.value, Value::Map(_)) {
        let mend = "list their names; values are set in GitHub (`gh secret set NAME --env ENVIRONMENT`)";
        fields.problem(
            node.at,
            "`secrets` has values in it: a secret's value does not belong into a file",
            mend,
        );
        return BTreeMap::new();
    }
    let mut all = BTreeMap::new();
    let texts = fields.texts(node, "secrets");
    if texts.len() > MOST_SECRETS {
        let what = format!("`secrets` has {} entries", texts.len());
        fields.problem(node.at, what, "GitHub has room for 100");
    }
    for (name, at) in texts {
        if told(fields, at, names::variable(&name)) && all.insert(name.to_ascii_uppercase(), at).is_some() {
            let what = format!("`{name}` is there twice: GitHub does not tell capitals apart");
            fields.problem(at, what, "keep one of them");
        }
    }
    all
}

fn needs(fields: &mut Fields<'_>, node: &Node) -> Option<Needs> {
    let map = fields.map(node, "needs", &NEEDS)?;
    let mut needs = Needs::default();
    if let Some(node) = map.get("oidc-role")
        && let Some(arn) = fields.text(node, "oidc-role")
        && told(fields, node.at, names::role(&arn))
    {
        needs.oidc_role = Some((arn, node.at));
    }
    let texts = map.get("reachable").map(|node| fields.texts(node, "reachable")).unwrap_or_default();
    for (text, at) in texts {
        match names::address(&text) {
            Ok(url) => needs.reachable.push((url, at)),
            Err(mistake) => drop(told(fields, at, Err(mistake))),
        }
    }
    Some(needs)
}
