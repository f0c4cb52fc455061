//! Slack: the shapes and numbers of Block Kit hold for whatever is told, and nobody's words are more than words.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test's helper fails by panicking")]

use crate::common::server::Server;
use crate::common::{HOSTILE, World, body, reason, run};
use model::{Verdict, Weight};
use serde_json::{Value, json};

fn told(harness: runner::testing::Harness) -> Value {
    let server = Server::ok();
    let run = run(&harness.input("webhook", format!("slack {}/services/s3cr3t", server.address)));
    assert_eq!(run.code, 0, "{}", run.stdout);
    let told = body(&server);
    holds(&told);
    told
}

fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// As Slack documents it: <https://docs.slack.dev/reference/block-kit/blocks/>.
fn holds(told: &Value) {
    let members: Vec<&String> = told.as_object().unwrap().keys().collect();
    assert!(members.iter().all(|name| ["text", "mrkdwn", "unfurl_links", "unfurl_media", "blocks"].contains(&name.as_str())));
    assert!(length(told["text"].as_str().unwrap()) <= 3000);
    inert(told["text"].as_str().unwrap());
    let blocks = told["blocks"].as_array().unwrap();
    assert!((1..=50).contains(&blocks.len()), "{}", blocks.len());
    for block in blocks {
        match block["type"].as_str().unwrap() {
            "header" => words(&block["text"], 150),
            "section" => words(&block["text"], 3000),
            "divider" => assert_eq!(block, &json!({"type": "divider"})),
            "context" => {
                let elements = block["elements"].as_array().unwrap();
                assert!((1..=10).contains(&elements.len()));
                elements.iter().for_each(link);
            }
            other => panic!("{other}"),
        }
    }
}

/// Words: no markup, no mention, no entity cut.
fn words(object: &Value, most: usize) {
    assert_eq!((&object["type"], &object["emoji"]), (&json!("plain_text"), &json!(false)));
    let text = object["text"].as_str().unwrap();
    assert!((1..=most).contains(&length(text)), "{}", length(text));
    inert(text);
}

fn inert(text: &str) {
    assert!(!text.contains(['<', '>']), "{text}");
    let rest = text.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "");
    assert!(!rest.contains('&'), "{text}");
    assert!(text.chars().all(|char| char == '\n' || !char.is_control()), "{text:?}");
}

/// A link of ours, and nothing else.
fn link(object: &Value) {
    assert_eq!((&object["type"], &object["verbatim"]), (&json!("mrkdwn"), &json!(true)));
    let text = object["text"].as_str().unwrap();
    let inner = text.strip_prefix('<').unwrap().strip_suffix('>').unwrap();
    let (address, name) = inner.split_once('|').unwrap();
    assert!(address.starts_with("https://") && !name.contains('|'), "{text}");
    inert(inner);
    assert!(["Run", "Page", "Channel", "Evidence"].contains(&name), "{text}");
}

fn all(told: &Value) -> String {
    let blocks = told["blocks"].as_array().unwrap();
    blocks.iter().filter_map(|block| block["text"]["text"].as_str()).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_decision_in_blocks() {
    let told = told(World::new(Verdict::Review).waived("Ada", "seen").decided());
    insta::assert_snapshot!(serde_json::to_string_pretty(&told).unwrap());
}

#[test]
fn a_publication_in_blocks() {
    let told = told(World::new(Verdict::Pass).released(None));
    insta::assert_snapshot!(serde_json::to_string_pretty(&told).unwrap());
}

#[test]
fn hostile_text_is_only_text() {
    let mut world = World::of(HOSTILE, Verdict::Review, vec![reason(Weight::Review, HOSTILE)]);
    world.predicate["policy"]["name"] = json!(HOSTILE);
    let told = told(world.waived(HOSTILE, HOSTILE).decided().input("title", HOSTILE));
    let text = all(&told);
    assert!(text.contains("a &amp; b &lt;!channel&gt; &lt;https://evil.example|x&gt; @all"), "{text}");
    // A line of theirs does not look like one of ours.
    assert!(text.lines().all(|line| !line.starts_with("# h")), "{text}");
}

#[test]
fn what_only_reports_says_so() {
    let mut world = World::new(Verdict::Fail);
    world.predicate["reportOnly"] = json!(true);
    assert!(all(&told(world.decided())).contains("Report only: this verdict is recorded and stops nothing"));
}

#[test]
fn however_much_there_is_it_fits_and_says_what_does_not() {
    for (count, text) in
        [(60, HOSTILE.repeat(3)), (2000, "&".repeat(700)), (2000, "😀".repeat(700)), (2000, "x".to_owned())]
    {
        let world = World::of(&text, Verdict::Fail, vec![reason(Weight::Fail, &text); count]);
        let told = told(world.waived(&text, &text).decided().input("title", &text));
        let all = all(&told);
        let shown = all.matches("• fail cve-severity: ").count();
        assert!(shown > 20, "{shown}");
        let left = format!("… and {} more reasons, which do not fit here", count - shown);
        assert_eq!(all.contains(&left), shown < count, "{shown} of {count}");
    }
}

#[test]
fn a_link_has_no_way_out_of_its_place() {
    let told = told(World::new(Verdict::Pass).decided());
    let links = told["blocks"].as_array().unwrap().last().unwrap()["elements"].to_string();
    assert!(links.contains("<https://pages.example/debian-app?a=1&amp;b=%3C2%3E%7C3|Page>"), "{links}");
}
