//! An exception and what became of it.

use serde::Serialize;

/// An exception and what became of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Exception {
    /// What it is about.
    pub label: String,
    /// What narrows it, one condition each: `version 3.0.1`, `images web, db-*` …
    pub scope: Vec<String>,
    /// Its line in the exceptions file.
    pub line: u64,
    /// How it stands: `holds`, `ending`, `expired` …
    pub state: String,
    /// It covers more than anybody can have looked at.
    pub broad: bool,
    /// How many findings it suppresses.
    pub suppressed: usize,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Where it is discussed.
    pub ticket: String,
    /// Its first day.
    pub created: String,
    /// Its last day.
    pub expires: String,
    /// Holds only as long as no fix is known.
    pub until_fixed: bool,
    /// What it says in VEX's words.
    pub vex: Option<Vex>,
}

/// What an exception says in VEX's words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Vex {
    /// `not_affected`, `affected`, `fixed`, `under_investigation`.
    pub status: String,
    /// `vulnerable_code_not_present` …
    pub justification: Option<String>,
    /// Why it does no harm.
    pub impact: Option<String>,
    /// What to do about it.
    pub action: Option<String>,
}
