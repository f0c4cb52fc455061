//! The vulnerability database: where it comes from, which one it is, and that it stays that one.
//!
//! Whether it is the sample is known from how it was prepared here, or from its digest. What a
//! database says of itself is never asked.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use runner::{Annotation, Context, Result};
use scanners::{Access, Options, Place, Scanner, VulnerabilityDatabase};

use crate::database::Facts;
use crate::files::read_at_most;
use crate::program::Program;
use crate::stamp::{Stamp, hash};

/// More than any metadata has.
const MAX_METADATA: u64 = 64 << 10;

/// Where the database comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseChoice {
    /// The real one, brought up to date.
    Auto,
    /// What the cache has.
    Cache,
    /// The sample.
    Sample,
    /// A folder.
    Folder(PathBuf),
}

/// Which database is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Where it comes from.
    pub choice: DatabaseChoice,
    /// Where the real one is fetched from, in order; none means the scanner's own places.
    pub repositories: Vec<String>,
    /// Whether the sample will do where another was asked for.
    pub allow_sample: bool,
}

impl Wanted {
    /// Reads the inputs `database` and `allow-sample-database`, and the one that names other places.
    ///
    /// # Errors
    /// An input that is no choice and no folder.
    pub fn read(ctx: &Context, repositories: &str) -> Result<Self> {
        let text = ctx.text("database")?;
        let choice = match text.as_str() {
            "auto" => DatabaseChoice::Auto,
            "cache" => DatabaseChoice::Cache,
            "sample" => DatabaseChoice::Sample,
            folder => {
                let path = ctx.cwd().join(folder);
                if !path.is_dir() {
                    bail!(
                        "input `database` is `{folder}`: auto, cache, sample or a folder is wanted, and there is \
                         no such folder"
                    );
                }
                DatabaseChoice::Folder(path)
            }
        };
        let allow_sample = ctx.flag("allow-sample-database")?;
        Ok(Self { choice, repositories: ctx.list(repositories)?, allow_sample })
    }
}

/// A database that is ready.
#[derive(Debug)]
pub struct Prepared {
    /// The scanner's cache directory.
    pub cache: PathBuf,
    /// What the scanner may reach with it.
    pub access: Access,
    /// Which one it is.
    pub facts: Facts,
    files: Vec<(PathBuf, Stamp)>,
}

impl Prepared {
    /// Whether nobody wrote to it, or exchanged it, while it was used.
    ///
    /// # Errors
    /// Somebody did.
    pub fn still_the_same(&self) -> Result<()> {
        for (path, stamp) in &self.files {
            stamp.still(path).context("the vulnerability database changed while it was used: scan again")?;
        }
        Ok(())
    }
}

/// Prepares the database that was asked for. `cache` is where the real ones are kept, below the scanner's name.
///
/// # Errors
/// There is none of it, it cannot be read, or it is the sample and nobody gave leave.
pub async fn prepare(
    ctx: &mut Context,
    wanted: &Wanted,
    scanner: &dyn Scanner,
    program: &Program<'_>,
    cache: &Path,
) -> Result<Prepared> {
    let Some(database) = scanner.database() else {
        bail!("{} has no vulnerability database", scanner.title());
    };
    let maker = Maker { wanted, scanner, program, database, own: cache.join(scanner.name()) };
    maker.make(ctx).await
}

struct Maker<'a> {
    wanted: &'a Wanted,
    scanner: &'a dyn Scanner,
    program: &'a Program<'a>,
    database: &'a dyn VulnerabilityDatabase,
    own: PathBuf,
}

impl Maker<'_> {
    async fn make(&self, ctx: &mut Context) -> Result<Prepared> {
        match &self.wanted.choice {
            DatabaseChoice::Sample => self.sample(ctx).await,
            DatabaseChoice::Cache => {
                let found = self.real(ctx, &self.own, Access::Cache).await.with_context(|| {
                    format!(
                        "`database: cache`, and the cache {} has no usable database: fetch it once with `database: auto`",
                        self.own.display()
                    )
                })?;
                self.allowed(found)
            }
            DatabaseChoice::Folder(folder) => {
                let cache = folder_as_cache(folder, self.program.scratch, self.database.place())?;
                let found = self.real(ctx, &cache, Access::Cache).await.context("input `database`")?;
                self.allowed(found)
            }
            DatabaseChoice::Auto => match self.fetch(ctx).await {
                Ok(()) => {
                    let found = self.real(ctx, &self.own, Access::Network).await?;
                    self.allowed(found)
                }
                Err(error) if self.wanted.allow_sample => {
                    ctx.notice(
                        Annotation::new(format!("{error:#}. The sample is taken, as `allow-sample-database` says."))
                            .title("No vulnerability database"),
                    );
                    self.sample(ctx).await
                }
                Err(error) => Err(error.context(
                    "the vulnerability database could not be brought up to date. Without a network: \
                     `database: cache` takes what was fetched before, `database: FOLDER` one that was brought \
                     along, and `allow-sample-database: true` a sample that proves nothing",
                )),
            },
        }
    }

    fn options<'o>(&'o self, cache: &'o Path, access: Access) -> Options<'o> {
        Options {
            cache,
            output: Path::new(""),
            look_for: &[],
            timeout: self.program.timeout,
            access,
            database_repositories: &self.wanted.repositories,
            rules: &[],
        }
    }

    /// Brings the real database in the cache up to date.
    async fn fetch(&self, ctx: &mut Context) -> Result<()> {
        fs::create_dir_all(&self.own)
            .with_context(|| format!("cannot make the cache {}", self.own.display()))?;
        let options = self.options(&self.own, Access::Network);
        let arguments = self.database.fetch_arguments(&options);
        let environment = self.scanner.environment(&options);
        let program = self.program.with(environment);
        let ran = program.run(ctx, "bring the vulnerability database up to date", arguments).await?;
        ran.succeeded(&format!("{} could not fetch its vulnerability database", self.scanner.title()))
    }

    /// Writes the sample into this run's own folder. Nobody else ever finds it in a cache.
    async fn sample(&self, ctx: &mut Context) -> Result<Prepared> {
        let built = self.database.sample()?;
        let cache = self.program.scratch.join("sample");
        let place = self.database.place();
        let folder = cache.join(place.folder);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(place.database), &built.database)?;
        fs::write(folder.join(place.metadata), &built.metadata)?;
        let prepared = self.real(ctx, &cache, Access::Sample).await?;
        if prepared.facts.sha256 != built.digest {
            bail!("the sample database was changed while it was written");
        }
        Ok(prepared)
    }

    /// Looks at a database and says which one it is.
    async fn real(&self, ctx: &mut Context, cache: &Path, access: Access) -> Result<Prepared> {
        let place = self.database.place();
        let folder = cache.join(place.folder);
        let database = folder.join(place.database);
        let metadata = folder.join(place.metadata);
        let files =
            vec![(database.clone(), Stamp::of(&database)?), (metadata.clone(), Stamp::of(&metadata)?)];
        let said = match self.database.question() {
            None => read_at_most(&metadata, MAX_METADATA)?,
            Some(arguments) => self.ask(ctx, cache, arguments).await?,
        };
        let said = self.database.read_metadata(&said)?;
        let sha256 = hash(&database)?;
        let sample = access == Access::Sample || self.database.sample()?.digest == sha256;
        let facts =
            Facts { version: said.version.to_string(), updated: said.updated, sha256, sample, known: true };
        let access = if sample { Access::Sample } else { access };
        Ok(Prepared { cache: cache.to_owned(), access, facts, files })
    }

    /// What the scanner writes of a database that keeps to itself when it was made.
    async fn ask(
        &self,
        ctx: &mut Context,
        cache: &Path,
        arguments: Vec<std::ffi::OsString>,
    ) -> Result<Vec<u8>> {
        let environment = self.scanner.environment(&self.options(cache, Access::Cache));
        let program = self.program.with(environment);
        let mut said = String::new();
        let ran = program.listen(ctx, "look at the vulnerability database", arguments, &mut said).await?;
        ran.succeeded(&format!("{} cannot use its database", self.scanner.title()))?;
        Ok(said.into_bytes())
    }

    /// A sample that comes in by another door needs leave.
    fn allowed(&self, prepared: Prepared) -> Result<Prepared> {
        if prepared.facts.sample && !self.wanted.allow_sample {
            bail!(
                "that database is the sample: `database: sample` or `allow-sample-database: true` says that it is meant"
            );
        }
        Ok(prepared)
    }
}

/// A folder with the database itself, or one that has it as the scanner's cache has.
fn folder_as_cache(folder: &Path, scratch: &Path, place: Place) -> Result<PathBuf> {
    if folder.join(place.folder).join(place.database).is_file() {
        return Ok(folder.to_owned());
    }
    if !folder.join(place.database).is_file() {
        bail!(
            "input `database`: {} has neither {} nor {}/{}",
            folder.display(),
            place.database,
            place.folder,
            place.database
        );
    }
    let cache = scratch.join("given");
    fs::create_dir_all(&cache)?;
    std::os::unix::fs::symlink(folder.canonicalize()?, cache.join(place.folder))?;
    Ok(cache)
}
