//! Other people's words on the way into a message: inert, of bearable length, and never cut inside a character.

use runner::escape::plain;

/// Stands where something was cut.
pub(crate) const CUT: &str = " … (cut)";

/// Hostile text on one line: no control characters, nothing that reorders or hides, at most so many characters.
pub(crate) fn line(text: &str, most: usize) -> String {
    let flat = plain(text).split_whitespace().collect::<Vec<_>>().join(" ");
    fit(&flat, most, String::from, |text| text.chars().count())
}

/// A text with each character escaped, as long as a service takes it: by the service's own measure, the escapes counted,
/// and with a word where something was cut. No escape is cut either.
pub(crate) fn fit(
    text: &str,
    most: usize,
    escape: impl Fn(char) -> String,
    measure: impl Fn(&str) -> usize,
) -> String {
    let (mut kept, mut length, mut whole) = (String::new(), 0, true);
    // As far as the word would still fit: what is longer than this is decided at the end.
    let (room, mut spare) = (most.saturating_sub(measure(CUT)), String::new());
    for char in text.chars() {
        let piece = escape(char);
        length += measure(&piece);
        if length > most {
            whole = false;
            break;
        }
        if length <= room { &mut kept } else { &mut spare }.push_str(&piece);
    }
    kept + if whole { &spare } else { CUT }
}

/// The largest number of items whose rendering fits, rendered. Less of them has to be shorter.
///
/// `None` where not even none of them fits.
pub(crate) fn most_that_fits(
    items: usize,
    limit: usize,
    render: impl Fn(usize) -> Vec<u8>,
) -> Option<Vec<u8>> {
    let all = render(items);
    if all.len() <= limit {
        return Some(all);
    }
    let (mut fits, mut over) = (None, items);
    let mut low = 0;
    while low < over {
        let middle = low + (over - low) / 2;
        let bytes = render(middle);
        if bytes.len() <= limit {
            fits = Some(bytes);
            low = middle + 1;
        } else {
            over = middle;
        }
    }
    fits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(text: &str) -> usize {
        text.chars().count()
    }

    #[test]
    fn what_fits_is_whole_and_what_is_cut_says_so() {
        for (text, most, expected) in [
            ("", 0, ""),
            ("", 20, ""),
            ("abc", 3, "abc"),
            ("abcdefghij", 10, "abcdefghij"),
            ("abcdefghijk", 10, "ab … (cut)"),
            ("ééééééééééé", 10, "éé … (cut)"),
            ("😀😀😀😀😀😀😀😀😀😀😀", 10, "😀😀 … (cut)"),
        ] {
            assert_eq!(fit(text, most, String::from, count), expected, "{text:?} {most}");
        }
    }

    #[test]
    fn an_escape_is_whole_or_not_there() {
        let escape = |char| if char == '&' { "&amp;".to_owned() } else { String::from(char) };
        for most in 9..60 {
            let text = fit("&&&&&&&&&&&&", most, escape, count);
            assert!(count(&text) <= most, "{most}: {text}");
            assert_eq!(text.replace("&amp;", "").replace(CUT, ""), "", "{most}: {text}");
        }
    }

    #[test]
    fn a_line_is_one_line_of_plain_text() {
        for (text, expected) in [
            ("a\nb\r\n\tc", "a b c"),
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("x\u{202e}y", "xy"),
            ("  a  ", "a"),
        ] {
            assert_eq!(line(text, 100), expected, "{text:?}");
        }
        assert_eq!(line("abcdefghijklmnop", 12), "abcd … (cut)");
    }

    #[test]
    fn as_many_items_as_fit() {
        let render = |kept: usize| vec![b'x'; 10 + kept * 3];
        for (items, limit, expected) in [
            (0, 10, Some(10)),
            (0, 9, None),
            (5, 9, None),
            (5, 10, Some(10)),
            (5, 18, Some(16)),
            (5, 25, Some(25)),
            (5, 24, Some(22)),
        ] {
            assert_eq!(
                most_that_fits(items, limit, render).map(|bytes| bytes.len()),
                expected,
                "{items} {limit}"
            );
        }
    }
}
