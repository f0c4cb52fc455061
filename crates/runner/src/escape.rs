//! Escaping at each boundary: workflow commands, log lines, Markdown. Pure functions.
//!
//! Everything that comes from a package, an advisory, an image or a person goes through one of these.

pub use crate::strip::plain;

/// Longest line of a log; the rest is counted, not shown.
pub const MAX_LINE: usize = 4096;

/// What is put inside a workflow command's opening to make it text: it takes no room, and the
/// runner finds neither `::` nor `##[` around it.
const BREAK: char = '\u{200b}';

/// The message of a workflow command: `%`, CR and LF are encoded, as the runner decodes them.
#[must_use]
pub fn command_data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a workflow command (`file`, `title`): as the message, and `:` and `,` too.
#[must_use]
pub fn command_property(text: &str) -> String {
    command_data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Hostile text as lines of a log: plain, of bearable length, and no workflow command.
///
/// The runner takes for a command a line that begins with `::` after blanks, or that holds `##[`
/// anywhere. It ends a line at CR as well as at LF.
#[must_use]
pub fn log_lines(text: &str) -> Vec<String> {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    text.replace("\r\n", "\n").split(['\n', '\r']).map(log_line).collect()
}

/// One line of [`log_lines`].
#[must_use]
pub fn log_line(line: &str) -> String {
    // Cut before it is searched: what nobody sees need not be plain.
    let head = line.char_indices().nth(MAX_LINE * 4).map_or(line, |(at, _)| &line[..at]);
    let mut shown = plain(head).replace('\n', " ");
    if let Some((at, _)) = shown.char_indices().nth(MAX_LINE) {
        shown.truncate(at);
        shown += &format!("… (cut: the line has {} bytes)", line.len());
    } else if head.len() < line.len() {
        shown += &format!("… (cut: the line has {} bytes)", line.len());
    }
    let line = shown.replace("##[", &format!("##{BREAK}["));
    match line.trim_start().strip_prefix("::") {
        Some(rest) => {
            let blanks = &line[..line.len() - rest.len() - 2];
            format!("{blanks}:{BREAK}:{rest}")
        }
        None => line,
    }
}

/// At most so many characters; what was cut is said.
#[must_use]
pub fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}… ({} bytes more)", &text[..at], text.len() - at),
    }
}

/// Hostile text inside a Markdown paragraph, heading or list item, on one line: it shows as it is,
/// and nothing in it is markup, a link, an image, a mention or a reference.
#[must_use]
pub fn markdown(text: &str) -> String {
    inline(text, " ")
}

/// Hostile text as a cell of a Markdown table: as [`markdown`], its lines kept apart by `<br>`.
#[must_use]
pub fn markdown_cell(text: &str) -> String {
    inline(text, "<br>")
}

/// Hostile text as a code span, on one line. Safe in a table's cell, and empty text stays empty.
///
/// HTML's element, not backticks: backticks cannot hold every text (`|` inside a table, backticks
/// at an end), and this needs no second set of rules.
#[must_use]
pub fn markdown_code(text: &str) -> String {
    let inner = inline(text, " ");
    if inner.is_empty() { inner } else { format!("<code>{inner}</code>") }
}

/// Hostile text as a block of code, with a fence longer than any in it.
#[must_use]
pub fn markdown_block(text: &str) -> String {
    let text = plain(&text.replace("\r\n", "\n").replace('\r', "\n"));
    let (mut longest, mut run) = (2, 0);
    for char in text.chars() {
        run = if char == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    format!("{fence}text\n{}\n{fence}", text.trim_end_matches('\n'))
}

fn inline(text: &str, newline: &str) -> String {
    let text = plain(&text.replace("\r\n", "\n").replace('\r', "\n"));
    let text = text.trim();
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    for (at, char) in text.char_indices() {
        match char {
            '\n' => out.push_str(newline),
            '\t' => out.push(' '),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // A mention or an e-mail address; an issue's number; a bare link.
            '@' => out.extend(['@', BREAK]),
            '#' => out.extend(['\\', '#', BREAK]),
            ':' if text[at..].starts_with("://") => out.extend([':', BREAK]),
            '.' if ends_with_www(&text[..at]) => out.extend([BREAK, '.']),
            // `GH-1` is an issue's number too.
            '-' if ends_with_gh(&text[..at]) => out.extend([BREAK, '-']),
            '.' | ')' if is_number(text, at) => out.extend(['\\', char]),
            '-' | '+' | '=' if at == 0 => out.extend(['\\', char]),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | '!' | '|' | '~' | '$' => {
                out.extend(['\\', char]);
            }
            _ => out.push(char),
        }
    }
    out
}

fn ends_with_www(before: &str) -> bool {
    before.len() >= 3 && before.is_char_boundary(before.len() - 3) && {
        before[before.len() - 3..].eq_ignore_ascii_case("www")
    }
}

/// Whether what comes before ends with the word `GH`.
fn ends_with_gh(before: &str) -> bool {
    let mut back = before.chars().rev();
    let word = [back.next(), back.next()].map(|char| char.map(|char| char.to_ascii_lowercase()));
    word == [Some('h'), Some('g')] && !back.next().is_some_and(|char| char.is_alphanumeric())
}

/// Whether what comes before is only digits: `1.` begins a numbered list.
fn is_number(text: &str, at: usize) -> bool {
    at > 0 && text[..at].bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_data_exact_bytes() {
        for (text, expected) in [
            ("", ""),
            ("plain", "plain"),
            ("100%", "100%25"),
            ("a\nb\r\nc\rd", "a%0Ab%0D%0Ac%0Dd"),
            ("already %0A %25", "already %250A %2525"),
            ("::error::x", "::error::x"),
            ("a:b,c", "a:b,c"),
        ] {
            assert_eq!(command_data(text), expected, "{text:?}");
        }
    }

    #[test]
    fn command_property_exact_bytes() {
        for (text, expected) in [
            ("", ""),
            ("C:\\x,y", "C%3A\\x%2Cy"),
            ("a\n::b", "a%0A%3A%3Ab"),
            ("already %3A %2C", "already %253A %252C"),
        ] {
            assert_eq!(command_property(text), expected, "{text:?}");
        }
    }

    #[test]
    fn log_line_exact_bytes() {
        for (text, expected) in [
            ("", ""),
            ("plain", "plain"),
            ("::set-output name=a::b", ":\u{200b}:set-output name=a::b"),
            (" \t::error::x", " \t:\u{200b}:error::x"),
            ("\u{3000}\u{a0}::error::x", "\u{3000}\u{a0}:\u{200b}:error::x"),
            (":::x", ":\u{200b}::x"),
            ("a ::error::x", "a ::error::x"),
            (":\u{200b}:error::x", ":\u{200b}:error::x"),
            (":\u{1b}[m:error::x", ":\u{200b}:error::x"),
            ("\u{feff}::error::x", ":\u{200b}:error::x"),
            ("##[group]x", "##\u{200b}[group]x"),
            ("a ##[add-mask]x ##[b]", "a ##\u{200b}[add-mask]x ##\u{200b}[b]"),
            ("###[x]", "###\u{200b}[x]"),
            ("#\u{0}#[x]", "##\u{200b}[x]"),
            ("\u{1b}[31m##[error]\u{202e}x", "##\u{200b}[error]x"),
            ("::##[x]", ":\u{200b}:##\u{200b}[x]"),
            ("std::vec", "std::vec"),
        ] {
            assert_eq!(log_line(text), expected, "{text:?}");
            assert_eq!(log_line(&log_line(text)), log_line(text), "twice: {text:?}");
        }
    }

    #[test]
    fn log_lines_end_where_the_runner_ends_them() {
        for (text, expected) in [
            ("", vec![""]),
            ("a\n", vec!["a"]),
            ("a\r\n", vec!["a"]),
            ("a\n\nb", vec!["a", "", "b"]),
            ("a\r::error::x", vec!["a", ":\u{200b}:error::x"]),
            ("a\r\n##[x]", vec!["a", "##\u{200b}[x]"]),
        ] {
            assert_eq!(log_lines(text), expected, "{text:?}");
        }
    }

    #[test]
    fn long_lines_are_cut_and_counted() {
        let line = log_line(&"é".repeat(10_000_000));
        assert_eq!(line.chars().filter(|char| *char == 'é').count(), MAX_LINE);
        assert!(line.ends_with("… (cut: the line has 20000000 bytes)"), "{}", &line[line.len() - 60..]);
        let hidden = log_line(&format!("{}::error::x", "\u{1b}[m".repeat(100_000)));
        assert_eq!(hidden, "… (cut: the line has 300010 bytes)");
        assert_eq!(shortened("abc", 3), "abc");
        assert_eq!(shortened("abcd", 3), "abc… (1 bytes more)");
        assert_eq!(shortened("é", 0), "… (2 bytes more)");
    }

    #[test]
    fn markdown_exact_bytes() {
        for (text, expected) in [
            ("", ""),
            (" plain ", "plain"),
            ("a|b", "a\\|b"),
            ("a\\|b", "a\\\\\\|b"),
            ("<script>alert(1)</script>", "&lt;script&gt;alert\\(1)&lt;/script&gt;"),
            ("a & b &lt; &amp;", "a &amp; b &amp;lt; &amp;amp;"),
            ("`code` *b* _i_ ~s~", "\\`code\\` \\*b\\* \\_i\\_ \\~s\\~"),
            ("[x](https://evil)", "\\[x\\]\\(https:\u{200b}//evil)"),
            ("![x](y)", "\\!\\[x\\]\\(y)"),
            ("@octocat a@b.c", "@\u{200b}octocat a@\u{200b}b.c"),
            ("fixes #12", "fixes \\#\u{200b}12"),
            ("www.evil.com WWW.x", "www\u{200b}.evil.com WWW\u{200b}.x"),
            ("# heading", "\\#\u{200b} heading"),
            ("GH-1 gh-2 GHSA-1 high-1", "GH\u{200b}-1 gh\u{200b}-2 GHSA-1 high-1"),
            ("- item", "\\- item"),
            ("+ item", "\\+ item"),
            ("=====", "\\====="),
            ("> quote", "&gt; quote"),
            ("1. one", "1\\. one"),
            ("2) two", "2\\) two"),
            ("v1.2", "v1.2"),
            ("a\nb\r\nc\rd", "a b c d"),
            ("$x$", "\\$x\\$"),
            ("]]>", "\\]\\]&gt;"),
            ("\u{1b}[31mred\u{202e}", "red"),
            ("libssl3 (>= 3.0)", "libssl3 \\(&gt;= 3.0)"),
            ("ééwww.x", "ééwww\u{200b}.x"),
        ] {
            assert_eq!(markdown(text), expected, "{text:?}");
        }
    }

    #[test]
    fn markdown_cells_keep_lines_apart_and_code_is_inert() {
        assert_eq!(markdown_cell("a\nb|c"), "a<br>b\\|c");
        assert_eq!(markdown_cell("a<br>b"), "a&lt;br&gt;b");
        assert_eq!(markdown_code(""), "");
        assert_eq!(markdown_code("a`|<b>\n"), "<code>a\\`\\|&lt;b&gt;</code>");
        assert_eq!(markdown_code("</code>"), "<code>&lt;/code&gt;</code>");
    }

    #[test]
    fn a_block_of_code_cannot_be_closed_from_inside() {
        assert_eq!(markdown_block(""), "```text\n\n```");
        assert_eq!(markdown_block("a\n"), "```text\na\n```");
        assert_eq!(markdown_block("```\n# x"), "````text\n```\n# x\n````");
        assert_eq!(markdown_block("a\r`````"), "``````text\na\n`````\n``````");
    }

    proptest::proptest! {
        /// Whatever comes in, the runner finds no command in the line, and a second pass changes nothing.
        #[test]
        fn no_line_is_a_command(line in "[:#\\[ \\x1b\u{200b}\u{85}\\r\\n\\ta-c]{0,40}") {
            for line in log_lines(&line) {
                proptest::prop_assert!(!line.trim_start().starts_with("::"), "{line:?}");
                proptest::prop_assert!(!line.contains("##["), "{line:?}");
                proptest::prop_assert!(!line.contains(['\r', '\n', '\x1b']), "{line:?}");
                proptest::prop_assert_eq!(log_line(&line), line);
            }
        }

        /// A message never leaves its line, and the runner's decoding gives it back.
        #[test]
        fn command_data_is_decoded_to_what_it_was(text in "[%0-9A-D:,\\r\\n a-c]{0,40}") {
            let decode = |text: &str| text.replace("%0D", "\r").replace("%0A", "\n");
            let data = command_data(&text);
            proptest::prop_assert!(!data.contains(['\r', '\n']));
            proptest::prop_assert_eq!(decode(&data).replace("%25", "%"), text.clone());
            let property = command_property(&text);
            proptest::prop_assert!(!property.contains([':', ',']));
            let decoded = decode(&property).replace("%3A", ":").replace("%2C", ",").replace("%25", "%");
            proptest::prop_assert_eq!(decoded, text);
        }
    }
}
