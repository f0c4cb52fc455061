//! A scanner's file: what it found in an image that was decided about, or in all images of a family that are in use.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Result, bail};
use attest::predicate::vulns;
use model::ImageManifest;
use policy::{Decision, Exception, Judged};
use report::sarif::{Entry, Suppression};
use scan::{Alerts, SarifFile, Tool};

use super::scans::Scanned;

/// An image that was decided about, and its scanners.
#[derive(Clone, Copy)]
pub(crate) struct Decided<'d> {
    pub(crate) image: &'d ImageManifest,
    pub(crate) decision: &'d Decision,
    pub(crate) scanned: &'d [Scanned],
}

/// A file that was written.
pub(super) struct File {
    pub(super) file: SarifFile,
    /// How many findings the scans do not show.
    pub(super) hidden: usize,
}

/// Writes the file of a scanner over these images, which are of one family and architecture; or says why there is none.
/// `given` is where the alerts are to be, if anybody said so.
pub(super) fn write(
    path: &Path,
    scanner: &str,
    images: &[Decided<'_>],
    given: Option<&str>,
) -> Result<Result<File, String>> {
    let mut its = Vec::new();
    for one in images {
        match one.scanned_by(scanner) {
            Ok(scanned) => its.push(scanned),
            Err(why) if images.len() == 1 => return Ok(Err(why)),
            Err(why) => return Ok(Err(format!("of {}: {why}", one.image.name))),
        }
    }
    let (Some(first), Some((_, tool))) = (images.first(), its.first()) else {
        return Ok(Err("there is no image".to_owned()));
    };
    if let Some((_, other)) = its.iter().find(|(_, other)| other.title() != tool.title()) {
        return Ok(Err(format!(
            "its reports name two tools, {} and {}: an upload speaks for one",
            tool.title(),
            other.title()
        )));
    }
    let recorded = its.iter().flat_map(|(scanned, _)| scanned.files.iter());
    let location = match location(recorded, given)? {
        Ok(location) => location,
        Err(why) => return Ok(Err(why)),
    };
    let alerts = Alerts::of_image(&first.image.family, first.image.architecture.as_str(), location);
    let category = alerts.category();
    let others = its.iter().flat_map(|(scanned, _)| scanned.files.iter());
    let others = others.filter_map(|(file, said)| Some((file, said.as_ref()?)));
    if let Some((file, said)) = others.into_iter().find(|(_, said)| said.category != category) {
        return Ok(Err(format!(
            "{file} has its alerts in the category {}, and by image.json they are of {category}: scan with image.json, or with \
             its family and architecture",
            said.category
        )));
    }
    let said: Vec<_> = images.iter().map(|one| suppressions(one.decision)).collect();
    let (mut hidden, mut entries) = (0, Vec::new());
    for ((one, (scanned, _)), said) in images.iter().zip(&its).zip(&said) {
        for judged in one.decision.findings.iter().filter(|judged| scanned.files.contains_key(&*judged.file))
        {
            if scanned.shows(judged) {
                let suppressed = said.get(judged.suppressed_by.as_slice());
                let suppressed = suppressed.map_or(&[] as &[_], Vec::as_slice);
                entries.push(Entry { finding: &judged.finding, suppressed });
            } else {
                hidden += 1;
            }
        }
    }
    Ok(Ok(File { file: alerts.write(path, tool, entries)?, hidden }))
}

impl<'d> Decided<'d> {
    /// What is known by a scanner, or why that is not all of it.
    fn scanned_by(&self, scanner: &str) -> Result<(&'d Scanned, &'d Tool), String> {
        let Some(one) = self.scanned.iter().find(|one| one.name == scanner) else {
            return Err("there is no genuine scan by it".to_owned());
        };
        match (&one.doubt, &one.tool) {
            (None, Some(tool)) => Ok((one, tool)),
            (Some(doubt), _) => Err(doubt.clone()),
            (None, None) => Err("none of its scans decides".to_owned()),
        }
    }
}

impl Scanned {
    /// Whether the scan that found it shows it.
    fn shows(&self, judged: &Judged) -> bool {
        let alerts = self.files.get(&*judged.file).and_then(Option::as_ref);
        alerts.is_none_or(|alerts| alerts.view.shows(&judged.finding))
    }
}

/// The file of the repository that the scans have put the alerts on; none where none says one and nobody else does.
///
/// # Errors
/// It was said otherwise: to put them there would close and open every alert.
fn location<'d>(
    scans: impl Iterator<Item = (&'d String, &'d Option<vulns::Alerts>)>,
    given: Option<&'d str>,
) -> Result<Result<Option<&'d str>, String>> {
    let said: Vec<(&String, &str)> =
        scans.filter_map(|(file, alerts)| Some((file, alerts.as_ref()?.location.as_str()))).collect();
    let places: BTreeSet<&str> = said.iter().map(|(_, place)| *place).collect();
    if places.len() > 1 {
        let named: Vec<&str> = places.into_iter().collect();
        return Ok(Err(format!("its scans have their alerts on several files: {}", named.join(", "))));
    }
    let Some((file, place)) = said.first() else { return Ok(Ok(given)) };
    match given {
        Some(given) if given != *place => bail!(
            "input `sarif-location` is `{given}`, and the scan {file} has its alerts on `{place}`: every alert would be closed \
             and opened anew. Leave the input out, or scan with the same"
        ),
        _ => Ok(Ok(Some(place))),
    }
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
