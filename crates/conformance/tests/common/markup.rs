//! Strict readers of our own HTML and Markdown: every tag known and closed, no table that loses a column, and nothing
//! that runs but what the page's policy names by its digest.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use model::Sha256;

use super::hostile::assert_visible;

/// What has no end tag.
const VOID: [&str; 4] = ["!doctype", "meta", "input", "br"];

/// What the page is made of.
const KNOWN: [&str; 42] = [
    "html",
    "head",
    "title",
    "style",
    "body",
    "header",
    "main",
    "section",
    "h1",
    "h2",
    "h3",
    "nav",
    "ol",
    "a",
    "p",
    "dl",
    "dt",
    "dd",
    "div",
    "ul",
    "li",
    "b",
    "small",
    "span",
    "code",
    "blockquote",
    "select",
    "option",
    "label",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "button",
    "details",
    "summary",
    "script",
    "!doctype",
    "meta",
    "input",
];

/// A page whose only scripts and styles are those that its policy names, and whose tags are all closed.
#[track_caller]
pub(crate) fn assert_page(path: &Path) {
    let html = fs::read_to_string(path).unwrap();
    let (mut open, mut scripts, mut styles) = (Vec::new(), Vec::new(), Vec::new());
    let mut rest = html.as_str();
    while let Some((_, tag)) = rest.split_once('<') {
        let end = end_of_tag(tag);
        let (inside, after) = (&tag[..end], &tag[end + 1..]);
        rest = after;
        if let Some(name) = inside.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "closed: {}", head(tag));
            continue;
        }
        let (name, attributes) = inside.split_once(' ').unwrap_or((inside, ""));
        assert!(KNOWN.contains(&name), "no tag of ours: <{}", head(tag));
        // No tag of ours has a handler or a source, and a link that is written leads to a place in the page.
        for attribute in attributes.split(' ') {
            let key = attribute.split_once('=').map_or(attribute, |(key, _)| key);
            assert!(!key.starts_with("on") && !["src", "style"].contains(&key), "<{}", head(tag));
            assert!(key != "href" || attribute.starts_with("href=\"#"), "<{}", head(tag));
        }
        if name == "script" || name == "style" {
            let (text, more) = after.split_once(&format!("</{name}>")).unwrap();
            rest = more;
            let list = if name == "script" { &mut scripts } else { &mut styles };
            list.push((attributes.to_owned(), text.to_owned()));
        } else if !VOID.contains(&name) {
            open.push(name.to_owned());
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
    let [(data, json), (plain, script)] = &scripts[..] else { panic!("{} scripts", scripts.len()) };
    assert_eq!((data.as_str(), plain.as_str()), ("type=\"application/json\" id=\"data\"", ""));
    serde_json::from_str::<serde_json::Value>(json).unwrap();
    let [(_, style)] = &styles[..] else { panic!("{} styles", styles.len()) };
    let digest = |text: &str| format!("'sha256-{}'", BASE64.encode(Sha256::of(text.as_bytes()).as_bytes()));
    let policy = format!(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src {}; script-src {}; \
         base-uri 'none'; form-action 'none'\">",
        digest(style),
        digest(script)
    );
    assert!(html.contains(&policy), "the page's policy is not {policy}");
    // What the script shows goes through its own filter: the browser's test looks at that.
    assert_visible(&html.replace(json.as_str(), ""), "the page");
}

/// Where a tag ends, outside its quotes.
#[track_caller]
fn end_of_tag(tag: &str) -> usize {
    let mut quoted = false;
    let end = tag.char_indices().find(|(_, c)| {
        quoted ^= *c == '"';
        *c == '>' && !quoted
    });
    end.unwrap_or_else(|| panic!("a tag without an end: <{}", head(tag))).0
}

fn head(text: &str) -> String {
    text.chars().take(120).collect()
}

/// Markdown with no markup but our own: the tags that the writer uses, and tables that keep their columns.
#[track_caller]
pub(crate) fn assert_markdown(text: &str, what: &str) {
    assert_visible(text, what);
    let text = &without_code(text);
    assert!(text.len() < 1 << 20, "{what}: a summary of {} bytes is more than is shown", text.len());
    for (at, _) in text.match_indices('<') {
        let tag: String = text[at + 1..].chars().take_while(|c| *c != '>').collect();
        let ours = ["br", "code", "/code", "details", "/details", "summary", "/summary", "b", "/b"];
        assert!(ours.contains(&tag.as_str()), "{what}: <{}", tag.chars().take(80).collect::<String>());
    }
    let live = [
        "](javascript",
        "](http",
        "@octocat",
        "https://evil",
        "www.evil",
        "images#1",
        "\n# heading",
        "~~gone",
    ];
    for live in live {
        assert!(!text.contains(live), "{what}: {live:?} is live");
    }
    let mut columns = None;
    for line in text.lines() {
        assert!(!line.trim_start().starts_with("::"), "{what}: {line:?}");
        if !line.starts_with('|') {
            columns = None;
            continue;
        }
        let bars = line.replace("\\\\", "").replace("\\|", "").matches('|').count();
        assert_eq!(
            *columns.get_or_insert(bars),
            bars,
            "{what}: {:?}",
            line.chars().take(400).collect::<String>()
        );
    }
}

/// What is in a fence shows as it is; a line of as many backticks ends it.
#[track_caller]
fn without_code(text: &str) -> String {
    let mut kept = String::new();
    let mut fence: Option<usize> = None;
    for line in text.lines() {
        let ticks = line.chars().take_while(|c| *c == '`').count();
        match fence {
            None if ticks >= 3 => fence = Some(ticks),
            None => kept += &format!("{line}\n"),
            Some(length) if ticks >= length && line[ticks..].trim().is_empty() => fence = None,
            Some(_) => {}
        }
    }
    assert!(fence.is_none(), "a fence that is left open: {}", head(text));
    kept
}
