//! A folder of SARIF files: what is in it, and what is not and why.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use runner::{Annotation, Context};

use super::file::{self, Decided, File};

/// The folder that the input `sarif` names, as it is filled.
pub struct SarifFolder {
    path: PathBuf,
    files: Vec<File>,
    /// Why a file is not there.
    withheld: Vec<String>,
}

impl SarifFolder {
    /// The folder that was asked for, without what an earlier decision left there: that would look like this one's. `own` says
    /// which files are such; others are left alone.
    ///
    /// # Errors
    /// It is no folder, or cannot be cleared.
    pub fn cleared(ctx: &Context, own: impl Fn(&str) -> bool) -> Result<Option<Self>> {
        let Some(path) = ctx.opt_path("sarif")? else { return Ok(None) };
        ensure!(!path.is_file(), "input `sarif`: {} is a file, and a folder is wanted", path.display());
        let entries = match fs::read_dir(&path) {
            Ok(entries) => Some(entries),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        for entry in entries.into_iter().flatten() {
            let entry = entry.with_context(|| format!("cannot read {}", path.display()))?;
            if own(&entry.file_name().to_string_lossy()) {
                let path = entry.path();
                fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
            }
        }
        Ok(Some(Self { path, files: Vec::new(), withheld: Vec::new() }))
    }

    /// Writes the file of a scanner, if everything is known that an upload of it would speak for.
    pub(super) fn add(
        &mut self,
        name: &str,
        scanner: &str,
        images: &[Decided<'_>],
        location: Option<&str>,
    ) -> Result<()> {
        match file::write(&self.path.join(name), scanner, images, location) {
            Ok(Ok(file)) => self.files.push(file),
            Ok(Err(why)) => self.withhold(format!("{name} is not written: {why}")),
            Err(error) => {
                self.discard()?;
                return Err(error);
            }
        }
        Ok(())
    }

    /// Takes back what was written: nobody uploads a part.
    fn discard(&mut self) -> Result<()> {
        for File { file, .. } in self.files.drain(..) {
            fs::remove_file(&file.path).with_context(|| format!("cannot remove {}", file.path.display()))?;
        }
        Ok(())
    }

    /// Says that a file is not there, and why.
    pub fn withhold(&mut self, why: String) {
        self.withheld.push(why);
    }

    /// The output, and what is not in the files.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn told(&self, ctx: &mut Context) -> Result<()> {
        for one in &self.files {
            one.file.warn_of_cut(ctx);
            for text in one.file.left_out().into_iter().chain(one.not_shown()) {
                ctx.summary().paragraph(&text);
            }
        }
        for why in &self.withheld {
            let text = format!("{why}. An upload would close alerts of which nothing is known");
            ctx.warning(Annotation::new(text).title("No SARIF file"));
        }
        let written = if self.files.is_empty() { String::new() } else { self.path.display().to_string() };
        ctx.output("sarif", written)
    }
}

impl File {
    /// What is not in it because the scans' own files do not have it either.
    fn not_shown(&self) -> Option<String> {
        let name = self.file.path.file_name().unwrap_or_default().to_string_lossy();
        let many = if self.hidden == 1 { "finding" } else { "findings" };
        (self.hidden > 0).then(|| {
            format!(
                "{name} leaves out {} {many} that the scan does not show (`severity`, `ignore-unfixed`): they were decided about.",
                self.hidden
            )
        })
    }
}
