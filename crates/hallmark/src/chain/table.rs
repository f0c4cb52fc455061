//! What the chain is given and gives back. Every line is taken from the table of the action that it is
//! for, so that help, kinds and defaults are said in one place; a name that is not there does not build.

use runner::{Action, Context, Input, Kind, Output, Result, With};

use super::steps::{BAKE, GATE, PUBLISH, SCAN, Step, TEST, VERIFY};

/// An input of the chain, and which steps get it by which name.
pub(super) struct Asked {
    pub(super) input: Input,
    pub(super) to: &'static [(&'static Step, &'static str)],
}

/// An output of the chain, and which step gives it back by which name; none where the chain itself does.
pub(super) struct Told {
    pub(super) output: Output,
    pub(super) from: Option<(&'static Step, &'static str)>,
}

pub(super) static ASKED: &[Asked] = &[
    // The bake.
    one("template", &[(&BAKE, "template")]),
    one("var", &[(&BAKE, "var")]),
    one("secret-var", &[(&BAKE, "secret-var")]),
    one("var-file", &[(&BAKE, "var-file")]),
    one("only", &[(&BAKE, "only")]),
    one("except", &[(&BAKE, "except")]),
    one("env", &[(&BAKE, "env")]),
    one("base-image", &[(&BAKE, "base-image")]),
    one("name", &[(&BAKE, "name"), (&PUBLISH, "name")]),
    one("family", &[(&BAKE, "family"), (&PUBLISH, "family")]),
    one("architecture", &[(&BAKE, "architecture")]),
    one("distribution", &[(&BAKE, "distribution")]),
    one("boot-mode", &[(&BAKE, "boot-mode")]),
    one("root-device", &[(&BAKE, "root-device")]),
    one("output", &[(&BAKE, "output")]),
    one("sources", &[(&BAKE, "sources")]),
    one("snapshot", &[(&BAKE, "snapshot")]),
    one("build-timeout", &[(&BAKE, "timeout")]),
    one("force", &[(&BAKE, "force")]),
    // Without one nothing is verified, and the policy says whether that will do.
    one("manifest", &[(&VERIFY, "manifest")])
        .help("The manifest that lists the files to verify before the bake, and the keys they need; without one nothing is verified")
        .without_default(),
    // The test.
    one("specs", &[(&TEST, "specs")]),
    one("mode", &[(&TEST, "mode")]),
    one("vars", &[(&TEST, "vars")]),
    one("results", &[(&TEST, "results")]),
    one("test-timeout", &[(&TEST, "timeout")]),
    one("retry-timeout", &[(&TEST, "retry-timeout")]),
    one("sleep", &[(&TEST, "sleep")]),
    one("memory", &[(&TEST, "memory")]),
    one("cpus", &[(&TEST, "cpus")]),
    one("accelerator", &[(&TEST, "accelerator")]),
    one("console-log", &[(&TEST, "console-log")]),
    one("junit", &[(&TEST, "junit")]),
    one("test-report-output", &[(&TEST, "report-output")]),
    // The scan.
    one("scanners", &[(&SCAN, "scanners")]),
    one("severity", &[(&SCAN, "severity")]),
    one("ignore-unfixed", &[(&SCAN, "ignore-unfixed")]),
    one("database", &[(&SCAN, "database")]),
    one("database-repository", &[(&SCAN, "database-repository")]),
    one("allow-sample-database", &[(&SCAN, "allow-sample-database")]),
    one("allow-no-os", &[(&SCAN, "allow-no-os")]),
    one("allow-no-packages", &[(&SCAN, "allow-no-packages")]),
    one("scan-timeout", &[(&SCAN, "timeout")]),
    one("sarif", &[(&SCAN, "sarif")]),
    one("sarif-location", &[(&SCAN, "sarif-location"), (&GATE, "sarif-location")]),
    one("scan-report-output", &[(&SCAN, "report-output")]),
    // The decision.
    one("policy", &[(&GATE, "policy")]).required(),
    one("exceptions", &[(&GATE, "exceptions")]),
    one("environment", &[(&GATE, "environment")]),
    one("token", &[(&GATE, "token")]),
    one("policy-repository", &[(&GATE, "policy-repository")]),
    one("policy-ref", &[(&GATE, "policy-ref")]),
    one("policy-digest", &[(&GATE, "policy-digest")]),
    one("exceptions-digest", &[(&GATE, "exceptions-digest")]),
    one("base-evidence", &[(&GATE, "base-evidence")]),
    one("previous-evidence", &[(&GATE, "previous-evidence")]),
    one("previous-image", &[(&GATE, "previous-image")]),
    one("epss", &[(&GATE, "epss")]),
    one("kev", &[(&GATE, "kev")]),
    one("verifier-id", &[(&GATE, "verifier-id"), (&PUBLISH, "verifier-id")]),
    one("bundle", &[(&GATE, "bundle")]),
    one("page", &[(&GATE, "page")]),
    one("brief", &[(&GATE, "brief")]),
    one("json", &[(&GATE, "json")]),
    one("gate-sarif", &[(&GATE, "sarif")]),
    one("rego-input", &[(&GATE, "rego-input")]),
    // The release.
    own(Input::new(
        OPERATION,
        Kind::Choice(&["publish", "plan", NOTHING]),
        "What to do with an image that passes: publish it, only say what that would do (plan), or neither (none)",
    )
    .default("publish")),
    one("store", &[(&PUBLISH, "store")]),
    one("channel", &[(&PUBLISH, "channel")]),
    one("lock-timeout", &[(&PUBLISH, "lock-timeout")]),
    // What the steps have in common.
    one(
        EVIDENCE,
        &[
            (&VERIFY, "evidence"),
            (&BAKE, "evidence"),
            (&TEST, "evidence"),
            (&SCAN, "evidence"),
            (&GATE, "evidence"),
            (&PUBLISH, "evidence"),
        ],
    )
    .help("The folder of evidence; what an earlier run left there is set aside"),
    own(Input::new(
        SIGNERS,
        Kind::Lines,
        "Public keys of the policy's other signers, such as approver=keys/approver.pub: name=path, one a line; those of bake, assay and publish follow from their keys",
    )),
    job_key(
        "bake-key",
        "Who signs what went into the image: a private key (PEM, or the path of its file; cosign's encrypted ones too), or \
         awskms:///alias/NAME for a key in AWS KMS; without all three keys, throw-away ones are made",
    ),
    job_key("assay-key", "Who signs tests, scan and verdict: a key as `bake-key`"),
    job_key("publish-key", "Who signs the release: a key as `bake-key`"),
    own(Input {
        help: "The password of the keys that cosign encrypted, the same for all of them, or the path of its file",
        ..services::SIGNING_KEY_PASSWORD
    }),
];

/// The inputs that the chain itself reads.
pub(super) const OPERATION: &str = "operation";
pub(super) const NOTHING: &str = "none";
pub(super) const EVIDENCE: &str = "evidence";
pub(super) const SIGNERS: &str = "signers";
pub(super) const PASSWORD: &str = services::SIGNING_KEY_PASSWORD.name;

pub(super) static TOLD: &[Told] = &[
    back("verdict", &GATE, "verdict"),
    back("reasons", &GATE, "reasons"),
    back("report-only", &GATE, "report-only"),
    back("auto-approved", &GATE, "auto-approved"),
    back("suppressed", &GATE, "suppressed"),
    back("new", &GATE, "new"),
    back("fixed", &GATE, "fixed"),
    back("unchanged", &GATE, "unchanged"),
    back("packages-added", &GATE, "packages-added"),
    back("packages-removed", &GATE, "packages-removed"),
    back("packages-upgraded", &GATE, "packages-upgraded"),
    back("policy-digest", &GATE, "policy-digest"),
    back("exceptions-digest", &GATE, "exceptions-digest"),
    back("verdict-digest", &GATE, "verdict-digest"),
    back("verdict-statement", &GATE, "evidence"),
    back("vsa", &GATE, "vsa"),
    back("replay", &GATE, "replay"),
    back("page", &GATE, "page"),
    back("brief", &GATE, "brief"),
    back("json", &GATE, "json"),
    back("gate-sarif", &GATE, "sarif"),
    back("verified", &VERIFY, "verified"),
    back("image", &BAKE, "image"),
    back("image-manifest", &BAKE, "image-manifest"),
    back("content-digest", &BAKE, "content-digest"),
    back("bake-id", &BAKE, "bake-id"),
    back("adopted", &BAKE, "adopted"),
    back("passed", &TEST, "passed"),
    back("failed", &TEST, "failed"),
    back("skipped", &TEST, "skipped"),
    back("packages", &SCAN, "packages"),
    back("findings", &SCAN, "findings"),
    back("critical", &SCAN, "critical"),
    back("high", &SCAN, "high"),
    back("medium", &SCAN, "medium"),
    back("low", &SCAN, "low"),
    back("negligible", &SCAN, "negligible"),
    back("unknown", &SCAN, "unknown"),
    back("fixable", &SCAN, "fixable"),
    back("secrets", &SCAN, "secrets"),
    back("licenses", &SCAN, "licenses"),
    back("misconfigurations", &SCAN, "misconfigurations"),
    back("database-date", &SCAN, "database-date"),
    back("database-sample", &SCAN, "database-sample"),
    back("sarif", &SCAN, "sarif"),
    back("category", &SCAN, "category"),
    back("image-id", &PUBLISH, "image-id"),
    back("release-id", &PUBLISH, "release-id"),
    back("channel", &PUBLISH, "channel"),
    back("prior-image", &PUBLISH, "prior-image"),
    back("location", &PUBLISH, "location"),
    Told { output: Output { name: EVIDENCE, help: "The folder of evidence" }, from: None },
];

/// [`ASKED`] as an action's table.
pub(super) const INPUTS: [Input; ASKED.len()] = {
    let mut inputs = [ASKED[0].input; ASKED.len()];
    let mut at = 0;
    while at < inputs.len() {
        inputs[at] = ASKED[at].input;
        at += 1;
    }
    inputs
};

/// [`TOLD`] as an action's table.
pub(super) const OUTPUTS: [Output; TOLD.len()] = {
    let mut outputs = [TOLD[0].output; TOLD.len()];
    let mut at = 0;
    while at < outputs.len() {
        outputs[at] = TOLD[at].output;
        at += 1;
    }
    outputs
};

/// What a step is given of the chain's own inputs.
pub(super) fn with(ctx: &Context, step: &'static Step) -> Result<With> {
    let mut with = With::default();
    for Asked { input, to } in ASKED {
        for (_, name) in to.iter().filter(|(to, _)| to.is(step)) {
            if input.kind == Kind::Secret {
                if let Some(secret) = ctx.secret(input.name)? {
                    with.secret(name, secret);
                }
            } else if let Some(text) = ctx.opt_text(input.name)? {
                with.text(name, text);
            }
        }
    }
    Ok(with)
}

/// An input as the first of its steps declares it.
const fn one(name: &'static str, to: &'static [(&'static Step, &'static str)]) -> Asked {
    let (step, theirs) = to[0];
    Asked { input: Input { name, ..input(step.action, theirs) }, to }
}

/// An input of the chain's own.
const fn own(input: Input) -> Asked {
    Asked { input, to: &[] }
}

/// The key of a job. `keyless` is among the names, to be refused by what it is.
const fn job_key(name: &'static str, help: &'static str) -> Asked {
    own(Input { name, help, ..services::SIGNING_KEY })
}

/// An output as the step declares it.
const fn back(name: &'static str, from: &'static Step, theirs: &'static str) -> Told {
    Told { output: Output { name, ..output(from.action, theirs) }, from: Some((from, theirs)) }
}

impl Asked {
    const fn required(mut self) -> Self {
        self.input = self.input.required();
        self
    }

    const fn without_default(mut self) -> Self {
        self.input.default = None;
        self
    }

    const fn help(mut self, help: &'static str) -> Self {
        self.input.help = help;
        self
    }
}

#[expect(clippy::panic, reason = "runs in the compiler only, where it is an error of the build")]
pub(crate) const fn input(action: &Action, name: &str) -> Input {
    let mut at = 0;
    while at < action.inputs.len() {
        if same(action.inputs[at].name, name) {
            return action.inputs[at];
        }
        at += 1;
    }
    panic!("the action has no such input")
}

#[expect(clippy::panic, reason = "runs in the compiler only, where it is an error of the build")]
const fn output(action: &Action, name: &str) -> Output {
    let mut at = 0;
    while at < action.outputs.len() {
        if same(action.outputs[at].name, name) {
            return action.outputs[at];
        }
        at += 1;
    }
    panic!("the action has no such output")
}

const fn same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    if one.len() != other.len() {
        return false;
    }
    let mut at = 0;
    while at < one.len() {
        if one[at] != other[at] {
            return false;
        }
        at += 1;
    }
    true
}

#[cfg(test)]
mod tests;
