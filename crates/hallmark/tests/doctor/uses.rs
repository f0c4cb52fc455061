//! How a workflow names actions, and what it gives them.

use crate::doctor::fixture::{Repository, WORKFLOW, check, row};

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
