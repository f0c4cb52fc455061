//! Other tools' files of exceptions: read into ours, and ours written for others.
//!
//! One file for each format, and [`FORMATS`], the list that registers them. What a format says and
//! ours cannot is never dropped in silence and never widened: such an entry is written commented out,
//! with why, and reported at its place.

mod about;
mod append;
mod entry;
mod grype;
mod ids;
pub mod openvex;
mod purls;
mod remarks;
mod settle;
mod tree;
mod trivyignore;
mod trivyignore_yaml;
mod write;

pub use append::{Appended, append};
pub use entry::{Effect, Entry, Imported, Objection, Terms, Vex};
pub use write::{Given, new_file, scalar};

use jiff::civil::Date;

use crate::problem::{At, Problem, Problems};

/// A format that exceptions are imported from.
pub struct Format {
    /// As the command line names it.
    pub name: &'static str,
    /// Whether a file of this name usually has it.
    pub is_named: fn(&str) -> bool,
    read: fn(&Source<'_>) -> Result<Imported, Broken>,
}

/// The formats. One more is a file beside this one and a line here.
pub static FORMATS: [Format; 4] =
    [trivyignore::FORMAT, trivyignore_yaml::FORMAT, grype::FORMAT, openvex::FORMAT];

/// A file to import.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Its name, for messages.
    pub file: &'a str,
    /// What is in it. Hostile text.
    pub text: &'a str,
    /// The day of the import, UTC: what ended before is not taken over.
    pub today: Date,
    /// The product that stands for the images of [`Given::images`], in a format that names products.
    pub product: Option<&'a str>,
}

/// A file that is not of its format at all.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Broken {
    at: At,
    what: String,
    mend: String,
}

/// The largest file that is read.
const MAX_BYTES: usize = 4 << 20;

impl Format {
    /// The format with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        FORMATS.iter().find(|format| format.name == name)
    }

    /// The format that a file of this name usually has.
    #[must_use]
    pub fn of_file(path: &str) -> Option<&'static Self> {
        let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
        FORMATS.iter().find(|format| (format.is_named)(&name))
    }

    /// Reads a file.
    ///
    /// # Errors
    /// It is not of this format at all.
    pub fn read(&self, source: &Source<'_>) -> Result<Imported, Problems> {
        let read = if source.text.len() > MAX_BYTES {
            let what = format!("the file has {} bytes, and at most 4 MiB are read", source.text.len());
            Err(Broken { at: At::default(), what, mend: "split it".to_owned() })
        } else {
            (self.read)(source).and_then(|mut imported| {
                settle::settle(&mut imported, source.today)?;
                Ok(imported)
            })
        };
        read.map_err(|Broken { at, what, mend }| {
            Problems(vec![Problem { file: source.file.to_owned(), at, what, mend }])
        })
    }
}

impl std::fmt::Debug for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Format").field(&self.name).finish()
    }
}

#[cfg(test)]
mod tests;
