//! Signers without keys.

use attest::TrustRoot;

use crate::doctor::fixture::{Repository, WORKFLOW};

const POLICY: &str = "rules/policy.yml";
const KEY: &str = "assay: {key: ../keys/assay.pub}";
const ASSAY: &str = "acme/images/.github/workflows/assay.yml@refs/heads/main";

fn identity(more: &str) -> String {
    format!("assay: {{identity: {{workflow: '{ASSAY}'}}{more}}}")
}

#[test]
fn what_is_wrong_with_identities() {
    let root = TrustRoot::embedded("public-good").unwrap().unwrap();
    let given =
        |text: &str| format!("verdict-identity: |\n            {}", text.replace('\n', "\n            "));
    let rule = format!("workflow: {ASSAY}");
    let signer = "verdict-signer: keys/assay.pub";
    for (policy, workflow, wanted) in [
        (identity(""), given(&rule), "ok 2 identities read"),
        (identity(", trusted-root: ../keys/root.json"), given(&rule), "ok 2 identities read"),
        (
            identity(", trusted-root: ../keys/absent.json"),
            given(&rule),
            "problem the trusted root of the signer `assay`, `keys/absent.json`, ",
        ),
        (
            identity(", trusted-root: ../keys/assay.pub"),
            given(&rule),
            "problem the trusted root of the signer `assay` is none: it does not read",
        ),
        (
            identity("").replace("assay:", &format!("{}\n  assay:", identity("").replace("assay:", "twin:"))),
            given(&rule),
            "warning the signers `assay` and `twin` are one identity",
        ),
        (
            identity(""),
            given("workflow: acme/images/.github/workflows/assay.yml"),
            "problem `verdict-identity`: `acme/images/.github/workflows/assay.yml` is no workflow file with its ref",
        ),
        (
            identity(""),
            given(&format!("{rule}\nenvironment: prod")),
            "warning `verdict-identity` says otherwise who signs a verdict than the policy `rules/policy.yml` does",
        ),
        (
            KEY.to_owned(),
            given(&rule),
            "problem `verdict-identity` is an identity, and by the policy `rules/policy.yml` only keys sign a verdict",
        ),
    ] {
        let repository = Repository::good().file("keys/root.json", root.bytes()).with(POLICY, KEY, &policy);
        let repository = if policy.contains("twin:") {
            repository.with(
                POLICY,
                "signed-by: [assay], required: true, seen: [disk]",
                "signed-by: [assay, twin], required: true, seen: [disk]",
            )
        } else {
            repository
        };
        let findings = repository.with(WORKFLOW, signer, &workflow).findings();
        let found = findings.of("identities");
        assert!(found.len() == 1 && found[0].starts_with(wanted), "{wanted}\n{found:#?}");
    }
}

/// A consumer's workflow: it signs nothing, and says whom it trusts.
#[test]
fn a_step_that_only_verifies() {
    let step = |with: &str| {
        format!(
            "\
name: launch
on: workflow_dispatch
permissions: {{contents: read}}
jobs:
  launch:
    runs-on: ubuntu-24.04
    steps:
      - uses: hallmark-images/hallmark/actions/verify-image@0123456789abcdef0123456789abcdef01234567 # v0.1.0
        with:
          image: hallmarkBlocks1:00
          verifier-id: https://hallmark.dev/gate
          policy-digest: ${{{{ vars.DIGEST }}}}
{with}"
        )
    };
    let workflow = ".github/workflows/launch.yml";
    let good = format!("          verdict-identity: |\n            workflow: {ASSAY}\n");
    let findings = Repository::good().file(workflow, step(&good)).findings();
    for check in ["signed", "inputs"] {
        let found = findings.of(check);
        assert!(found.len() == 1 && found[0].starts_with("ok "), "{check}: {found:#?}");
    }
    let findings = Repository::good().file(workflow, step("")).findings();
    assert!(
        findings.of("inputs").iter().any(|one| one.contains("`verify-image` is given none of its inputs")),
        "{findings:#?}"
    );
}

/// A key that is given where only an identity signs verdicts.
#[test]
fn a_key_beside_an_identity() {
    let findings = Repository::good().with(POLICY, KEY, &identity("")).findings();
    let found = findings.of("verdict-signer");
    assert!(
        found.len() == 1
            && found[0].starts_with("problem `keys/assay.pub` is none of the keys that sign verdicts"),
        "{found:#?}"
    );
    let both = Repository::good()
        .with(
            WORKFLOW,
            "verdict-signer: keys/assay.pub",
            "verdict-signer: keys/assay.pub\n          verdict-identity: 'workflow: x'",
        )
        .findings();
    assert!(
        both.of("inputs")
            .iter()
            .any(|one| one.contains("given both of its inputs `verdict-signer` and `verdict-identity`")),
        "{both:#?}"
    );
}
