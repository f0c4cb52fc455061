//! SARIF of what the channels show: a file for each family, architecture and scanner, whose alerts are those of the scans and
//! of the gate.
//!
//! Several channels may show several images of a family, and an upload speaks for its category as a whole: so a file is of all
//! of them, and is not there while one of them is not known.

use std::collections::{BTreeMap, BTreeSet};

use gate::{Again, SarifFolder};
use runner::{Context, Result};

use super::found::Found;
use super::table;

/// What is written, and from what.
pub(super) struct Writer {
    folder: SarifFolder,
    location: Option<String>,
    /// By category: an upload closes what another of the same has opened.
    decided: BTreeMap<String, Vec<Again>>,
    /// Families of which an image is not known, and why.
    open: BTreeMap<String, String>,
}

impl Writer {
    /// None where nobody asked for it. What an earlier run left in the folder is taken away.
    pub(super) fn begin(ctx: &Context) -> Result<Option<Self>> {
        let Some(folder) = SarifFolder::cleared(ctx, is_own)? else { return Ok(None) };
        let location = ctx.opt_text(table::SARIF_LOCATION)?;
        Ok(Some(Self { folder, location, decided: BTreeMap::new(), open: BTreeMap::new() }))
    }

    /// A channel's image that was decided about.
    pub(super) fn add(&mut self, found: &Found, again: Again) {
        if !found.is_released() {
            let why = "nobody who may publish says that its image was put into it";
            return self.leave_open(&found.family, &found.name(), why);
        }
        self.decided.entry(again.category()).or_default().push(again);
    }

    /// A channel of which nothing is known.
    pub(super) fn leave_open(&mut self, family: &str, channel: &str, why: &str) {
        self.open.entry(family.to_owned()).or_insert_with(|| format!("of {channel}: {why}"));
    }

    /// Writes the files that can be.
    pub(super) fn write(&mut self) -> Result<()> {
        for (category, images) in &self.decided {
            let stem = category.trim_start_matches("hallmark/").replace('/', ".");
            let families: BTreeSet<&str> = images.iter().map(|one| one.image.family.as_str()).collect();
            let open = families.iter().find_map(|family| self.open.get(*family));
            let scanners: BTreeSet<&str> = images.iter().flat_map(Again::scanners).collect();
            for scanner in &scanners {
                let name = format!("{stem}.{scanner}.sarif");
                if let Some(why) = open {
                    self.folder.withhold(format!("{name} is not written: {why}"));
                } else if families.len() > 1 {
                    let families: Vec<&str> = families.iter().copied().collect();
                    let families = families.join(", ");
                    self.folder.withhold(format!(
                        "{name} is not written: the families {families} have one category"
                    ));
                } else {
                    let images: Vec<&Again> = images.iter().collect();
                    self.folder.add_images(&name, scanner, &images, self.location.as_deref())?;
                }
            }
            if scanners.is_empty() {
                self.folder.withhold(format!("{stem} has no SARIF file: there is no genuine scan of it"));
            }
        }
        let known = |family: &str| self.decided.values().flatten().any(|one| one.image.family == family);
        for (family, why) in self.open.iter().filter(|(family, _)| !known(family)) {
            self.folder.withhold(format!("{family} has no SARIF file: {why}"));
        }
        Ok(())
    }

    /// The output, and what is not in the files.
    pub(super) fn told(&self, ctx: &mut Context) -> Result<()> {
        self.folder.told(ctx)
    }
}

/// Whether a file has a name as [`Writer::write`] gives it.
fn is_own(name: &str) -> bool {
    let Some((stem, scanner)) = name.strip_suffix(".sarif").and_then(|name| name.rsplit_once('.')) else {
        return false;
    };
    stem.contains('.') && scanners::find(scanner).is_some()
}

#[cfg(test)]
mod tests {
    use super::is_own;

    #[test]
    fn what_an_earlier_run_may_have_left() {
        for (name, own) in [
            ("web.amd64.trivy.sarif", true),
            ("debian-13.1.arm64.grype.sarif", true),
            ("trivy.sarif", false),
            ("web.trivy.sarif", false),
            ("web.amd64.semgrep-own.sarif", false),
            ("web.amd64.trivy.json", false),
        ] {
            assert_eq!(is_own(name), own, "{name}");
        }
    }
}
