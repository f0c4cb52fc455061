//! Everything that goes into a bake, each thing by digest: what the bake id is made of, and what the
//! provenance lists.

use crate::{
    bake_id::Ingredients,
    base::Base,
    files::{self, Content},
    inputs::{Inputs, shown},
    plugins::Plugin,
    verified::VerifiedFile,
};
use anyhow::{Context as _, Result};
use attest::predicate::ResourceDescriptor;
use git::Commit;
use model::{Sha256, Subject};
use std::path::{Path, PathBuf};
use tools::Tool;

/// Everything that goes into a bake.
pub(crate) struct Materials<'a> {
    pub(crate) inputs: &'a Inputs,
    pub(crate) tool: &'a Tool,
    pub(crate) files: Vec<FileMaterial>,
    pub(crate) plugins: Vec<Plugin>,
    pub(crate) base: Option<Base>,
    pub(crate) verified: Vec<VerifiedFile>,
    pub(crate) commit: Option<Commit>,
}

/// A file of the template, of `sources` or of `var-file`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileMaterial {
    /// Its ingredient: the same wherever the checkout lies.
    ingredient: String,
    /// Its name for people.
    shown: String,
    content: Content,
}

impl Materials<'_> {
    /// What the bake id is made of.
    pub(crate) fn ingredients(&self) -> Result<Ingredients> {
        let inputs = self.inputs;
        let mut all = Ingredients::default();
        add_files(&mut all, &self.files)?;
        for (name, value) in &inputs.variables {
            all.add(format!("variable/{name}"), value)?;
        }
        // A digest of a short secret would give it away.
        for name in inputs.secrets.keys() {
            all.add(format!("secret-variable/{name}"), "given")?;
        }
        for name in inputs.passed.keys() {
            all.add(format!("environment/{name}"), "given")?;
        }
        all.add("tool/packer", self.tool.sha256.to_string())?;
        for plugin in &self.plugins {
            all.add(format!("plugin/{}", plugin.name), plugin.digest.to_string())?;
        }
        for file in &self.verified {
            all.add(format!("verified/{}/{}", file.name, file.digest), "verified")?;
        }
        if let Some(region) = &inputs.aws_region {
            all.add("aws-region", region)?;
        }
        if let Some(base) = &self.base {
            all.add("base", base.manifest.content_digest().to_string())?;
        }
        for (name, value) in [
            ("only", inputs.only.join(",")),
            ("except", inputs.except.join(",")),
            ("snapshot", inputs.snapshot.clone().unwrap_or_default()),
            ("name", inputs.name.clone()),
            ("family", inputs.family.clone()),
            ("architecture", inputs.architecture.as_str().to_owned()),
            (
                "distribution",
                inputs.os.as_ref().map(|os| format!("{} {}", os.id, os.version)).unwrap_or_default(),
            ),
            ("boot-mode", format!("{:?}", inputs.boot_mode)),
            ("root-device", inputs.root_device.clone()),
        ] {
            all.add(name, value)?;
        }
        Ok(all)
    }

    /// What the provenance lists.
    pub(crate) fn dependencies(&self) -> Vec<ResourceDescriptor> {
        let mut all = Vec::new();
        for file in &self.files {
            if let Content::File { digest, .. } = &file.content {
                all.push(ResourceDescriptor::file(&file.shown, *digest));
            }
        }
        all.push(
            program("packer", &self.tool.uri, self.tool.sha256)
                .annotated("version", self.tool.version.as_str()),
        );
        for plugin in &self.plugins {
            all.push(program(&plugin.file, &plugin.name, plugin.digest));
        }
        if let Some(base) = &self.base {
            let subject = Subject::image(&base.manifest.name, base.manifest.content_digest());
            all.push(ResourceDescriptor::from(subject).annotated("role", "base-image"));
        }
        for file in &self.verified {
            let descriptor = ResourceDescriptor::file(&file.name, file.digest);
            all.push(descriptor.annotated("verifiedBy", file.statement.to_string()));
        }
        if let Some(commit) = &self.commit {
            all.push(
                ResourceDescriptor {
                    name: Some("workspace".to_owned()),
                    uri: commit.uri.clone(),
                    digest: [(git::GIT_COMMIT.to_owned(), commit.id.clone())].into(),
                    ..ResourceDescriptor::default()
                }
                .annotated("dirty", commit.dirty),
            );
        }
        all
    }
}

fn program(name: &str, uri: &str, digest: Sha256) -> ResourceDescriptor {
    ResourceDescriptor { uri: Some(uri.to_owned()), ..ResourceDescriptor::file(name, digest) }
}

/// The files' part of the ingredients.
pub(crate) fn add_files(all: &mut Ingredients, files: &[FileMaterial]) -> Result<()> {
    files.iter().try_for_each(|file| all.add(&file.ingredient, file.content.ingredient()))
}

/// Reads every file of the template, of `sources` and of `var-file`, but nothing of `except`.
pub(crate) fn files(inputs: &Inputs, cwd: &Path, except: &[PathBuf]) -> Result<Vec<FileMaterial>> {
    let cwd = cwd.canonicalize().context("the working folder is not there")?;
    let mut all = Vec::new();
    let mut take = |kind: &str, root: &Path, name: &str| -> Result<()> {
        let except: Vec<&Path> = except.iter().map(PathBuf::as_path).collect();
        let root = root.canonicalize().with_context(|| format!("{} is not there", root.display()))?;
        for file in files::all(&root, &except)? {
            let join = |head: &str| match (head, file.relative.as_str()) {
                (head, "") => head.to_owned(),
                (".", relative) => relative.to_owned(),
                (head, relative) => format!("{head}/{relative}"),
            };
            all.push(FileMaterial {
                ingredient: join(&format!("{kind}{name}")),
                shown: join(&shown(&root, &cwd)),
                content: file.content,
            });
        }
        Ok(())
    };
    take("template", &inputs.template.folder, "")?;
    for source in &inputs.sources {
        let name = source.canonicalize().map_or_else(|_| String::new(), |source| shown(&source, &cwd));
        take("source/", source, &name).context("input `sources`")?;
    }
    // Their order counts: a later one wins.
    for (index, file) in inputs.variable_files.iter().enumerate() {
        take("variable-file/", file, &index.to_string()).context("input `var-file`")?;
    }
    Ok(all)
}
