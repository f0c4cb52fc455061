//! Plain text, as a mail has it, and the line that stands above it.

use crate::message::{Message, left_out};
use crate::text::fit;

/// SNS takes less than a hundred ASCII characters as a subject.
const SUBJECT: usize = 99;

/// A subject: printable ASCII that begins with no blank. What is not ASCII is a question mark, as mail of old has it.
pub(crate) fn subject(message: &Message) -> String {
    let ascii = |char: char| if matches!(char, ' '..='~') { char } else { '?' };
    let title: String = crate::text::line(&message.title, SUBJECT * 4).chars().map(ascii).collect();
    // The mark before the verdict is none of the words.
    let title = title.trim_start_matches(['?', ' ']);
    let title = if title.is_empty() { "Hallmark" } else { title };
    // ASCII, so that the word for what is cut has to be, too.
    let cut = fit(title, SUBJECT, String::from, str::len);
    cut.replace('…', "...").chars().take(SUBJECT).collect()
}

/// The text, with so many of the reasons.
pub(crate) fn text(message: &Message, kept: usize) -> String {
    let mut lines = vec![message.title.clone(), String::new()];
    if let Some(warning) = message.warning() {
        lines.extend([warning.to_owned(), String::new()]);
    }
    lines.extend(message.facts().into_iter().map(|(name, value)| format!("{name}: {value}")));
    let reasons = message.reasons();
    if !reasons.is_empty() {
        lines.extend([String::new(), "Reasons:".to_owned()]);
    }
    for reason in reasons.iter().take(kept) {
        lines.push(format!("- {} {}: {}", weight(reason.weight), reason.code, reason.message));
        if !reason.clears.is_empty() {
            lines.push(format!("  clears it: {}", reason.clears));
        }
    }
    lines.extend(left_out(kept, reasons.len()));
    if !message.links.is_empty() {
        lines.push(String::new());
    }
    lines.extend(message.links.iter().map(|(name, url)| format!("{name}: {url}")));
    lines.join("\n") + "\n"
}

/// As the brief writes it.
pub(crate) const fn weight(weight: model::Weight) -> &'static str {
    match weight {
        model::Weight::Fail => "fail",
        model::Weight::Review => "review",
        model::Weight::Note => "note",
    }
}
