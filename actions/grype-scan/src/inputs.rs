//! The inputs, read once into checked values.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::bail;
use attest::predicate::vulns::Seen;
use model::Class;
use runner::{Context, Result};
use scan::{Common, Wanted};

/// What is scanned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    /// An SBOM that is there.
    Sbom(PathBuf),
    /// A directory, of which an SBOM is made.
    RootFs(PathBuf),
    /// Nothing: a report that is there, and perhaps the SBOM that it is of.
    Report {
        /// The report.
        report: PathBuf,
        /// Its SBOM.
        sbom: Option<PathBuf>,
    },
}

/// Everything that was asked for.
#[derive(Debug)]
pub(crate) struct Inputs {
    /// What all scanners are asked.
    pub(crate) common: Common,
    pub(crate) image: Option<PathBuf>,
    pub(crate) what: What,
    pub(crate) database: Wanted,
    pub(crate) timeout: Duration,
}

impl Inputs {
    pub(crate) fn read(ctx: &Context) -> Result<Self> {
        let image = ctx.opt_path("image")?;
        let database = Wanted::read(ctx, "database-url")?;
        if database.repositories.len() > 1 {
            bail!("input `database-url` has {} places: Grype takes one", database.repositories.len());
        }
        Ok(Self {
            common: Common::read(ctx, &[Class::Vulnerability])?,
            what: what(ctx, image.is_some())?,
            image,
            database,
            timeout: ctx.duration("timeout")?,
        })
    }

    /// How the scan sees what it scans, as evidence says it.
    pub(crate) const fn seen(&self) -> Seen {
        match &self.what {
            What::Sbom(_) => Seen::Sbom,
            What::RootFs(_) => Seen::Rootfs,
            What::Report { .. } => Seen::Report,
        }
    }
}

fn what(ctx: &Context, image: bool) -> Result<What> {
    match (ctx.opt_path("sbom")?, ctx.opt_path("rootfs")?, ctx.opt_path("report")?) {
        (sbom, None, Some(report)) => Ok(What::Report { report, sbom }),
        (Some(sbom), None, None) => Ok(What::Sbom(sbom)),
        (None, Some(rootfs), None) if rootfs.is_dir() => Ok(What::RootFs(rootfs)),
        (None, Some(rootfs), None) => bail!("input `rootfs`: there is no directory {}", rootfs.display()),
        (_, Some(_), Some(_)) => {
            bail!("`rootfs` and `report` are given: only one of them can be what is looked at")
        }
        (Some(_), Some(_), None) => {
            bail!("`sbom` and `rootfs` are given: only one of them can be what is scanned")
        }
        (None, None, None) if image => bail!(
            "`image` says what the evidence is about, and Grype does not look into disks: make an SBOM of it with the \
             action `sbom`, and give that as `sbom`"
        ),
        (None, None, None) => bail!("there is nothing to scan: give `sbom`, `rootfs` or `report`"),
    }
}
