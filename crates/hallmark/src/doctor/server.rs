//! What GitHub is asked: a handful of questions, one after the other, each of which may go unanswered.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use github::{ApiUrl, Client, Repository, Why};
use runner::{Context, Result};

use super::facts::{Looked, Server};
use super::finding::named;
use super::project::Project;
use crate::words::is_expression;

/// More environments than anybody asks for; each is a question.
const MOST: usize = 10;

/// Asks everything, unless there is a reason not to.
pub(super) async fn look(cx: &mut Context, project: &Project) -> Result<Server> {
    let wanted = environments(cx, project)?;
    let origin = origin(project);
    let name = name(cx, origin.as_ref())?;
    let address = match address(cx, origin.as_ref())? {
        Ok(address) => address,
        Err(why) => return Ok(nothing(None, name, &wanted, &why)),
    };
    let shown = Some(address.to_string());
    if cx.flag("offline")? {
        return Ok(nothing(shown, name, &wanted, "`offline` was given"));
    }
    let repository = match &name {
        Ok(repository) => repository.clone(),
        Err(why) => return Ok(nothing(shown, name.clone(), &wanted, &why.clone())),
    };
    let progress = cx.progress(&format!("asking {address} about {repository}"));
    let asked = ask(cx, &address, &repository, &wanted).await;
    progress.finish();
    Ok(Server { address: shown, name, ..asked? })
}

async fn ask(
    cx: &Context,
    address: &ApiUrl,
    repository: &Repository,
    wanted: &BTreeSet<String>,
) -> Result<Server> {
    let token = cx.secret("token")?;
    let has_token = token.is_some();
    let client = Client::new(address, token)?;
    let why = |error: github::Error| explained(&error, has_token);
    let facts = match client.repository(repository).await {
        Ok(facts) => facts,
        // What hides the whole repository hides its parts: nothing more is asked.
        Err(error) => {
            return Ok(nothing(None, Ok(repository.clone()), wanted, &explained(&error, has_token)));
        }
    };
    let mut environments = BTreeMap::new();
    for name in wanted {
        let found = match client.environment(repository, name).await {
            Ok(found) => Ok(Some(found)),
            // The repository is seen, so what is not there is not hidden.
            Err(error) if error.why == Why::NotFound => Ok(None),
            Err(error) => Err(explained(&error, has_token)),
        };
        environments.insert(name.clone(), found);
    }
    let branch = match &facts.default_branch {
        Some(branch) => client.branch(repository, branch).await.map_err(why),
        None => Err("the repository has no branch yet".to_owned()),
    };
    Ok(Server {
        address: None,
        name: Ok(repository.clone()),
        permissions: client.workflow_permissions(repository).await.map_err(why),
        actions: client.actions_policy(repository).await.map_err(why),
        repository: Ok(facts),
        environments,
        branch,
    })
}

/// A server that was not asked, for one reason.
fn nothing(
    address: Option<String>,
    name: Looked<Repository>,
    wanted: &BTreeSet<String>,
    why: &str,
) -> Server {
    let why = why.to_owned();
    Server {
        address,
        name,
        repository: Err(why.clone()),
        environments: wanted.iter().map(|name| (name.clone(), Err(why.clone()))).collect(),
        permissions: Err(why.clone()),
        actions: Err(why.clone()),
        branch: Err(why),
    }
}

fn explained(error: &github::Error, has_token: bool) -> String {
    match error.why {
        Why::Forbidden(_) | Why::NotFound | Why::Unauthorized(_) | Why::RateLimited(_) if !has_token => {
            format!("{error}; no `token` was given")
        }
        _ => error.to_string(),
    }
}

/// The API and the repository that a command in this folder is about.
///
/// # Errors
/// One of them is not known, or is nothing that can be asked.
pub(crate) fn place(cx: &Context, folder: &Path) -> Result<(ApiUrl, Repository)> {
    let origin = origin(&Project::read(folder)?);
    let address = address(cx, origin.as_ref())?.map_err(anyhow::Error::msg)?;
    Ok((address, name(cx, origin.as_ref())?.map_err(anyhow::Error::msg)?))
}

/// Those that are named, else those that the workflows name.
fn environments(cx: &Context, project: &Project) -> Result<BTreeSet<String>> {
    let given = cx.list("environment")?;
    let jobs = project.workflows.iter().flat_map(|workflow| &workflow.jobs);
    let named = jobs.filter_map(|job| job.environment.as_ref().map(|(name, _)| name.clone()));
    let all: BTreeSet<String> = if given.is_empty() { named.collect() } else { given.into_iter().collect() };
    Ok(all.into_iter().filter(|name| !name.is_empty() && !is_expression(name)).take(MOST).collect())
}

/// The repository: as given, as the runner says, or as its remote `origin` has it.
fn name(cx: &Context, origin: Option<&Origin>) -> Result<Looked<Repository>> {
    if let Some(text) = cx.opt_text("repository")? {
        return Ok(Ok(text.parse().map_err(|error| anyhow::anyhow!("input `repository`: {error}"))?));
    }
    let of_runner = cx.github().repository.as_deref();
    let text = of_runner.or_else(|| origin.map(|origin| origin.repository.as_str()));
    Ok(match text {
        Some(text) => text.parse().map_err(|_| format!("{} is no repository of GitHub's", named(text))),
        None => {
            Err("no repository is known: there is no remote `origin` on a GitHub; give `repository`"
                .to_owned())
        }
    })
}

/// The API: as given, as the runner says, or that of the remote's host. A token goes to a host that a
/// folder's settings name only if GitHub itself runs it: the folder may be somebody else's.
fn address(cx: &Context, origin: Option<&Origin>) -> Result<Looked<ApiUrl>> {
    if let Some(text) = cx.opt_text("api-url")? {
        return Ok(Ok(ApiUrl::parse(&text).map_err(|error| anyhow::anyhow!("input `api-url`: {error}"))?));
    }
    if let Some(text) = &cx.github().api_url {
        return Ok(ApiUrl::parse(text).map_err(|error| format!("GITHUB_API_URL: {error}")));
    }
    let Some(origin) = origin else {
        return Ok(ApiUrl::of_host("github.com").map_err(|error| error.to_string()));
    };
    Ok(match ApiUrl::of_host(&origin.host) {
        Ok(address) if address.is_hosted_by_github() => Ok(address),
        Ok(address) => Err(format!(
            "the remote `origin` is on {}, which is not asked unless you say so: give `api-url: {address}`",
            named(&origin.host)
        )),
        Err(error) => Err(error.to_string()),
    })
}

/// Where the remote `origin` is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Origin {
    host: String,
    repository: String,
}

fn origin(project: &Project) -> Option<Origin> {
    let config = match project.text(".git/config") {
        Ok(config) => config,
        // A worktree's `.git` is a file that says where the rest is.
        Err(_) => worktree(project)?,
    };
    remote(&config).and_then(parse)
}

fn worktree(project: &Project) -> Option<String> {
    let pointer = project.text(".git").ok()?;
    let folder = project.root.join(pointer.strip_prefix("gitdir:")?.trim());
    let common = folder.ancestors().nth(2)?;
    std::fs::read_to_string(common.join("config")).ok().filter(|text| text.len() < 1 << 20)
}

/// The first address of `origin`.
fn remote(config: &str) -> Option<&str> {
    let mut inside = false;
    for line in config.lines().map(str::trim) {
        if line.starts_with('[') {
            inside = line.replace(' ', "") == "[remote\"origin\"]";
        } else if inside
            && let Some((key, value)) = line.split_once('=')
            && key.trim().eq_ignore_ascii_case("url")
        {
            return Some(value.trim());
        }
    }
    None
}

/// `https://host/owner/name.git`, `ssh://git@host/owner/name`, `git@host:owner/name.git`
fn parse(url: &str) -> Option<Origin> {
    let rest = match url.split_once("://") {
        Some((_, rest)) => rest.to_owned(),
        None => url.replacen(':', "/", 1),
    };
    let (authority, path) = rest.split_once('/')?;
    let host = authority.rsplit('@').next()?;
    let host = host.split(':').next()?.to_ascii_lowercase();
    let path = path.trim_matches('/');
    let repository = path.strip_suffix(".git").unwrap_or(path).to_owned();
    (!host.is_empty() && repository.contains('/')).then_some(Origin { host, repository })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_remote_of_a_repository() {
        for (url, expected) in [
            ("https://github.com/acme/images.git", Some(("github.com", "acme/images"))),
            ("https://github.com/acme/images", Some(("github.com", "acme/images"))),
            ("https://user:token@GitHub.com/acme/images/", Some(("github.com", "acme/images"))),
            ("git@github.com:acme/images.git", Some(("github.com", "acme/images"))),
            ("ssh://git@ghes.example:2222/acme/images.git", Some(("ghes.example", "acme/images"))),
            ("ssh://git@ssh.github.com:443/acme/images.git", Some(("ssh.github.com", "acme/images"))),
            ("../elsewhere", None),
            ("/srv/git/images.git", None),
            ("", None),
        ] {
            let found = parse(url);
            let found = found.as_ref().map(|origin| (origin.host.as_str(), origin.repository.as_str()));
            assert_eq!(found, expected, "{url}");
        }
        let config = "[core]\n\turl = no\n[remote \"up\"]\n\turl = no\n[remote \"origin\"]\n\tfetch = x\n\tURL = git@h:a/b\n";
        assert_eq!(remote(config), Some("git@h:a/b"));
        assert_eq!(remote("[remote \"up\"]\nurl = no\n"), None);
    }
}
