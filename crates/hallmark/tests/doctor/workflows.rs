//! The workflow's faults.

use crate::doctor::fixture::{GOOD, Repository, WORKFLOW, check, row};

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

const GATE: &str = "hallmark-images/hallmark/actions/gate@0123456789abcdef0123456789abcdef01234567 # v0.1.0";

#[test]
fn how_actions_are_named() {
    check(&[
        row(
            GATE,
            "hallmark-images/hallmark/actions/gate@v0.1.0",
            "hallmark-pinned",
            "warning",
            "`v0.1.0` is a tag",
            "gate@v0.1.0",
        ),
        row(
            GATE,
            "hallmark-images/hallmark/actions/gate@v1",
            "hallmark-pinned",
            "warning",
            "`v1` is a tag",
            "gate@v1",
        ),
        row(
            GATE,
            "hallmark-images/hallmark/actions/gate@main",
            "hallmark-pinned",
            "problem",
            "`main` names no release",
            "gate@main",
        ),
        row(
            GATE,
            "hallmark-images/hallmark/actions/gate@0123456",
            "hallmark-pinned",
            "problem",
            "`0123456` names no release",
            "gate@0123456",
        ),
        row(GATE, "./actions/gate", "hallmark-pinned", "note", "1 use of the checkout", ""),
        row(
            GATE,
            "hallmark-images/hallmark/actions/gates@0123456789abcdef0123456789abcdef01234567",
            "hallmark-used",
            "problem",
            "no action `actions/gates`",
            "gates@",
        ),
        row(
            GATE,
            "hallmark-images/hallmark/actions/gate@1123456789abcdef0123456789abcdef01234567",
            "hallmark-one-commit",
            "warning",
            "one job may not read what another wrote",
            "gate@11234",
        ),
        row(
            GATE,
            "mirror/hallmark/actions/gate@0123456789abcdef0123456789abcdef01234567",
            "hallmark-one-commit",
            "warning",
            "`mirror/hallmark@",
            "mirror/hallmark",
        ),
        row(
            "gate@0123456789abcdef0123456789abcdef01234567 # v0.1.0",
            "gate@0123456789abcdef0123456789abcdef01234567 # v9.9.9",
            "hallmark-version",
            "note",
            "`v9.9.9`, and this is v",
            "v9.9.9",
        ),
        row(
            "github/codeql-action/upload-sarif@0daa2b3d1ba0ef3d5e5a9dfc0fd7a2c9d6d24e73",
            "github/codeql-action/upload-sarif@v4",
            "others-pinned",
            "warning",
            "`github/codeql-action@v4`",
            "upload-sarif@v4",
        ),
        row(
            "github/codeql-action/upload-sarif@0daa2b3d1ba0ef3d5e5a9dfc0fd7a2c9d6d24e73",
            "docker://alpine:3",
            "others-pinned",
            "warning",
            "`docker://alpine:3`",
            "docker://",
        ),
        row(
            "hallmark/actions/trivy-scan",
            "other/actions/scan",
            "hallmark-used",
            "note",
            "`trivy-scan`: nothing is scanned",
            "",
        ),
    ]);
}

#[test]
fn what_actions_are_given() {
    check(&[
        row(
            "          specs: goss\n",
            "          spec: goss\n",
            "inputs",
            "problem",
            "`goss-test` has no input `spec`",
            "spec: goss",
        ),
        row(
            "          channel: stable\n",
            "          provider: moon\n",
            "inputs",
            "problem",
            "input `provider` of `register-ami`: `moon` is not accepted",
            "provider: moon",
        ),
        row(
            "          template: packer/web\n",
            "",
            "inputs",
            "problem",
            "`packer-build` is not given its input `template`",
            "packer-build@",
        ),
        row(
            "          policy: rules/policy.yml\n",
            "",
            "inputs",
            "problem",
            "`gate` is not given its input `policy`",
            "gate@",
        ),
        row(
            "          verdict-signer: keys/assay.pub\n",
            "          verdict-signer: ''\n",
            "inputs",
            "problem",
            "`register-ami` is given none of its inputs `verdict-signer` and `verdict-identity`",
            "register-ami@",
        ),
        row(
            "          template: packer/web\n",
            "          template: packer/web\n          force: yes\n",
            "inputs",
            "problem",
            "`yes` is not accepted",
            "force: yes",
        ),
        row(
            "          template: packer/web\n",
            "          template: packer/web\n          timeout: 90\n",
            "inputs",
            "problem",
            "`90` is not accepted",
            "timeout: 90",
        ),
        row(
            "          specs: goss\n",
            "          specs: goss\n          memory: plenty\n",
            "inputs",
            "problem",
            "`plenty` is not accepted",
            "memory: plenty",
        ),
    ]);
    // Names are the same in capitals, and what a run puts in is the run's.
    for (from, to) in [
        ("          template: packer/web\n", "          TEMPLATE: packer/web\n"),
        ("          channel: stable\n", "          provider: ${{ inputs.provider }}\n"),
        ("          specs: goss\n", "          mode: results\n          results: x.json\n"),
    ] {
        let findings = Repository::good().with(WORKFLOW, from, to).findings();
        assert!(findings.of("inputs")[0].starts_with("ok"), "{to}: {:?}", findings.of("inputs"));
    }
}

#[test]
fn permissions_and_the_job_that_runs_the_template() {
    check(&[
        row("permissions: {}\n", "", "permissions", "ok", "stated", ""),
        row(
            "permissions: {}\n",
            "permissions: write-all\n",
            "permissions",
            "warning",
            "`write-all`",
            "write-all",
        ),
        row(
            "    permissions:\n      contents: read\n      security-events: write\n",
            "    permissions: write-all\n",
            "permissions",
            "warning",
            "the job `assay` has `write-all`",
            "write-all",
        ),
        row(
            "      security-events: write\n",
            "",
            "job-permissions",
            "problem",
            "the job `assay` has no `security-events: write`",
            "upload-sarif",
        ),
        row(
            "github/codeql-action/upload-sarif@0daa2b3d1ba0ef3d5e5a9dfc0fd7a2c9d6d24e73 # v4\n        with:\n          sarif_file: x.sarif",
            "hallmark-images/hallmark/actions/upload-sarif@0123456789abcdef0123456789abcdef01234567 # v0.1.0\n        with:\n          token: ${{ github.token }}\n          sarif: x.sarif",
            "job-permissions",
            "warning",
            "the job `assay` has no `actions: read`",
            "upload-sarif",
        ),
        row(
            "      security-events: write\n    steps:\n      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1\n        with:\n          ref: ${{ github.event.repository.default_branch }}\n          persist-credentials: false\n",
            "    steps:\n      - uses: hallmark-images/hallmark/actions/upload-sarif@0123456789abcdef0123456789abcdef01234567 # v0.1.0\n        with:\n          token: ${{ github.token }}\n          sarif: x.sarif\n",
            "job-permissions",
            "problem",
            "nothing comes into the Security tab",
            "upload-sarif",
        ),
        row(
            "      contents: read\n      security-events: write\n",
            "      security-events: write\n",
            "job-permissions",
            "warning",
            "cannot check out a private repository",
            "actions/checkout",
        ),
        row(
            "      - run: sudo apt-get install --yes mmdebstrap\n",
            "      - uses: aws-actions/configure-aws-credentials@0123456789abcdef0123456789abcdef01234567\n        with: {role-to-assume: x}\n",
            "job-permissions",
            "problem",
            "the job `bake` has no `id-token: write`",
            "aws-actions",
        ),
        row(
            "      - run: sudo apt-get install --yes mmdebstrap\n",
            "      - uses: actions/attest@0123456789abcdef0123456789abcdef01234567\n",
            "job-permissions",
            "problem",
            "no `attestations: write`",
            "actions/attest@",
        ),
        row(
            "      contents: read\n    steps:\n      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1\n        with:\n          persist-credentials: false\n      - run",
            "      contents: write\n      packages: write\n    steps:\n      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1\n        with:\n          persist-credentials: false\n      - run",
            "template-job",
            "warning",
            "may write contents, packages",
            "contents: write",
        ),
        row(
            "        with:\n          persist-credentials: false\n      - run",
            "      - run",
            "template-job",
            "warning",
            "leaves the job's token on the disk",
            "actions/checkout",
        ),
    ]);
    let silent = GOOD
        .replace("permissions: {}\n", "")
        .replace("    permissions:\n      contents: read\n    steps:", "    steps:");
    let findings = Repository::good().file(WORKFLOW, silent).findings();
    assert_eq!(findings.of("permissions").len(), 1);
    assert!(findings.of("permissions")[0].starts_with("warning "), "{:?}", findings.of("permissions"));
    // With static keys nobody asks for a token.
    let by_key = "      - uses: aws-actions/configure-aws-credentials@0123456789abcdef0123456789abcdef01234567\n        with: {role-to-assume: x, aws-access-key-id: y}\n";
    let findings = Repository::good()
        .with(WORKFLOW, "      - run: sudo apt-get install --yes mmdebstrap\n", by_key)
        .findings();
    assert!(findings.of("job-permissions")[0].starts_with("ok"), "{:?}", findings.of("job-permissions"));
}

#[test]
fn how_the_work_is_divided() {
    check(&[
        row(
            "secrets.ASSAY",
            "secrets.BAKE",
            "keys-apart",
            "warning",
            "one key signs for bake and for assay",
            "signing-key: ${{ secrets.BAKE }}",
        ),
        row(
            "  assay:\n    needs: bake\n    runs-on: [self-hosted, linux]\n    environment: assay\n    permissions:\n      contents: read\n      security-events: write\n    steps:\n",
            "",
            "keys-apart",
            "warning",
            "the job `bake` signs for bake and for assay",
            "signing-key: ${{ secrets.ASSAY }}",
        ),
        row(
            "          signing-key: ${{ secrets.PUBLISH }}\n",
            "",
            "signed",
            "warning",
            "its evidence is not signed",
            "register-ami@",
        ),
        row(
            "${{ secrets.PUBLISH }}",
            "\"-----BEGIN PRIVATE KEY-----\"",
            "signed",
            "problem",
            "a private key stands in the workflow",
            "-----BEGIN",
        ),
        row(
            "sudo apt-get install",
            "curl -H x:${{ secrets.T }} y; sudo apt-get install",
            "scripts",
            "warning",
            "`${{ secrets.T }}` becomes part of the script",
            "secrets.T",
        ),
        row(
            "run: sudo apt-get install --yes mmdebstrap",
            "run: |\n          true\n          echo ${{ github.event.issue.title }}",
            "scripts",
            "warning",
            "whoever writes it writes commands",
            "github.event",
        ),
        row(
            "run: sudo apt-get install --yes mmdebstrap",
            "run: echo ${{ inputs.x }}",
            "scripts",
            "warning",
            "`${{ inputs.x }}`",
            "inputs.x",
        ),
        row(
            "    runs-on: ubuntu-24.04\n",
            "    runs-on: windows-2025\n",
            "runs-on",
            "problem",
            "no executable for `windows-2025`",
            "windows",
        ),
        row(
            "    runs-on: ubuntu-24.04\n",
            "    runs-on: macos-latest\n",
            "runs-on",
            "problem",
            "no executable for `macos-latest`",
            "macos",
        ),
        row(
            "    runs-on: ubuntu-24.04\n",
            "    runs-on: ubuntu-20.04\n",
            "runs-on",
            "problem",
            "GitHub has no `ubuntu-20.04` any more",
            "20.04",
        ),
        row(
            "[self-hosted, linux]",
            "[self-hosted, Windows]",
            "runs-on",
            "problem",
            "no executable for `Windows`",
            "Windows",
        ),
        row(
            "    environment:\n      name: production\n",
            "",
            "publish-environment",
            "warning",
            "the job `publish` publishes outside of any environment",
            "publish:",
        ),
        row(
            "          token: ${{ github.token }}\n",
            "",
            "rules-from-protected-ref",
            "problem",
            "lies in the checkout, and on a runner the gate does not take it from there",
            "policy:",
        ),
        row(
            "          token: ${{ github.token }}\n",
            "          token: ${{ github.token }}\n          policy-ref: release\n",
            "rules-from-protected-ref",
            "unknown",
            "is protected is not known",
            "policy:",
        ),
    ]);
    for (from, to) in [
        ("          token: ${{ github.token }}\n", "          policy-digest: ${{ vars.DIGEST }}\n"),
        (
            "          policy: rules/policy.yml\n          token: ${{ github.token }}\n",
            "          policy: recommended\n",
        ),
    ] {
        assert!(GOOD.contains(from));
        let found = Repository::good()
            .file(WORKFLOW, GOOD.replace(from, to))
            .findings()
            .of("rules-from-protected-ref");
        assert!(found.len() == 1 && found[0].starts_with("ok "), "{to}: {found:?}");
    }
}

#[test]
fn foreign_code_with_secrets() {
    for (trigger, reference, expected) in [
        ("pull_request_target", "", Some("warning `pull_request_target` gives")),
        (
            "pull_request_target",
            "          ref: ${{ github.event.pull_request.head.sha }}\n",
            Some("problem on `pull_request_target`, this checks out"),
        ),
        (
            "workflow_run",
            "          ref: ${{ github.event.workflow_run.head_sha }}\n",
            Some("problem on `workflow_run`"),
        ),
        ("workflow_run", "", None),
        ("pull_request", "          ref: ${{ github.event.pull_request.head.sha }}\n", None),
    ] {
        let text = GOOD
            .replace("  workflow_dispatch:\n", &format!("  {trigger}:\n    branches: [main]\n"))
            .replacen(
                "          persist-credentials: false\n",
                &format!("{reference}          persist-credentials: false\n"),
                1,
            );
        let found = Repository::good().file(WORKFLOW, text).findings().of("pull-request-target");
        match expected {
            Some(expected) => assert!(
                found.len() == 1 && found[0].starts_with(expected),
                "{trigger} {reference}: {found:?}"
            ),
            None => assert_eq!(found, Vec::<String>::new(), "{trigger} {reference}"),
        }
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
