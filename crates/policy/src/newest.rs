//! Which of several statements of a kind decides: the newest of each tool and way of seeing.

use std::collections::BTreeMap;

use crate::evidence::Statement;
use crate::kind::{EvidenceKind, Seen};

/// Splits statements into those that decide and those that a newer one supersedes.
///
/// What says no date neither supersedes nor is superseded, and of two with the same date both
/// decide: where the order is not known, the worse one must not be lost.
pub(crate) fn newest<'s>(statements: Vec<&'s Statement>) -> (Vec<&'s Statement>, Vec<&'s Statement>) {
    type Group<'g> = (EvidenceKind, Option<(&'g str, Seen)>);
    let group = |s: &'s Statement| -> Group<'s> { (s.facts.kind(), s.facts.view()) };
    let mut latest = BTreeMap::new();
    for statement in &statements {
        if let Some(issued) = statement.issued {
            let last = latest.entry(group(statement)).or_insert(issued);
            *last = issued.max(*last);
        }
    }
    statements
        .into_iter()
        .partition(|s| s.issued.is_none_or(|at| latest.get(&group(s)).is_none_or(|last| at >= *last)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{Facts, Signed, TestOutcome};
    use model::Sha256;

    fn test(file: &str, tool: &str, seen: Seen, at: Option<&str>) -> Statement {
        Statement {
            file: file.into(),
            payload: Sha256::of(file.as_bytes()),
            signed: Signed::Unsigned,
            issued: at.map(|at| at.parse().unwrap()),
            facts: Facts::TestResult {
                tool: tool.into(),
                seen,
                outcome: TestOutcome::Passed,
                passed: 1,
                failed: 0,
                skipped: 0,
            },
        }
    }

    #[test]
    fn truth_table() {
        let (old, new) = (Some("2026-01-01T00:00:00Z"), Some("2026-01-02T00:00:00Z"));
        let booted = Seen::Booted;
        for (name, statements, decide) in [
            ("none", vec![], vec![]),
            ("one", vec![test("a", "goss", booted, old)], vec!["a"]),
            ("the newer", vec![test("a", "goss", booted, old), test("b", "goss", booted, new)], vec!["b"]),
            ("in any order", vec![test("b", "goss", booted, new), test("a", "goss", booted, old)], vec!["b"]),
            ("of each tool", vec![test("a", "x", booted, old), test("b", "y", booted, new)], vec!["a", "b"]),
            (
                "of each view",
                vec![test("a", "x", Seen::Disk, old), test("b", "x", booted, new)],
                vec!["a", "b"],
            ),
            ("both at once", vec![test("a", "x", booted, new), test("b", "x", booted, new)], vec!["a", "b"]),
            (
                "undated stays",
                vec![test("a", "x", booted, None), test("b", "x", booted, new)],
                vec!["a", "b"],
            ),
        ] {
            let (deciding, superseded) = newest(statements.iter().collect());
            let files: Vec<_> = deciding.iter().map(|s| s.file.as_str()).collect();
            assert_eq!(files, decide, "{name}");
            assert_eq!(deciding.len() + superseded.len(), statements.len(), "{name}");
        }
    }
}
