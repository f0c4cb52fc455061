//! Tools that come as Python packages.
//!
//! A lock file names every wheel by its SHA-256. pip fetches them (its own configuration names the index, so mirrors
//! work), and each run verifies them and unpacks them into a folder of its own. So no installed environment has to
//! be believed, and nothing that Python compiled before is.

mod lock;
mod pip;
mod wheel;

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use model::Sha256;
use process::Processes;

use crate::cache::Cache;
use crate::{Error, Event, Settings};
use lock::{Package, Wheel};

/// What is said to Python before a tool begins. The first argument is the folder of the packages. `exit` is made by
/// `site`, which is not run, and some programs call it.
const BEGIN: &str = "import sys, site; site.setquit(); sys.path.insert(0, sys.argv.pop(1)); sys.argv[0] = ";

struct Locked {
    name: &'static str,
    /// What is run: it has `sys.argv`, and ends the program itself.
    entry: &'static str,
    lock: &'static str,
}

const ALL: &[Locked] = &[
    Locked {
        name: "checkov",
        entry: "from checkov.main import Checkov; sys.exit(Checkov().run())",
        lock: include_str!("../python/checkov.txt"),
    },
    Locked {
        name: "semgrep",
        entry: "from semgrep.main import main; sys.exit(main())",
        lock: include_str!("../python/semgrep.txt"),
    },
];

/// The names of the tools that come as Python packages.
#[must_use]
pub fn python_tools() -> Vec<&'static str> {
    ALL.iter().map(|tool| tool.name).collect()
}

/// A Python package that a tool consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PythonPackage {
    /// The tool.
    pub tool: &'static str,
    /// The tool's version.
    pub tool_version: String,
    /// The package, as a purl.
    pub purl: String,
    /// Whether every machine needs it, whatever its Python and its platform.
    pub always: bool,
}

/// Every package of these tools: what an index of one's own has to have.
///
/// # Errors
/// A lock file that does not parse, which a test of this crate excludes.
pub fn python_packages() -> Result<Vec<PythonPackage>, Error> {
    let mut listed = Vec::new();
    for tool in ALL {
        let (packages, version) = tool.read()?;
        listed.extend(packages.into_iter().map(|package| PythonPackage {
            tool: tool.name,
            tool_version: version.clone(),
            purl: format!("pkg:pypi/{}@{}", package.name, package.version),
            always: package.always,
        }));
    }
    Ok(listed)
}

/// A tool whose wheels are here, verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PythonTool {
    /// Its name.
    pub name: &'static str,
    /// Its version.
    pub version: String,
    /// What it is: the SHA-256 of the lock file, which names every wheel by its own.
    pub sha256: Sha256,
    /// Where its wheels are.
    pub folder: PathBuf,
    entry: &'static str,
    interpreter: PathBuf,
    wheels: Vec<Wheel>,
}

/// How an unpacked tool is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PythonProgram {
    /// The interpreter.
    pub interpreter: PathBuf,
    /// The arguments before the tool's own.
    pub before: Vec<OsString>,
}

/// The wheels of that tool, from the cache or by pip.
///
/// # Errors
/// There is no Python 3.10 with pip, pip cannot fetch them, or a wheel is not one of the lock's.
pub async fn python_tool(
    name: &str,
    settings: &Settings,
    processes: &dyn Processes,
    on: &mut dyn FnMut(Event),
) -> Result<PythonTool, Error> {
    get(find(name)?, settings, processes, true, on)
        .await?
        .ok_or_else(|| Error::Python { name: name.to_owned(), problem: "pip brought nothing".to_owned() })
}

/// As [`python_tool`], of what is in the cache only. Bad wheels in the cache are deleted, as ever.
///
/// # Errors
/// No such tool, no Python 3.10, or the cache cannot be read.
pub async fn python_tool_at_hand(
    name: &str,
    settings: &Settings,
    processes: &dyn Processes,
    on: &mut dyn FnMut(Event),
) -> Result<Option<PythonTool>, Error> {
    get(find(name)?, settings, processes, false, on).await
}

/// What there is of one of these tools on this machine.
#[derive(Debug)]
pub struct PythonChecked {
    /// The tool.
    pub name: &'static str,
    /// The version that its lock wants.
    pub version: String,
    /// The tool, its wheels verified; none if it is not here; or what is in the way.
    pub found: Result<Option<PythonTool>, Error>,
}

/// Looks at what is in the cache, without getting anything.
///
/// # Errors
/// As [`python_packages`].
pub async fn python_verify(
    settings: &Settings,
    processes: &dyn Processes,
    on: &mut dyn FnMut(Event),
) -> Result<Vec<PythonChecked>, Error> {
    let mut checked = Vec::new();
    for tool in ALL {
        let (_, version) = tool.read()?;
        let found = get(tool, settings, processes, false, on).await;
        checked.push(PythonChecked { name: tool.name, version, found });
    }
    Ok(checked)
}

fn find(name: &str) -> Result<&'static Locked, Error> {
    ALL.iter()
        .find(|tool| tool.name == name)
        .ok_or_else(|| Error::UnknownTool { name: name.to_owned(), known: python_tools().join(", ") })
}

async fn get(
    locked: &Locked,
    settings: &Settings,
    processes: &dyn Processes,
    may_fetch: bool,
    on: &mut dyn FnMut(Event),
) -> Result<Option<PythonTool>, Error> {
    let name = locked.name;
    let failed = |problem: String| locked.failed(problem);
    let (packages, version) = locked.read()?;
    let python = pip::python(settings, processes).await.map_err(failed)?;
    let sha256 = Sha256::of(locked.lock.as_bytes());
    let cache = Cache::new(&settings.cache);
    let folder = cache.python(name, &sha256, &python.tag);
    let _held = cache.hold(name, on).await?;
    let made = |wheels, folder| PythonTool {
        name,
        version: version.clone(),
        sha256,
        folder,
        entry: locked.entry,
        interpreter: python.interpreter.clone(),
        wheels,
    };
    match fs::symlink_metadata(&folder) {
        Ok(_) => match lock::verified(&folder, &packages) {
            Ok(wheels) => return Ok(Some(made(wheels, folder))),
            Err(why) => {
                fs::remove_dir_all(&folder).map_err(Error::io(&folder))?;
                on(Event::BadWheels { name: name.to_owned(), why });
            }
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(Error::Io { path: folder, source: error }),
    }
    if !may_fetch {
        return Ok(None);
    }
    let half_made = cache.new_folder(name)?;
    on(Event::Fetching { name: name.to_owned() });
    let fetched = pip::fetch(name, locked.lock, &python, &half_made, settings, processes, on).await;
    let fetched = fetched.map_err(failed)?;
    lock::verified(&fetched, &packages).map_err(failed)?;
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent).map_err(Error::io(parent))?;
    }
    fs::rename(&fetched, &folder).map_err(Error::io(&folder))?;
    let wheels = lock::verified(&folder, &packages).map_err(failed)?;
    Ok(Some(made(wheels, folder)))
}

impl Locked {
    fn failed(&self, problem: String) -> Error {
        Error::Python { name: self.name.to_owned(), problem }
    }

    /// The packages of the lock, and the version of the tool itself.
    fn read(&self) -> Result<(Vec<Package>, String), Error> {
        let packages = lock::parse(self.lock).map_err(|why| self.failed(format!("its lock file: {why}")))?;
        let version =
            packages.iter().find(|package| package.name == self.name).map(|package| package.version.clone());
        let version = version.ok_or_else(|| self.failed("its lock file does not name it".to_owned()))?;
        Ok((packages, version))
    }
}

impl PythonTool {
    /// Unpacks the wheels into a folder, which has to be the run's own, and says how the tool is called. Each wheel
    /// is verified once more, by the handle that it is then read from.
    ///
    /// # Errors
    /// There is a `site` in the folder already; a wheel is not the lock's any more; or one is no whole archive, or
    /// would write outside of the folder or over another's file.
    pub fn unpack(&self, into: &Path) -> Result<PythonProgram, Error> {
        let site = into.join("site");
        fs::create_dir_all(into).map_err(Error::io(into))?;
        fs::create_dir(&site).map_err(Error::io(&site))?;
        for wheel in &self.wheels {
            wheel::unpack(&wheel.path, &wheel.sha256, &site).map_err(|problem| Error::Python {
                name: self.name.to_owned(),
                problem: format!("{}: {problem}", wheel.path.display()),
            })?;
        }
        let program = format!("{BEGIN}'{}'; {}", self.name, self.entry);
        let mut compiled = OsString::from("pycache_prefix=");
        compiled.push(into.join("compiled"));
        // Isolated from the environment and the working folder, and without what is installed on the machine.
        let before = ["-I", "-S", "-X"].map(OsString::from).into_iter();
        let before = before.chain([compiled, "-c".into(), program.into(), site.into()]).collect();
        Ok(PythonProgram { interpreter: self.interpreter.clone(), before })
    }
}

#[cfg(test)]
mod tests;
