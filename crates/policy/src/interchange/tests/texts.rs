//! The files that imports write.

use super::*;

fn written(format: &str, text: &str, given: &Given) -> String {
    new_file(&import(format, text), given, "source")
}

#[test]
fn trivyignore() {
    let text = "\
# Accept the risk
CVE-2018-14618

# Not in use
# here
CVE-2019-14697 exp:2027-01-01
  CVE-2019-1543   # our setting is safe
AVD-AWS-0001
CVE-2019-1549 exp:soon
aws-access-key-id
DSA-5-1
cve-2020-1
CVE-2020-*
CVE-2019-9 exp:2026-01-02
CVE-2018-14618
";
    let wanted = "\
# Imported from source on 2026-01-02.
# The gate refuses this file until the keys that stand as comments are filled in.
# What could not be taken over is commented out, with why.
version: 1
exceptions:
  - id: CVE-2018-14618
    reason: Accept the risk
    created: 2026-01-02
    # owner: who answers for this?
    # expires: the last day on which it holds, such as 2027-01-31
  - id: CVE-2019-14697
    reason: Not in use here
    created: 2026-01-02
    expires: 2026-12-31
    # owner: who answers for this?
  - id: CVE-2019-1543
    reason: our setting is safe
    created: 2026-01-02
    # owner: who answers for this?
    # expires: the last day on which it holds, such as 2027-01-31
  - id: AVD-AWS-0001
    class: misconfiguration
    reason: Not in use here
    created: 2026-01-02
    # owner: who answers for this?
    # expires: the last day on which it holds, such as 2027-01-31
";
    let file = written("trivyignore", text, &given());
    let (active, rest) = file.split_once("  # Not taken over").unwrap();
    assert_eq!(active, wanted);
    assert_eq!(
        rest.lines().next().unwrap(),
        " (source:9:15): `exp:soon` is no date, and Trivy leaves the line out: write `exp:2027-01-31`."
    );
    assert!(rest.contains("\n  # - id: CVE-2019-1549\n  #   reason: Not in use here\n"), "{rest}");
    assert_eq!(
        told(&import("trivyignore", text)),
        [
            "9:15: `exp:soon` is no date, and Trivy leaves the line out (idle)",
            "10:1: `aws-access-key-id` may be a secret, a licence, a misconfiguration or a vulnerability: Trivy takes it for each of them",
            "11:1: `DSA-5-1` is a vendor's notice, and would cover every vulnerability that it is about",
            "12:1: `cve-2020-1` is not how such ids are written, and Trivy finds nothing by it (idle)",
            "13:1: `CVE-2020-*` cannot be an id here",
            "14:1: it ended after 2026-01-01 (idle)",
            "15:1: it is about the same as line 2 (idle)",
        ]
    );
}

#[test]
fn flags_fill_in_and_never_lengthen() {
    let given = Given {
        ticket: Some("SEC-1".to_owned()),
        images: vec!["web".to_owned(), "db-*".to_owned()],
        ..filled_in()
    };
    let text = "CVE-1\n# known\nCVE-2 exp:2026-01-20\nCVE-3 exp:2030-01-01\n";
    let wanted = "\
# Imported from source on 2026-01-02.
version: 1
exceptions:
  - id: CVE-1
    images: [web, \"db-*\"]
    reason: Looked at.
    owner: platform-team
    ticket: SEC-1
    created: 2026-01-02
    expires: 2026-02-01
  - id: CVE-2
    images: [web, \"db-*\"]
    reason: known
    owner: platform-team
    ticket: SEC-1
    created: 2026-01-02
    expires: 2026-01-19
  - id: CVE-3
    images: [web, \"db-*\"]
    reason: known
    owner: platform-team
    ticket: SEC-1
    created: 2026-01-02
    expires: 2026-02-01
";
    assert_eq!(written("trivyignore", text, &given), wanted);
}

#[test]
fn nothing_taken_over_leaves_an_empty_list() {
    assert_eq!(
        written("trivyignore", "", &given()),
        "# Imported from source on 2026-01-02.\nversion: 1\nexceptions: []\n"
    );
    let file = written("trivyignore", "*\n", &given());
    assert!(
        file.contains("\nexceptions: []  # take the brackets away with the first entry\n  # Not taken"),
        "{file}"
    );
}

#[test]
fn trivyignore_yaml() {
    let text = "\
vulnerabilities:
  # why: nobody calls it
  - id: CVE-2022-40897
    paths: [\"usr/local/lib/python3.9/**\"]
    purls:
      - pkg:pypi/setuptools
      - \"pkg:deb/debian/libstdc++6@1:14\"
      - pkg:npm/x?arch=y
    expired_at: 2027-01-01
    statement: Accept the risk
  - id: CVE-2022-40898 # beside
    expired_at: 2027-01-01T12:00:00+02:00
misconfigurations:
  - id: AVD-DS-0001
    paths: [\"docs/[a-z]\"]
  - id: AVD-DS-0002
    purls: [pkg:deb/debian/x]
secrets:
  - id: aws-access-key-id
    paths: [foo/bar/aws.secret]
    note: why
licenses:
  - id: GPL-3.0-only
  - paths: [x]
others: []
";
    let imported = import("trivyignore-yaml", text);
    let file = new_file(&imported, &filled_in(), "source");
    let entries: Vec<&str> = file.split("  - id: ").skip(1).collect();
    let tail = "    owner: platform-team\n    created: 2026-01-02\n    expires: 2026-02-01\n";
    let active: Vec<String> =
        entries.iter().map(|entry| entry.split("  # Not taken").next().unwrap().replace(tail, "")).collect();
    assert_eq!(
        active,
        [
            "CVE-2022-40897\n    purl: pkg:pypi/setuptools\n    paths: [\"usr/local/lib/python3.9/**\"]\n    reason: Accept the risk\n",
            "CVE-2022-40897\n    purl: pkg:deb/debian/libstdc%2B%2B6@1%3A14\n    paths: [\"usr/local/lib/python3.9/**\"]\n    reason: Accept the risk\n",
            "CVE-2022-40898\n    reason: beside\n",
            "GPL-3.0-only\n    class: license\n    reason: Looked at.\n",
        ]
    );
    assert_eq!(
        told(&imported),
        [
            "8:9: the qualifiers after `?` in `pkg:npm/x?arch=y` cannot be said",
            "15:13: the pattern `docs/[a-z]` has more in it than `?`, `*` and `**`",
            "17:13: Trivy looks at `purls` for vulnerabilities only, and would suppress this for every package",
            "21:5: nothing is known about `note`",
            "24:5: there is no `id`, so Trivy finds nothing by it (idle)",
            "25:1: Trivy knows no section `others`, and neither is it read here (idle)",
        ]
    );
}

#[test]
fn grype() {
    let text = "\
only-fixed: true
only-notfixed: false
exclude: []
ignore:
  - vulnerability: CVE-2008-4318 # old
    fix-state: not-fixed
  - vulnerability: GHSA-aaaa-bbbb-cccc
    include-aliases: true
    reason: Not reachable
    package: {name: lodash, type: npm, version: 4.17.20, location: \"/usr/lib/node_modules/**\"}
  - package: {name: github.com/a/b, type: go-module, language: go}
  - vulnerability: CVE-1-1
    fix-state: wont-fix
    match-type: cpe-match
  - vulnerability: CVE-1-2
    package: {name: openssl}
  - vulnerability: CVE-1-3
    package: {upstream-name: openssl, type: deb}
  - vulnerability: CVE-1-4
    package: {name: libstdc++, type: npm}
  - package: {type: gem}
  - vex-status: not_affected
    vex-justification: vulnerable_code_not_present
  - vulnerability: CVE-1-5
    namespace: debian:distro:debian:12
  - {}
  - reason: x
  - vulnerability: RHSA-2026:1
  - vulnerability: RHSA-2026:1
    include-aliases: true
";
    let imported = import("grype", text);
    let file = new_file(&imported, &filled_in(), "source");
    let rest = "    owner: platform-team\n    created: 2026-01-02\n    expires: 2026-02-01\n";
    let wanted = format!(
        "  - id: CVE-2008-4318\n    reason: old\n{rest}    until: fixed\n\
         \x20 - id: GHSA-aaaa-bbbb-cccc\n    purl: pkg:npm/lodash\n    version: \"4.17.20\"\n    paths: [\"usr/lib/node_modules/**\"]\n    reason: Not reachable\n{rest}\
         \x20 - package: github.com/a/b\n    purl: pkg:golang/github.com/a/b\n    reason: Looked at.\n{rest}\
         \x20 # Not taken over (source:13:16): `fix-state: wont-fix` cannot be said"
    );
    let (_, entries) = file.split_once("exceptions:\n").unwrap();
    assert!(entries.starts_with(&wanted), "{entries}");
    assert!(entries.ends_with(&format!("  - id: RHSA-2026:1\n    reason: Looked at.\n{rest}")), "{entries}");
    assert_eq!(imported.active(), 4);
    assert_eq!(
        told(&imported),
        [
            "1:1: `only-fixed` keeps findings from being shown, and is no exception",
            "13:16: `fix-state: wont-fix` cannot be said: ours knows only whether there is a fix",
            "14:17: `match-type: cpe-match` cannot be said: how it was found is not known here",
            "16:21: `package: openssl` covers here both the package of that name and all that is built from the source `openssl`",
            "18:30: `package: openssl` covers here both the package of that name and all that is built from the source `openssl`",
            "18:45: `type: deb` cannot be said: a package has to be named",
            "20:21: `libstdc++` is a regular expression to Grype",
            "21:21: `type: gem` cannot be said: a package has to be named",
            "22:17: `vex-status: not_affected` cannot be said: it speaks of a VEX document's statements; import that document instead",
            "23:24: `vex-justification: vulnerable_code_not_present` cannot be said: it speaks of a VEX document's statements; import that document instead",
            "25:16: `namespace: debian:distro:debian:12` cannot be said: where the vulnerability was looked up is not known here",
            "26:5: the rule has no condition, and Grype leaves it out (idle)",
            "27:5: the rule has no condition, and Grype leaves it out (idle)",
            "28:5: `RHSA-2026:1` is a vendor's notice, and would cover every vulnerability that it is about",
        ]
    );
}

const VEX: &str = r#"{
  "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.org/vex", "author": "Acme",
  "timestamp": "2026-01-01T00:00:00Z", "version": 1,
  "statements": [
    {"vulnerability": {"name": "CVE-1-1", "aliases": ["GHSA-1-1"], "description": "Bad\nthing"},
     "products": [{"@id": "pkg:deb/debian/openssl@3.0.1"}],
     "status": "not_affected", "justification": "vulnerable_code_not_present", "impact_statement": "Built without: it"},
    {"vulnerability": {"name": "CVE-1-2"},
     "products": [{"@id": "pkg:oci/web", "subcomponents": [{"@id": "pkg:deb/debian/x"}, {"@id": "urn:x"}]}],
     "status": "fixed", "status_notes": "Patched"},
    {"vulnerability": {"name": "CVE-1-3"}, "products": [{"@id": "pkg:npm/x"}], "status": "affected", "action_statement": "Wait"},
    {"vulnerability": {"name": "CVE-1-4"}, "products": [{"@id": "pkg:npm/x"}], "status": "fixed"},
    {"vulnerability": {"name": "CVE-1-4"}, "products": [{"@id": "pkg:npm/x@1"}], "status": "under_investigation"},
    {"vulnerability": {"name": "CVE-1-5"}, "products": [{"@id": "pkg:oci/other"}], "status": "fixed"},
    {"vulnerability": {"name": "CVE-1-6"}, "status": "fixed"}
  ]
}"#;

#[test]
fn openvex() {
    let read = |product| {
        Format::named("openvex")
            .unwrap()
            .read(&Source { file: "source", text: VEX, today: TODAY, product })
            .unwrap()
    };
    let ours = read(Some("pkg:oci/web"));
    let given = Given { images: vec!["web".to_owned()], ..filled_in() };
    let file = new_file(&ours, &given, "source");
    let rest = "    owner: platform-team\n    created: 2026-01-02\n    expires: 2026-02-01\n";
    let wanted = format!(
        "exceptions:\n\
         \x20 # Bad thing\n\
         \x20 # Statement 1 by Acme, 2026-01-01T00:00:00Z, about pkg:deb/debian/openssl@3.0.1\n\
         \x20 - id: CVE-1-1\n    aliases: [GHSA-1-1]\n    purl: pkg:deb/debian/openssl@3.0.1\n    images: [web]\n\
         \x20   reason: \"Built without: it\"\n{rest}\
         \x20   vex: {{status: not_affected, justification: vulnerable_code_not_present, impact: \"Built without: it\"}}\n\
         \x20 # Statement 2 by Acme, 2026-01-01T00:00:00Z, about pkg:oci/web\n\
         \x20 - id: CVE-1-2\n    purl: pkg:deb/debian/x\n    images: [web]\n    reason: Patched\n{rest}\
         \x20   vex: {{status: fixed}}\n\
         \x20 # Not taken over (source:8:5): a component has no package URL: add its purl.\n"
    );
    assert!(file.contains(&wanted), "{file}");
    assert_eq!(
        told(&ours),
        [
            "8:5: a component has no package URL",
            "12:5: a later statement of the document takes its place (idle)",
            "14:5: it is about the product `pkg:oci/other` only",
            "15:5: the statement names no product",
        ]
    );
    // Without the product, nothing about it is taken over.
    let theirs = read(None);
    assert_eq!(theirs.active(), 3);
    assert!(told(&theirs).contains(&"8:5: it is about the product `pkg:oci/web` only".to_owned()));
}
