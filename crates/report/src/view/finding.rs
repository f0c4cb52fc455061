//! A finding and what became of it.

use model::Severity;
use serde::Serialize;

/// A finding and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What it is about: `vulnerability`, `secret`, `license`, `misconfiguration`, `weakness`.
    pub class: String,
    /// The vulnerability, or the rule, the licence, the check.
    pub id: String,
    /// Other ids of the same vulnerability.
    pub aliases: Vec<String>,
    /// How bad it is.
    pub severity: Severity,
    /// The package; empty where it is about a file.
    pub package: String,
    /// The source package, where known.
    pub source: Option<String>,
    /// The installed version.
    pub version: String,
    /// The path in the image, where it was found by file.
    pub path: Option<String>,
    /// The layer that brought it, where known.
    pub layer: Option<String>,
    /// The version that mends it.
    pub fixed: Option<String>,
    /// One line about it.
    pub title: String,
    /// Some lines about it.
    pub description: String,
    /// The highest CVSS base score that a source gives (0.0 to 10.0).
    pub cvss: Option<f64>,
    /// How probable an attack within 30 days is, by EPSS (0.0 to 1.0).
    pub epss: Option<f64>,
    /// Known to be exploited, by CISA's catalogue.
    pub kev: bool,
    /// When it was published.
    pub published: Option<String>,
    /// The image before did not have it.
    pub new: bool,
    /// `fail`, `review`, `note`, `allowed` (no rule is about it) or `suppressed`.
    pub outcome: String,
    /// The exceptions that suppress it, as places in the view's list.
    pub exceptions: Vec<usize>,
    /// The scanner.
    pub scanner: String,
    /// Where to read more.
    pub links: Vec<String>,
}

/// A vulnerability of which nothing is known: its severity is unknown, and so is what became of it.
impl Default for Finding {
    fn default() -> Self {
        Self {
            class: "vulnerability".into(),
            id: String::new(),
            aliases: vec![],
            severity: Severity::Unknown,
            package: String::new(),
            source: None,
            version: String::new(),
            path: None,
            layer: None,
            fixed: None,
            title: String::new(),
            description: String::new(),
            cvss: None,
            epss: None,
            kev: false,
            published: None,
            new: false,
            outcome: String::new(),
            exceptions: vec![],
            scanner: String::new(),
            links: vec![],
        }
    }
}
