//! What a job's token may do: enough for its steps, and no more for the one that runs the template.

use crate::doctor::facts::Facts;
use crate::doctor::finding::{Finding, count, named};
use crate::doctor::workflow::{Access, Job, Permissions, Says, Step, Workflow};

/// Whether each workflow says what its jobs may do.
pub(super) fn stated(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut good = 0;
    for workflow in relevant(facts) {
        let every_job =
            !workflow.jobs.is_empty() && workflow.jobs.iter().all(|job| job.permissions.is_some());
        match &workflow.permissions {
            Some(permissions) if permissions.says == Says::WriteAll => {
                let what = "`write-all`: every step of every job may change the repository";
                found.push(
                    Finding::warning(what, "write `permissions: {}` here, and in each job what it needs")
                        .at(&permissions.at),
                );
            }
            None if !every_job => {
                let what = format!(
                    "{} does not say what its jobs may do: the repository's default may be to write",
                    named(&workflow.file)
                );
                let place = crate::doctor::finding::Place { file: workflow.file.clone(), line: 1, col: 1 };
                found.push(
                    Finding::warning(
                        what,
                        "write `permissions: {}` at the top, and in each job what it needs",
                    )
                    .at(&place),
                );
            }
            _ => good += 1,
        }
        for job in &workflow.jobs {
            if let Some(permissions) =
                job.permissions.as_ref().filter(|permissions| permissions.says == Says::WriteAll)
            {
                let what = format!("{} has `write-all`", job.name());
                found.push(Finding::warning(what, "name what it needs").at(&permissions.at));
            }
        }
    }
    if found.is_empty() && good > 0 {
        found.push(Finding::ok(format!("stated in {}", count(good, "workflow"))));
    }
    found
}

/// What a step needs of the job's token.
struct Need {
    /// Somebody else's action, or one of Hallmark's by its name alone, or [`OURS`].
    action: &'static str,
    when: fn(&Step) -> bool,
    scopes: &'static [(&'static str, Access)],
    /// Completes "without it".
    without: &'static str,
}

impl Need {
    fn is_of(&self, step: &Step) -> bool {
        let is_action = match self.action {
            OURS => step.action().is_some(),
            action => step.is_others(action) || step.is(action),
        };
        is_action && (self.when)(step)
    }
}

const fn always(_: &Step) -> bool {
    true
}

/// Any action of Hallmark's.
const OURS: &str = "*";

const OIDC: &[(&str, Access)] = &[("id-token", Access::Write)];
const NO_TOKEN: &str = "the runner gives no OIDC token";

const NEEDS: &[Need] = &[
    Need {
        action: OURS,
        when: |step| step.value("signing-key") == Some(services::KEYLESS),
        scopes: OIDC,
        without: "the runner gives no OIDC token, by which the step signs as itself (`signing-key: keyless`)",
    },
    Need {
        action: OURS,
        when: |step| step.value("aws-role").is_some(),
        scopes: OIDC,
        without: "the runner gives no OIDC token, by which the step assumes its `aws-role`",
    },
    Need {
        action: "upload-sarif",
        when: always,
        scopes: &[("security-events", Access::Write)],
        without: "nothing comes into the Security tab",
    },
    Need {
        action: "github/codeql-action/upload-sarif",
        when: always,
        scopes: &[("security-events", Access::Write)],
        without: "GitHub refuses the upload",
    },
    Need {
        action: "aws-actions/configure-aws-credentials",
        when: |step| step.value("role-to-assume").is_some() && step.value("aws-access-key-id").is_none(),
        scopes: OIDC,
        without: NO_TOKEN,
    },
    Need {
        action: "google-github-actions/auth",
        when: |step| step.value("workload_identity_provider").is_some(),
        scopes: OIDC,
        without: NO_TOKEN,
    },
    Need {
        action: "azure/login",
        when: |step| step.value("client-id").is_some() && step.value("creds").is_none(),
        scopes: OIDC,
        without: NO_TOKEN,
    },
    Need {
        action: "hashicorp/vault-action",
        when: |step| {
            step.value("method").is_some_and(|method| method == "jwt")
                && step.value("jwtPrivateKey").is_none()
        },
        scopes: OIDC,
        without: NO_TOKEN,
    },
    Need {
        action: "actions/attest-build-provenance",
        when: always,
        scopes: &[("id-token", Access::Write), ("attestations", Access::Write)],
        without: "nothing is attested",
    },
    Need {
        action: "actions/attest",
        when: always,
        scopes: &[("id-token", Access::Write), ("attestations", Access::Write)],
        without: "nothing is attested",
    },
];

/// Whether any step asks a cloud for credentials by OIDC.
pub(super) fn uses_oidc(facts: &Facts) -> bool {
    let asks = |step: &Step| NEEDS.iter().any(|need| need.scopes == OIDC && need.is_of(step));
    facts.project.workflows.iter().any(|workflow| workflow.steps().any(|(_, step)| asks(step)))
}

/// Whether each job may do what its steps need.
pub(super) fn enough(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut jobs = 0;
    for workflow in relevant(facts) {
        for job in &workflow.jobs {
            jobs += usize::from(workflow.permissions_of(job).is_some());
            for step in &job.steps {
                let needs = NEEDS.iter().filter(|need| need.is_of(step));
                for (scope, access, without) in needs
                    .flat_map(|need| need.scopes.iter().map(|(scope, access)| (scope, access, need.without)))
                {
                    if workflow.access(job, scope).is_some_and(|has| has < *access) {
                        let what =
                            format!("{} has no `{scope}: write`, and without it {without}", job.name());
                        found.push(
                            Finding::problem(
                                what,
                                format!("add `{scope}: write` to the job's `permissions`"),
                            )
                            .at(&step.at),
                        );
                    }
                }
                let Some(permissions) = workflow.permissions_of(job) else { continue };
                if let Some(finding) = reads_runs(facts, job, step, permissions) {
                    found.push(finding);
                }
                if step.is_others("actions/checkout") && permissions.of("contents") < Access::Read {
                    let what = format!(
                        "{} has no `contents: read`: it cannot check out a private repository",
                        job.name()
                    );
                    found.push(
                        Finding::warning(what, "add `contents: read` to the job's `permissions`")
                            .at(&step.at),
                    );
                }
            }
        }
    }
    if found.is_empty() && jobs > 0 {
        found.push(Finding::ok(format!("enough for {}", count(jobs, "job"))));
    }
    found
}

/// GitHub asks it of uploads to code scanning in private repositories only, so that it is a warning where nobody knows.
fn reads_runs(facts: &Facts, job: &Job, step: &Step, permissions: &Permissions) -> Option<Finding> {
    let is_public = facts.server.repository.as_ref().is_ok_and(|repository| !repository.private);
    if is_public || !step.is("upload-sarif") || permissions.of("actions") >= Access::Read {
        return None;
    }
    let what =
        format!("{} has no `actions: read`, which an upload needs in a private repository", job.name());
    let mend = "add `actions: read` to the job's `permissions`, unless the repository is public";
    Some(Finding::warning(what, mend).at(&step.at))
}

/// What the template's code could reach of the job that runs it.
pub(super) fn template_job(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut jobs = 0;
    for workflow in relevant(facts) {
        for job in workflow.jobs.iter().filter(|job| job.has("packer-build") || job.has("chain")) {
            jobs += 1;
            found.extend(kept_token(job));
            let Some(permissions) = workflow.permissions_of(job) else { continue };
            if let Says::Each(each) = &permissions.says {
                let writes: Vec<&str> = each
                    .iter()
                    .filter(|(scope, access)| **access == Access::Write && scope.as_str() != "id-token")
                    .map(|(scope, _)| scope.as_str())
                    .collect();
                if !writes.is_empty() {
                    let what =
                        format!("{} runs the template and may write {}", job.name(), writes.join(", "));
                    found.push(
                        Finding::warning(what, "move what writes to a job of its own").at(&permissions.at),
                    );
                }
            }
        }
    }
    if found.is_empty() && jobs > 0 {
        found.push(Finding::ok("it keeps no token, and may write nothing"));
    }
    found
}

fn kept_token(job: &Job) -> Vec<Finding> {
    let keeps = |step: &&Step| {
        step.is_others("actions/checkout")
            && step.value("persist-credentials").is_none_or(|value| !value.eq_ignore_ascii_case("false"))
    };
    let what = format!(
        "{} runs the template, and this step leaves the job's token on the disk, where the template can read it",
        job.name()
    );
    job.steps
        .iter()
        .filter(keeps)
        .map(|step| Finding::warning(what.clone(), "give it `persist-credentials: false`").at(&step.at))
        .collect()
}

/// Workflows (not composite actions) with a use of Hallmark in them.
pub(super) fn relevant(facts: &Facts) -> impl Iterator<Item = &Workflow> {
    let workflows = facts.project.workflows.iter();
    workflows.filter(|workflow| !workflow.composite && workflow.jobs.iter().any(Job::has_hallmark))
}
