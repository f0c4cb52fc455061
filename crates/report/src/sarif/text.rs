//! Text as SARIF takes it: inert in a viewer, and within GitHub's limits.

/// Text without control characters, cut at a character's border.
pub(super) fn plain(text: &str, max: usize) -> String {
    let clean: String =
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).filter(|c| !is_bidi(*c)).collect();
    cut(&clean, max)
}

/// As [`plain`], keeping line ends, with the brackets of SARIF's embedded links made literal
/// (SARIF 2.1.0, section 3.11.6).
pub(super) fn escaped(text: &str, max: usize) -> String {
    let mut clean = String::with_capacity(text.len().min(max));
    for c in text.chars() {
        match c {
            '\n' => clean.push('\n'),
            '[' | ']' | '\\' => clean.extend(['\\', c]),
            c if is_bidi(c) => {}
            c if c.is_control() => clean.push(' '),
            c => clean.push(c),
        }
        if clean.len() > max * 4 {
            break;
        }
    }
    cut(clean.trim(), max)
}

/// Somebody's words in Markdown: every character that could mean something is escaped, and lines stay lines.
pub(super) fn markdown(text: &str) -> String {
    let mut inert = String::with_capacity(text.len() + 16);
    for c in text.trim().chars() {
        if c.is_ascii_punctuation() && !matches!(c, '.' | ',' | ':' | ';' | '/' | '%' | '\'' | '"') {
            inert.push('\\');
        }
        inert.push(c);
    }
    inert
}

/// Text without control characters but line ends.
pub(super) fn plain_lines(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).filter(|c| !is_bidi(*c)).collect()
}

/// Characters that reorder what a reader sees.
const fn is_bidi(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
}

/// At most so many characters.
pub(super) fn cut(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(max - 1).collect();
    // An escape must not lose its second half.
    if short.chars().rev().take_while(|c| *c == '\\').count() % 2 == 1 {
        short.pop();
    }
    short.push('…');
    short
}

/// A relative reference by RFC 3986: every byte that a path may not hold is percent-encoded.
pub(super) fn uri(path: &str) -> String {
    let path = path.trim_start_matches("./").trim_start_matches('/');
    path.bytes()
        .map(|b| match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                char::from(b).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

/// A part of a category: nothing in it ends or splits one.
pub(super) fn slug(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_') { c } else { '-' })
        .collect()
}
