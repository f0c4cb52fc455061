//! An Adaptive Card, as a Workflows webhook of Teams takes it.
//!
//! Other people's words stand in text runs only: a text block would take Markdown in them, a text run takes none.

use anyhow::{Context as _, Result};
use model::Weight;
use serde_json::{Value, json};

use crate::message::{Message, left_out};
use crate::shape::plain::weight;
use crate::text::{fit, most_that_fits};

/// A little under the 28 KB that Teams takes.
pub(crate) const LONGEST: usize = 28_000;

/// The body of a request.
pub(crate) fn body(message: &Message) -> Result<Vec<u8>> {
    let all = message.reasons().len();
    most_that_fits(all, LONGEST, |kept| card(message, kept).to_string().into_bytes())
        .context("what is to be told is longer than Teams takes, even without the reasons: shorten `title` or the links")
}

fn card(message: &Message, kept: usize) -> Value {
    let mut body = vec![rich(&[(&message.title, json!({"size": "large", "weight": "bolder"}))])];
    if let Some(warning) = message.warning() {
        body.push(rich(&[(warning, json!({"weight": "bolder", "color": "warning"}))]));
    }
    for (name, value) in message.facts() {
        let name = format!("{name}: ");
        body.push(tight(rich(&[(&name, json!({"weight": "bolder"})), (&value, json!({}))])));
    }
    let reasons = message.reasons();
    for reason in reasons.iter().take(kept) {
        let color = match reason.weight {
            Weight::Fail => "attention",
            Weight::Review => "warning",
            Weight::Note => "default",
        };
        let head = format!("{} {}: ", weight(reason.weight), reason.code);
        let clears =
            if reason.clears.is_empty() { String::new() } else { format!(" Clears it: {}", reason.clears) };
        body.push(rich(&[
            (&head, json!({"weight": "bolder", "color": color})),
            (&reason.message, json!({})),
            (&clears, json!({"isSubtle": true})),
        ]));
    }
    if let Some(text) = left_out(kept, reasons.len()) {
        body.push(rich(&[(&text, json!({"isSubtle": true}))]));
    }
    let actions: Vec<Value> = message
        .links
        .iter()
        .map(|(name, url)| json!({"type": "Action.OpenUrl", "title": name, "url": url.as_str()}))
        .collect();
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "fallbackText": "Hallmark has something to tell, and this client shows no cards.",
                "msteams": {"width": "Full"},
                "body": body,
                "actions": actions,
            },
        }],
    })
}

/// A paragraph of runs, each in its style.
fn rich(pieces: &[(&str, Value)]) -> Value {
    let inlines: Vec<Value> = pieces.iter().flat_map(|(text, style)| runs(text, style)).collect();
    json!({"type": "RichTextBlock", "inlines": inlines})
}

/// The same with less room above it.
fn tight(mut block: Value) -> Value {
    block["spacing"] = json!("small");
    block
}

/// One text in one style. `{{DATE(…)}}` would be a function, so that no run has two braces in a row.
fn runs(text: &str, style: &Value) -> Vec<Value> {
    let text = fit(text, 4000, String::from, |text| text.chars().count());
    let mut runs = Vec::new();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let end = rest.find("{{").map_or(rest.len(), |at| at + 1);
        let (now, later) = rest.split_at(end);
        let mut run = json!({"type": "TextRun", "text": now});
        if let (Some(run), Some(style)) = (run.as_object_mut(), style.as_object()) {
            run.extend(style.clone());
        }
        runs.push(run);
        rest = later;
    }
    runs
}
