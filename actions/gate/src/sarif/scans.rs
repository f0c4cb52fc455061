//! Which scanners have looked at an image, and whether what is known of each is all there is.

use std::collections::{BTreeMap, BTreeSet};

use attest::predicate::vulns::Alerts;
use model::Weight;
use policy::{Code, Decision, Objection};
use scan::Tool;
use scanners::Scan;

use crate::gather::Gathered;

/// Codes that say that what a scan knows is too old to say what there is today.
const TOO_OLD: [Code; 2] = [Code::StaleEvidence, Code::StaleDatabase];

/// The scans of the image that are genuine, whatever is to be said against them.
#[derive(Default)]
pub(crate) struct Scans {
    by_file: BTreeMap<String, Genuine>,
    /// Files that could be a scan by any scanner.
    unread: BTreeSet<String>,
}

struct Genuine {
    scanner: String,
    /// What the report says made it; none where it cannot be read.
    tool: Option<Tool>,
    alerts: Option<Alerts>,
}

impl Scans {
    /// A scan, what its report says made it, and which alerts it says its findings are.
    pub(crate) fn add(&mut self, file: &str, scanner: &str, scan: Option<&Scan>, alerts: Option<Alerts>) {
        let tool = scanners::find(scanner).zip(scan).map(|(scanner, scan)| Tool::of(scanner, scan));
        let genuine = Genuine { scanner: scanner.to_owned(), tool, alerts };
        self.by_file.insert(file.to_owned(), genuine);
        self.unread.remove(file);
    }

    /// A file of which nobody knows what it is, or what made it.
    pub(crate) fn add_unread(&mut self, file: &str) {
        self.unread.insert(file.to_owned());
    }

    /// The same, where a file could not be read for this reason. What is genuine and of an unknown kind is no scan.
    pub(crate) fn refuse(&mut self, objection: &Objection) {
        if objection.code != Code::UnknownKind {
            self.add_unread(&objection.file);
        }
    }
}

/// A scanner of the image.
#[derive(Debug)]
pub(crate) struct Scanned {
    pub(super) name: String,
    /// None where no report of it can be read.
    pub(super) tool: Option<Tool>,
    /// The statements of it that decide, and which alerts each says its findings are.
    pub(super) files: BTreeMap<String, Option<Alerts>>,
    /// What speaks against a file of it.
    pub(super) doubt: Option<String>,
}

impl Scanned {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

/// Every scanner that a genuine scan of the image is by.
pub(crate) fn scanned(found: &Gathered, decision: &Decision) -> Vec<Scanned> {
    let Scans { by_file, unread } = &found.scans;
    let names: BTreeSet<&String> = by_file.values().map(|one| &one.scanner).collect();
    let of = |name: &String| {
        let its = || by_file.iter().filter(move |(_, one)| one.scanner == *name);
        let decides = |(file, _): &(&String, _)| decision.deciding.contains(*file);
        let doubt = found
            .evidence
            .objections
            .iter()
            .filter(|one| {
                unread.contains(&one.file) || by_file.get(&one.file).is_some_and(|by| by.scanner == *name)
            })
            .find(|one| stands(one.code, &one.file, decision));
        Scanned {
            name: name.clone(),
            tool: its().filter(decides).find_map(|(_, one)| one.tool.clone()),
            files: its().filter(decides).map(|(file, one)| (file.clone(), one.alerts.clone())).collect(),
            doubt: doubt.map(|one| format!("{} is refused ({})", one.file, one.code.as_str())),
        }
    };
    names.into_iter().map(of).collect()
}

/// The same, long after the scans were made: one that knows too little by now does not say what there is.
pub(crate) fn scanned_before(found: &Gathered, decision: &Decision) -> Vec<Scanned> {
    let mut scanned = scanned(found, decision);
    for one in &mut scanned {
        let old = one.files.keys().find_map(|file| {
            let code = TOO_OLD.into_iter().find(|code| stands(*code, file, decision))?;
            Some(format!("{file} is too old to say what there is today ({})", code.as_str()))
        });
        one.doubt = one.doubt.take().or(old);
    }
    scanned
}

/// Whether what is said against a file holds the image up: the policy may make a note of it, or a person answer for it.
fn stands(code: Code, file: &str, decision: &Decision) -> bool {
    decision.reasons.iter().any(|reason| {
        reason.weight != Weight::Note
            && reason.code == code.as_str()
            && reason.evidence.iter().any(|one| one == file)
    })
}
