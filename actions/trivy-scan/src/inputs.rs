//! The inputs, read once into checked values.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use attest::EvidenceDir;
use attest::predicate::vulns::Seen;
use model::{Class, Severity, Sha256};
use runner::{Context, Result};
use scanners::trivy::{Trivy, scanner_word};
use scanners::{Scanner as _, TargetKind};

/// Where the database comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DatabaseChoice {
    /// The real one, brought up to date.
    Auto,
    /// What the cache has.
    Cache,
    /// The sample.
    Sample,
    /// A folder.
    Folder(PathBuf),
}

/// Everything that was asked for.
#[derive(Debug)]
pub(crate) struct Inputs {
    pub(crate) image: Option<PathBuf>,
    pub(crate) rootfs: Option<PathBuf>,
    pub(crate) sbom: Option<PathBuf>,
    pub(crate) container_image: Option<String>,
    pub(crate) container_archive: Option<PathBuf>,
    pub(crate) report: Option<PathBuf>,
    /// What is looked for, in the order of [`Class::ALL`]. Of a report nobody can say it beforehand.
    pub(crate) look_for: Vec<Class>,
    pub(crate) severity: Vec<Severity>,
    pub(crate) ignore_unfixed: bool,
    pub(crate) fail_on: Vec<Severity>,
    pub(crate) fail_on_unfixed: bool,
    pub(crate) database: DatabaseChoice,
    pub(crate) database_repositories: Vec<String>,
    pub(crate) allow_sample_database: bool,
    pub(crate) allow_no_os: bool,
    pub(crate) allow_no_packages: bool,
    pub(crate) timeout: Duration,
    pub(crate) sarif: Option<PathBuf>,
    pub(crate) sarif_location: Option<String>,
    pub(crate) family: Option<String>,
    pub(crate) architecture: String,
    pub(crate) report_output: Option<PathBuf>,
    pub(crate) evidence: PathBuf,
}

impl Inputs {
    pub(crate) fn read(ctx: &Context) -> Result<Self> {
        let container_image = ctx.opt_text("container-image")?;
        let container_archive =
            container_image.as_deref().map(|name| ctx.cwd().join(name)).filter(|path| path.is_file());
        let mut inputs = Self {
            image: ctx.opt_path("image")?,
            rootfs: ctx.opt_path("rootfs")?,
            sbom: ctx.opt_path("sbom")?,
            container_image,
            container_archive,
            report: ctx.opt_path("report")?,
            look_for: Vec::new(),
            severity: severities(ctx, "severity")?,
            ignore_unfixed: ctx.flag("ignore-unfixed")?,
            fail_on: severities(ctx, "fail-on")?,
            fail_on_unfixed: ctx.flag("fail-on-unfixed")?,
            database: database(ctx)?,
            database_repositories: ctx.list("database-repository")?,
            allow_sample_database: ctx.flag("allow-sample-database")?,
            allow_no_os: ctx.flag("allow-no-os")?,
            allow_no_packages: ctx.flag("allow-no-packages")?,
            timeout: ctx.duration("timeout")?,
            sarif: ctx.opt_path("sarif")?,
            sarif_location: ctx.opt_text("sarif-location")?,
            family: ctx.opt_text("family")?,
            architecture: ctx.text("architecture")?,
            report_output: ctx.opt_path("report-output")?,
            evidence: ctx.path("evidence")?,
        };
        inputs.check()?;
        inputs.look_for = inputs.classes(&ctx.list("scanners")?)?;
        Ok(inputs)
    }

    fn check(&self) -> Result<()> {
        let targets = [
            ("rootfs", self.rootfs.is_some()),
            ("sbom", self.sbom.is_some()),
            ("container-image", self.container_image.is_some()),
            ("report", self.report.is_some()),
        ];
        let given: Vec<_> = targets.into_iter().filter_map(|(name, given)| given.then_some(name)).collect();
        if given.len() > 1 {
            bail!("`{}` are given: only one of them can be what is scanned", given.join("` and `"));
        }
        if given.is_empty() && self.image.is_none() {
            bail!(
                "there is nothing to scan: give `image`, or one of `rootfs`, `sbom`, `container-image`, `report`"
            );
        }
        Ok(())
    }

    /// What `scanners` asks for, or what is looked for without being asked.
    fn classes(&self, words: &[String]) -> Result<Vec<Class>> {
        let kind = self.target();
        let possible = Trivy.looks_for(kind);
        if words.is_empty() {
            let usual = [Class::Vulnerability, Class::Secret];
            return Ok(usual.into_iter().filter(|class| possible.contains(class)).collect());
        }
        if kind == TargetKind::Report {
            bail!("`scanners` and `report` are given: what a report looked for is no longer to be chosen");
        }
        let mut asked = Vec::new();
        for word in words {
            let class = Class::ALL.into_iter().find(|class| scanner_word(*class) == word);
            let class = class.with_context(|| {
                format!("input `scanners` has `{word}`: vuln, secret, license, misconfig are accepted")
            })?;
            if !possible.contains(&class) {
                bail!("input `scanners` has `{word}`: Trivy does not look for that in a {}", kind.as_str());
            }
            asked.push(class);
        }
        if !asked.contains(&Class::Vulnerability) {
            bail!(
                "input `scanners` lacks `vuln`: the evidence is about vulnerabilities, and may be about more"
            );
        }
        Ok(Class::ALL.into_iter().filter(|class| asked.contains(class)).collect())
    }

    const fn target(&self) -> TargetKind {
        match self.seen() {
            Seen::Disk => TargetKind::Disk,
            Seen::Rootfs => TargetKind::RootFs,
            Seen::Sbom => TargetKind::Sbom,
            Seen::ContainerImage => TargetKind::ContainerImage,
            Seen::Report => TargetKind::Report,
        }
    }

    /// How the scan sees what it scans, as evidence says it.
    pub(crate) const fn seen(&self) -> Seen {
        if self.report.is_some() {
            Seen::Report
        } else if self.rootfs.is_some() {
            Seen::Rootfs
        } else if self.sbom.is_some() {
            Seen::Sbom
        } else if self.container_image.is_some() {
            Seen::ContainerImage
        } else {
            Seen::Disk
        }
    }

    /// Writes the copy of the report that was asked for. Returns where the report is to be found.
    pub(crate) fn write_report(&self, bytes: &[u8], kept: &EvidenceDir, digest: &Sha256) -> Result<PathBuf> {
        match &self.report_output {
            None => Ok(kept.report_path(digest)),
            Some(path) => {
                write(path, bytes)
                    .context("the copy of the report (`report-output`) could not be written")?;
                Ok(path.clone())
            }
        }
    }
}

/// Writes a file, with the folders it needs.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("{}", folder.display()))?;
    }
    std::fs::write(path, bytes).with_context(|| format!("{}", path.display()))
}

fn severities(ctx: &Context, input: &str) -> Result<Vec<Severity>> {
    ctx.list(input)?.iter().map(|word| word.parse().with_context(|| format!("input `{input}`"))).collect()
}

fn database(ctx: &Context) -> Result<DatabaseChoice> {
    let text = ctx.text("database")?;
    Ok(match text.as_str() {
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
    })
}
