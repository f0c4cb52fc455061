//! What this machine and this runner lack.

use std::os::unix::fs::PermissionsExt as _;

use crate::doctor::fixture::{Repository, WORKFLOW};

#[test]
fn tools_that_are_here_and_tools_that_would_be_fetched() {
    let findings = Repository::good().env("PATH", "/nowhere").findings();
    let found = findings.of("tools");
    assert_eq!(found.len(), 3, "{found:?}");
    for tool in ["goss", "packer", "trivy"] {
        assert!(
            found
                .iter()
                .any(|found| found.starts_with(&format!("note {tool} ")) && found.contains("https://")),
            "{found:?}"
        );
    }
    let mirrored = Repository::good()
        .env("PATH", "/nowhere")
        .env("HALLMARK_MIRROR", "https://mirror.example/x")
        .findings();
    assert!(mirrored.of("tools").iter().all(|found| found.contains("HALLMARK_MIRROR/")), "{mirrored:#?}");
    let wrong = Repository::good().env("HALLMARK_MIRROR", "not an address").findings();
    assert!(wrong.of("tools")[0].starts_with("unknown the tools cannot be looked at"), "{wrong:#?}");
    // What is on PATH counts by its bytes, not by its name.
    let repository = Repository::good();
    repository.0.file("bin/packer", "#!/bin/sh\n");
    std::fs::set_permissions(repository.path("bin/packer"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = repository.path("bin").to_string_lossy().into_owned();
    let findings = repository.env("PATH", &path).findings();
    assert!(findings.of("tools").iter().any(|found| found.starts_with("note packer")), "{findings:#?}");
}

#[test]
fn programs_that_the_template_names() {
    let template = "packer/web/bake.sh";
    let repository = Repository::good().file(template, "mmdebstrap x\nmy-sfdisk\n").env("PATH", "/nowhere");
    let found = repository.findings().of("programs");
    // /usr/sbin is looked into as well, so only what lives in /usr/bin is surely not found.
    assert!(
        found.iter().any(|found| found == "warning `mmdebstrap` is not here, and the template names it"),
        "{found:?}"
    );
    assert!(!found.iter().any(|found| found.contains("sfdisk")), "{found:?}");
    assert!(
        found.iter().any(
            |found| found.starts_with("warning `qemu-system-x86_64` is not here, and goss-test calls it")
        ),
        "{found:?}"
    );
    let arm = Repository::good()
        .with(WORKFLOW, "template: packer/web", "template: packer/web\n          architecture: arm64")
        .env("PATH", "/nowhere")
        .findings();
    assert!(arm.of("programs").iter().any(|found| found.contains("`qemu-system-aarch64`")), "{arm:#?}");
    assert!(!arm.of("programs").iter().any(|found| found.contains("x86_64")), "{arm:#?}");
}

#[test]
fn the_runner_itself() {
    for (name, value, expected) in [
        ("RUNNER_OS", "Windows", "problem this runner is `Windows` on `X64`"),
        ("RUNNER_ARCH", "ARM", "problem this runner is `Linux` on `ARM`"),
        (
            "GITHUB_SERVER_URL",
            "https://ghes.example",
            "note `https://ghes.example` is a GitHub Enterprise Server",
        ),
        ("GITHUB_SERVER_URL", "https://acme.ghe.com", "ok Linux on X64, github-hosted"),
        ("GITHUB_SERVER_URL", "https://github.com", "ok Linux on X64, github-hosted"),
    ] {
        let found = Repository::good().env(name, value).findings().of("runner");
        assert_eq!(found, [expected], "{name}={value}");
    }
    assert_eq!(Repository(Repository::good().0.off_runner().env("GITHUB_OUTPUT", "/dev/null")).run().code, 0);
}

#[test]
fn oidc_where_a_workflow_wants_it() {
    let aws = "      - uses: aws-actions/configure-aws-credentials@0123456789abcdef0123456789abcdef01234567\n        with: {role-to-assume: x}\n";
    let wants =
        || Repository::good().with(WORKFLOW, "      - run: sudo apt-get install --yes mmdebstrap\n", aws);
    assert_eq!(Repository::good().findings().of("oidc"), Vec::<String>::new());
    let attest = "      - uses: actions/attest@0123456789abcdef0123456789abcdef01234567\n";
    let attests =
        Repository::good().with(WORKFLOW, "      - run: sudo apt-get install --yes mmdebstrap\n", attest);
    assert_eq!(attests.findings().of("oidc"), Vec::<String>::new(), "no cloud is asked");
    assert!(wants().findings().of("oidc")[0].starts_with("note this job may not ask"));
    assert_eq!(
        wants().env("ACTIONS_ID_TOKEN_REQUEST_URL", "https://x").findings().of("oidc"),
        ["ok this job may ask for a token"]
    );
}
