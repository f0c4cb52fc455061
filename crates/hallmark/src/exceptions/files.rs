//! The files that are read and written: a file is never overwritten without being asked, and is whole or
//! as it was.

use std::fs::Permissions;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use policy::{ExceptionLimits, Exceptions, SHIPPED, UncheckedPolicy};
use runner::Context;

use super::tell;

/// More than any file of exceptions has, and more than is read of one.
const LONGEST: u64 = 8 << 20;

/// The policy that goes where none is given.
const USUAL: &str = "recommended";

/// A text file.
pub(super) fn read(path: &Path) -> Result<String> {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        std::fs::File::open(path)?.take(LONGEST).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().with_context(|| format!("cannot read {}", path.display()))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length >= LONGEST) {
        bail!("{} is larger than {} MiB", path.display(), LONGEST >> 20);
    }
    String::from_utf8(bytes).with_context(|| format!("{} is no UTF-8 text", path.display()))
}

/// Writes a file: a new one, or, where that was asked for, in the place of one.
pub(super) fn write(path: &Path, text: &str, replace: bool) -> Result<()> {
    // What a link leads to is written, and the link stays.
    let target =
        if replace { path.canonicalize().unwrap_or_else(|_| path.to_owned()) } else { path.to_owned() };
    let folder = target.parent().unwrap_or_else(|| Path::new("/"));
    let mode = std::fs::metadata(&target).map_or(0o644, |found| found.permissions().mode() & 0o777);
    let write = || -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        let mut fresh = tempfile::Builder::new()
            .prefix(".hallmark-exceptions-")
            .permissions(Permissions::from_mode(mode))
            .tempfile_in(folder)?;
        fresh.write_all(text.as_bytes())?;
        fresh.as_file().sync_all()?;
        let done = if replace { fresh.persist(&target) } else { fresh.persist_noclobber(&target) };
        done.map(drop).map_err(|error| error.error)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

/// Writes the input `output`, or to standard output where there is none.
pub(super) fn give(cx: &mut Context, text: &str) -> Result<String> {
    let Some(path) = cx.opt_path("output")? else {
        cx.print(text);
        return Ok("standard output".to_owned());
    };
    let overwrite = cx.flag("overwrite")?;
    if !overwrite && path.symlink_metadata().is_ok() {
        bail!("input `output`: {} is there already; give another name, or `overwrite: true`", path.display());
    }
    write(&path, text, overwrite)?;
    Ok(tell::shown(cx, &path))
}

/// The input `exceptions`, as the gate reads it, and the limits that it was read by.
pub(super) fn exceptions(cx: &mut Context) -> Result<(String, Exceptions, ExceptionLimits)> {
    let limits = limits(cx)?;
    let path = cx.opt_path("exceptions")?.context("input `exceptions` was not given: which file?")?;
    let file = tell::shown(cx, &path);
    let text = read(&path).context("input `exceptions`")?;
    let read =
        Exceptions::parse(&file, &text, limits).map_err(|problems| tell::problems(cx, &file, problems))?;
    Ok((file, read, limits))
}

fn limits(cx: &mut Context) -> Result<ExceptionLimits> {
    let policy = match cx.opt_path("policy")? {
        Some(path) => {
            let file = tell::shown(cx, &path);
            let folder = cx.cwd().to_owned();
            let mut get = |name: &str| read(&folder.join(name)).map_err(|error| format!("{error:#}"));
            (file.clone(), UncheckedPolicy::read(&file, &mut get))
        }
        None => {
            let text = SHIPPED.iter().find(|(name, _)| *name == USUAL).map_or("", |(_, text)| text);
            (USUAL.to_owned(), UncheckedPolicy::parse(USUAL, text))
        }
    };
    let (file, policy) = policy;
    let policy = policy.and_then(UncheckedPolicy::check);
    Ok(policy.map_err(|problems| tell::problems(cx, &file, problems))?.exception_limits())
}
