//! How records of one vulnerability end.
//!
//! In front is which package it is, then comes what the vulnerability is: most of the text, and the same for every
//! package. A record that ends like one before it is read with a placeholder for each long value in that end. If what is
//! so shortened is JSON, so is the record, and with the same members: the end closes one bracket, and its first name, of
//! letters and between quotes, can be nothing but a member's name in that bracket. So a value that is left out stands
//! where it stood in the record that was read as a whole.

use std::ops::Range;

use memchr::memchr_iter;
use model::Record;

use super::wire::Vulnerability;
use crate::pieces::PLACEHOLDER;

/// A front that is longer, or has more brackets, is rare, and read as a whole.
const FRONT: usize = 1 << 12;
const BRACKETS: usize = 16;

/// The end of a record, from the comma in front of the first long value's name. Empty of a record that has none.
pub(super) struct End {
    text: String,
    /// Where in it the long values are, in order.
    long: Vec<Range<usize>>,
}

impl End {
    /// The end of this record, which reads as that.
    pub(super) fn of(record: &str, raw: &Vulnerability<'_>) -> Self {
        let mut long: Vec<_> = raw.long().filter_map(|value| place(value, record)).collect();
        long.sort_unstable_by_key(|value| value.start);
        // Between the member before and a long value's name are a comma and blanks.
        let first = long.first().and_then(|value| record.get(..value.start));
        let Some(from) = first.and_then(|before| before.rfind(',')) else {
            return Self { text: String::new(), long: Vec::new() };
        };
        let text = record.get(from..).unwrap_or_default().to_owned();
        let long = long.into_iter().map(|value| value.start - from..value.end - from).collect();
        Self { text, long }
    }

    /// How many long values it has.
    pub(super) const fn long(&self) -> usize {
        self.long.len()
    }

    /// The length of the record that `rest` begins with, if it ends so. Then `into` is the record without what is long.
    pub(super) fn shorten(&self, rest: &[u8], into: &mut String) -> Option<usize> {
        let near = rest.get(..FRONT).unwrap_or(rest);
        let ends = |at: &usize| rest.get(*at..).is_some_and(|rest| rest.starts_with(self.text.as_bytes()));
        let front = memchr_iter(b',', near).find(ends).filter(|_| !self.long.is_empty())?;
        let own = std::str::from_utf8(rest.get(..front)?).ok()?;
        if own.bytes().filter(|byte| matches!(byte, b'{' | b'[')).count() > BRACKETS {
            return None;
        }
        into.push_str(own);
        let mut at = 0;
        for value in &self.long {
            into.push_str(self.text.get(at..value.start)?);
            into.push_str(PLACEHOLDER);
            at = value.end;
        }
        into.push_str(self.text.get(at..)?);
        Some(front + self.text.len())
    }
}

fn place(value: &str, record: &str) -> Option<Range<usize>> {
    let place = Record::of(value, record.as_bytes())?;
    Some(usize::try_from(place.start).ok()?..usize::try_from(place.end).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRONT: &str = r#"{"VulnerabilityID": "CVE-1", "PkgName": "a", "Unheard": {"of": [1]}"#;
    const END: &str =
        r#", "Title": "t, \"u\"", "Severity": "LOW", "CVSS": {"nvd": {"V3Score": 1}}, "References": ["r"]}"#;

    fn known() -> End {
        let record = format!("{FRONT}{END}");
        End::of(&record, &serde_json::from_str(&record).unwrap())
    }

    fn short(rest: &str) -> Option<(usize, String)> {
        let mut short = String::new();
        known().shorten(rest.as_bytes(), &mut short).map(|length| (length, short))
    }

    #[test]
    fn what_ends_alike_is_shorter_and_all_else_is_left_alone() {
        let record = r#"{"PkgName": "another, longer", "VulnerabilityID": "CVE-2""#.to_owned() + END;
        let (length, said) = short(&format!("{record}, {FRONT}{END}")).unwrap();
        assert_eq!(length, record.len());
        let said: serde_json::Value = serde_json::from_str(&said).unwrap();
        let wanted = serde_json::json!({
            "PkgName": "another, longer", "VulnerabilityID": "CVE-2", "Title": 0, "Severity": "LOW", "CVSS": 0, "References": 0
        });
        assert_eq!(said, wanted);
        for other in [FRONT.to_owned(), format!("{FRONT}}}"), format!("{FRONT}{END}").replace("LOW", "HIGH")]
        {
            assert_eq!(short(&other), None, "{other}");
        }
        let deep = format!(r#"{{"a": {}1{}{END}"#, "[".repeat(100), "]".repeat(100));
        assert_eq!(short(&deep), None);
    }

    #[test]
    fn what_is_shortened_is_json_where_the_record_is() {
        // Every front that ends somewhere in one, and every byte of one exchanged.
        let cut = (0..FRONT.len()).map(|end| FRONT[..end].to_owned());
        let exchanged = (0..FRONT.len()).flat_map(|at| {
            [r#"""#, "\\", "{", "}", "[", "]", ",", ":", "0"]
                .map(|byte| format!("{}{byte}{}", &FRONT[..at], &FRONT[at + 1..]))
        });
        for front in cut.chain(exchanged) {
            let record = format!("{front}{END}");
            let whole: Result<Vulnerability<'_>, _> = serde_json::from_str(&record);
            let Some((length, said)) = short(&record) else { panic!("{record}") };
            let said: Result<Vulnerability<'_>, _> = serde_json::from_str(&said);
            assert_eq!((length, whole.is_ok()), (record.len(), said.is_ok()), "{record}");
        }
    }

    #[test]
    fn a_record_without_an_end_of_its_own_is_like_none() {
        for record in [r#"{"Title": "t", "VulnerabilityID": "CVE-1", "PkgName": "a"}"#, &format!("{FRONT}}}")]
        {
            let end = End::of(record, &serde_json::from_str(record).unwrap());
            assert_eq!(end.shorten(record.as_bytes(), &mut String::new()), None, "{record}");
        }
    }
}
