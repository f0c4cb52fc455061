//! The machine, and the job that this runs in, if it is one. What is missing here may be there where the
//! workflow runs, so nothing here is a problem.

use std::collections::BTreeSet;

use super::permissions::uses_oidc;
use crate::doctor::facts::Facts;
use crate::doctor::finding::{Finding, named};
use crate::doctor::machine::{Kvm, Tool};
use crate::doctor::template;
use crate::programs::{NAME_SPACES, PROGRAMS, Program, When};

/// Which pinned tools an action runs.
const TOOLS: &[(&str, &[&str])] = &[
    ("packer", &["packer-build", "chain"]),
    ("goss", &["goss-test", "chain"]),
    ("syft", &["sbom", "grype-scan"]),
    ("trivy", &["trivy-scan", "chain"]),
    ("grype", &["grype-scan"]),
    ("gitleaks", &["secrets-scan"]),
    ("semgrep", &["sast-scan"]),
    ("checkov", &["policy-check"]),
];

/// Whether the pinned tools are here.
pub(super) fn tools(facts: &Facts) -> Vec<Finding> {
    let tools = match &facts.machine.tools {
        Ok(tools) => tools,
        Err(why) => return vec![Finding::unknown(format!("the tools cannot be looked at: {why}"), "")],
    };
    let used = used_actions(facts);
    let wanted = |tool: &&Tool| {
        TOOLS.iter().any(|(name, actions)| {
            *name == tool.name && (used.is_empty() || actions.iter().any(|action| used.contains(action)))
        })
    };
    let mut found = Vec::new();
    let mut here = Vec::new();
    for tool in tools.iter().filter(wanted) {
        let label = format!("{} {}", tool.name, tool.version);
        match &tool.found {
            Ok(Some(_)) => here.push(label),
            Ok(None) => {
                let what = format!("{label} is not here: the first run fetches it from {}", tool.url);
                found.push(Finding::note(what, "`hallmark tools` fetches it ahead of time; without a network, bring it (`hallmark tools --operation list`)"));
            }
            Err(why) => found.push(Finding::unknown(format!("{label} cannot be looked at: {why}"), "")),
        }
    }
    if !here.is_empty() {
        found.push(Finding::ok(format!("{}, by their SHA-256", here.join(", "))));
    }
    found
}

fn used_actions(facts: &Facts) -> BTreeSet<&'static str> {
    let steps = facts.project.workflows.iter().flat_map(|workflow| workflow.steps());
    steps.filter_map(|(_, step)| step.action().map(|action| action.name)).collect()
}

/// Processors of the images that are tested: those that the bakes name, else this machine's.
fn architectures(facts: &Facts) -> BTreeSet<String> {
    let steps = facts.project.workflows.iter().flat_map(|workflow| workflow.steps());
    let bakes = steps.filter(|(_, step)| step.is("packer-build") || step.is("chain"));
    let named: BTreeSet<String> =
        bakes.filter_map(|(_, step)| step.literal("architecture").map(str::to_owned)).collect();
    if named.is_empty() { BTreeSet::from(["amd64".to_owned()]) } else { named }
}

/// Programs that a bake or a test here would call, and that are not here.
pub(super) fn programs(facts: &Facts) -> Vec<Finding> {
    let used = used_actions(facts);
    let boots = used.is_empty() || used.contains("goss-test") || used.contains("chain");
    let architectures = architectures(facts);
    let named_by_templates = template::words(&facts.project);
    let wanted = |program: &&Program| match program.when {
        When::Always => true,
        When::Boots => boots,
        When::BootsOn(architecture) => boots && architectures.contains(architecture),
        When::Named => named_by_templates.contains(program.name),
    };
    let mut found = Vec::new();
    let mut here = Vec::new();
    for program in PROGRAMS.iter().filter(wanted) {
        match facts.machine.programs.get(program.name) {
            Some(Some(_)) => here.push(program.name),
            _ => {
                let what = match program.when {
                    When::Always => format!("`{}` is not here", program.name),
                    When::Boots | When::BootsOn(_) => {
                        format!("`{}` is not here, and goss-test calls it", program.name)
                    }
                    When::Named => format!("`{}` is not here, and the template names it", program.name),
                };
                let mend = format!("to do it on this machine: apt install {}", program.package);
                found.push(weak(facts, what, mend));
            }
        }
    }
    // Those before it write the time of day into a file system. The templates that Hallmark ships take the
    // image's own.
    if let Some(version @ (major, minor, patch)) = facts.machine.mke2fs
        && version < (1, 47, 1)
        && named_by_templates.contains("mke2fs")
    {
        let what = format!(
            "mke2fs {major}.{minor}.{patch} is here; before 1.47.1 it writes the time of day into what it makes, so no two bakes are the same"
        );
        found.push(Finding::note(
            what,
            "nothing, with the templates that Hallmark ships: they call the image's own",
        ));
    }
    if found.is_empty() {
        found.push(Finding::ok(here.join(", ")));
    }
    found
}

/// A weakness of this machine: on a runner it will show in this very workflow.
fn weak(facts: &Facts, what: String, mend: String) -> Finding {
    if facts.job.github.on_runner { Finding::warning(what, mend) } else { Finding::note(what, mend) }
}

/// Whether someone who is not root can bake with what makes user name spaces.
pub(super) fn name_spaces(facts: &Facts) -> Vec<Finding> {
    let words = template::words(&facts.project);
    if !NAME_SPACES.iter().any(|program| words.contains(*program)) {
        return vec![];
    }
    let machine = &facts.machine;
    match (machine.root, machine.subordinate_ids) {
        (true, _) => vec![Finding::ok("not needed: this is root")],
        (false, true) => vec![Finding::ok("this user has subordinate ids")],
        (false, false) => {
            let what = "this user has no line in /etc/subuid and /etc/subgid, and the template works in a user name space";
            let mend =
                "bake as root, or: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER";
            vec![weak(facts, what.to_owned(), mend.to_owned())]
        }
    }
}

/// Whether machines boot at the processor's speed.
pub(super) fn kvm(facts: &Facts) -> Vec<Finding> {
    vec![match facts.machine.kvm {
        Kvm::Opens => Finding::ok("/dev/kvm opens"),
        Kvm::Refused => Finding::note(
            "/dev/kvm is there and may not be opened: machines are emulated, which takes several times as long",
            "add this user to the group kvm, or: sudo chmod 0666 /dev/kvm",
        ),
        Kvm::Absent => Finding::note(
            "there is no /dev/kvm: machines are emulated, which takes several times as long",
            "",
        ),
    }]
}

/// A disk, its parts while it is made, and the packages for it.
const ENOUGH: u64 = 10 << 30;

/// Whether an image fits here.
pub(super) fn disk_space(facts: &Facts) -> Vec<Finding> {
    // In tenths of a GiB: whoever reads it compares.
    let shown = |bytes: u64| {
        let tenths = bytes / ((1 << 30) / 10);
        format!("{}.{} GiB", tenths / 10, tenths % 10)
    };
    vec![match &facts.machine.free {
        Ok(free) if *free >= ENOUGH => Finding::ok(format!("{} free", shown(*free))),
        Ok(free) => Finding::warning(
            format!(
                "{} free in the working folder; an image on its way takes up to {}",
                shown(*free),
                shown(ENOUGH)
            ),
            "make room, or use a larger runner",
        ),
        Err(why) => Finding::unknown(format!("the room on the disk is not known: {why}"), ""),
    }]
}

/// The runner, where this is one.
pub(super) fn runner(facts: &Facts) -> Vec<Finding> {
    let github = &facts.job.github;
    if !github.on_runner {
        return vec![];
    }
    let mut found = Vec::new();
    let (os, arch) =
        (github.runner_os.as_deref().unwrap_or("?"), github.runner_arch.as_deref().unwrap_or("?"));
    if os != "Linux" || !matches!(arch, "X64" | "ARM64") {
        found.push(Finding::problem(
            format!("this runner is {} on {}", named(os), named(arch)),
            "Hallmark runs on Linux, x64 and arm64",
        ));
    }
    if !facts.job.temp {
        found.push(Finding::problem(
            "RUNNER_TEMP names no folder",
            "every action works in it: mend the runner",
        ));
    }
    if let Some(server) = github.server_url.as_deref().filter(|server| is_enterprise_server(server)) {
        found.push(Finding::note(
            format!("{} is a GitHub Enterprise Server", named(server)),
            "actions come from there: mirror Hallmark's release commit and others' actions to it (or GitHub Connect), and use the versions of upload-artifact that it takes",
        ));
    }
    if found.is_empty() {
        let kind = github.runner_environment.as_deref().unwrap_or("of its own kind");
        found.push(Finding::ok(format!("{os} on {arch}, {kind}")));
    }
    found
}

fn is_enterprise_server(url: &str) -> bool {
    let host = url.trim_start_matches("https://").split(['/', ':']).next().unwrap_or_default();
    !(host == "github.com" || host.ends_with(".ghe.com"))
}

/// Whether the job may ask for an OIDC token, where the workflows want one.
pub(super) fn oidc(facts: &Facts) -> Vec<Finding> {
    let wanted = uses_oidc(facts);
    vec![match (facts.job.github.on_runner, facts.job.oidc, wanted) {
        (true, true, _) => Finding::ok("this job may ask for a token"),
        (true, false, true) => Finding::note(
            "this job may not ask for an OIDC token, and a job of these workflows does",
            "that job's own `permissions` count; give this one `id-token: write` to try it here",
        ),
        (false, _, true) => Finding::unknown(
            "a job asks a cloud for credentials by OIDC; whether the cloud trusts this repository shows there only",
            "compare the trust's subject with `repo:OWNER/NAME:environment:ENVIRONMENT`",
        ),
        (_, false, false) | (false, true, false) => return vec![],
    }]
}
