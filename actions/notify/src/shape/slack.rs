//! Slack's Block Kit, as an incoming webhook takes it.
//!
//! Other people's words stand in objects of the type `plain_text` only, where there is no markup, no mention and no link;
//! `&`, `<` and `>` are escaped there too, because Slack takes entities back in both. What is `mrkdwn` is our own links.

use model::Reason;
use serde_json::{Value, json};
use url::Url;

use crate::message::{Message, left_out};
use crate::shape::plain::weight;
use crate::text::fit;

/// Slack's own numbers: characters of a text object, of a header, blocks of a message.
const TEXT: usize = 3000;
const HEADER: usize = 150;
const BLOCKS: usize = 50;

/// Blocks for the reasons: beside them there are the header, a warning, the facts, what was left out and the links.
const REASON_BLOCKS: usize = 30;
const FACT_BLOCKS: usize = 10;

/// As Slack escapes text.
fn escape(char: char) -> String {
    match char {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        other => other.into(),
    }
}

/// The larger of the ways to count: nothing says which one Slack means.
fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Other people's words.
fn words(text: &str, most: usize) -> Value {
    json!({"type": "plain_text", "text": fit(text, most, escape, length), "emoji": false})
}

fn section(text: &str) -> Value {
    json!({"type": "section", "text": words(text, TEXT)})
}

/// The body of a request.
pub(crate) fn body(message: &Message) -> Vec<u8> {
    let mut blocks = vec![json!({"type": "header", "text": words(&message.title, HEADER)})];
    blocks.extend(message.warning().map(section));
    let facts: Vec<String> =
        message.facts().into_iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let (facts, _) = sections(&facts, FACT_BLOCKS);
    blocks.extend(facts.iter().map(|text| section(text)));
    let reasons: Vec<String> = message.reasons().iter().map(reason).collect();
    let (told, kept) = sections(&reasons, REASON_BLOCKS);
    if !told.is_empty() {
        blocks.push(json!({"type": "divider"}));
    }
    blocks.extend(told.iter().map(|text| section(text)));
    blocks.extend(left_out(kept, reasons.len()).map(|text| section(&text)));
    let links: Vec<Value> = message.links.iter().filter_map(|(name, url)| link(name, url)).collect();
    if !links.is_empty() {
        blocks.push(json!({"type": "context", "elements": links}));
    }
    blocks.truncate(BLOCKS);
    // What notifications on a phone show, and clients that know no blocks.
    let text = fit(&message.title, TEXT, escape, length);
    json!({"text": text, "mrkdwn": false, "unfurl_links": false, "unfurl_media": false, "blocks": blocks})
        .to_string()
        .into_bytes()
}

fn reason(reason: &Reason) -> String {
    let clears =
        if reason.clears.is_empty() { String::new() } else { format!("\n   clears it: {}", reason.clears) };
    format!("• {} {}: {}{clears}", weight(reason.weight), reason.code, reason.message)
}

/// Lines, as many in one text as there is room for, and how many found room in so many texts.
fn sections(lines: &[String], most: usize) -> (Vec<String>, usize) {
    let escaped = |text: &str| text.chars().map(|char| length(&escape(char))).sum::<usize>();
    let (mut texts, mut used) = (Vec::<String>::new(), 0);
    for (at, line) in lines.iter().enumerate() {
        let more = escaped(line) + 1;
        if let Some(text) = texts.last_mut().filter(|_| used + more <= TEXT) {
            text.push('\n');
            text.push_str(line);
            used += more;
            continue;
        }
        if texts.len() == most {
            return (texts, at);
        }
        texts.push(line.clone());
        used = more;
    }
    (texts, lines.len())
}

/// A link of our own: `<address|name>`. What would end the address or the link is written otherwise in it.
fn link(name: &str, url: &Url) -> Option<Value> {
    let address =
        url.as_str().replace('|', "%7C").replace('<', "%3C").replace('>', "%3E").replace('&', "&amp;");
    let text = format!("<{address}|{name}>");
    // Half an address leads nowhere.
    (length(&text) <= TEXT).then(|| json!({"type": "mrkdwn", "text": text, "verbatim": true}))
}
