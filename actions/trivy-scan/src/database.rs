//! The vulnerability database: where it comes from, which one it is, and that it stays that one.
//!
//! Whether it is the sample is known from how it was prepared here, or from its digest. What a
//! database says of itself is never asked.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use model::Sha256;
use runner::{Annotation, Context, Result};
use scanners::trivy::{DATABASE_FILE, DATABASE_FOLDER, METADATA_FILE, Trivy, sample_db};
use scanners::{Access, Scan, Scanner as _};

use crate::inputs::{DatabaseChoice, Inputs};
use crate::scan;
use crate::subject::{Stamp, hash};

/// More than any metadata has.
const MAX_METADATA: u64 = 64 << 10;

/// What evidence records of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) version: String,
    pub(crate) updated: Timestamp,
    pub(crate) sha256: Sha256,
    pub(crate) sample: bool,
    /// None of this is known: the report was made elsewhere.
    pub(crate) known: bool,
}

impl Facts {
    /// Of a report that was there already nothing is known about its database. The predicate has no
    /// word for that, so it says what satisfies no policy: made in 1970, and a digest of zeros.
    pub(crate) fn of_report(scan: &Scan) -> Self {
        Self {
            version: "unknown".into(),
            updated: Timestamp::UNIX_EPOCH,
            sha256: Sha256::from_bytes([0; 32]),
            sample: sample_db::is_named_in(&scan.sources),
            known: false,
        }
    }
}

/// A database that is ready.
#[derive(Debug)]
pub(crate) struct Database {
    /// Trivy's cache directory.
    pub(crate) cache: PathBuf,
    pub(crate) access: Access,
    pub(crate) facts: Facts,
    files: Vec<(PathBuf, Stamp)>,
}

impl Database {
    /// Fails if somebody wrote to it, or exchanged it, while it was used.
    pub(crate) fn still_the_same(&self) -> Result<()> {
        for (path, stamp) in &self.files {
            stamp.still(path).context("the vulnerability database changed while it was used: scan again")?;
        }
        Ok(())
    }
}

/// Prepares the database that was asked for.
pub(crate) async fn prepare(
    ctx: &mut Context,
    inputs: &Inputs,
    trivy: &scan::Trivy<'_>,
    cache: &Path,
) -> Result<Database> {
    let own = cache.join("trivy");
    match &inputs.database {
        DatabaseChoice::Sample => sample(trivy.scratch),
        DatabaseChoice::Cache => {
            let found = real(&own, Access::Cache).with_context(|| {
                format!(
                    "`database: cache`, and the cache {} has no usable database: fetch it once with `database: auto`",
                    own.display()
                )
            })?;
            allowed(inputs, found)
        }
        DatabaseChoice::Folder(folder) => {
            let cache = folder_as_cache(folder, trivy.scratch)?;
            allowed(inputs, real(&cache, Access::Cache).context("input `database`")?)
        }
        DatabaseChoice::Auto => {
            let fetched = scan::fetch(ctx, inputs, trivy, &own).await;
            match fetched {
                Ok(()) => allowed(inputs, real(&own, Access::Network)?),
                Err(error) if inputs.allow_sample_database => {
                    ctx.notice(
                        Annotation::new(format!("{error:#}. The sample is taken, as `allow-sample-database` says."))
                            .title("No vulnerability database"),
                    );
                    sample(trivy.scratch)
                }
                Err(error) => Err(error.context(
                    "the vulnerability database could not be brought up to date. Without a network: \
                     `database: cache` takes what was fetched before, `database: FOLDER` one that was brought \
                     along, and `allow-sample-database: true` a sample that proves nothing",
                )),
            }
        }
    }
}

/// Writes the sample into this run's own folder. Nobody else ever finds it in a cache.
fn sample(scratch: &Path) -> Result<Database> {
    let built = sample_db::sample()?;
    let cache = scratch.join("sample");
    let folder = cache.join(DATABASE_FOLDER);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(DATABASE_FILE), &built.database)?;
    fs::write(folder.join(METADATA_FILE), &built.metadata)?;
    let database = real(&cache, Access::Sample)?;
    if database.facts.sha256 != built.digest {
        bail!("the sample database was changed while it was written");
    }
    Ok(database)
}

/// Looks at a database and says which one it is.
fn real(cache: &Path, access: Access) -> Result<Database> {
    let folder = cache.join(DATABASE_FOLDER);
    let database = folder.join(DATABASE_FILE);
    let metadata = folder.join(METADATA_FILE);
    let files = vec![(database.clone(), Stamp::of(&database)?), (metadata.clone(), Stamp::of(&metadata)?)];
    let said = Trivy.read_database(&scan::read_at_most(&metadata, MAX_METADATA)?)?;
    let sha256 = hash(&database)?;
    let sample = access == Access::Sample || sample_db::is_sample(sha256)?;
    let facts =
        Facts { version: said.version.to_string(), updated: said.updated, sha256, sample, known: true };
    let access = if sample { Access::Sample } else { access };
    Ok(Database { cache: cache.to_owned(), access, facts, files })
}

/// A sample that comes in by another door needs leave.
fn allowed(inputs: &Inputs, database: Database) -> Result<Database> {
    if database.facts.sample && !inputs.allow_sample_database {
        bail!(
            "that database is the sample: `database: sample` or `allow-sample-database: true` says that it is meant"
        );
    }
    Ok(database)
}

/// A folder with the database itself, or one that has it as Trivy's cache has.
fn folder_as_cache(folder: &Path, scratch: &Path) -> Result<PathBuf> {
    if folder.join(DATABASE_FOLDER).join(DATABASE_FILE).is_file() {
        return Ok(folder.to_owned());
    }
    if !folder.join(DATABASE_FILE).is_file() {
        bail!(
            "input `database`: {} has neither {DATABASE_FILE} nor {DATABASE_FOLDER}/{DATABASE_FILE}",
            folder.display()
        );
    }
    let cache = scratch.join("given");
    fs::create_dir_all(&cache)?;
    std::os::unix::fs::symlink(folder.canonicalize()?, cache.join(DATABASE_FOLDER))?;
    Ok(cache)
}
