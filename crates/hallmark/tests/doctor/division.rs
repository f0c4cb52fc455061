//! How the work is divided: keys, signatures, scripts, runners, the environment that publishes.

use crate::doctor::fixture::{GOOD, Repository, WORKFLOW, check, row};

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
