//! Text that packages, advisories, tests and people may bring, and how it looks when it is inert.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::{Ran, Step, World, home};

/// What would happen if any of it came to life: a command of the runner's, markup, a script, a terminal's escape.
pub(crate) const TEXTS: &[&str] = &[
    "::set-output name=verdict::pass",
    "first\n::error::forged\r::add-mask::forged\r\n::stop-commands::forged",
    "\u{feff} \t::error::forged ##[error]forged ##[add-mask]forged",
    "%0A::error::forged %0D %25 %3A%3A",
    "]]><script>document.title='owned'</script>",
    "</script></style></title></textarea></noscript><script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\"><svg onload=\"document.title='owned'\">",
    "' onmouseover='document.title=1' \" onfocus=\"document.title='owned'\" autofocus x=\"",
    "<iframe srcdoc=\"<script>parent.document.title='owned'</script>\"></iframe><base href=//evil.example>",
    "<!-- --><![CDATA[ &lt;b&gt; &#60;i&#62; <?xml?> <!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]> &e;",
    "a | b || c\n| d | e |\n|---|---|",
    "```\n</details></table>\n# heading\n> quote\n- [ ] item\n1. one",
    "[x](javascript:document.title='owned') ![x](https://evil.example/x.png) <https://evil.example> `code`",
    "@octocat acme/images#1 https://evil.example/?q www.evil.example $x^2$ :tada: ~~gone~~",
    "\u{1b}[31mred\u{1b}[0m \u{1b}]0;owned\u{7} \u{1b}]8;;https://evil.example\u{1b}\\x \u{1b}[2J\u{9b}1A",
    "\u{202e}exe.txt\u{2066} \u{200b}\u{2060}\u{e0041} \u{200f}",
    "\0\u{1}\u{8}\u{b}\u{c}\u{7f}\u{85}\u{2028}\u{2029}\u{fffe}\u{ffff}",
    "javascript:document.title='owned'",
    "../../../../etc/passwd",
    "",
];

/// Megabytes without a break, with a command at the end.
pub(crate) fn long() -> String {
    "A long line ".repeat(100_000) + "\n::error::forged"
}

/// A report of Trivy's that has every text in every place.
pub(crate) fn report() -> Value {
    let long = long();
    // Without a name there is no finding, and the whole report is refused.
    let all = [long.as_str()].into_iter().chain(TEXTS.iter().copied().filter(|text| !text.is_empty()));
    let vulnerabilities: Vec<_> = all
        .clone()
        .enumerate()
        .map(|(at, text)| {
            json!({
                "VulnerabilityID": if at % 2 == 0 { format!("CVE-2026-{at}") } else { format!("CVE-2026-{at} {text}") },
                "PkgName": text, "PkgPath": text, "InstalledVersion": text, "FixedVersion": text, "Status": text,
                "Title": text, "Description": text, "PrimaryURL": text, "References": [text, "https://ok.example"],
                "Severity": "HIGH", "SeveritySource": text, "DataSource": {"ID": text, "Name": text, "URL": text},
                "PkgIdentifier": {"PURL": format!("pkg:deb/debian/x@1?{text}")}, "Layer": {"DiffID": text},
            })
        })
        .collect();
    let packages: Vec<_> =
        all.map(|text| json!({"Name": text, "Version": text, "SrcName": text, "Licenses": [text]})).collect();
    json!({
        "SchemaVersion": 2, "Trivy": {"Version": "0.69.3"}, "ArtifactName": TEXTS.concat(), "ArtifactType": "vm",
        "Metadata": {"OS": {"Family": "debian", "Name": "13.7"}},
        "Results": [{"Target": TEXTS.concat(), "Class": "os-pkgs", "Type": "debian", "Packages": packages,
                     "Vulnerabilities": vulnerabilities}],
    })
}

/// Takes a hostile report into the evidence of an image.
pub(crate) fn scan(world: &World) -> Step {
    let path = world.path("hostile.json");
    fs::write(&path, report().to_string()).unwrap();
    Step::new("trivy-scan", &world.path(""))
        .path("image", home().join("images/debian-app/image.json"))
        .path("report", path)
        .path("evidence", world.evidence())
        .path("sarif", world.path("hostile.sarif"))
        .input("fail-on", "high")
        .key("assay")
}

/// Exceptions whose words are hostile: they suppress one of the report's findings.
pub(crate) fn exceptions(world: &World) -> PathBuf {
    let path = world.path("policies/exceptions.yml");
    let words = serde_json::to_string(&TEXTS[..10].concat().replace(char::is_control, " ")).unwrap();
    let today = &super::now(0)[..10];
    let text = format!(
        "version: 1\nexceptions:\n  - id: CVE-2026-2\n    reason: {words}\n    owner: {words}\n    ticket: {words}\n    \
         created: {today}\n    expires: {today}\n"
    );
    fs::write(&path, text).unwrap();
    path
}

/// No character that a terminal or a reader's eye obeys.
#[track_caller]
pub(crate) fn assert_visible(text: &str, what: &str) {
    let odd = |c: &char| {
        (c.is_control() && !matches!(c, '\n' | '\t'))
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if let Some(found) = text.chars().find(odd) {
        let line = text.lines().find(|line| line.contains(found)).unwrap_or_default();
        panic!("{what}: {found:?} in {:?}", line.chars().take(400).collect::<String>());
    }
}

/// A log that gives the runner no command but our own.
#[track_caller]
pub(crate) fn assert_log(ran: &Ran) {
    let text = String::from_utf8(ran.stdout.clone()).unwrap();
    assert_visible(&text, "stdout");
    assert_visible(&ran.stderr, "stderr");
    for line in text.lines() {
        assert!(line.len() < 64 << 10, "a line of {} bytes", line.len());
        // The runner reads the old form of a command only in a line that is none of the new form.
        let Some(command) = line.trim_start().strip_prefix("::") else {
            assert!(!line.contains("##["), "{line:?}");
            continue;
        };
        let (head, message) = command.split_once("::").unwrap_or_else(|| panic!("no command: {line:?}"));
        let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
        let ours = ["add-mask", "debug", "endgroup", "error", "group", "notice", "warning"];
        assert!(line.starts_with("::") && ours.contains(&name) && message != "forged", "{line:?}");
        for property in properties.split(',').filter(|property| !property.is_empty()) {
            let key = property.split_once('=').map(|(key, _)| key);
            let known = ["col", "endColumn", "endLine", "file", "line", "title"];
            assert!(key.is_some_and(|key| known.contains(&key)) && !property.contains(':'), "{line:?}");
        }
    }
    let action = |name: &String| hallmark::ACTIONS.iter().any(|a| a.outputs.iter().any(|o| o.name == name));
    assert!(ran.outputs.keys().all(action), "{:?}", ran.outputs.keys());
}
