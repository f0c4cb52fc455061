//! The README's list of reason codes is the program's own.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;

use model::Weight;
use policy::{Code, SetBy};

fn codes() -> String {
    let mut text =
        String::from("| code | weight | set by | meaning | what clears it |\n|---|---|---|---|---|\n");
    for code in Code::ALL {
        let weight = match code.usual_weight() {
            Weight::Fail => "fail",
            Weight::Review => "review",
            Weight::Note => "note",
        };
        let (weight, by) = match code.set_by() {
            SetBy::Nobody => (weight, "always"),
            SetBy::Reasons => (weight, "`reasons`"),
            SetBy::Rules => ("by rule", "rules"),
        };
        writeln!(text, "| `{code}` | {weight} | {by} | {} | {} |", code.about(), code.clears()).unwrap();
    }
    text
}

#[test]
fn the_readme_lists_the_reason_codes() {
    let readme = include_str!("../README.md");
    let table = codes();
    assert!(readme.contains(&table), "README.md lacks, or has otherwise:\n\n{table}");
}
