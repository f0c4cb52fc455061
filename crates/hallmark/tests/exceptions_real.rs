//! What is imported and exported, under the real tools: Trivy takes away with its own file what the gate takes
//! away with the imported one, and a document fits the schema of its format.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test's helper fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "the test runs the tools that `make test` fetched")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::SignedDuration;
use policy::{ExceptionLimits, Exceptions, Scope};
use runner::testing::Harness;
use scanners::Scanner as _;
use serde_json::{Value, json};

/// A program from a folder that `make test` names.
fn tool(variable: &str, name: &str) -> PathBuf {
    let folder = std::env::var_os(variable)
        .unwrap_or_else(|| panic!("{variable} is not set: `make test` fetches the tools and sets it"));
    let path = Path::new(&folder).join(name);
    assert!(path.is_file(), "{} is not there: `make test` fetches it", path.display());
    path
}

fn found(id: &str, name: &str, version: &str, purl: &str, path: &str) -> Value {
    json!({"VulnerabilityID": id, "VendorIDs": ["DSA-1-1"], "PkgName": name, "InstalledVersion": version,
        "PkgPath": path, "PkgIdentifier": {"PURL": purl, "UID": format!("{name}{version}{path}")}, "Severity": "HIGH"})
}

/// Packages that resemble each other in every way that an entry can tell apart.
fn report() -> Value {
    let arch = "?arch=amd64&distro=debian-13.7";
    let deb = |id: &str, name: &str, version: &str| {
        let encoded = version.replace(':', "%3A").replace('+', "%2B");
        let purl = format!("pkg:deb/debian/{}@{encoded}{arch}", name.replace('+', "%2B"));
        found(id, name, version, &purl, "")
    };
    let node = |id: &str, name: &str, version: &str, path: &str| {
        found(id, name, version, &format!("pkg:npm/{}@{version}", name.replace('@', "%40")), path)
    };
    let go = |id: &str, name: &str| {
        found(id, name, "v1.0.0", &format!("pkg:golang/{}@v1.0.0", name.to_lowercase()), "usr/bin/tool")
    };
    json!({"SchemaVersion": 2, "ArtifactName": "x", "ArtifactType": "filesystem",
        "Metadata": {"OS": {"Family": "debian", "Name": "13.7"}}, "Results": [
        {"Target": "x (debian 13.7)", "Class": "os-pkgs", "Type": "debian", "Vulnerabilities": [
            deb("CVE-2026-1", "libx", "1:2+b1"), deb("CVE-2026-1", "libx-dev", "1:2+b1"), deb("CVE-2026-1", "libx", "1:3"),
            deb("CVE-2026-2", "libstdc++6", "14"), deb("CVE-2026-3", "libz", "1"), deb("CVE-2026-11", "libz", "1"),
        ]},
        {"Target": "Node.js", "Class": "lang-pkgs", "Type": "node-pkg", "Vulnerabilities": [
            node("CVE-2026-1", "@a/b", "1.0.0", "opt/app/node_modules/b/package.json"),
            node("CVE-2026-1", "@a/b", "1.0.0", "opt/other/node_modules/b/package.json"),
            node("CVE-2026-2", "@a/bc", "1.0.0", "opt/app/node_modules/bc/package.json"),
            node("CVE-2026-3", "b", "1.0.0", "opt/app/package.json"),
        ]},
        {"Target": "usr/bin/tool", "Class": "lang-pkgs", "Type": "gobinary", "Vulnerabilities": [
            go("CVE-2026-1", "github.com/A/b"), go("CVE-2026-1", "github.com/A/b/v2"), go("CVE-2026-2", "github.com/A/b/sub"),
        ]},
    ]})
}

type Kept = BTreeSet<(String, String, Option<String>, Option<String>)>;

fn findings(report: &[u8]) -> Vec<model::Finding> {
    scanners::trivy::Trivy.read_report(report).unwrap().findings
}

fn kept<'f>(findings: impl IntoIterator<Item = &'f model::Finding>) -> Kept {
    findings
        .into_iter()
        .map(|f| (f.id.clone(), f.package.version.clone(), f.package.purl.clone(), f.package.path.clone()))
        .collect()
}

/// What Trivy leaves, with its own file.
fn by_trivy(harness: &Harness, file: &str) -> Kept {
    let output = Command::new(tool("HALLMARK_TEST_BIN_DIR", "trivy"))
        .args(["convert", "--quiet", "--format", "json", "--ignorefile", file, "report.json"])
        .current_dir(harness.workspace())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    kept(&findings(&output.stdout))
}

/// What the gate leaves, with the imported one.
fn by_us(text: &str, report: &[u8]) -> Kept {
    let day = SignedDuration::from_hours(24);
    let limits = ExceptionLimits { max_lifetime: day * 9999, warn_before: day, package_level: true };
    let exceptions =
        Exceptions::parse("e.yml", text, limits).unwrap_or_else(|problems| panic!("{problems}\n{text}"));
    let scope = Scope { family: Some("web"), environment: None };
    let matches =
        |finding: &&model::Finding| !exceptions.list().iter().any(|one| one.matches(finding, &scope));
    kept(findings(report).iter().filter(matches))
}

#[test]
fn trivy_takes_away_what_the_imported_file_does() {
    let yaml = |rest: &str| format!("vulnerabilities:\n  - id: CVE-2026-1\n{rest}");
    let cases = [
        (".trivyignore", String::new(), 0),
        (".trivyignore", "CVE-2026-1\n".into(), 7),
        (".trivyignore", "# c\nCVE-2026-1 exp:2999-01-01 # x\n  CVE-2026-3\n".into(), 9),
        (
            ".trivyignore",
            "CVE-2026-1 exp:2020-01-01\nCVE-2026-2 exp:never\ncve-2026-3\nDSA-1-1\nCVE-2026-*\n".into(),
            0,
        ),
        (".trivyignore.yaml", yaml(""), 7),
        (".trivyignore.yaml", yaml("    expired_at: 2020-01-01\n"), 0),
        (".trivyignore.yaml", yaml("    purls: [pkg:deb/debian/libx]\n"), 2),
        (".trivyignore.yaml", yaml("    purls: [\"pkg:deb/debian/libx@1:2+b1\", \"pkg:npm/@a/b\"]\n"), 3),
        (".trivyignore.yaml", yaml("    purls: [pkg:golang/github.com/A/b]\n"), 1),
        (".trivyignore.yaml", yaml("    purls: [pkg:golang/github.com/A/b@v1.0.0]\n"), 1),
        (".trivyignore.yaml", yaml("    paths: [\"opt/app/**\"]\n"), 1),
        (".trivyignore.yaml", yaml("    paths: [\"opt/*/node_modules/b/package.json\", \"usr/bin/*\"]\n"), 4),
        (".trivyignore.yaml", yaml("    paths: [\"opt/*\"]\n"), 0),
        (".trivyignore.yaml", yaml("    paths: [\"opt/other/**\"]\n    purls: [pkg:npm/%40a/b]\n"), 1),
        (
            ".trivyignore.yaml",
            "vulnerabilities:\n  - id: CVE-2026-2\n    purls: [pkg:deb/debian/libstdc++6]\n".into(),
            1,
        ),
    ];
    let report = report().to_string().into_bytes();
    let all = kept(&findings(&report)).len();
    for (name, text, gone) in cases {
        let harness = Harness::new()
            .input("operation", "import")
            .input("from", name)
            .input("output", "e.yml")
            .input("owner", "me")
            .input("reason", "why")
            .input("expires", "2026-02-01")
            .input("partial", "true");
        harness.file("report.json", &report);
        harness.file(name, &text);
        let action = hallmark::ACTIONS.iter().find(|action| action.name == "exceptions").unwrap();
        let run = harness.run(action);
        assert_eq!(run.code, 0, "{}", run.stdout);
        let ours = by_us(&fs::read_to_string(harness.workspace().join("e.yml")).unwrap(), &report);
        let theirs = by_trivy(&harness, name);
        assert_eq!(ours, theirs, "{name}:\n{text}");
        assert_eq!(all - ours.len(), gone, "{name}:\n{text}");
    }
}

/// Every status, every kind of product: as the schema wants it. A broken one is seen.
#[test]
fn documents_fit_the_schema_of_the_format() {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/openvex.schema.json");
    let fits = |file: &Path| {
        let output = Command::new(tool("HALLMARK_TEST_PYTHON_BIN", "check-jsonschema"))
            .arg("--schemafile")
            .args([&schema, file])
            .output()
            .unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let mut list = "version: 1\nexceptions:\n".to_owned();
    for (number, rest) in [
        "",
        "purl: pkg:deb/debian/x, version: \"1:2\", aliases: [GHSA-1-1]",
        "until: fixed",
        "vex: {status: not_affected, justification: component_not_present, impact: i}",
        "vex: {status: not_affected, impact: i}",
        "vex: {status: affected, action: a}",
        "vex: {status: fixed}",
        "vex: {status: under_investigation}",
    ]
    .iter()
    .enumerate()
    {
        list += &format!(
            "  - {{id: CVE-2026-{number}, reason: r, owner: o, created: 2026-01-01, expires: 2026-02-01, {rest}}}\n"
        );
    }
    for product in [
        "pkg:oci/web".to_owned(),
        format!("sha256:{}", "0".repeat(64)),
        format!("hallmarkBlocks1:{}", "0".repeat(64)),
    ] {
        let harness = Harness::new()
            .input("operation", "export")
            .input("exceptions", "e.yml")
            .input("product", product)
            .input("author", "Acme")
            .input("output", "web.openvex.json");
        harness.file("e.yml", &list);
        let action = hallmark::ACTIONS.iter().find(|action| action.name == "exceptions").unwrap();
        let run = harness.run(action);
        assert_eq!((run.code, run.outputs["entries"].as_str()), (0, "8"), "{}", run.stdout);
        let file = harness.workspace().join("web.openvex.json");
        let (good, said) = fits(&file);
        assert!(good, "{said}");
        let text = fs::read_to_string(&file).unwrap();
        for (from, to) in [
            ("\"action_statement\": \"a\"", "\"supplier\": \"a\""),
            ("\"version\": 1", "\"version\": 0"),
            ("\"under_investigation\"", "\"unknown\""),
        ] {
            assert!(text.contains(from));
            fs::write(&file, text.replace(from, to)).unwrap();
            assert!(!fits(&file).0, "{to}");
        }
    }
}
