//! SARIF of what was decided about: a file for each scanner of the image, to upload in the place of the one that the
//! scanner's own action writes. The alerts are the same ones; what exceptions suppress says why.
//!
//! An upload closes each alert that it does not have. So there is no file of a scanner while evidence that is its, or
//! that could be, is refused.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use model::Weight;
use policy::{Code, Decision, Exception, Objection};
use report::sarif::{Entry, Suppression};
use runner::{Annotation, Context};
use scan::{Alerts, SarifFile, Tool};
use scanners::Scan;

use crate::gather::Gathered;
use crate::judge::Judgement;

/// The scans of the image that are genuine, whatever is to be said against them.
#[derive(Default)]
pub(crate) struct Scans {
    /// By file: the scanner's name, and what its report says made it; none of a report that cannot be read.
    by_file: BTreeMap<String, (String, Option<Tool>)>,
    /// Files that could be a scan by any scanner.
    unread: BTreeSet<String>,
}

impl Scans {
    pub(crate) fn add(&mut self, file: &str, scanner: &str, scan: Option<&Scan>) {
        let tool = scanners::find(scanner).zip(scan).map(|(scanner, scan)| Tool::of(scanner, scan));
        self.by_file.insert(file.to_owned(), (scanner.to_owned(), tool));
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
pub(crate) struct Scanned {
    name: String,
    /// None where no report of it can be read.
    tool: Option<Tool>,
    /// The statements of it that decide.
    files: BTreeSet<String>,
    /// What speaks against a file of it.
    doubt: Option<String>,
}

/// Every scanner that a genuine scan of the image is by.
pub(crate) fn scanned(found: &Gathered, decision: &Decision) -> Vec<Scanned> {
    let Scans { by_file, unread } = &found.scans;
    let names: BTreeSet<&String> = by_file.values().map(|(name, _)| name).collect();
    let of = |name: &String| {
        let its = || by_file.iter().filter(move |(_, (by, _))| by == name);
        let decides = |(file, _): &(&String, _)| decision.deciding.contains(*file);
        let doubt = found
            .evidence
            .objections
            .iter()
            .filter(|one| {
                unread.contains(&one.file) || by_file.get(&one.file).is_some_and(|(by, _)| by == name)
            })
            .find(|one| stands(one, decision));
        Scanned {
            name: name.clone(),
            tool: its().filter(decides).find_map(|(_, (_, tool))| tool.clone()),
            files: its().filter(decides).map(|(file, _)| file.clone()).collect(),
            doubt: doubt.map(|one| format!("{} is refused ({})", one.file, one.code.as_str())),
        }
    };
    names.into_iter().map(of).collect()
}

/// Whether an objection holds the image up: the policy may make a note of it, or a person answer for it.
fn stands(objection: &Objection, decision: &Decision) -> bool {
    decision.reasons.iter().any(|reason| {
        reason.weight != Weight::Note
            && reason.code == objection.code.as_str()
            && reason.evidence.contains(&objection.file)
    })
}

/// What was written.
#[derive(Default)]
pub(crate) struct Written {
    folder: Option<PathBuf>,
    files: Vec<SarifFile>,
    /// Why a file is not there.
    withheld: Vec<String>,
    category: String,
}

/// Takes away what an earlier decision left under the names that [`write()`] gives: it would look like this one's.
pub(crate) fn clear(ctx: &Context) -> Result<()> {
    let Some(folder) = ctx.opt_path("sarif")? else { return Ok(()) };
    ensure!(!folder.is_file(), "input `sarif`: {} is a file, and a folder is wanted", folder.display());
    for scanner in scanners::ALL {
        let path = folder.join(file_name(scanner.name()));
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot remove {}", path.display()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Writes a file for each scanner, if that was asked for.
pub(crate) fn write(ctx: &Context, judged: &Judgement) -> Result<Written> {
    let image = &judged.image;
    let location = ctx.opt_text("sarif-location")?;
    let alerts = Alerts::of_image(&image.family, image.architecture.as_str(), location.as_deref());
    let mut written = Written { category: alerts.category(), ..Written::default() };
    let Some(folder) = ctx.opt_path("sarif")? else { return Ok(written) };
    let decision = &judged.decision;
    let suppressions = suppressions(decision);
    for one in &judged.scanned {
        let name = file_name(&one.name);
        let tool = match (&one.doubt, &one.tool) {
            (None, Some(tool)) => tool,
            (Some(doubt), _) => {
                written.withheld.push(format!("{name} is not written: {doubt}"));
                continue;
            }
            (None, None) => {
                written.withheld.push(format!("{name} is not written: none of its scans decides"));
                continue;
            }
        };
        let its = decision.findings.iter().filter(|judged| one.files.contains(&*judged.file));
        let entries = its.map(|judged| Entry {
            finding: &judged.finding,
            suppressed: suppressions.get(judged.suppressed_by.as_slice()).map_or(&[] as &[_], Vec::as_slice),
        });
        written.files.push(alerts.write(&folder.join(name), tool, entries)?);
    }
    if judged.scanned.is_empty() {
        written.withheld.push("no SARIF file is written: there is no genuine scan of the image".to_owned());
    }
    written.folder = (!written.files.is_empty()).then_some(folder);
    Ok(written)
}

/// What each combination of exceptions says that suppresses a finding.
fn suppressions(decision: &Decision) -> BTreeMap<&[usize], Vec<Suppression<'_>>> {
    let mut said = BTreeMap::new();
    for one in decision.findings.iter().filter(|one| !one.suppressed_by.is_empty()) {
        let exceptions = one.suppressed_by.iter().filter_map(|at| decision.exceptions.get(*at));
        said.entry(one.suppressed_by.as_slice())
            .or_insert_with(|| exceptions.map(|one| suppression(&one.exception)).collect());
    }
    said
}

fn suppression(exception: &Exception) -> Suppression<'_> {
    Suppression {
        reason: &exception.reason,
        ticket: exception.ticket.as_deref(),
        expires: Some(exception.expires),
    }
}

fn file_name(scanner: &str) -> String {
    format!("{scanner}.sarif")
}

impl Written {
    /// The outputs, and what is not in the files.
    pub(crate) fn told(&self, ctx: &mut Context) -> Result<()> {
        for file in &self.files {
            file.warn_of_cut(ctx);
            if let Some(left_out) = file.left_out() {
                ctx.summary().paragraph(&left_out);
            }
        }
        for why in &self.withheld {
            let text = format!("{why}. An upload would close alerts of which nothing is known");
            ctx.warning(Annotation::new(text).title("No SARIF file"));
        }
        let folder = self.folder.as_ref().map(|folder| folder.display().to_string());
        ctx.output("sarif", folder.unwrap_or_default())?;
        ctx.output("category", &self.category)
    }
}
