//! By Trivy: its report is turned into both documents, be it of this run or of an earlier scan.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use attest::predicate::sbom::Seen;
use model::{Class, Sha256};
use runner::{Context, Result};
use scan::{Image, first_unreadable, read_report};
use scanners::trivy::{PASSED_ON, Trivy};
use scanners::{Access, Log as _, Options, Scanner as _, Target};
use serde_json::{Value, json};

use super::{Listed, Run};

/// How much of a disk is looked at before it is scanned: the partition table and more.
const DISK_HEAD: u64 = 32 << 10;

impl Run<'_> {
    /// What is on a disk, or in a folder.
    pub(super) async fn trivy(
        &self,
        ctx: &mut Context,
        image: Option<&Image>,
        root: Option<&Path>,
    ) -> Result<Listed> {
        let (target, seen) = match (root, image) {
            (Some(root), _) => (Target::RootFs(root), Seen::Rootfs),
            (None, Some(image)) => (Target::Disk(&image.disk), Seen::Disk),
            (None, None) => bail!("there is nothing to list"),
        };
        whole(&target)?;
        let output = self.scratch.join("report.json");
        let options = Options {
            cache: &self.cache.join("trivy"),
            output: &output,
            // Licences are listed anyway, and need no database.
            look_for: &[Class::License],
            timeout: self.inputs.timeout.max(Duration::from_secs(1)),
            access: Access::Cache,
            database_repositories: &[],
            rules: &[],
        };
        let program = self.program(&Trivy, PASSED_ON, Vec::new());
        let ran = program.run(ctx, "list what is in it", Trivy.arguments(&target, &options)).await?;
        ran.succeeded("Trivy failed")?;
        ran.whole(&Trivy)?;
        self.turned(ctx, &read_report(&output)?, seen, None).await
    }

    /// What an earlier scan saw.
    pub(super) async fn of_report(&self, ctx: &mut Context, report: &Path) -> Result<Listed> {
        let bytes = read_report(report)?;
        self.turned(ctx, &bytes, Seen::Report, Some(Sha256::of(&bytes))).await
    }

    async fn turned(
        &self,
        ctx: &mut Context,
        report: &[u8],
        seen: Seen,
        digest: Option<Sha256>,
    ) -> Result<Listed> {
        if Trivy.read_report(report)?.packages.is_empty() {
            bail!("Trivy's report lists no packages: an SBOM of it would say that there is nothing");
        }
        // By this machine's paths Trivy would call the image, and compute its ids.
        let mut named: Value = serde_json::from_slice(report)?;
        named["ArtifactName"] = json!(self.what.name);
        let copy = self.scratch.join("named.json");
        std::fs::write(&copy, serde_json::to_vec(&named)?)?;
        let program = self.program(&Trivy, PASSED_ON, Vec::new());
        let mut documents = Vec::new();
        for format in ["cyclonedx", "spdx-json"] {
            let output = self.scratch.join(format);
            let words = ["convert", "--config", "/dev/null", "--quiet", "--format", format, "--output"];
            let paths = [output.clone().into(), copy.clone().into()];
            let arguments = words.map(OsString::from).into_iter().chain(paths).collect();
            let ran = program.run(ctx, "turn its report into an SBOM", arguments).await?;
            ran.succeeded("Trivy could not make an SBOM of its report")?;
            documents.push(read_report(&output)?);
        }
        let [cyclonedx, spdx] =
            <[Vec<u8>; 2]>::try_from(documents).map_err(|_| anyhow!("there are two formats"))?;
        Ok(Listed {
            tool: Trivy.title(),
            uri: Trivy.uri(),
            version: self.tool.version.clone(),
            seen,
            report: digest,
            unread: Vec::new(),
            cyclonedx,
            spdx,
        })
    }
}

/// Whether Trivy will look at all of it.
fn whole(target: &Target<'_>) -> Result<()> {
    match target {
        Target::Disk(disk) => {
            let mut head = Vec::new();
            let file = File::open(disk).with_context(|| format!("cannot open {}", disk.display()))?;
            file.take(DISK_HEAD).read_to_end(&mut head)?;
            let unseen = Trivy.unseen(&head);
            if !unseen.is_empty() {
                bail!("the list would leave out a part of {}. {}", disk.display(), unseen.join(". "));
            }
        }
        Target::RootFs(root) => {
            if let Some(path) = first_unreadable(root) {
                bail!(
                    "{} cannot be read, and Trivy would pass over it in silence: list as a user who may",
                    path.display()
                );
            }
        }
        _ => {}
    }
    Ok(())
}
