//! Entries added to a file that is there.

use super::*;

fn add(text: &str) -> Result<Appended, String> {
    let imported = import("trivyignore", "CVE-1-1\nCVE-1-2 # why\n*\n");
    append("e.yml", text, &imported, &filled_in(), "source").map_err(|problems| problems.to_string())
}

const BLOCK: &str = "  - id: CVE-1-2\n    reason: why\n    owner: platform-team\n    created: 2026-01-02\n    expires: 2026-02-01\n";

#[test]
fn nothing_that_is_there_is_touched() {
    for (text, head, tail) in [
        ("version: 1\nexceptions: []\n", "version: 1\nexceptions:\n", ""),
        (
            "# mine\nversion: 1\nexceptions: [ ]  # none\n# end\n",
            "# mine\nversion: 1\nexceptions:  # none\n# end\n",
            "",
        ),
        ("version: 1\nexceptions:\n", "version: 1\nexceptions:\n", ""),
        ("exceptions: []\n\n# of the file\nversion: 1\n", "exceptions:\n\n", "# of the file\nversion: 1\n"),
        (
            "version: 1\nexceptions:\n  # one\n  - {id: A-1}\n  # end",
            "version: 1\nexceptions:\n  # one\n  - {id: A-1}\n  # end\n",
            "",
        ),
    ] {
        let appended = add(text).unwrap();
        let rest = appended.text.strip_prefix(head).unwrap_or_else(|| panic!("{}", appended.text));
        let rest = rest.strip_suffix(tail).unwrap_or_else(|| panic!("{}", appended.text));
        assert!(rest.starts_with("  - id: CVE-1-1\n") && rest.contains(BLOCK), "{}", appended.text);
        assert!(rest.contains("  # Not taken over (source:3:1): `*`"), "{}", appended.text);
        assert_eq!((appended.added, appended.skipped.len()), (2, 0));
        let again = add(&appended.text).unwrap();
        assert_eq!((again.added, again.skipped), (0, vec![At::new(1, 1), At::new(2, 1)]), "{text}");
        assert_eq!(again.text, appended.text, "a second import adds nothing, comments neither");
    }
}

#[test]
fn lists_are_indented_as_they_are_and_line_ends_stay() {
    let appended = add("version: 1\r\nexceptions:\r\n- id: X-1\r\n  reason: r\r\n").unwrap();
    let head =
        "version: 1\r\nexceptions:\r\n- id: X-1\r\n  reason: r\r\n- id: CVE-1-1\r\n  reason: Looked at.\r\n";
    assert!(appended.text.starts_with(head), "{:?}", appended.text);
    let appended = add("exceptions:\n    -\n      id: X-1\nversion: 1\n").unwrap();
    assert!(
        appended.text.starts_with("exceptions:\n    -\n      id: X-1\n    - id: CVE-1-1\n"),
        "{}",
        appended.text
    );
    assert!(appended.text.ends_with("version: 1\n"));
}

#[test]
fn the_same_is_there_whatever_is_said_about_it() {
    for (there, added) in [
        ("id: CVE-1-1, owner: other, reason: another, expires: 2030-01-01", 1),
        ("id: cve-1-1, class: vulnerability", 1),
        ("id: CVE-1-1, package: x", 2),
        ("id: CVE-1-1, images: [web]", 2),
        ("id: CVE-1-1, environments: [dev]", 2),
        ("id: CVE-1-1, versions: vers:deb/*", 2),
        ("id: CVE-1-1, class: secret", 2),
        ("id: CVE-1-1, until: fixed", 1),
        ("id: CVE-1-11", 2),
    ] {
        let text = format!("version: 1\nexceptions:\n  - {{{there}}}\n");
        assert_eq!(add(&text).unwrap().added, added, "{there}");
    }
}

#[test]
fn what_cannot_be_added_to_is_refused() {
    for (text, told) in [
        (
            "version: 1\nexceptions: [{id: A-1}]\n",
            "e.yml:2:13: this list cannot be added to: write each exception",
        ),
        ("{version: 1, exceptions: []}\n", "e.yml:1:26: this list cannot be added to: import to a file"),
        ("version: 1\n", "e.yml:1:1: there are no `exceptions`"),
        ("version: 1\nexceptions: x\n", "e.yml:2:13: this list cannot be added to"),
        ("version: 1\nexceptions:\n  - {id: A-1}\n...\n", "this list cannot be added to"),
        ("exceptions: [\n", "this is not YAML"),
        ("", "the file is empty"),
    ] {
        let problem = add(text).unwrap_err();
        assert!(problem.contains(told), "{text:?}: {problem}");
    }
}
