//! The boundary to HTML and to the JSON in it.

/// Text between tags and in quoted attributes.
pub(super) fn text(raw: &str) -> String {
    let mut safe = String::with_capacity(raw.len());
    for c in raw.chars() {
        match visible(c) {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\n' | '\t' => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}

/// Text that the script puts into the page, of bearable length.
pub(super) fn shown(raw: &str, most: usize) -> String {
    let mut text: String = raw.chars().take(most).map(visible).collect();
    let kept: usize = raw.chars().take(most).map(char::len_utf8).sum();
    if kept < raw.len() {
        text.push_str(&format!("… ({} bytes more)", raw.len() - kept));
    }
    text
}

/// Control characters and those that reorder or hide what a reader sees become visible instead of working.
const fn visible(c: char) -> char {
    match c {
        '\n' | '\t' => c,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{180e}' => '\u{fffd}',
        '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => {
            '\u{fffd}'
        }
        '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' => '\u{fffd}',
        c => c,
    }
}

/// JSON that cannot end the block it stands in: no `<`, `>` or `&` is left in it.
pub(super) fn inert_json(value: &serde_json::Value) -> Result<String, serde_json::Error> {
    let json = serde_json::to_string(value)?;
    let mut safe = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' => safe.push_str("\\u003c"),
            '>' => safe.push_str("\\u003e"),
            '&' => safe.push_str("\\u0026"),
            '\u{2028}' => safe.push_str("\\u2028"),
            '\u{2029}' => safe.push_str("\\u2029"),
            c => safe.push(c),
        }
    }
    Ok(safe)
}
