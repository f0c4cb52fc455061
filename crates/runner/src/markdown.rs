//! Markdown, lightly rendered for a terminal: headings bold, tables aligned, details unfolded,
//! entities and escapes as the characters they stand for.
//!
//! It knows what our summaries use, no more; what it does not know it shows as it is.

use crate::escape::plain;
use crate::terminal::{Style, paint};

/// Renders a summary for reading on a terminal.
pub(crate) fn render(markdown: &str, colour: bool) -> String {
    let (mut out, mut table, mut fence) = (Vec::new(), Vec::new(), None::<String>);
    for line in markdown.lines() {
        let marks: String = line.chars().take_while(|char| *char == '`').collect();
        if fence.is_some() || marks.len() >= 3 {
            match &fence {
                Some(open) if marks.len() >= open.len() && line.trim() == marks => fence = None,
                Some(_) => out.push(format!("    {}", plain(line))),
                None => fence = Some(marks),
            }
            continue;
        }
        if line.starts_with('|') {
            table.push(cells(line));
            continue;
        }
        out.append(&mut rows(std::mem::take(&mut table), colour));
        out.extend(text_line(line, colour));
    }
    out.append(&mut rows(table, colour));
    squeeze(&out)
}

/// One line outside of tables and code; `None` if it is only markup.
fn text_line(line: &str, colour: bool) -> Option<String> {
    let hashes = line.bytes().take_while(|byte| *byte == b'#').count();
    if (1..=6).contains(&hashes) && line[hashes..].starts_with(' ') {
        return Some(paint(colour, Style::Bold, &inline(line[hashes..].trim(), false)));
    }
    if let Some(quote) = line.strip_prefix('>') {
        return Some(format!("  {}", inline(quote.trim(), colour)));
    }
    let shown = inline(line, colour);
    let only_markup = shown.trim().is_empty() && !line.trim().is_empty();
    if line.contains("<summary>") {
        return Some(paint(colour, Style::Dim, &format!("▾ {}", shown.trim())));
    }
    (!only_markup).then_some(shown)
}

/// The cells of a table's line, at unescaped bars.
fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut cell, mut escaped) = (Vec::new(), String::new(), false);
    for char in line.trim().trim_start_matches('|').chars() {
        if char == '|' && !escaped {
            cells.push(std::mem::take(&mut cell));
        } else {
            cell.push(char);
        }
        escaped = char == '\\' && !escaped;
    }
    if !cell.trim().is_empty() {
        cells.push(cell);
    }
    cells.iter().map(|cell| cell.trim().to_owned()).collect()
}

/// A table with its columns aligned; its second line, of dashes, is dropped.
fn rows(table: Vec<Vec<String>>, colour: bool) -> Vec<String> {
    let is_rule = |row: &Vec<String>| row.iter().all(|cell| cell.chars().all(|char| ":- ".contains(char)));
    let has_header = table.get(1).is_some_and(is_rule);
    let table: Vec<Vec<String>> = table
        .into_iter()
        .enumerate()
        .filter(|(at, row)| !(*at == 1 && is_rule(row)))
        .map(|(_, row)| row.iter().map(|cell| inline(cell, false)).collect())
        .collect();
    let columns = table.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|at| table.iter().filter_map(|row| row.get(at)).map(|c| width(c)).max().unwrap_or(0))
        .collect();
    let line = |row: &Vec<String>| {
        let padded: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, room)| format!("{cell}{}", " ".repeat(room - width(cell))))
            .collect();
        format!("  {}", padded.join("  ").trim_end())
    };
    table
        .iter()
        .enumerate()
        .map(
            |(at, row)| {
                if at == 0 && has_header { paint(colour, Style::Bold, &line(row)) } else { line(row) }
            },
        )
        .collect()
}

fn width(text: &str) -> usize {
    text.chars().filter(|char| *char != '\u{200b}').count()
}

/// Escapes and entities as their characters, emphasis as bold, tags dropped.
fn inline(text: &str, colour: bool) -> String {
    let (mut out, mut rest, mut bold) = (String::new(), text, false);
    while let Some(char) = rest.chars().next() {
        let (shown, used) = if let Some(used) = rest.strip_prefix("**").map(|_| 2) {
            bold = !bold;
            (if colour { if bold { "\u{1b}[1m" } else { "\u{1b}[0m" } } else { "" }.to_owned(), used)
        } else if let Some(link) = link(rest) {
            link
        } else if let Some((shown, used)) = replaced(rest) {
            (shown.to_owned(), used)
        } else if char == '\\' && rest[1..].starts_with(|next: char| next.is_ascii_punctuation()) {
            (rest[1..2].to_owned(), 2)
        } else if char == '`' || char == '\u{200b}' {
            (String::new(), char.len_utf8())
        } else {
            (plain(char.encode_utf8(&mut [0; 4])), char.len_utf8())
        };
        out.push_str(&shown);
        rest = &rest[used..];
    }
    if bold && colour {
        out.push_str("\u{1b}[0m");
    }
    out
}

/// Entities and the tags our summaries use.
fn replaced(text: &str) -> Option<(&'static str, usize)> {
    const TABLE: [(&str, &str); 16] = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
        ("&quot;", "\""),
        ("&#124;", "|"),
        ("<br>", " / "),
        ("<br/>", " / "),
        ("<code>", ""),
        ("</code>", ""),
        ("<details>", ""),
        ("<details open>", ""),
        ("</details>", ""),
        ("<summary>", ""),
        ("</summary>", ""),
        ("<b>", ""),
        ("</b>", ""),
    ];
    TABLE.iter().find(|(from, _)| text.starts_with(from)).map(|(from, to)| (*to, from.len()))
}

/// `[text](target)` as `text (target)`.
fn link(text: &str) -> Option<(String, usize)> {
    let (label, after) = text.strip_prefix('[')?.split_once("](")?;
    if label.contains(['[', ']', '\\']) {
        return None;
    }
    let (target, _) = after.split_once(')')?;
    let shown = format!("{} ({})", plain(label), plain(target));
    Some((shown, label.len() + target.len() + 4))
}

/// Lines joined, with at most one empty one in a row.
fn squeeze(lines: &[String]) -> String {
    let mut out = String::new();
    let mut empty = true;
    for line in lines {
        let now = line.trim().is_empty();
        if !(now && empty) {
            out.push_str(line.trim_end());
            out.push('\n');
        }
        empty = now;
    }
    out.trim_end().to_owned() + if out.is_empty() { "" } else { "\n" }
}

#[cfg(test)]
mod tests {
    use super::render;
    use crate::summary::Summary;

    #[test]
    fn what_was_hostile_shows_as_it_was() {
        let mut summary = Summary::default();
        let hostile = "<b> a|b & `c` *d* [e](f) @g #1 https://h www.i $j$ \\k";
        summary
            .heading(1, "T|itle")
            .table(&["Name", "N"], &[vec![hostile, "1"], vec!["x", "22"]])
            .details("More", "body")
            .code("# not a heading\n| no table |");
        let width = hostile.len();
        assert_eq!(
            render(&summary.markdown(), false),
            format!(
                "T|itle\n\n  {:width$}  N\n  {hostile}  1\n  {:width$}  22\n\n▾ More\n\nbody\n\n    # not a heading\n    | no table |\n",
                "Name", "x"
            )
        );
    }

    #[test]
    fn exact_bytes() {
        for (markdown, expected) in [
            ("", ""),
            ("\n\n", ""),
            ("a\n\n\n\nb", "a\n\nb\n"),
            ("## H", "\u{1b}[1mH\u{1b}[0m\n"),
            ("####### x", "####### x\n"),
            ("#x", "#x\n"),
            ("**b** c", "\u{1b}[1mb\u{1b}[0m c\n"),
            ("**open", "\u{1b}[1mopen\u{1b}[0m\n"),
            ("[x](https://y) z", "x (https://y) z\n"),
            ("[x] (y)", "[x] (y)\n"),
            ("> q", "  q\n"),
            ("&amp;lt;", "&lt;\n"),
            ("\\", "\\\n"),
            ("\\é", "\\é\n"),
            ("\u{1b}[31mred", "[31mred\n"),
            ("```\n\u{1b}[31mred\n", "    red\n"),
            ("| a |", "  a\n"),
            ("| a |\n|---|", "\u{1b}[1m  a\u{1b}[0m\n"),
            ("|", ""),
        ] {
            assert_eq!(render(markdown, true), expected, "{markdown:?}");
        }
    }
}
