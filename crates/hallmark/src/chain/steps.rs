//! The chain's steps: the one list of them, in the order in which they run.

use std::collections::BTreeMap;

use runner::{Action, Context, Result};

use super::job::Job;

/// What a step gave back, by name.
pub(super) type Outputs = BTreeMap<String, String>;

/// One action of the chain.
pub(super) struct Step {
    pub(super) action: &'static Action,
    /// What it is for, in the log.
    pub(super) title: &'static str,
    /// Whose key signs what it writes.
    pub(super) job: Job,
    /// Finds everything that can be known to be wrong before anything is changed. (The gate's reads the
    /// policy, which may lie on another machine: `ready` asks for it.)
    pub(super) check: fn(&mut Context) -> Result<()>,
    /// The inputs that follow from other steps, or from the chain's own inputs.
    pub(super) follows: &'static [&'static str],
    /// What came of it, in a few words.
    pub(super) says: fn(&Outputs) -> String,
}

pub(super) static VERIFY: Step = Step {
    action: &verify_signatures::ACTION,
    title: "check the signatures of what the image is built from",
    job: Job::Bake,
    check: verify_signatures::check,
    follows: &["signing-key", "signing-key-password"],
    says: |outputs| {
        outputs.get("verified").map_or_else(|| "not verified".into(), |count| format!("{count} verified"))
    },
};

pub(super) static BAKE: Step = Step {
    action: &packer_build::ACTION,
    title: "bake",
    job: Job::Bake,
    check: packer_build::check,
    follows: &["signing-key", "signing-key-password", "verified-files"],
    says: |outputs| {
        let adopted = outputs.get("adopted").is_some_and(|adopted| adopted == "true");
        let content = outputs.get("content-digest").map_or("no image", String::as_str);
        format!("{} {content}", if adopted { "adopted" } else { "baked" })
    },
};

pub(super) static TEST: Step = Step {
    action: &goss_test::ACTION,
    title: "test",
    job: Job::Assay,
    check: goss_test::check,
    follows: &["signing-key", "signing-key-password", "image"],
    says: |outputs| counted(outputs, &["passed", "failed", "skipped"]),
};

pub(super) static SCAN: Step = Step {
    action: &trivy_scan::ACTION,
    title: "scan",
    job: Job::Assay,
    check: trivy_scan::check,
    follows: &["signing-key", "signing-key-password", "image"],
    says: |outputs| {
        let sample = outputs.get("database-sample").is_some_and(|sample| sample == "true");
        let by = if sample { " by the sample database" } else { "" };
        counted(outputs, &["packages", "findings"]) + by
    },
};

pub(super) static GATE: Step = Step {
    action: &gate::ACTION,
    title: "decide",
    job: Job::Assay,
    check: |_| Ok(()),
    follows: &["signing-key", "signing-key-password", "image", "signers"],
    says: |outputs| outputs.get("verdict").cloned().unwrap_or_else(|| "no verdict".into()),
};

pub(super) static PUBLISH: Step = Step {
    action: &register_ami::ACTION,
    title: "publish",
    job: Job::Publish,
    check: register_ami::check,
    follows: &[
        "signing-key",
        "signing-key-password",
        "image",
        "operation",
        "verdict-signer",
        "policy-digest",
    ],
    says: |outputs| match (outputs.get("image-id"), outputs.get("channel").filter(|name| !name.is_empty())) {
        (Some(id), Some(channel)) => format!("{id} in {channel}"),
        (Some(id), None) => id.clone(),
        (None, _) => "nothing was published".into(),
    },
};

/// All of them.
pub(super) static STEPS: [&Step; 6] = [&VERIFY, &BAKE, &TEST, &SCAN, &GATE, &PUBLISH];

impl Step {
    /// As people know it.
    pub(super) const fn name(&self) -> &'static str {
        self.action.name
    }

    /// Whether it is the same step.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

fn counted(outputs: &Outputs, names: &[&str]) -> String {
    let one = |name: &&str| Some(format!("{} {name}", outputs.get(*name)?));
    names.iter().filter_map(one).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_of_a_step() {
        for (step, outputs, says) in [
            (&VERIFY, &[("verified", "2")][..], "2 verified"),
            (&VERIFY, &[], "not verified"),
            (&BAKE, &[("adopted", "true"), ("content-digest", "x:1")], "adopted x:1"),
            (&BAKE, &[("adopted", "false"), ("content-digest", "x:1")], "baked x:1"),
            (&BAKE, &[], "baked no image"),
            (&TEST, &[("passed", "3"), ("failed", "1"), ("skipped", "0")], "3 passed, 1 failed, 0 skipped"),
            (&TEST, &[], ""),
            (
                &SCAN,
                &[("packages", "90"), ("findings", "7"), ("database-sample", "false")],
                "90 packages, 7 findings",
            ),
            (&SCAN, &[("findings", "7"), ("database-sample", "true")], "7 findings by the sample database"),
            (&GATE, &[("verdict", "review")], "review"),
            (&GATE, &[], "no verdict"),
            (&PUBLISH, &[("image-id", "1a"), ("channel", "web/stable")], "1a in web/stable"),
            (&PUBLISH, &[("image-id", "1a"), ("channel", "")], "1a"),
            (&PUBLISH, &[], "nothing was published"),
        ] {
            let outputs =
                outputs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            assert_eq!((step.says)(&outputs), says, "{}", step.name());
        }
    }
}
