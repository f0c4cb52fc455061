//! Makes the calls of a plan, one after the other, and stops at the first that is not answered.

use anyhow::{Error, Result, anyhow};
use github::environments::Protection;
use github::{Client, Repository, Why};
use runner::Context;

use crate::steps::{Change, Step};
use crate::tell;

/// What GitHub says where the subscription lacks a rule.
const BILLING: &str = "billing plan";

/// Does what the steps say; tells each that is done. On an error, how many were done is in it.
pub(crate) async fn apply(
    cx: &mut Context,
    client: &Client,
    repository: &Repository,
    steps: &[Step],
    private: bool,
) -> Result<()> {
    for (done, step) in steps.iter().enumerate() {
        if let Err(error) = call(client, repository, step).await {
            let what = format!("{} ({done} of {} calls were made before)", tell::step(step), steps.len());
            let next = "run it again: it goes on from what is there";
            return Err(explained(error, step, private).context(format!("not done: {what}; {next}")));
        }
        cx.info(&format!("done: {}", tell::step(step)));
    }
    Ok(())
}

async fn call(client: &Client, repository: &Repository, step: &Step) -> Result<(), github::Error> {
    let name = &step.environment;
    match &step.change {
        Change::RemovePattern(id, _, _) => client.remove_pattern(repository, name, *id).await,
        Change::Protect(rules) | Change::Loosen(rules) => {
            client.set_environment(repository, name, rules).await
        }
        Change::AddVariable(variable) => client.add_variable(repository, name, variable).await,
        Change::SetVariable(variable) => client.set_variable(repository, name, variable).await,
        Change::RemoveVariable(variable) => client.remove_variable(repository, name, variable).await,
        Change::AddPattern(of, pattern) => client.add_pattern(repository, name, *of, pattern).await,
    }
}

/// GitHub's own words, and what they mean here.
fn explained(error: github::Error, step: &Step, private: bool) -> Error {
    let words = match &error.why {
        Why::Status(422, words) => words.clone(),
        Why::Forbidden(words) => words.clone(),
        // What a private repository's subscription does not have at all is not there either.
        Why::NotFound if private && matches!(step.change, Change::Protect(_)) => {
            return anyhow!(
                "{error}; or the subscription has no environments for private repositories (GitHub Free has none)"
            );
        }
        _ => return error.into(),
    };
    if words.to_lowercase().contains(BILLING) && matches!(step.change, Change::Protect(_) | Change::Loosen(_))
    {
        let kind = if private { "a private repository" } else { "this repository" };
        return anyhow!(
            "{error}: the subscription does not have this rule for {kind} (reviewers and wait timers of private repositories need GitHub Enterprise, branch policies at least Team or Pro). Nothing holds its jobs back: change the plan or make the repository public, or take the rule out of the file"
        );
    }
    error.into()
}

/// The rules in a few words.
pub(crate) fn rules(rules: &Protection) -> String {
    let who = match rules.reviewers.len() {
        0 => "no reviewers".to_owned(),
        1 => "1 reviewer".to_owned(),
        many => format!("{many} reviewers"),
    };
    let own = if rules.prevent_self_review { ", no self-review" } else { "" };
    let bypass = if rules.admins_bypass { ", administrators may pass" } else { "" };
    let branches = match rules.branches {
        github::BranchMode::Any => "any branch",
        github::BranchMode::Protected => "protected branches",
        github::BranchMode::Named => "named branches and tags",
    };
    format!("{who}{own}{bypass}, wait {} min, {branches}", rules.wait_minutes)
}
