//! `distribution.yml`: which account publishes to which regions of AWS, whom it shares images with, and where channels
//! are kept. Read once into checked types ([`aws::distribution`]): every mistake with its place, all of them at once.

mod file;
mod names;
mod schema;
mod sharing;

use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use aws::distribution::Distribution;
use policy::{Problem, Problems};

pub use schema::schema;

/// More than any distribution has, and more than is read of one.
const LONGEST: u64 = 1 << 20;

/// Reads a file.
///
/// # Errors
/// It cannot be read, or is mistaken: then every mistake, one a line, with its line and column and how to mend it.
pub fn read(path: &Path) -> anyhow::Result<Distribution> {
    let shown = line(&path.display().to_string());
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes))
        .with_context(|| format!("the distribution {shown} cannot be read"))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > LONGEST {
        bail!("the distribution {shown} has more than 1 MiB: take out what it does not need");
    }
    let text = String::from_utf8(bytes)
        .with_context(|| format!("the distribution {shown} is no UTF-8 text: save it as such"))?;
    Ok(parse(&shown, &text)?)
}

/// Reads the text of a file; `file` is what mistakes call it.
///
/// # Errors
/// Every mistake, in order of place.
pub fn parse(file: &str, text: &str) -> Result<Distribution, Problems> {
    file::parse(file, text).map_err(|Problems(problems)| Problems(problems.into_iter().map(inert).collect()))
}

/// A mistake in which the file's own text is on one line, and says nothing to a terminal.
fn inert(problem: Problem) -> Problem {
    Problem { what: line(&problem.what), mend: line(&problem.mend), ..problem }
}

fn line(text: &str) -> String {
    runner::escape::plain(text).replace(['\n', '\t'], " ")
}
