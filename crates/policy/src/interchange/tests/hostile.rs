//! Whatever a source says, what is written is a list of just the entries that were taken over.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::yaml::{self, Node};

fn items(text: &str) -> Vec<Node> {
    let tree = yaml::parse(text).unwrap_or_else(|broken| panic!("{broken:?}\n{text}"));
    tree.get("exceptions").unwrap().items().to_vec()
}

/// Text that would like to be something else.
fn nasty() -> impl Strategy<Value = String> {
    let bits = prop::sample::select(vec![
        "\n",
        "\r",
        "\u{85}",
        "\u{2028}",
        "- ",
        "  - id: X",
        "# ",
        ": ",
        "\"",
        "'",
        "\\",
        "]",
        "}",
        ",",
        "&a",
        "*a",
        "!!x",
        "|",
        ">",
        "---\n",
        "...",
        "\t",
        "\0",
        "\u{feff}",
        "\u{202e}",
        "a",
        "1",
        "true",
        "é",
        "😀",
        "${{",
        " ",
        "~",
        "null",
        "2026-01-01",
        "%",
        "@",
        "`",
        "\u{fffe}",
        "\u{e0041}",
        "\u{7f}",
        "\u{d7ff}",
    ]);
    prop::collection::vec(bits, 0..8).prop_map(|bits| bits.concat())
}

proptest! {
    #[test]
    fn scalars_read_as_they_were(text in nasty(), any in any::<String>()) {
        for text in [text, any] {
            let written = scalar(&text);
            prop_assert_eq!(written.lines().count().max(1), 1);
            let tree = yaml::parse(&format!("a: {written}\nb: [{written}, x]\nc: {{d: {written}, e: f}}\n")).unwrap();
            let read = |node: &Node| matches!(&node.value, yaml::Value::Text(read) if *read == text);
            prop_assert!(read(&tree.entries()[0].1), "{}", written);
            prop_assert!(read(&tree.entries()[1].1.items()[0]), "{}", written);
            prop_assert!(read(&tree.entries()[2].1.entries()[0].1), "{}", written);
        }
    }

    #[test]
    fn documents_write_just_their_entries(
        name in nasty(), alias in nasty(), notes in nasty(), id in nasty(), author in nasty(), description in nasty(),
    ) {
        let statement = |name: &str| json!({
            "vulnerability": {"name": name, "aliases": [alias], "description": description},
            "products": [{"@id": id}, {"@id": "pkg:deb/debian/x"}],
            "status": "fixed", "status_notes": notes,
        });
        let text = json!({
            "@context": openvex::CONTEXT, "@id": "x", "author": author, "timestamp": "2026-01-01T00:00:00Z",
            "version": 1, "statements": [statement(&name), statement("CVE-1-1")],
        }).to_string();
        let imported = import("openvex", &text);
        let file = new_file(&imported, &given(), &name);
        let items = items(&file);
        prop_assert_eq!(items.len(), imported.active(), "{}", file);
        for item in &items {
            let reason = item.get("reason").and_then(Node::text);
            prop_assert_eq!(reason, (!notes.trim().is_empty()).then(|| notes.clone()), "{}", file);
        }
        let appended = append("f", &file, &imported, &given(), &name).unwrap();
        prop_assert_eq!((appended.added, &appended.text), (0, &file));
    }

    #[test]
    fn files_of_lines_write_just_their_entries(lines in prop::collection::vec((nasty(), nasty()), 0..5)) {
        let text: String = lines.iter().map(|(a, b)| format!("# {a}\nCVE-1-1 {b}\n{a}\n")).collect();
        let imported = import("trivyignore", &text);
        let file = new_file(&imported, &given(), "f");
        prop_assert_eq!(items(&file).len(), imported.active(), "{}", file);
    }

    #[test]
    fn rules_write_just_their_entries(id in nasty(), name in nasty(), reason in nasty(), path in nasty()) {
        let rules = json!([
            {"vulnerability": id, "reason": reason, "package": {"name": name, "type": "npm", "location": path}},
            {"vulnerability": "CVE-1-1", "reason": reason},
        ]);
        let ignored = json!([{"id": id, "paths": [path], "purls": [name], "statement": reason}, {"id": "CVE-1-1", "statement": reason}]);
        for (format, text) in [("grype", json!({"ignore": rules})), ("trivyignore-yaml", json!({"vulnerabilities": ignored}))] {
            let read = Format::named(format).unwrap().read(&Source { file: "f", text: &text.to_string(), today: TODAY, product: None });
            // Some of JSON is no YAML: then nothing is read, and that is told.
            if let Ok(imported) = read {
                let file = new_file(&imported, &given(), "f");
                prop_assert_eq!(items(&file).len(), imported.active(), "{}", file);
                prop_assert!(imported.active() >= 1);
            }
        }
    }
}

/// Some megabytes of the worst take no time to speak of.
#[test]
fn much_of_it_takes_no_time() {
    let begun = std::time::Instant::now();
    let lines = "CVE-1-1 # x\n*\n".repeat(5_000);
    let imported = import("trivyignore", &lines);
    let file = new_file(&imported, &given(), "f");
    assert!(file.len() > lines.len());
    let appended = append("f", "version: 1\nexceptions: []\n", &imported, &given(), "f").unwrap();
    assert_eq!((appended.added, appended.skipped.len()), (1, 0));
    let statements: Vec<_> = (0..5_000)
        .map(|at| {
            json!({"vulnerability": {"name": "CVE-1-1", "aliases": ["A-1", "A-2"]}, "status": "fixed",
            "products": [{"@id": format!("pkg:npm/x@{at}")}, {"@id": "pkg:npm/x"}]})
        })
        .collect();
    let text = json!({"@context": openvex::CONTEXT, "@id": "x", "author": "a", "timestamp": "2026-01-01T00:00:00Z",
        "version": 1, "statements": statements});
    assert_eq!(import("openvex", &text.to_string()).active(), 5_001);
    let purls: Vec<_> = (0..10_000).map(|at| format!("pkg:npm/x{at}")).collect();
    let text = json!({"vulnerabilities": [{"id": "CVE-1-1", "purls": purls, "paths": purls}]});
    assert_eq!(import("trivyignore-yaml", &text.to_string()).active(), 0);
    assert!(begun.elapsed().as_secs() < 30, "{:?}", begun.elapsed());
}
