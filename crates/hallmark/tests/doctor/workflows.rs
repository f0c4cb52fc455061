//! Workflows as a whole: one that lacks nothing, the chain in one step, composite actions, workflows that are called.

use crate::doctor::fixture::{Repository, WORKFLOW};

#[test]
fn where_nothing_is_missing_nothing_is_found() {
    let findings = Repository::good().findings();
    assert_eq!(findings.checks("problem"), Vec::<&str>::new(), "{findings:#?}");
    // What this machine lacks is its own matter.
    let warnings: Vec<_> = findings
        .checks("warning")
        .into_iter()
        .filter(|check| !["programs", "disk-space"].contains(check))
        .collect();
    assert_eq!(warnings, Vec::<&str>::new(), "{findings:#?}");
    for checked in [
        "workflow-form",
        "hallmark-used",
        "hallmark-pinned",
        "hallmark-one-commit",
        "hallmark-version",
        "others-pinned",
        "inputs",
        "permissions",
        "job-permissions",
        "template-job",
        "keys-apart",
        "signed",
        "scripts",
        "runs-on",
        "publish-environment",
        "rules-from-protected-ref",
        "files",
        "policy",
        "exceptions",
        "keys",
        "verdict-signer",
        "runner",
    ] {
        let found = findings.of(checked);
        assert!(found.len() == 1 && found[0].starts_with("ok "), "{checked}: {found:?}");
    }
}

#[test]
fn the_chain_in_one_step() {
    let workflow = "\
on: workflow_dispatch
permissions: {}
jobs:
  all:
    runs-on: ubuntu-24.04
    environment: production
    permissions: {contents: read}
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1
        with: {persist-credentials: false}
      - uses: hallmark-images/hallmark@0123456789abcdef0123456789abcdef01234567
        with:
          template: packer/web
          specs: goss
          policy: rules/policy.yml
          token: ${{ github.token }}
          signers: approver=keys/approver.pub
          bake-key: ${{ secrets.BAKE }}
          assay-key: ${{ secrets.ASSAY }}
          publish-key: ${{ secrets.PUBLISH }}
";
    let findings = Repository::good().file(WORKFLOW, workflow).findings();
    assert_eq!(findings.checks("problem"), Vec::<&str>::new(), "{findings:#?}");
    assert_eq!(findings.of("hallmark-used"), ["ok bake, test, scan, decide, publish"]);
    assert!(
        findings.of("keys-apart")[0].starts_with("note the job `all` bakes and assays"),
        "{:?}",
        findings.of("keys-apart")
    );
    let findings = Repository::good()
        .file(WORKFLOW, workflow.replace("          bake-key: ${{ secrets.BAKE }}\n", ""))
        .findings();
    assert!(
        findings.of("signed")[0].starts_with("warning without its three keys"),
        "{:?}",
        findings.of("signed")
    );
}

#[test]
fn a_composite_action_is_looked_at_too() {
    let action = "runs:\n  using: composite\n  steps:\n    - uses: hallmark-images/hallmark/actions/gate@main\n      with: {polcy: x}\n    - run: echo ${{ inputs.x }}\n      shell: bash\n";
    let findings = Repository::good().file(".github/actions/decide/action.yml", action).findings();
    let at = "@.github/actions/decide/action.yml:";
    assert!(
        findings.of("hallmark-pinned").iter().any(|found| found.ends_with(&format!("{at}4"))),
        "{findings:#?}"
    );
    assert!(findings.of("inputs").iter().any(|found| found.ends_with(&format!("{at}5"))), "{findings:#?}");
    assert!(findings.of("scripts").iter().any(|found| found.ends_with(&format!("{at}6"))), "{findings:#?}");
}

/// A repository that calls the workflows, and tries pull requests without a key, as the examples do.
#[test]
fn the_workflows_that_are_called() {
    let golden = include_str!("../../../../examples/one-image/golden-image.yml");
    let tried = include_str!("../../../../examples/pull-request/pull-request.yml");
    let findings = Repository::empty().file(".github/workflows/golden-image.yml", golden).findings();
    assert_eq!(findings.of("hallmark-used"), ["ok bake, test, scan, decide, publish"], "{findings:#?}");
    let findings = Repository::empty()
        .file(".github/workflows/golden-image.yml", golden)
        .file(".github/workflows/pull-request.yml", tried)
        .file("goss/web/booted.yaml", "file: {}\n")
        .file("packer/web/web.pkr.hcl", "source \"null\" \"web\" {}\n")
        .findings();
    for check in ["hallmark-used", "hallmark-pinned", "hallmark-one-commit", "inputs", "policy", "signed"] {
        let found = findings.of(check);
        assert!(
            found.iter().all(|line| !line.starts_with("problem") && !line.starts_with("warning")),
            "{check}: {found:?}"
        );
    }
    // One file of them is not all of them.
    let bake = "on: push\njobs:\n  bake:\n    uses: hallmark-images/hallmark/.github/workflows/bake.yml@0123456789abcdef0123456789abcdef01234567\n";
    let findings = Repository::empty().file(".github/workflows/bake.yml", bake).findings();
    assert!(
        findings.of("hallmark-used").iter().any(|line| line.contains("nothing decides")),
        "{findings:#?}"
    );
}
