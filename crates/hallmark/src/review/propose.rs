//! Exceptions for good: a branch, the file with them, and a pull request for somebody to agree to.
//!
//! The branch's name comes from what is excepted, so that whoever tries again finds what is there.

use anyhow::{Context as _, Result, ensure};
use gate::Foreseen;
use github::{Commit, Proposed as Pull, Why};
use model::Sha256;
use policy::Exceptions;
use runner::Summary;

use super::desk::Desk;
use super::server::Server;

/// What came of it.
#[derive(Debug)]
pub(super) enum Proposed {
    /// It is made.
    Made(Pull),
    /// It was made before.
    There(Pull),
    /// The file has all of them.
    Nothing,
}

/// What would be proposed, looked at and not yet sent.
pub(super) struct Proposal {
    pub(super) path: String,
    branch: String,
    base: String,
    commit: Commit,
    text: String,
    replaces: Option<String>,
    added: usize,
    owner: String,
    /// What the gate would decide with the file as it would be.
    pub(super) foreseen: Foreseen,
}

/// Looks at the file on the default branch, and puts what was accepted into it.
pub(super) async fn prepare(
    server: &Server,
    desk: &Desk,
    path: Option<&str>,
    owner: Option<&str>,
) -> Result<Proposal> {
    ensure!(!desk.accepted.is_empty(), "nothing was accepted: there is nothing to propose");
    let path = path.or_else(|| desk.stored.exceptions_path()).context(
        "the exceptions file's place in the repository is not known: give `exceptions-path`, such as hallmark/exceptions.yml",
    )?;
    let owner = owner.unwrap_or(&desk.by.login).to_owned();
    let (client, repository) = (&server.client, &server.repository);
    let base =
        client.repository(repository).await?.default_branch.context("the repository has no branch yet")?;
    let commit = client.branch_head(repository, &base).await?;
    let commit = commit.with_context(|| format!("the branch `{base}` is not there"))?;
    let file = match client.file(repository, path, &commit).await {
        Ok(file) => Some(file),
        Err(error) if error.why == Why::NotFound => None,
        Err(error) => return Err(error.into()),
    };
    let before = match &file {
        Some(file) => {
            Some(std::str::from_utf8(&file.bytes).with_context(|| format!("{path} is no UTF-8 text"))?)
        }
        None => None,
    };
    let made = desk.file_with(path, before, Some(&owner))?;
    Exceptions::parse(path, &made.text, desk.rules.limits)?;
    let foreseen = desk.stored.excepted(&made.text, desk.rules.now)?;
    Ok(Proposal {
        branch: branch(desk, path, &owner),
        path: path.to_owned(),
        base,
        commit,
        replaces: file.map(|file| file.sha),
        added: made.added,
        text: made.text,
        owner,
        foreseen,
    })
}

/// Proposes it, unless that was done before.
pub(super) async fn send(server: &Server, desk: &Desk, run: &str, proposal: &Proposal) -> Result<Proposed> {
    if proposal.added == 0 {
        return Ok(Proposed::Nothing);
    }
    let (client, repository) = (&server.client, &server.repository);
    let Proposal { branch, path, base, text, .. } = proposal;
    match client.branch_head(repository, branch).await? {
        None => {
            client.add_branch(repository, branch, &proposal.commit).await.context(AGAIN)?;
            commit(server, desk, proposal, proposal.replaces.as_deref()).await?;
        }
        Some(head) => {
            let mut there = client.pull_requests_from(repository, branch).await?;
            if !there.is_empty() {
                return Ok(Proposed::There(there.remove(0)));
            }
            // An earlier try broke off: before its commit, or after it.
            let file = match client.file(repository, path, &head).await {
                Ok(file) => Some(file),
                Err(error) if error.why == Why::NotFound => None,
                Err(error) => return Err(error.into()),
            };
            if file.as_ref().map(|file| file.bytes.as_slice()) != Some(text.as_bytes()) {
                ensure!(
                    head == proposal.commit,
                    "the branch `{branch}` is there and says something else: look at it, delete it, and try again"
                );
                commit(server, desk, proposal, file.as_ref().map(|file| file.sha.as_str())).await?;
            }
        }
    }
    let body = body(desk, run, proposal);
    let made =
        client.open_pull_request(repository, branch, base, &title(desk), &body).await.context(AGAIN)?;
    Ok(Proposed::Made(made))
}

const AGAIN: &str = "the pull request is not whole: the same command again goes on from what is there";

async fn commit(server: &Server, desk: &Desk, proposal: &Proposal, replaces: Option<&str>) -> Result<()> {
    let Proposal { branch, path, text, .. } = proposal;
    server
        .client
        .commit_file(&server.repository, branch, path, &title(desk), text.as_bytes(), replaces)
        .await
        .context(AGAIN)
}

fn title(desk: &Desk) -> String {
    let ids: Vec<&str> = desk.accepted.iter().map(|one| one.id()).take(3).collect();
    let more = desk.accepted.len().saturating_sub(ids.len());
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!(
        "exceptions: {}{rest} in {}",
        ids.join(", "),
        runner::screen::inert(&desk.stored.view().image.family)
    )
}

/// The same for the same exceptions, whenever and by whomever it is tried.
fn branch(desk: &Desk, path: &str, owner: &str) -> String {
    let mut lines: Vec<String> = desk.accepted.iter().map(|one| one.line()).collect();
    lines.sort_unstable();
    let about = format!("{path}\n{}\n{owner}\n{}", desk.stored.view().image.family, lines.join("\n"));
    format!("hallmark/exceptions-{}", Sha256::of(about.as_bytes()).short())
}

fn body(desk: &Desk, run: &str, proposal: &Proposal) -> String {
    let view = desk.stored.view();
    let mut body = Summary::default();
    body.paragraph(&format!(
        "Exceptions for the image family {}, found in the review of {}. They hold when this is merged, for verdicts after that.",
        view.image.family, view.image.name
    ));
    let rows: Vec<Vec<String>> = desk
        .accepted
        .iter()
        .map(|one| {
            let exception = &one.exception;
            vec![
                one.id().to_owned(),
                exception.package.clone().unwrap_or_default(),
                exception.expires.to_string(),
                exception.reason.clone(),
            ]
        })
        .collect();
    body.table(&["Vulnerability", "Package", "Until", "Reason"], &rows);
    let facts = [
        ("Run", run.to_owned()),
        ("Image", view.image.content_digest.clone()),
        ("Verdict", desk.stored.verdict().to_string()),
        ("Brief", desk.stored.brief().to_string()),
        ("Owner", proposal.owner.clone()),
        ("With them, the same evidence", proposal.foreseen.verdict.as_str().to_owned()),
    ];
    let facts: Vec<Vec<String>> =
        facts.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
    body.table(&["", ""], &facts);
    body.markdown()
}
