//! The files' faults.

use std::os::unix::fs::symlink;

use attest::PrivateKey;

use crate::doctor::fixture::{GOOD, Repository, Row, WORKFLOW, check, row};

const fn at(
    file: &'static str,
    from: &'static str,
    to: &'static str,
    check: &'static str,
    level: &'static str,
    what: &'static str,
    line: &'static str,
) -> Row {
    Row { file, from, to, check, level, what, line }
}

#[test]
fn what_is_not_there() {
    check(&[
        row(
            "template: packer/web",
            "template: packer/wob",
            "files",
            "problem",
            "input `template` names `packer/wob`, which is not there",
            "packer/wob",
        ),
        row(
            "template: packer/web",
            "template: goss",
            "files",
            "problem",
            "`goss` holds no .pkr.hcl",
            "template: goss",
        ),
        row(
            "specs: goss",
            "specs: |\n            goss\n            gosh",
            "files",
            "problem",
            "input `specs` names `gosh`",
            "gosh",
        ),
        row(
            "specs: goss",
            "specs: packer",
            "files",
            "problem",
            "neither goss.yaml nor booted.yaml",
            "specs: packer",
        ),
        row(
            "rules/policy.yml",
            "rules/police.yml",
            "files",
            "problem",
            "input `policy` names `rules/police.yml`",
            "police.yml",
        ),
        row(
            "rules/policy.yml",
            "rules",
            "files",
            "problem",
            "names `rules`, which is a folder",
            "policy: rules",
        ),
        row(
            "rules/exceptions.yml",
            "rules/none.yml",
            "files",
            "problem",
            "input `exceptions` names",
            "none.yml",
        ),
        row(
            "approver=keys/approver.pub",
            "approver=keys/gone.pub",
            "files",
            "problem",
            "input `signers` names `keys/gone.pub`",
            "gone.pub",
        ),
        row("          channel: stable\n", "          channel: stable\n", "files", "ok", "6 files there", ""),
    ]);
}

#[test]
fn what_a_run_makes_or_brings_is_not_missed() {
    for (from, to) in [
        ("template: packer/web", "template: ${{ inputs.template }}"),
        ("template: packer/web", "template: .hallmark/template"),
        ("template: packer/web", "template: /srv/template"),
        ("template: packer/web", "template: ../elsewhere"),
    ] {
        let findings = Repository::good().with(WORKFLOW, from, to).findings();
        assert!(findings.of("files")[0].starts_with("ok"), "{to}: {:?}", findings.of("files"));
    }
    for before in [
        "      - run: make packer/made\n",
        "      - uses: actions/download-artifact@0123456789abcdef0123456789abcdef01234567\n        with: {path: packer}\n",
        "      - uses: actions/checkout@0123456789abcdef0123456789abcdef01234567\n        with: {repository: a/b, path: packer/made, persist-credentials: false}\n",
    ] {
        let text = GOOD
            .replace("template: packer/web", "template: packer/made")
            .replace("      - run: sudo apt-get install --yes mmdebstrap\n", before);
        let findings = Repository::good().file(WORKFLOW, text).findings();
        assert!(
            findings.of("files")[0].starts_with("note `packer/made` is not in the repository"),
            "{before}: {:?}",
            findings.of("files")
        );
    }
}

#[test]
fn policy_and_exceptions() {
    const POLICY: &str = "rules/policy.yml";
    const EXCEPTIONS: &str = "rules/exceptions.yml";
    check(&[
        at(
            POLICY,
            "required: true, seen: [booted]",
            "requird: true, seen: [booted]",
            "policy",
            "problem",
            "`requird` is not known",
            "requird",
        ),
        at(POLICY, "version: 1", "version: [1", "policy", "problem", "not YAML", "name: web"),
        at(POLICY, "then: fail", "then: explode", "policy", "problem", "explode", "explode"),
        at(EXCEPTIONS, "    owner: platform\n", "", "exceptions", "problem", "owner", "id: CVE-2026-0001"),
        at(
            EXCEPTIONS,
            "expires: 2026-03-20",
            "expires: 2026-02-09",
            "exceptions",
            "warning",
            "ended on 2026-02-09",
            "id: CVE",
        ),
        at(
            EXCEPTIONS,
            "expires: 2026-03-20",
            "expires: 2026-02-10",
            "exceptions",
            "note",
            "ends on 2026-02-10",
            "id: CVE",
        ),
        at(
            EXCEPTIONS,
            "expires: 2026-03-20",
            "expires: 2026-02-24",
            "exceptions",
            "note",
            "ends on 2026-02-24",
            "id: CVE",
        ),
        at(
            EXCEPTIONS,
            "expires: 2026-03-20",
            "expires: 2026-02-25",
            "exceptions",
            "ok",
            "1 exception in force",
            "",
        ),
        at(
            EXCEPTIONS,
            "created: 2026-01-01",
            "created: 2026-02-11",
            "exceptions",
            "note",
            "begins on 2026-02-11",
            "id: CVE",
        ),
        at(
            EXCEPTIONS,
            "expires: 2026-03-20",
            "expires: 2027-03-20",
            "exceptions",
            "problem",
            "",
            "expires: 2027",
        ),
    ]);
    let findings = Repository::good()
        .with(WORKFLOW, "          signers: |\n            approver=keys/approver.pub\n", "")
        .findings();
    let found = findings.of("policy");
    assert!(
        found.len() == 1 && found[0].starts_with("problem the policy's signer `approver` has no key"),
        "{found:?}"
    );
    let broken = Repository::good().with(POLICY, "version: 1", "version: [1").findings();
    assert!(
        broken.of("exceptions")[0].starts_with("unknown `rules/exceptions.yml` is read by the limits"),
        "{broken:#?}"
    );
    let empty = Repository::good().file(EXCEPTIONS, "version: 1\nexceptions: []\n").findings();
    assert_eq!(empty.of("exceptions"), ["ok none, and the file reads"]);
}

#[test]
fn keys_that_are_none_and_keys_that_are_too_much() {
    let pair = PrivateKey::generate_p256().unwrap();
    let missing = Repository::good().without("keys/bake.pub").findings();
    assert_eq!(missing.of("keys"), ["problem the public key of `bake`, `keys/bake.pub`, is not there"]);
    let private = Repository::good().file("keys/bake.pub", &pair.private).findings();
    assert_eq!(
        private.of("keys"),
        ["problem `keys/bake.pub` holds a PRIVATE key where a public one belongs"]
    );
    let rubbish = Repository::good().file("keys/approver.pub", "hello\n").findings();
    assert!(
        rubbish.of("keys")[0]
            .starts_with("problem the public key of `approver`, `keys/approver.pub`, does not read"),
        "{rubbish:#?}"
    );
    let twice = Repository::good()
        .file("keys/bake.pub", &pair.public)
        .file("keys/publish.pub", &pair.public)
        .findings();
    assert!(
        twice.of("keys")[0].starts_with("warning `keys/publish.pub` is the key of `bake` and of `publish`"),
        "{twice:#?}"
    );
    let inside = Repository::good()
        .file("keys/bake.pem", &pair.private)
        .with(WORKFLOW, "${{ secrets.BAKE }}", "keys/bake.pem")
        .findings();
    assert_eq!(inside.of("keys").len(), 1, "{inside:#?}");
    assert!(
        inside.of("keys")[0].starts_with("problem a private key lies in the repository: `keys/bake.pem`"),
        "{inside:#?}"
    );
    let other = Repository::good()
        .file("keys/other.pub", &pair.public)
        .with(WORKFLOW, "verdict-signer: keys/assay.pub", "verdict-signer: keys/other.pub")
        .findings();
    assert!(
        other.of("verdict-signer")[0]
            .starts_with("problem `keys/other.pub` is none of the keys that sign verdicts"),
        "{other:#?}"
    );
}

#[test]
fn a_manifest_of_signatures() {
    let step = "      - uses: hallmark-images/hallmark/actions/verify-signatures@0123456789abcdef0123456789abcdef01234567\n        with:\n          signing-key: ${{ secrets.BAKE }}\n";
    let with_step =
        || Repository::good().with(WORKFLOW, "      - run: sudo apt-get install --yes mmdebstrap\n", step);
    let good =
        "version: 1\nkeys:\n  vendor: {file: keys/assay.pub}\nfiles:\n  - {path: 'vendor/*', key: vendor}\n";
    let findings = with_step().findings();
    assert!(
        findings.of("files")[0]
            .starts_with("problem input `manifest` names `signatures.yml`, which is not there"),
        "{findings:#?}"
    );
    assert_eq!(with_step().file("signatures.yml", good).findings().of("signatures"), ["ok 1 manifest read"]);
    for (from, to, expected) in [
        ("version: 1", "version: 2", "problem its `version` is not 1 @signatures.yml:1"),
        (
            "files:\n  - {path: 'vendor/*', key: vendor}\n",
            "files: []\n",
            "problem it lists no files, and a step that verifies nothing is refused @signatures.yml:1",
        ),
        ("key: vendor}", "key: seller}", "problem there is no key `seller` @signatures.yml:5"),
        ("key: vendor}", "keys: [vendor, seller]}", "problem there is no key `seller` @signatures.yml:5"),
        ("files:", "files: [", "problem it is no YAML"),
    ] {
        let found = with_step().file("signatures.yml", good.replace(from, to)).findings().of("signatures");
        assert!(found.len() == 1 && found[0].starts_with(expected), "{to}: {found:?}");
    }
    let found =
        with_step().file("signatures.yml", good.replace("keys/assay.pub", "keys/gone.pub")).findings();
    assert_eq!(found.of("keys"), ["problem the public key, `keys/gone.pub`, is not there @signatures.yml:3"]);
}

#[test]
fn a_file_that_is_no_file_is_not_waited_for() {
    let repository = Repository::good().without("rules/exceptions.yml");
    symlink("/dev/zero", repository.path("rules/exceptions.yml")).unwrap();
    symlink("/dev/tty", repository.path(".github/workflows/tty.yml")).unwrap();
    let findings = repository.findings();
    assert_eq!(findings.of("workflow-form"), ["problem `.github/workflows/tty.yml` is no ordinary file"]);
    let found = findings.of("files");
    let expected = "problem input `exceptions` names `rules/exceptions.yml`, which is no ordinary file";
    assert!(found.len() == 1 && found[0].starts_with(expected), "{found:?}");
}
