use std::io::Read;

use serde_json::{Value, json};

use super::*;

/// Gives a few bytes at a time: every place is once the end of a window.
struct Drops<'a>(&'a [u8], usize);

impl Read for Drops<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let count = self.1.min(self.0.len()).min(into.len());
        into[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

type Found = Vec<(usize, String, Value, u64)>;

/// What was handed out.
#[derive(Default)]
struct Taken(Found);

impl Take for Taken {
    type Error = Broken;

    fn take(&mut self, record: &Piece<'_>) -> Result<(), Broken> {
        let list = String::from_utf8(record.list.to_vec()).unwrap();
        let value = serde_json::from_slice(record.bytes).unwrap_or_else(|_| json!("no JSON"));
        self.0.push((record.outer, list, value, record.start));
        Ok(())
    }

    /// Knows `{}` alone.
    fn take_known(&mut self, rest: &Piece<'_>) -> Option<usize> {
        let known = Piece { bytes: rest.bytes.strip_prefix(b"{}").map(|_| b"{}")?, ..*rest };
        self.take(&known).unwrap();
        Some(2)
    }
}

fn pieces(report: &str) -> Result<(Found, Frame), Broken> {
    let mut taken = Taken::default();
    let frame = split(&mut Drops(report.as_bytes(), 7), b"R", &[b"A", b"B"], &mut taken)?;
    Ok((taken.0, frame))
}

#[test]
fn records_go_and_everything_else_stays() {
    let report = json!({
        "Before": [{"A": [{"not": "this"}]}],
        "R": [
            {"T": "x", "A": [{"id": 1, "deep": [{"A": [{}]}]}, {"id": "\"}]\\"}], "B": [], "C": [{"kept": true}]},
            {"B": [{"id": 3}], "A": {"A": [{"kept": true}]}},
        ],
        "After": {"R": [{"A": [{}]}]},
    });
    for text in [report.to_string(), serde_json::to_string_pretty(&report).unwrap()] {
        let (found, frame) = pieces(&text).unwrap();
        let said: Vec<_> =
            found.iter().map(|(outer, list, value, _)| json!([outer, list, value["id"]])).collect();
        assert_eq!(json!(said), json!([[0, "A", 1], [0, "A", "\"}]\\"], [1, "B", 3]]));
        for (.., value, start) in &found {
            let rest = &text[usize::try_from(*start).unwrap()..];
            let there: Value = serde_json::Deserializer::from_str(rest).into_iter().next().unwrap().unwrap();
            assert_eq!(there, *value);
        }
        assert_eq!(frame.records, 3);
        let mut framed: Value = serde_json::from_slice(&frame.bytes).unwrap();
        framed["R"][0]["A"] = report["R"][0]["A"].clone();
        framed["R"][1]["B"] = report["R"][1]["B"].clone();
        assert_eq!(framed, report);
        let kept = frame.bytes.windows(6).rposition(|part| part == b"\"kept\"").unwrap();
        assert_eq!(usize::try_from(frame.in_report(kept)).unwrap(), text.rfind("\"kept\"").unwrap());
    }
}

#[test]
fn what_is_no_json_stays_none() {
    for wrong in [
        r#"{"R":[{"A":[{} {}]}]}"#,
        r#"{"R":[{"A":[1{}]}]}"#,
        r#"{"R":[{"A":[{},]}]}"#,
        r#"{"R":[{"A":[{}}]}]"#,
        r#"{"R":[{"A":[{}]}]}}"#,
        r#"{"R":[{"A":[{"x":]]}]}"#,
        r#"{"R":[{"A":[{"x":1]}]}"#,
        r#"{"R":[{"A":[tru{}e]}]}"#,
    ] {
        let valid = pieces(wrong).is_ok_and(|(found, frame)| {
            found.iter().all(|one| one.2 != "no JSON")
                && serde_json::from_slice::<Value>(&frame.bytes).is_ok()
        });
        assert!(!valid, "{wrong}");
    }
}

#[test]
fn lists_of_other_names_stay_in_the_frame() {
    for other in [
        r#"{"R\u0000":[{"A":[{}]}]}"#,
        r#"{"R":[{"\u0041":[{}]}]}"#,
        r#"["R",[{"A":[{}]}]]"#,
        r#"{"R":[["A",[{}]]]}"#,
        r#"{"R":{"A":[{}]}}"#,
        r#"{"S":[{"A":[{}]}]}"#,
    ] {
        let (found, frame) = pieces(other).unwrap();
        assert!(found.is_empty(), "{other}");
        assert_eq!(frame.bytes, other.as_bytes());
    }
}

#[test]
fn an_end_in_the_middle_and_brackets_without_end() {
    let whole = "{\n\"R\": [{\"A\": [{\"x\": \"\\\\\"}]}]}";
    for end in 1..whole.len() {
        assert!(matches!(pieces(&whole[..end]), Err(Broken::Early(..))), "{end}");
    }
    assert!(pieces(whole).is_ok());
    let deep = format!("{{\"R\":[{{\"A\":[{}", "[".repeat(1_000_000));
    assert!(matches!(pieces(&deep), Err(Broken::Deep(1, _))));
}
