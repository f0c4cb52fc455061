//! A repository in which nothing is missing, and ways to break it.

use std::path::Path;

use attest::PrivateKey;
use runner::testing::{Harness, Run};
use serde_json::Value;

pub(crate) const WORKFLOW: &str = ".github/workflows/image.yml";

/// Nothing is missing in it.
pub(crate) const GOOD: &str = "\
name: image
on:
  workflow_dispatch:
  schedule:
    - cron: '37 4 * * 1'
permissions: {}
jobs:
  bake:
    runs-on: ubuntu-24.04
    permissions:
      contents: read
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          persist-credentials: false
      - run: sudo apt-get install --yes mmdebstrap
      - uses: hallmark-images/hallmark/actions/packer-build@0123456789abcdef0123456789abcdef01234567 # v0.1.0
        with:
          template: packer/web
          signing-key: ${{ secrets.BAKE }}
  assay:
    needs: bake
    runs-on: [self-hosted, linux]
    environment: assay
    permissions:
      contents: read
      security-events: write
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          ref: ${{ github.event.repository.default_branch }}
          persist-credentials: false
      - uses: hallmark-images/hallmark/actions/goss-test@0123456789abcdef0123456789abcdef01234567 # v0.1.0
        with:
          image: .hallmark/images/web/image.json
          specs: goss
          signing-key: ${{ secrets.ASSAY }}
      - uses: hallmark-images/hallmark/actions/trivy-scan@0123456789abcdef0123456789abcdef01234567 # v0.1.0
        with:
          image: .hallmark/images/web/image.json
          signing-key: ${{ secrets.ASSAY }}
      - uses: github/codeql-action/upload-sarif@0daa2b3d1ba0ef3d5e5a9dfc0fd7a2c9d6d24e73 # v4
        with:
          sarif_file: x.sarif
      - uses: hallmark-images/hallmark/actions/gate@0123456789abcdef0123456789abcdef01234567 # v0.1.0
        with:
          image: .hallmark/images/web/image.json
          policy: rules/policy.yml
          token: ${{ github.token }}
          exceptions: rules/exceptions.yml
          signers: |
            approver=keys/approver.pub
          signing-key: ${{ secrets.ASSAY }}
  publish:
    needs: assay
    runs-on: ubuntu-24.04-arm
    environment:
      name: production
    permissions:
      contents: read
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          persist-credentials: false
      - uses: hallmark-images/hallmark/actions/register-ami@0123456789abcdef0123456789abcdef01234567 # v0.1.0
        with:
          image: .hallmark/images/web/image.json
          channel: stable
          verdict-signer: keys/assay.pub
          verifier-id: https://hallmark.dev/gate
          policy-digest: ${{ vars.DIGEST }}
          signing-key: ${{ secrets.PUBLISH }}
";

pub(crate) const POLICY: &str = "\
version: 1
name: web
signers:
  bake: {key: ../keys/bake.pub}
  assay: {key: ../keys/assay.pub}
  approver: {}
  publish: {key: ../keys/publish.pub}
evidence:
  provenance: {signed-by: [bake], required: true}
  test-result: {signed-by: [assay], required: true, seen: [booted]}
  vulns: {signed-by: [assay], required: true, seen: [disk]}
  verdict: {signed-by: [assay]}
  approval: {signed-by: [approver]}
  release: {signed-by: [publish]}
vulnerabilities:
  - {severity: critical, fixable: true, then: fail}
exceptions: {max-lifetime: 90d, warn-before: 14d}
";

pub(crate) const EXCEPTIONS: &str = "\
version: 1
exceptions:
  - id: CVE-2026-0001
    package: openssl
    reason: The command is not installed.
    owner: platform
    created: 2026-01-01
    expires: 2026-03-20
";

/// The day of the tests: the exception above holds, and does not end soon.
const NOW: &str = "2026-02-10T12:00:00Z";

/// A runner whose time stands still, and that asks nobody.
pub(crate) fn runner() -> Harness {
    Harness::new()
        .env("RUNNER_OS", "Linux")
        .env("RUNNER_ARCH", "X64")
        .env("RUNNER_ENVIRONMENT", "github-hosted")
        .input("offline", "true")
        .now(NOW.parse().unwrap())
        .pass_env("PATH")
}

/// A repository on a runner that asks nobody.
pub(crate) struct Repository(pub(crate) Harness);

impl Repository {
    /// Where nothing is missing.
    pub(crate) fn good() -> Self {
        let harness = runner();
        let cache = harness.workspace().join("../cache");
        let harness = harness.env("HALLMARK_CACHE", cache.to_string_lossy());
        for name in ["bake", "assay", "approver", "publish"] {
            harness.file(&format!("keys/{name}.pub"), PrivateKey::generate_p256().unwrap().public);
        }
        for (name, text) in [
            (WORKFLOW, GOOD),
            ("rules/policy.yml", POLICY),
            ("rules/exceptions.yml", EXCEPTIONS),
            ("goss/booted.yaml", "file: {}\n"),
            ("packer/web/web.pkr.hcl", "source \"null\" \"web\" {}\n"),
        ] {
            harness.file(name, text);
        }
        Self(harness)
    }

    /// Nothing at all in it.
    pub(crate) fn empty() -> Self {
        Self(runner())
    }

    /// With a text of a file changed. The text has to be there.
    pub(crate) fn with(self, file: &str, from: &str, to: &str) -> Self {
        let text = self.read(file);
        assert!(text.contains(from), "{file} has no {from:?}");
        self.0.file(file, text.replace(from, to));
        self
    }

    pub(crate) fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        self.0.file(name, content);
        self
    }

    pub(crate) fn without(self, name: &str) -> Self {
        std::fs::remove_file(self.0.workspace().join(name)).unwrap();
        self
    }

    pub(crate) fn input(self, name: &str, value: &str) -> Self {
        Self(self.0.input(name, value))
    }

    pub(crate) fn env(self, name: &str, value: &str) -> Self {
        Self(self.0.env(name, value))
    }

    pub(crate) fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.0.workspace().join(file)).unwrap()
    }

    pub(crate) fn path(&self, file: &str) -> std::path::PathBuf {
        self.0.workspace().join(Path::new(file))
    }

    pub(crate) fn run(&self) -> Run {
        self.0.run(action())
    }

    /// What was found, as the output has it.
    pub(crate) fn findings(&self) -> Findings {
        let run = self.run();
        let text = run
            .outputs
            .get("findings")
            .unwrap_or_else(|| panic!("no findings:\n{}{}", run.stdout, run.stderr));
        Findings(serde_json::from_str(text).unwrap())
    }
}

pub(crate) fn action() -> &'static runner::Action {
    hallmark::ACTIONS.iter().find(|action| action.name == "doctor").unwrap()
}

#[derive(Debug)]
pub(crate) struct Findings(pub(crate) Vec<Value>);

impl Findings {
    /// Those of a check, as `level what`, `@line` where there is one.
    pub(crate) fn of(&self, check: &str) -> Vec<String> {
        let of_check = self.0.iter().filter(|finding| finding["check"] == check);
        let line = |finding: &Value| match finding["line"].as_u64() {
            Some(line) => format!(" @{}:{line}", finding["file"].as_str().unwrap()),
            None => String::new(),
        };
        of_check
            .map(|finding| {
                format!(
                    "{} {}{}",
                    finding["level"].as_str().unwrap(),
                    finding["what"].as_str().unwrap(),
                    line(finding)
                )
            })
            .collect()
    }

    /// Those of a level, by check.
    pub(crate) fn checks(&self, level: &str) -> Vec<&str> {
        let of_level = self.0.iter().filter(|finding| finding["level"] == level);
        of_level.map(|finding| finding["check"].as_str().unwrap()).collect()
    }
}

/// One fault of one file, and what it has to lead to.
pub(crate) struct Row {
    pub(crate) file: &'static str,
    pub(crate) from: &'static str,
    pub(crate) to: &'static str,
    pub(crate) check: &'static str,
    pub(crate) level: &'static str,
    /// A part of what is said.
    pub(crate) what: &'static str,
    /// A text of the line that has to be named, or nothing if none is.
    pub(crate) line: &'static str,
}

/// Each row by itself: what it says is found, and on its line.
pub(crate) fn check(rows: &[Row]) {
    for row in rows {
        let repository = Repository::good().with(row.file, row.from, row.to);
        let findings = repository.findings();
        let found: Vec<&Value> = findings
            .0
            .iter()
            .filter(|finding| finding["check"] == row.check && finding["level"] == row.level)
            .filter(|finding| finding["what"].as_str().unwrap().contains(row.what))
            .collect();
        let label = format!("{} {:?} → {:?}", row.file, row.from, row.to);
        let [found] = found[..] else {
            panic!(
                "{label}\nwanted once: {} {} {:?}\nfound: {:#?}",
                row.check,
                row.level,
                row.what,
                findings.of(row.check)
            )
        };
        if row.line.is_empty() {
            assert_eq!(found["line"], Value::Null, "{label}");
            continue;
        }
        assert_eq!(found["file"], row.file, "{label}");
        let line = usize::try_from(found["line"].as_u64().unwrap_or(0)).unwrap();
        let text = repository.read(row.file);
        let there = text.lines().nth(line.wrapping_sub(1)).unwrap_or("");
        assert!(
            there.contains(row.line),
            "{label}\nline {line} is {there:?}, and not the one with {:?}",
            row.line
        );
    }
}

pub(crate) const fn row(
    from: &'static str,
    to: &'static str,
    check: &'static str,
    level: &'static str,
    what: &'static str,
    line: &'static str,
) -> Row {
    Row { file: WORKFLOW, from, to, check, level, what, line }
}
