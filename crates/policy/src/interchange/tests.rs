//! What each format becomes, word for word, and what nobody may lose or gain by it.

mod adding;
mod hostile;
mod texts;

use super::*;

const TODAY: Date = Date::constant(2026, 1, 2);

pub(super) fn given() -> Given {
    Given { created: TODAY, owner: None, expires: None, ticket: None, reason: None, images: vec![] }
}

pub(super) fn filled_in() -> Given {
    Given {
        owner: Some("platform-team".to_owned()),
        expires: Some("2026-02-01".parse().unwrap()),
        reason: Some("Looked at.".to_owned()),
        ..given()
    }
}

pub(super) fn import(format: &str, text: &str) -> Imported {
    Format::named(format)
        .unwrap()
        .read(&Source { file: "source", text, today: TODAY, product: None })
        .unwrap()
}

/// Every objection as `line:column: what`.
pub(super) fn told(imported: &Imported) -> Vec<String> {
    imported
        .objections()
        .iter()
        .map(|told| {
            let mark = if told.effect == Effect::Idle { " (idle)" } else { "" };
            format!("{}:{}: {}{mark}", told.at.line, told.at.column, told.what)
        })
        .collect()
}

#[test]
fn formats_go_by_their_files_names() {
    for (file, format) in [
        (".trivyignore", Some("trivyignore")),
        ("a/b/.trivyignore", Some("trivyignore")),
        ("web.trivyignore", Some("trivyignore")),
        (".trivyignore.yaml", Some("trivyignore-yaml")),
        (".trivyignore.yml", Some("trivyignore-yaml")),
        (".grype.yaml", Some("grype")),
        ("grype.yml", Some("grype")),
        ("acme.openvex.json", Some("openvex")),
        ("acme.vex.json", Some("openvex")),
        ("exceptions.yml", None),
        ("vex.json.bak", None),
        ("", None),
    ] {
        assert_eq!(Format::of_file(file).map(|format| format.name), format, "{file}");
    }
    let mut names: Vec<_> = FORMATS.iter().map(|format| format.name).collect();
    names.dedup();
    assert_eq!(names.len(), FORMATS.len());
}

#[test]
fn what_is_not_of_the_format_at_all_is_told_at_its_place() {
    for (format, text, told) in [
        (
            "trivyignore-yaml",
            "- a\n",
            "source:1:1: the file is a list: `vulnerabilities:` and a list is wanted",
        ),
        ("trivyignore-yaml", "secrets: {a: b}\n", "source:1:10: `secrets` is a mapping: a list is wanted"),
        ("trivyignore-yaml", "", "source:1:1: this is not YAML: the file is empty: mend the syntax here"),
        ("grype", "ignore: x\n", "source:1:9: `ignore` is text: a list is wanted"),
        ("grype", "x\n", "source:1:1: the file is text: `ignore:` and a list is wanted"),
        (
            "openvex",
            "{\n  ?",
            "source:2:3: this is no OpenVEX document: key must be a string: OpenVEX 0.2.0 is read",
        ),
        (
            "openvex",
            r#"{"@context": "https://openvex.dev/ns", "@id": "i", "author": "a", "timestamp": "t", "version": 1, "statements": []}"#,
            "source:0:0: `@context` is `https://openvex.dev/ns`: `https://openvex.dev/ns/v0.2.0` is read",
        ),
        (
            "openvex",
            r#"{"@context": "https://openvex.dev/ns/v0.2.0", "@id": "i", "author": "a", "timestamp": "t", "version": 1, "statements": [], "more": 1}"#,
            "source:1:129: this is no OpenVEX document: unknown field `more`, expected one of `@context`, `@id`, `author`, `role`, `timestamp`, `last_updated`, `version`, `tooling`, `statements`: OpenVEX 0.2.0 is read",
        ),
        (
            "openvex",
            "{\"@context\": \"https://openvex.dev/ns/v0.2.0\", \"@id\": \"i\", \"author\": \"a\", \"timestamp\": \"t\", \"version\": 1, \"statements\": [\n {\"vulnerability\": {\"name\": \"CVE-1\"}, \"status\": \"fixed\"}]}",
            "source:2:2: the timestamp of statement 1, `t`, is none: write one such as `2026-01-02T03:04:05Z`",
        ),
    ] {
        let source = Source { file: "source", text, today: TODAY, product: None };
        let problems = Format::named(format).unwrap().read(&source).unwrap_err();
        assert_eq!(problems.to_string(), told);
    }
    // `.trivyignore` has no syntax: every line is an entry, a comment or nothing.
    assert_eq!(import("trivyignore", ""), Imported::default());
    let long = "x".repeat(MAX_BYTES + 1);
    for format in &FORMATS {
        let problems =
            format.read(&Source { file: "f", text: &long, today: TODAY, product: None }).unwrap_err();
        assert!(problems.to_string().contains("at most 4 MiB"), "{format:?}");
    }
}
