//! Teams: the shapes and numbers of Adaptive Cards hold for whatever is told, and nobody's words are more than words.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test's helper fails by panicking")]

use crate::common::server::{Answer, Server};
use crate::common::{HOSTILE, World, reason, run};
use model::{Verdict, Weight};
use serde_json::{Value, json};

fn told(harness: runner::testing::Harness) -> Value {
    // A flow takes it in before it looks at it.
    let server = Server::new(&[Answer::Status(202, vec![], "")]);
    let run = run(&harness
        .input("webhook", format!("{}/workflows/s3cr3t", server.address))
        .input("format", "teams"));
    assert_eq!(run.code, 0, "{}", run.stdout);
    let sent = server.sent();
    assert!(sent[0].body.len() <= 28 << 10, "{}", sent[0].body.len());
    let told: Value = serde_json::from_slice(&sent[0].body).unwrap();
    holds(&told);
    told
}

/// As Adaptive Cards 1.4 and Teams' Workflows document it.
fn holds(told: &Value) {
    assert_eq!(told["type"], "message");
    let attachments = told["attachments"].as_array().unwrap();
    assert_eq!(attachments.len(), 1);
    assert_eq!(attachments[0]["contentType"], "application/vnd.microsoft.card.adaptive");
    let card = &attachments[0]["content"];
    assert_eq!((&card["type"], &card["version"]), (&json!("AdaptiveCard"), &json!("1.4")));
    for block in card["body"].as_array().unwrap() {
        assert_eq!(block["type"], "RichTextBlock");
        let inlines = block["inlines"].as_array().unwrap();
        assert!(!inlines.is_empty());
        for run in inlines {
            let text = run["text"].as_str().unwrap();
            assert!(!text.is_empty() && !text.contains("{{"), "{text}");
            assert!(text.chars().all(|char| !char.is_control()), "{text:?}");
            for (name, value) in run.as_object().unwrap() {
                let known: &[&str] = match name.as_str() {
                    "type" => &["TextRun"],
                    "text" => continue,
                    "size" => &["large"],
                    "weight" => &["bolder"],
                    "color" => &["attention", "warning", "default"],
                    "isSubtle" => {
                        assert!(value.is_boolean());
                        continue;
                    }
                    other => panic!("{other}"),
                };
                assert!(known.contains(&value.as_str().unwrap()), "{name}: {value}");
            }
        }
    }
    let actions = card["actions"].as_array().unwrap();
    assert!(actions.len() <= 6);
    for action in actions {
        assert_eq!(action["type"], "Action.OpenUrl");
        assert!(action["url"].as_str().unwrap().starts_with("https://"), "{action}");
        assert!(["Run", "Page", "Channel", "Evidence"].contains(&action["title"].as_str().unwrap()));
    }
}

fn all(told: &Value) -> String {
    let blocks = told["attachments"][0]["content"]["body"].as_array().unwrap();
    let text = |block: &Value| {
        block["inlines"]
            .as_array()
            .unwrap()
            .iter()
            .map(|run| run["text"].as_str().unwrap())
            .collect::<String>()
    };
    blocks.iter().map(text).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_decision_as_a_card() {
    let told = told(World::new(Verdict::Review).waived("Ada", "seen").decided());
    insta::assert_snapshot!(serde_json::to_string_pretty(&told).unwrap());
}

#[test]
fn a_publication_as_a_card() {
    let told = told(World::new(Verdict::Pass).released(Some("ami-0123456789abcdef0")));
    insta::assert_snapshot!(serde_json::to_string_pretty(&told).unwrap());
}

#[test]
fn hostile_text_is_only_text() {
    let mut world = World::of(HOSTILE, Verdict::Review, vec![reason(Weight::Review, HOSTILE)]);
    world.predicate["policy"]["name"] = json!(HOSTILE);
    let told = told(world.waived(HOSTILE, HOSTILE).decided().input("title", format!("{{{{{{{HOSTILE}")));
    let text = all(&told);
    // As it is: in a run of text nothing of it means anything.
    assert!(
        text.contains("@all *b* _i_ `c` [t](https://evil.example) {{DATE(2026-11-26T05:00:00Z)}} <at>x</at>"),
        "{text}"
    );
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
        [(60, HOSTILE.repeat(3)), (2000, "\"".repeat(700)), (2000, "😀".repeat(700)), (2000, "x".to_owned())]
    {
        let world = World::of(&text, Verdict::Fail, vec![reason(Weight::Fail, &text); count]);
        let long = format!("https://pages.example/{}", "x".repeat(970));
        let harness = world.waived(&text, &text).decided().input("title", &text).input("evidence-url", &long);
        let told = told(harness.input("page-url", &long).input("channel-url", &long));
        let all = all(&told);
        let shown = all.matches("fail cve-severity: ").count();
        assert!(shown >= 1, "{shown}");
        let left = format!("… and {} more reasons, which do not fit here", count - shown);
        assert_eq!(all.contains(&left), shown < count, "{shown} of {count}");
    }
}
