//! The SARIF files, as far as GitHub and stable alerts go by them.

mod category;
mod limits;
mod shape;
mod stable;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use github::Gzipped;
use jiff::Timestamp;
use runner::Result;

use shape::{Run, Sarif};

/// More than any file has that comes to 10 MiB when it is compressed.
const MAX_BYTES: u64 = 512 << 20;

/// What some programs write before UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A file that is ready to be sent.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) path: PathBuf,
    pub(crate) gzipped: Gzipped,
    pub(crate) results: usize,
    /// The most results of a run.
    pub(crate) longest: usize,
    /// Results that GitHub would tell apart by their line only.
    pub(crate) without_fingerprint: usize,
    /// What its runs say was cut: of Hallmark's own files.
    pub(crate) cut: u64,
    /// Tool and category of each run.
    pub(crate) runs: Vec<(String, String)>,
    /// When the first of its runs began, if it says so.
    pub(crate) started: Option<Timestamp>,
}

impl Log {
    /// The tool, where it is one.
    pub(crate) fn tool(&self) -> Option<&str> {
        let (first, rest) = self.runs.split_first()?;
        rest.iter().all(|(tool, _)| *tool == first.0).then_some(first.0.as_str())
    }
}

/// Reads one file, or all of a folder, and holds them to what GitHub takes. `checkout` is the repository's.
pub(crate) fn read(path: &Path, category: Option<&str>, checkout: &Path) -> Result<Vec<Log>> {
    let category = category.map(category::checked).transpose().context("input `category`")?;
    let mut logs = Vec::new();
    let mut seen: BTreeMap<(String, String), PathBuf> = BTreeMap::new();
    for file in files(path)? {
        let log = one(&file, category, checkout).with_context(|| format!("{}", file.display()))?;
        for run in &log.runs {
            if let Some(other) = seen.insert(run.clone(), file.clone()) {
                bail!(
                    "{} and {} both have a run of {} with the category `{}`: the second upload would close the alerts of \
                     the first. Give each its own category",
                    other.display(),
                    file.display(),
                    run.0.escape_debug(),
                    run.1.escape_debug()
                );
            }
        }
        logs.push(log);
    }
    Ok(logs)
}

fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))? {
        let file = entry?.path();
        if file.extension().is_some_and(|extension| extension == "sarif") {
            files.push(file);
        }
    }
    if files.is_empty() {
        bail!("input `sarif`: no file in {} ends in .sarif", path.display());
    }
    files.sort();
    Ok(files)
}

fn one(path: &Path, category: Option<&str>, checkout: &Path) -> Result<Log> {
    let size = fs::metadata(path).context("input `sarif`: there is no such file")?.len();
    if size > MAX_BYTES {
        bail!("it has {size} bytes, and GitHub takes 10 MiB when it is compressed");
    }
    let bytes = fs::read(path).context("input `sarif`: it cannot be read")?;
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&bytes);
    let sarif: Sarif =
        serde_json::from_slice(bytes).map_err(|error| anyhow!("this is no whole SARIF file: {error}"))?;
    if sarif.version.as_deref() != Some("2.1.0") {
        let version = sarif.version.unwrap_or_else(|| "none".into());
        bail!("its version is {}, and SARIF 2.1.0 is what GitHub takes", version.escape_debug());
    }
    limits::hold(&sarif)?;
    let mut log = Log {
        path: path.to_owned(),
        gzipped: Gzipped::of(b"")?,
        results: 0,
        longest: 0,
        without_fingerprint: 0,
        cut: 0,
        runs: Vec::new(),
        started: sarif.started(),
    };
    let mut lacks = false;
    for run in &sarif.runs {
        stable::hold(run, checkout)?;
        lacks |= take(run, category, &mut log)?;
    }
    log.gzipped = match category {
        Some(category) if lacks => Gzipped::of(&category::written(bytes, category)?)?,
        _ => Gzipped::of(bytes)?,
    };
    Ok(log)
}

/// Adds up a run. Whether it lacks a category, and is to be given one.
fn take(run: &Run, category: Option<&str>, log: &mut Log) -> Result<bool> {
    let results = run.results.as_deref().unwrap_or_default();
    log.results += results.len();
    log.longest = log.longest.max(results.len());
    log.without_fingerprint += results.iter().filter(|result| !result.has_fingerprint()).count();
    log.cut += run.properties.hallmark.cut_results;
    let (own, lacks) = category::of(run, category)?;
    log.runs.push((run.tool.driver.name.clone(), own.to_owned()));
    Ok(lacks)
}
