//! What re-gating is given and gives back. What the gate is given here has the gate's own lines.

use runner::{Action, Context, Input, Kind, Output, Result, With};

use crate::chain::input;

static GATE: &Action = &gate::ACTION;
static SCAN: &Action = &trivy_scan::ACTION;

/// The inputs that go to the gate as they are.
const GATES: [&str; 10] = [
    "policy",
    "exceptions",
    "environment",
    "policy-repository",
    "policy-ref",
    "policy-digest",
    "exceptions-digest",
    "signers",
    "epss",
    "kev",
];

/// The inputs that go to the scanner as they are.
const SCANS: [&str; 3] = ["database", "database-repository", "allow-sample-database"];

/// How many of [`OWN`] say what is looked at: they come before what the gate is given.
const LOOKED_AT: usize = 4;

const OWN: [Input; 16] = [
    Input::new(ARCHIVE, Kind::Text, "The archive: a folder, or s3://BUCKET/PREFIX").required(),
    aws::ARCHIVE_REGION,
    aws::ROLE,
    Input::new("channels", Kind::List, "Only these channels, each as family/name; by default all that the archive has"),
    Input::new(
        "token",
        Kind::Secret,
        "The token that issues are kept with, which needs `issues: write`, and on a runner policy and exceptions are read with, which needs `contents: read`",
    ),
    Input::new("repository", Kind::Text, "Whose issues, as owner/name; by default the job's repository"),
    github::inputs::API_URL,
    Input::new("issues", Kind::Bool, "Keep the issues; false only decides and tells").default("true"),
    Input::new("label", Kind::Text, "The label of the issues, by which they are found again").default("hallmark-regate"),
    Input::new("assignees", Kind::List, "The logins of whom a new issue is assigned to"),
    Input::new(
        "account",
        Kind::Text,
        "The account that the token writes issues as, where the token itself may not ask: that of a job, or of an app as NAME[bot]",
    )
    .default("github-actions[bot]"),
    Input::new("close-when-passing", Kind::Bool, "Close the issue of a channel that passes again").default("true"),
    Input::new(
        HOLDS,
        Kind::Duration,
        "How long after publishing the reasons count as answered for that an approval cleared then; they do at least until the approval's own end",
    )
    .default("0s"),
    Input::new(
        "sarif",
        Kind::Path,
        "The folder where to write SARIF of what the channels show, a file for each family, architecture and scanner; by default nowhere",
    ),
    Input::new(
        SARIF_LOCATION,
        Kind::Text,
        "The file of the repository that SARIF puts the findings on, where the scans' evidence does not say it; another than that is refused",
    ),
    Input::new(RESCAN, Kind::Bool, "Look again at the packages of each image, with today's database").default("false"),
];

pub(super) const ARCHIVE: &str = "archive";
pub(super) const HOLDS: &str = "approval-holds";
pub(super) const SARIF_LOCATION: &str = "sarif-location";
pub(super) const RESCAN: &str = "rescan";

const ALL: usize = OWN.len() + GATES.len() + SCANS.len();

/// The action's table: the archive first, then what the gate decides by, then the issues, then the scanner.
pub(super) static INPUTS: [Input; ALL] = {
    let mut inputs = [OWN[0]; ALL];
    let mut at = 0;
    while at < GATES.len() {
        inputs[LOOKED_AT + at] = input(GATE, GATES[at]);
        at += 1;
    }
    // A policy is what the gate needs always, and only sometimes says so.
    inputs[LOOKED_AT] = inputs[LOOKED_AT].required();
    let mut own = 0;
    while own < OWN.len() {
        inputs[if own < LOOKED_AT { own } else { GATES.len() + own }] = OWN[own];
        own += 1;
    }
    let mut scan = 0;
    while scan < SCANS.len() {
        inputs[OWN.len() + GATES.len() + scan] = input(SCAN, SCANS[scan]);
        scan += 1;
    }
    inputs
};

pub(super) static OUTPUTS: [Output; 6] = [
    Output { name: "passing", help: "The channels whose image passes, by line" },
    Output { name: "failing", help: "The channels whose image does not, or is not known to, by line" },
    Output {
        name: "undecided",
        help: "The channels that could not be decided about, or not be told, by line",
    },
    Output { name: "issues", help: "The addresses of the open issues, by line" },
    Output { name: "sarif", help: "The folder with the SARIF files; empty where none was written" },
    Output { name: "json", help: "Every channel with its standing, reasons and issue, as JSON" },
];

/// What the gate is given of it.
pub(super) fn with(ctx: &Context) -> Result<With> {
    let mut with = given(ctx, &GATES)?;
    if let Some(token) = ctx.secret("token")? {
        with.secret("token", token);
    }
    Ok(with)
}

/// What the scanner is given of it.
pub(super) fn scanning(ctx: &Context) -> Result<With> {
    given(ctx, &SCANS)
}

fn given(ctx: &Context, names: &[&'static str]) -> Result<With> {
    let mut with = With::default();
    for name in names {
        if let Some(text) = ctx.opt_text(name)? {
            with.text(name, text);
        }
    }
    Ok(with)
}
