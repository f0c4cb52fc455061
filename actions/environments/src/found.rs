//! What GitHub has, read whole before anything is compared, and the numbers of those whom the file names.

use std::collections::BTreeMap;

use anyhow::{Result, anyhow, bail};
use github::environments::{Pattern, Person, Settings, Variable};
use github::{Client, Repository, RepositoryFacts, Why};
use runner::{Annotation, Context};

use crate::file::{Environment, File, Who};
use crate::tell;

/// An environment as GitHub has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its rules.
    pub settings: Settings,
    /// Its patterns of branches and tags.
    pub patterns: Vec<Pattern>,
    /// Its variables.
    pub variables: Vec<Variable>,
    /// The names of its secrets.
    pub secrets: Vec<String>,
}

/// An environment of the file, and the same one on GitHub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// As the file has it.
    pub wanted: Environment,
    /// Its reviewers with their numbers.
    pub reviewers: Option<Vec<Person>>,
    /// As GitHub has it; `None`: it is not there.
    pub found: Option<Found>,
}

/// All that is compared.
pub(crate) struct World {
    pub(crate) facts: RepositoryFacts,
    pub(crate) pairs: Vec<Pair>,
    /// Environments that the file does not name.
    pub(crate) unmanaged: Vec<String>,
}

/// Reads everything. Whom GitHub does not know is told at their place in the file, all of them at once.
pub(crate) async fn look(
    cx: &mut Context,
    client: &Client,
    repository: &Repository,
    file: (&str, &File),
) -> Result<World> {
    let (name, file) = file;
    let facts = client.repository(repository).await?;
    if facts.archived {
        bail!("{repository} is archived: nothing of it can be changed");
    }
    let people = people(cx, client, repository, (name, file)).await?;
    let mut all = client.environments(repository).await?;
    let mut pairs = Vec::new();
    for wanted in &file.environments {
        let at = all.iter().position(|known| known.name.to_lowercase() == wanted.name.to_lowercase());
        let found = match at.map(|at| all.swap_remove(at)) {
            Some(settings) => Some(details(client, repository, settings).await?),
            None => None,
        };
        let reviewers = wanted.reviewers.as_ref().map(|all| {
            all.iter().filter_map(|reviewer| people.get(&reviewer.who).cloned()).collect::<Vec<_>>()
        });
        pairs.push(Pair { wanted: wanted.clone(), reviewers, found });
    }
    let mut unmanaged: Vec<String> = all.into_iter().map(|settings| settings.name).collect();
    unmanaged.sort_unstable();
    Ok(World { facts, pairs, unmanaged })
}

async fn details(client: &Client, repository: &Repository, settings: Settings) -> Result<Found> {
    let patterns = client.patterns(repository, &settings.name).await?;
    let variables = client.variables(repository, &settings.name).await?;
    let secrets = client.secret_names(repository, &settings.name).await?;
    Ok(Found { settings, patterns, variables, secrets })
}

async fn people(
    cx: &mut Context,
    client: &Client,
    repository: &Repository,
    (name, file): (&str, &File),
) -> Result<BTreeMap<Who, Person>> {
    let mut known = BTreeMap::new();
    let mut mistakes = 0;
    let named = file.environments.iter().flat_map(|one| one.reviewers.iter().flatten());
    for reviewer in named {
        if known.contains_key(&reviewer.who) {
            continue;
        }
        let told = match person(client, repository, &reviewer.who).await? {
            Ok(person) => {
                known.insert(reviewer.who.clone(), person);
                continue;
            }
            Err(told) => told,
        };
        mistakes += 1;
        cx.error(tell::at(name, reviewer.at, told).title("Reviewer"));
    }
    match mistakes {
        0 => Ok(known),
        1 => Err(anyhow!("a reviewer cannot be asked: nothing was changed")),
        many => Err(anyhow!("{many} reviewers cannot be asked: nothing was changed")),
    }
}

/// The person, or what is wrong with them.
async fn person(client: &Client, repository: &Repository, who: &Who) -> Result<Result<Person, String>> {
    let asked = match who {
        Who::User(login) => client.user(login).await,
        Who::Team(organisation, slug) => {
            if !organisation.eq_ignore_ascii_case(repository.owner()) {
                return Ok(Err(format!(
                    "the team {organisation}/{slug} is of another organisation than {repository}: GitHub takes only teams of its owner"
                )));
            }
            client.team(organisation, slug).await
        }
    };
    Ok(match asked {
        Ok(person) => Ok(person),
        Err(error) if matches!(error.why, Why::NotFound | Why::Malformed(_)) => Err(match who {
            Who::User(login) => format!("there is no person {login}: {error}"),
            Who::Team(organisation, slug) => {
                format!("there is no team {organisation}/{slug} that this token sees: {error}")
            }
        }),
        Err(error) => return Err(error.into()),
    })
}

/// Tells the environments that are left alone.
pub(crate) fn tell_unmanaged(cx: &mut Context, unmanaged: &[String]) {
    if !unmanaged.is_empty() {
        let message = format!("not in the file, and left alone: {}", tell::names(unmanaged));
        cx.notice(Annotation::new(message).title("Other environments"));
    }
}
