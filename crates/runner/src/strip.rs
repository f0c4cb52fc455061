//! Takes out of a text what a terminal obeys instead of showing: escape sequences, control
//! characters, bidirectional and invisible formatting.

/// Plain text: no escape sequences, no control characters but newline and tab, nothing that
/// reorders or hides what follows. Line and paragraph separators become blanks.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(char) = rest.next() {
        match char {
            '\u{1b}' => rest = after_escape(rest),
            '\u{9b}' => rest = after_csi(rest),
            '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}' => rest = after_string(rest),
            '\n' | '\t' => out.push(char),
            '\u{85}' | '\u{2028}' | '\u{2029}' => out.push(' '),
            _ if char.is_control() || is_invisible(char) => {}
            _ => out.push(char),
        }
    }
    out
}

/// Formatting that reorders text or takes no room. The joiners U+200C and U+200D stay: scripts and
/// emoji need them.
const fn is_invisible(char: char) -> bool {
    matches!(char,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// After ESC: a control sequence, a string, or two or more bytes.
fn after_escape(rest: std::str::Chars<'_>) -> std::str::Chars<'_> {
    let mut next = rest.clone();
    match next.next() {
        Some('[') => after_csi(next),
        Some('P' | 'X' | ']' | '^' | '_') => after_string(next),
        Some(' '..='/') => {
            skip_while(&mut next, |char| matches!(char, ' '..='/'));
            let mut after = next.clone();
            if matches!(after.next(), Some('0'..='~')) { after } else { next }
        }
        Some('0'..='~') => next,
        _ => rest,
    }
}

/// After CSI: parameters, intermediates, one final byte.
fn after_csi(mut rest: std::str::Chars<'_>) -> std::str::Chars<'_> {
    skip_while(&mut rest, |char| matches!(char, '0'..='?'));
    skip_while(&mut rest, |char| matches!(char, ' '..='/'));
    let mut after = rest.clone();
    if matches!(after.next(), Some('@'..='~')) { after } else { rest }
}

/// After OSC, DCS, SOS, PM or APC: everything up to BEL or ST. One that does not end on its line
/// loses only its introducer, so that it cannot hide what follows.
fn after_string(rest: std::str::Chars<'_>) -> std::str::Chars<'_> {
    let mut next = rest.clone();
    while let Some(char) = next.next() {
        match char {
            '\u{7}' | '\u{9c}' => return next,
            '\u{1b}' if next.as_str().starts_with('\\') => {
                next.next();
                return next;
            }
            '\u{1b}' | '\n' | '\r' => return rest,
            _ => {}
        }
    }
    rest
}

fn skip_while(rest: &mut std::str::Chars<'_>, wanted: impl Fn(char) -> bool) {
    while rest.clone().next().is_some_and(&wanted) {
        rest.next();
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn exact_bytes() {
        for (text, expected) in [
            ("", ""),
            ("plain\ttext\n", "plain\ttext\n"),
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("\u{1b}[38;5;196;1mred\u{1b}[m", "red"),
            ("\u{1b}[2J\u{1b}[1;1Hhome", "home"),
            ("\u{1b}[?25lhidden", "hidden"),
            ("\u{1b}]0;title\u{7}x", "x"),
            ("\u{1b}]8;;https://evil\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
            ("\u{1b}Pdcs\u{1b}\\x", "x"),
            ("\u{1b}]never ends", "never ends"),
            ("\u{1b}]ends later\nnext\u{7}", "ends later\nnext"),
            ("\u{1b}(Bx", "x"),
            ("\u{1b}cx", "x"),
            ("\u{1b}", ""),
            ("\u{1b}[", ""),
            ("\u{1b}[31", ""),
            ("\u{1b}[31é", "é"),
            ("\u{1b}\u{1b}[31mx", "x"),
            ("\u{9b}31mx", "x"),
            ("\u{9d}0;t\u{9c}x", "x"),
            ("a\0b\u{8}c\u{7f}d\re", "abcde"),
            ("a\u{85}b\u{2028}c\u{2029}d", "a b c d"),
            ("a\u{202e}gnp.exe\u{202c}", "agnp.exe"),
            ("\u{2066}x\u{2069}\u{200f}", "x"),
            (":\u{200b}:x", "::x"),
            ("\u{feff}x\u{2060}", "x"),
            ("👩\u{200d}🚀", "👩\u{200d}🚀"),
            ("日本語 é ß", "日本語 é ß"),
        ] {
            assert_eq!(plain(text), expected, "{text:?}");
        }
    }

    #[test]
    fn twice_is_once() {
        for text in ["\u{1b}\u{1b}[[31mm", "\u{1b}[\u{1b}[31m31mx", "\u{9b}\u{9b}mm", "a\u{200b}\u{1b}[mb"] {
            let once = plain(text);
            assert_eq!(plain(&once), once, "{text:?}");
        }
    }
}
