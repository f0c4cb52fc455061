//! The plugins that a template asks for: whether it does, and which programs they are.

use crate::files;
use anyhow::{Context as _, Result};
use model::Sha256;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A plugin as it is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plugin {
    /// Where it comes from: `github.com/hashicorp/qemu`.
    pub(crate) name: String,
    pub(crate) file: String,
    pub(crate) digest: Sha256,
}

/// The template may ask for plugins. Too often yes costs a look; too often no would cost the build.
pub(crate) fn required(template: &Path) -> Result<bool> {
    let files = if template.is_dir() {
        let list =
            || fs::read_dir(template)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>();
        list().with_context(|| format!("cannot list {}", template.display()))?
    } else {
        vec![template.to_owned()]
    };
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(".pkr.hcl") || name.ends_with(".pkr.json") {
            let text = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            if text.windows(b"required_plugins".len()).any(|window| window == b"required_plugins") {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// The plugins behind Packer's answer, by digest.
pub(crate) fn installed(answer: &[String]) -> Result<Vec<Plugin>> {
    let named: Vec<(String, PathBuf)> = answer.iter().filter_map(|line| parse(line)).collect();
    named
        .into_iter()
        .map(|(name, path)| {
            let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            Ok(Plugin { name, file, digest: files::digest(&path)? })
        })
        .collect()
}

/// `scaffolding github.com/hashicorp/scaffolding ">= 1.0.0" /older /newest`: the last is taken, as
/// Packer does. A line without a path is a plugin that is not installed, which `validate` complains of.
fn parse(line: &str) -> Option<(String, PathBuf)> {
    let (head, rest) = line.split_once('"')?;
    let name = head.split_whitespace().nth(1)?;
    let (_, paths) = rest.split_once('"')?;
    // A path may hold blanks: a new one begins where a blank is followed by a slash.
    let at = paths.rfind(" /")?;
    Some((name.to_owned(), PathBuf::from(&paths[at + 1..])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers() {
        for (line, expected) in [
            ("", None),
            ("No plugins requirement found, make sure you reference a Packer config", None),
            ("scaffolding github.com/hashicorp/scaffolding \">= 1.0.0\"", None),
            ("x github.com/a/x \"\" /p/x", Some(("github.com/a/x", "/p/x"))),
            ("x github.com/a/x \">= 1.0, < 2\" /p/x_v1 /p q/x_v2", Some(("github.com/a/x", "/p q/x_v2"))),
        ] {
            assert_eq!(parse(line), expected.map(|(name, path)| (name.to_owned(), path.into())), "{line:?}");
        }
    }
}
