//! What a template says without being run: whether it asks for plugins, and which programs they are; which words and which
//! regions are in it.

use crate::files;
use anyhow::{Context as _, Result};
use model::Sha256;
use std::{
    collections::BTreeSet,
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
    mentions(template, "required_plugins")
}

/// Whether a word is anywhere in the template's own files.
pub(crate) fn mentions(template: &Path, word: &str) -> Result<bool> {
    let texts = texts(template)?;
    Ok(texts.iter().any(|text| text.windows(word.len()).any(|window| window == word.as_bytes())))
}

/// The regions of AWS that are written out in the template's own files and in those of its variables. One that is put
/// together there is not found.
pub(crate) fn regions(template: &Path, variables: &[PathBuf]) -> Result<BTreeSet<String>> {
    let mut texts = texts(template)?;
    for file in variables {
        texts.push(fs::read(file).with_context(|| format!("cannot read {}", file.display()))?);
    }
    Ok(texts.iter().flat_map(|text| regions_in(&String::from_utf8_lossy(text))).collect())
}

/// The regions that are a text, or a whole string in it.
pub(crate) fn regions_in(text: &str) -> Vec<String> {
    text.split('"').map(str::trim).filter(|word| is_region(word)).map(str::to_owned).collect()
}

/// Such as `us-east-1`, `us-gov-west-1`: no zone.
fn is_region(word: &str) -> bool {
    let parts: Vec<&str> = word.split('-').collect();
    let [first, middle @ .., last] = parts.as_slice() else { return false };
    let letters = |part: &str| part.len() >= 2 && part.bytes().all(|byte| byte.is_ascii_lowercase());
    first.len() == 2
        && letters(first)
        && !middle.is_empty()
        && middle.iter().all(|part| letters(part))
        && last.len() == 1
        && last.bytes().all(|byte| byte.is_ascii_digit())
}

/// The template's own files.
fn texts(template: &Path) -> Result<Vec<Vec<u8>>> {
    let files = if template.is_dir() {
        let list =
            || fs::read_dir(template)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>();
        list().with_context(|| format!("cannot list {}", template.display()))?
    } else {
        vec![template.to_owned()]
    };
    let is_ours = |file: &PathBuf| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        name.ends_with(".pkr.hcl") || name.ends_with(".pkr.json")
    };
    let read = |file: PathBuf| fs::read(&file).with_context(|| format!("cannot read {}", file.display()));
    files.into_iter().filter(is_ours).map(read).collect()
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
    fn regions_that_are_written_out() {
        for (text, expected) in [
            ("us-east-1", &["us-east-1"][..]),
            (r#"ami_regions = ["us-gov-west-1", "ap-southeast-2"]"#, &["us-gov-west-1", "ap-southeast-2"]),
            (r#"# not here: us-east-1"#, &[]),
            (r#"zone = "us-east-1a" image = "debian-13" size = "t3-large-1" "${var.region}" "us-1""#, &[]),
            ("", &[]),
        ] {
            assert_eq!(regions_in(text), expected, "{text}");
        }
    }

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
