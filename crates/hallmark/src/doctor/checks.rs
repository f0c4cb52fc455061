//! Every check there is, in the order in which they are told. A check is one function that judges the
//! facts; one that does not apply finds nothing.

mod files;
mod identities;
mod jobs;
mod keys;
mod machine;
mod permissions;
mod rules;
mod server;
mod uses;
mod with;

use super::facts::Facts;
use super::finding::{Finding, Level};

/// One check.
pub(super) struct Check {
    /// As the findings name it.
    pub(super) id: &'static str,
    /// As people read it.
    pub(super) title: &'static str,
    judge: fn(&Facts) -> Vec<Finding>,
}

const fn check(id: &'static str, title: &'static str, judge: fn(&Facts) -> Vec<Finding>) -> Check {
    Check { id, title, judge }
}

/// All of them.
pub(super) const ALL: &[Check] = &[
    // Workflows.
    check("workflow-form", "Workflow files", uses::form),
    check("hallmark-used", "What the workflows do", uses::used),
    check("hallmark-pinned", "Hallmark by its commit", uses::pinned),
    check("hallmark-one-commit", "One commit of Hallmark", uses::one_commit),
    check("hallmark-version", "Hallmark's version", uses::version),
    check("others-pinned", "Others' actions by their commits", uses::others_pinned),
    check("inputs", "Inputs", with::inputs),
    check("permissions", "Permissions of workflows", permissions::stated),
    check("job-permissions", "Permissions of jobs", permissions::enough),
    check("template-job", "The job that runs the template", permissions::template_job),
    check("keys-apart", "A key for each job", jobs::keys_apart),
    check("signed", "Evidence is signed", jobs::signed),
    check("scripts", "Expressions in scripts", jobs::scripts),
    check("runs-on", "Runners", jobs::runs_on),
    check("publish-environment", "Publishing behind an environment", jobs::publish_environment),
    check("rules-from-protected-ref", "Policy from a protected ref", rules::origin),
    check("pull-request-target", "Foreign code with secrets", jobs::pull_request_target),
    // Files.
    check("files", "Files that the workflows name", files::exist),
    check("policy", "Policy", rules::policy),
    check("exceptions", "Exceptions", rules::exceptions),
    check("signatures", "Signatures", files::signatures),
    check("keys", "Keys", keys::keys),
    check("identities", "Signers without keys", identities::identities),
    check("verdict-signer", "Whose verdict counts", keys::verdict_signer),
    // This machine.
    check("tools", "Pinned tools", machine::tools),
    check("programs", "Programs", machine::programs),
    check("name-spaces", "User name spaces", machine::name_spaces),
    check("kvm", "KVM", machine::kvm),
    check("disk-space", "Room on the disk", machine::disk_space),
    check("runner", "The runner", machine::runner),
    check("oidc", "OIDC", machine::oidc),
    // GitHub.
    check("repository", "The repository on GitHub", server::repository),
    check("environments", "Environments", server::environments),
    check("default-branch", "The default branch", server::default_branch),
    check("token-default", "What a job's token may do", server::token_default),
    check("allowed-actions", "Which actions may run", server::allowed_actions),
];

/// Most findings of one check that are told.
const MOST: usize = 40;

/// Runs every check.
pub(super) fn judge(facts: &Facts) -> Vec<Finding> {
    let mut all = Vec::new();
    for check in ALL {
        let mut found = (check.judge)(facts);
        // Stable: what is equally bad stays in the file's order.
        found.sort_by_key(|finding| std::cmp::Reverse(finding.level));
        if found.len() > MOST {
            let worst = found.iter().skip(MOST).map(|finding| finding.level).max().unwrap_or(Level::Note);
            let more = found.len() - MOST;
            found.truncate(MOST);
            found
                .push(Finding { level: worst, ..Finding::note(format!("and {more} more of this kind"), "") });
        }
        for finding in &mut found {
            finding.check = check.id;
        }
        all.append(&mut found);
    }
    all
}

/// A check's title.
pub(super) fn title(id: &str) -> &'static str {
    ALL.iter().find(|check| check.id == id).map_or("", |check| check.title)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_is_there_once_and_plain() {
        let mut ids: Vec<_> = ALL.iter().map(|check| check.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), ALL.len());
        assert!(ids.iter().all(|id| id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')));
        assert!(ALL.iter().all(|check| !check.title.is_empty() && title(check.id) == check.title));
    }
}
