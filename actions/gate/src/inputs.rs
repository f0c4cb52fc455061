//! The gate's table: what it is given and what it gives back.

use runner::{Input, Kind, Output};

pub(crate) static INPUTS: [Input; 33] = [
    Input::new("image", Kind::Path, "The image: its image.json"),
    Input::new(
        "policy",
        Kind::Path,
        "The policy: one that ships (minimal, recommended, strict), or a file; on a runner a file of the repository is read from its protected branch",
    ),
    Input::new("exceptions", Kind::Path, "The exceptions file; on a runner read as the policy is"),
    Input::new(
        "environment",
        Kind::Text,
        "What the image is for, in the policy's own words: dev, staging, prod; decides which overrides and exceptions are in scope",
    ),
    Input::new(
        "token",
        Kind::Secret,
        "On a runner: the token that policy and exceptions are read with, which needs `contents: read`, and with `resume` also `actions: read` and `pull-requests: read`",
    ),
    Input::new(
        "policy-repository",
        Kind::Text,
        "On a runner: the repository that policy and exceptions are read from; by default the one that the job is of",
    ),
    Input::new(
        "policy-ref",
        Kind::Text,
        "On a runner: the branch that they are read from, which has to be protected; by default the repository's default branch",
    ),
    Input::new(
        "policy-digest",
        Kind::Lines,
        "The SHA-256 that the resolved policy has to have, as the output of the same name; one a line, any of them",
    ),
    Input::new("exceptions-digest", Kind::Lines, "The SHA-256 that the exceptions file has to have; one a line, any of them"),
    Input::new(
        "signers",
        Kind::Lines,
        "Public keys of the policy's signers: name=path of a PEM file, one a line",
    ),
    Input::new("evidence", Kind::Path, "The folder of evidence").default(".hallmark/evidence"),
    Input::new(
        "base-evidence",
        Kind::Path,
        "The folder of evidence of the image that this one was built on",
    ),
    Input::new(
        "previous-evidence",
        Kind::Path,
        "The folder of evidence of the image to compare with: the one in the channel",
    ),
    Input::new(
        "previous-image",
        Kind::Path,
        "That image's image.json; by default image.json in the folder of its evidence, or beside that folder",
    ),
    Input::new("epss", Kind::Path, "FIRST's EPSS scores, as they publish them: CSV, gzip or not"),
    Input::new("kev", Kind::Path, "CISA's catalog of known exploited vulnerabilities, as they publish it: JSON"),
    Input::new("verifier-id", Kind::Text, "The URI that the verification summary names as verifier")
        .default("https://hallmark.dev/gate"),
    services::SIGNING_KEY,
    services::SIGNING_KEY_PASSWORD,
    services::SIGNING_CONFIG,
    Input::new(
        "resume",
        Kind::Path,
        "What takes up a `review` verdict: on a runner that verdict's file, and the approvals are read from GitHub; elsewhere an approval file",
    ),
    Input::new(
        "brief-digest",
        Kind::Text,
        "On a runner, with `resume`: the SHA-256 of the brief that was shown, from the output of the job that decided",
    ),
    Input::new(
        "environments",
        Kind::Lines,
        "On a runner, with `resume`: the environments in which the run has to be approved, one a line, each by another person",
    ),
    Input::new(
        "replay",
        Kind::Path,
        "A replay manifest: recompute its verdict and compare; nothing else is needed",
    ),
    Input::new(
        "explain-policy",
        Kind::Bool,
        "Only show the policy as it is in force, flat, each line with the place that it comes from; needs `policy` alone",
    )
    .default("false"),
    Input::new("family", Kind::Text, "The image family that `explain-policy` shows the policy of; by default that of `image`"),
    Input::new("bundle", Kind::Path, "The folder where everything that a replay needs is kept")
        .default(".hallmark/replay"),
    Input::new("page", Kind::Path, "The decision as a page; by default .hallmark/report/NAME.html"),
    Input::new("brief", Kind::Path, "The decision as Markdown; by default .hallmark/report/NAME.md"),
    Input::new("json", Kind::Path, "The decision as JSON; by default .hallmark/report/NAME.json"),
    Input::new(
        "sarif",
        Kind::Path,
        "The folder where to write SARIF of what was decided about, a file for each scanner of the image; by default nowhere",
    ),
    Input::new(
        "sarif-location",
        Kind::Text,
        "The file of the repository that SARIF puts the findings on, where the scan's evidence does not say it; another than that is refused",
    ),
    Input::new(
        "rego-input",
        Kind::Path,
        "Where to write the document that a Rego module sees, for `opa eval --input`; by default nowhere",
    ),
];

pub(crate) static OUTPUTS: [Output; 25] = [
    Output { name: "verdict", help: "`pass`, `review` or `fail`" },
    Output { name: "reasons", help: "The reasons, as JSON" },
    Output {
        name: "report-only",
        help: "Whether the policy only reports: then the step succeeds, and nothing can be published",
    },
    Output { name: "waived", help: "How many reasons an approval cleared" },
    Output { name: "auto-approved", help: "How many reasons the policy's `auto-approve` cleared" },
    Output { name: "suppressed", help: "How many findings exceptions suppress" },
    Output {
        name: "new",
        help: "How many findings the previous image did not have; empty where nothing was compared",
    },
    Output {
        name: "fixed",
        help: "How many findings only the previous image had; empty where nothing was compared",
    },
    Output { name: "unchanged", help: "How many findings both have; empty where nothing was compared" },
    Output { name: "packages-added", help: "How many packages the previous image did not have" },
    Output { name: "packages-removed", help: "How many packages only the previous image had" },
    Output { name: "packages-upgraded", help: "How many packages have another version" },
    Output { name: "policy-digest", help: "The SHA-256 of the resolved policy" },
    Output { name: "verdict-digest", help: "The SHA-256 of the verdict statement: what an approval names" },
    Output { name: "evidence", help: "The statement with the verdict" },
    Output {
        name: "vsa",
        help: "The statement with the verification summary (SLSA VSA); empty where the policy only reports",
    },
    Output { name: "replay", help: "The replay manifest" },
    Output { name: "page", help: "The page" },
    Output { name: "brief", help: "The brief" },
    Output { name: "brief-digest", help: "The SHA-256 of the brief: what an approval in GitHub names" },
    Output {
        name: "approval",
        help: "With `resume` on a runner: the statement with the approval, where one counts",
    },
    Output { name: "json", help: "The decision as JSON" },
    Output { name: "exceptions-digest", help: "The SHA-256 of the exceptions file" },
    Output { name: "sarif", help: "The folder with the SARIF files; empty where none was written" },
    Output { name: "category", help: "The category for uploading the SARIF files" },
];
