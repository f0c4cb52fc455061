//! What was asked, parsed once into checked types.

use anyhow::{Context as _, Result, bail, ensure};
use model::{Architecture, BootMode, Os};
use runner::{Context, Secret};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

/// The names that a runner's tokens for signing and caching have. Whoever holds them can sign in the
/// name of the whole workflow: a template never gets them, not even by name.
const NEVER_PASSED: &[&str] = &["ACTIONS_", "GITHUB_OUTPUT", "GITHUB_STATE", "GITHUB_ENV", "GITHUB_PATH"];

/// What was asked.
pub(crate) struct Inputs {
    pub(crate) template: Template,
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) secrets: BTreeMap<String, Secret>,
    pub(crate) variable_files: Vec<PathBuf>,
    pub(crate) only: Vec<String>,
    pub(crate) except: Vec<String>,
    /// Variables that are passed on because they were named.
    pub(crate) passed: BTreeMap<String, String>,
    pub(crate) base: Option<PathBuf>,
    pub(crate) name: String,
    pub(crate) family: String,
    pub(crate) architecture: Architecture,
    pub(crate) os: Option<Os>,
    pub(crate) boot_mode: BootMode,
    pub(crate) root_device: String,
    pub(crate) output: PathBuf,
    pub(crate) sources: Vec<PathBuf>,
    pub(crate) verified: Vec<PathBuf>,
    pub(crate) snapshot: Option<String>,
    pub(crate) timeout: Duration,
    pub(crate) force: bool,
    pub(crate) evidence: PathBuf,
    /// Only if it was given: where it is not, the runner's own is meant.
    pub(crate) aws_region: Option<String>,
}

/// The template.
pub(crate) struct Template {
    /// The folder, or the one file.
    pub(crate) path: PathBuf,
    /// The folder that holds everything it may use.
    pub(crate) folder: PathBuf,
    /// As Packer and people are told it: relative where it can be.
    pub(crate) shown: String,
}

/// The image's name and family.
fn names(ctx: &Context, template: &Template) -> Result<(String, String)> {
    let name = match ctx.opt_text("name")? {
        Some(name) => name,
        None => template.name()?,
    };
    check_name("name", &name)?;
    let family = ctx.opt_text("family")?.unwrap_or_else(|| name.clone());
    check_name("family", &family)?;
    Ok((name, family))
}

/// The family alone.
pub(crate) fn family(ctx: &Context) -> Result<String> {
    let template = Template::at(&ctx.path("template")?, ctx.cwd())?;
    Ok(names(ctx, &template)?.1)
}

impl Inputs {
    pub(crate) fn read(ctx: &mut Context) -> Result<Self> {
        let template = Template::at(&ctx.path("template")?, ctx.cwd())?;
        let (name, family) = names(ctx, &template)?;
        let base = ctx.opt_path("base-image")?;
        let variables = variables(&ctx.lines("var")?)?;
        let secrets = secrets(ctx)?;
        for variable in secrets.keys() {
            ensure!(
                !variables.contains_key(variable),
                "variable `{variable}` is given as `var` and as `secret-var`"
            );
        }
        ensure!(
            base.is_none() || !variables.contains_key("base_image"),
            "variable `base_image` is given, and `base-image` sets it too: give one of them"
        );
        let architecture = match ctx.text("architecture")?.as_str() {
            "arm64" => Architecture::Arm64,
            _ => Architecture::Amd64,
        };
        if let Some(given) = variables.get("architecture") {
            ensure!(
                given == architecture.as_str(),
                "variable `architecture` is {given:?}, but input `architecture` is {:?}: the image's manifest would not be true",
                architecture.as_str()
            );
        }
        let output = match ctx.opt_path("output")? {
            Some(output) => output,
            None => ctx.cwd().join(".hallmark/images").join(&name),
        };
        let paths = |ctx: &Context, input: &str| -> Result<Vec<PathBuf>> {
            Ok(ctx.list(input)?.iter().map(|path| ctx.cwd().join(path)).collect())
        };
        Ok(Self {
            template,
            variables,
            secrets,
            variable_files: paths(ctx, "var-file")?,
            only: ctx.list("only")?,
            except: ctx.list("except")?,
            passed: passed(ctx)?,
            base,
            name,
            family,
            architecture,
            os: ctx.opt_text("distribution")?.map(|text| os(&text)).transpose()?,
            boot_mode: match ctx.text("boot-mode")?.as_str() {
                "legacy-bios" => BootMode::LegacyBios,
                "uefi-preferred" => BootMode::UefiPreferred,
                _ => BootMode::Uefi,
            },
            root_device: ctx.text("root-device")?,
            output,
            sources: paths(ctx, "sources")?,
            verified: paths(ctx, "verified-files")?,
            snapshot: ctx.opt_text("snapshot")?,
            timeout: ctx.duration("timeout")?,
            force: ctx.flag("force")?,
            evidence: ctx.path("evidence")?,
            aws_region: ctx.opt_text(aws::BUILD_REGION.name)?,
        })
    }
}

impl Template {
    fn at(path: &Path, cwd: &Path) -> Result<Self> {
        // Without `..` and links, so that it can be told apart from the output folder.
        let path = path
            .canonicalize()
            .with_context(|| format!("input `template`: {} is not there", path.display()))?;
        let cwd = cwd.canonicalize().context("the working folder is not there")?;
        let file_name = path.file_name().unwrap_or_default().to_string_lossy();
        let folder = if path.is_dir() {
            path.clone()
        } else {
            ensure!(
                file_name.ends_with(".pkr.hcl") || file_name.ends_with(".pkr.json"),
                "the template {} is neither a folder nor a .pkr.hcl or .pkr.json file; `packer hcl2_upgrade` converts \
                 a template of the older kind",
                path.display()
            );
            path.parent().map(Path::to_owned).unwrap_or_default()
        };
        let shown = shown(&path, &cwd);
        Ok(Self { path, folder, shown })
    }

    fn name(&self) -> Result<String> {
        let file = self.path.file_name().context("the template has no name: give `name`")?.to_string_lossy();
        let stem = file.strip_suffix(".pkr.hcl").or_else(|| file.strip_suffix(".pkr.json"));
        Ok(stem.unwrap_or(&file).to_owned())
    }
}

/// A path as people and Packer are told it: relative to the working folder where it is below it.
pub(crate) fn shown(path: &Path, cwd: &Path) -> String {
    match path.strip_prefix(cwd) {
        Ok(relative) if relative.as_os_str().is_empty() => ".".to_owned(),
        // Never taken for an option.
        Ok(relative) if relative.as_os_str().as_encoded_bytes().starts_with(b"-") => {
            format!("./{}", relative.display())
        }
        Ok(relative) => relative.display().to_string(),
        Err(_) => path.display().to_string(),
    }
}

/// Names become file names, tags and parts of URLs.
fn check_name(input: &str, name: &str) -> Result<()> {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    ensure!(
        plain && name.len() <= 128 && name.starts_with(|c: char| c.is_ascii_alphanumeric()),
        "input `{input}`: {name:?} is not accepted; give letters, digits, `.`, `_` and `-`, a letter or digit first"
    );
    Ok(())
}

fn variables(lines: &[String]) -> Result<BTreeMap<String, String>> {
    let mut variables = BTreeMap::new();
    for line in lines {
        let (name, value) = assignment(line)
            .with_context(|| format!("input `var`: {line:?} is not accepted; give name=value"))?;
        ensure!(
            variables.insert(name.to_owned(), value.to_owned()).is_none(),
            "variable `{name}` is given twice"
        );
    }
    Ok(variables)
}

/// No message repeats a line: it may hold the secret.
fn secrets(ctx: &mut Context) -> Result<BTreeMap<String, Secret>> {
    let mut secrets = BTreeMap::new();
    let Some(text) = ctx.secret("secret-var")? else { return Ok(secrets) };
    for (number, line) in text.expose().lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let (name, value) = assignment(line.trim())
            .with_context(|| format!("input `secret-var`: line {} is not name=value", number + 1))?;
        let value = Secret::new(value);
        ctx.mask(&value);
        ensure!(secrets.insert(name.to_owned(), value).is_none(), "variable `{name}` is given twice");
    }
    Ok(secrets)
}

fn assignment(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once('=')?;
    let name = name.trim();
    let first = name.bytes().next()?;
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    (plain && (first.is_ascii_alphabetic() || first == b'_')).then_some((name, value))
}

fn passed(ctx: &Context) -> Result<BTreeMap<String, String>> {
    let mut passed = BTreeMap::new();
    for name in ctx.list("env")? {
        if NEVER_PASSED.iter().any(|prefix| name.to_ascii_uppercase().starts_with(prefix)) {
            bail!(
                "input `env`: {name} is never passed to a template: with it, it could act as the whole workflow"
            );
        }
        ensure!(
            !name.is_empty() && !name.contains(['=', '\0']),
            "input `env`: {name:?} is not accepted; give names of variables, not values"
        );
        // A variable that is not set is not passed: as with a shell.
        if let Some(value) = ctx.env(&name) {
            passed.insert(name.clone(), value.to_owned());
        }
    }
    Ok(passed)
}

fn os(text: &str) -> Result<Os> {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.as_slice() {
        [id, version] => Ok(Os { id: (*id).to_owned(), version: (*version).to_owned() }),
        _ => bail!(
            "input `distribution`: {text:?} is not accepted; give a name and a version, such as `debian 13`"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments() {
        for (line, expected) in [
            ("a=1", Some(("a", "1"))),
            ("a=", Some(("a", ""))),
            ("a=b=c, d", Some(("a", "b=c, d"))),
            (" a_B-9 = x ", Some(("a_B-9", " x "))),
            ("_a=1", Some(("_a", "1"))),
            ("", None),
            ("a", None),
            ("=1", None),
            ("9a=1", None),
            ("-a=1", None),
            ("a b=1", None),
            ("ä=1", None),
        ] {
            assert_eq!(assignment(line), expected, "{line:?}");
        }
    }

    #[test]
    fn names() {
        for (name, good) in [
            ("debian-base", true),
            ("a.b_c-1", true),
            ("9", true),
            ("", false),
            (".", false),
            ("..", false),
            ("-a", false),
            ("a/b", false),
            ("a b", false),
            ("a\n", false),
            ("ä", false),
        ] {
            assert_eq!(check_name("name", name).is_ok(), good, "{name:?}");
        }
    }

    #[test]
    fn paths_as_they_are_shown() {
        for (path, expected) in
            [("/w", "."), ("/w/a/b", "a/b"), ("/w/-x", "./-x"), ("/x/a", "/x/a"), ("/wa", "/wa")]
        {
            assert_eq!(shown(Path::new(path), Path::new("/w")), expected);
        }
    }
}
