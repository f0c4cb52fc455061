//! The inputs, read once into checked values.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use attest::predicate::vulns::Seen;
use model::Class;
use runner::{Context, Result};
use scan::{Common, Wanted};
use scanners::trivy::{Trivy, scanner_word};
use scanners::{Scanner as _, TargetKind};

/// Everything that was asked for.
#[derive(Debug)]
pub(crate) struct Inputs {
    /// What all scanners are asked.
    pub(crate) common: Common,
    pub(crate) image: Option<PathBuf>,
    pub(crate) rootfs: Option<PathBuf>,
    pub(crate) sbom: Option<PathBuf>,
    pub(crate) container_image: Option<String>,
    pub(crate) container_archive: Option<PathBuf>,
    pub(crate) report: Option<PathBuf>,
    /// What is looked for, in the order of [`Class::ALL`]. Of a report nobody can say it beforehand.
    pub(crate) look_for: Vec<Class>,
    pub(crate) database: Wanted,
    pub(crate) timeout: Duration,
}

impl Inputs {
    pub(crate) fn read(ctx: &Context) -> Result<Self> {
        let container_image = ctx.opt_text("container-image")?;
        let container_archive =
            container_image.as_deref().map(|name| ctx.cwd().join(name)).filter(|path| path.is_file());
        let mut inputs = Self {
            common: Common::read(ctx, &[Class::Vulnerability])?,
            image: ctx.opt_path("image")?,
            rootfs: ctx.opt_path("rootfs")?,
            sbom: ctx.opt_path("sbom")?,
            container_image,
            container_archive,
            report: ctx.opt_path("report")?,
            look_for: Vec::new(),
            database: Wanted::read(ctx, "database-repository")?,
            timeout: ctx.duration("timeout")?,
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
            Seen::Source => TargetKind::Source,
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
}
