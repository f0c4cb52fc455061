//! The Python on this machine, and pip.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use process::{Line, Processes, Spec, output};

use crate::last::Last;
use crate::{Event, Settings, search_path};

/// What is asked of a Python: the interpreter itself (what is on PATH may be a script that looks for one), and the
/// name of its binary interface, which decides which wheels fit.
const WHO: &str = "import sys, sysconfig; assert sys.version_info >= (3, 10), 'it is older than 3.10'; \
                   print(sys.executable); print(sysconfig.get_config_var('SOABI'))";

/// How long a Python may take to say who it is.
const SOON: Duration = Duration::from_secs(60);

/// How many of pip's last lines an error repeats.
const LAST_LINES: usize = 5;

/// An interpreter.
pub(super) struct Python {
    pub(super) interpreter: PathBuf,
    /// The name of its binary interface: `cpython-311-x86_64-linux-gnu`.
    pub(super) tag: String,
}

/// The first Python on PATH that is new enough.
pub(super) async fn python(settings: &Settings, processes: &dyn Processes) -> Result<Python, String> {
    let mut why = Vec::new();
    for path in search_path::find(settings.path.as_deref(), "python3") {
        match who(&path, settings, processes).await {
            Ok(python) => return Ok(python),
            Err(problem) => why.push(format!("{}: {problem}", path.display())),
        }
    }
    let found = if why.is_empty() { "there is none".to_owned() } else { why.join("; ") };
    Err(format!("a python3 of version 3.10 or newer is needed on PATH: {found}"))
}

async fn who(path: &Path, settings: &Settings, processes: &dyn Processes) -> Result<Python, String> {
    let spec = Spec::new(path).args(["-I", "-S", "-c", WHO]).base_env(&settings.pip_env).timeout(SOON);
    let said = output(processes, spec, 64 << 10).await.map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&said.stdout);
    if !said.exit.success() {
        let last = String::from_utf8_lossy(&said.stderr);
        let last = last.lines().last().unwrap_or_default();
        return Err(format!("it {}, and says: {last}", said.exit));
    }
    let mut lines = text.lines();
    let (interpreter, tag) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    // The tag becomes a part of a folder's name.
    let plain = tag.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if !Path::new(interpreter).is_absolute() || tag.is_empty() || !plain {
        return Err(format!("it does not say who it is, but `{}`", text.trim().escape_debug()));
    }
    Ok(Python { interpreter: PathBuf::from(interpreter), tag: tag.to_owned() })
}

/// Fetches the wheels of a lock, and gives their folder, which is in `folder`.
pub(super) async fn fetch(
    name: &str,
    lock: &str,
    python: &Python,
    folder: &Path,
    settings: &Settings,
    processes: &dyn Processes,
    on: &mut dyn FnMut(Event),
) -> Result<PathBuf, String> {
    let (file, wheels) = (folder.join("lock.txt"), folder.join("wheels"));
    fs::create_dir_all(&wheels)
        .and_then(|()| fs::write(&file, lock))
        .map_err(|error| format!("{}: {error}", folder.display()))?;
    // It looks for modules in the working folder too, so that is one of ours.
    let spec = Spec::new(&python.interpreter)
        .args(["-m", "pip", "download", "--disable-pip-version-check", "--no-input", "--quiet", "--no-deps"])
        .args(["--require-hashes", "--only-binary", ":all:", "--requirement"])
        .arg(&file)
        .arg("--dest")
        .arg(&wheels)
        .base_env(&settings.pip_env)
        .cwd(folder)
        .timeout(settings.limits.download);
    let mut last = Last::new(LAST_LINES);
    let mut on_line = |line: Line| on(Event::Says { name: name.to_owned(), line: last.hear(&line) });
    let exit = processes.run(spec, &mut on_line).await.map_err(|error| error.to_string())?;
    if exit.success() {
        return Ok(wheels);
    }
    let (said, python) = (last.text(), python.interpreter.display());
    Err(format!(
        "{python} -m pip {exit}: {said}\nIt has to be there (Debian: python3-pip) and to reach an index: its own \
         configuration (PIP_INDEX_URL) can name a mirror. Or bring the cache from a machine that has the same Python"
    ))
}
