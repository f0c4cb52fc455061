//! By Syft, which looks at files: those of a disk are taken out of it first.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use attest::predicate::sbom::Seen;
use disk::Limits;
use runner::{Annotation, Context, Result};
use scan::{Image, first_unreadable, read_report};
use scanners::syft::{self, Outputs, Syft, Unread};

use super::{Listed, Run};

/// How many files are named in a warning.
const FEW: usize = 5;

impl Run<'_> {
    /// The disk's files, in a folder of this run's own.
    pub(super) fn taken_out(&self, ctx: &mut Context, image: &Image) -> Result<PathBuf> {
        let into = self.scratch.join("root");
        let root = disk::only(&image.disk)?;
        let taken = disk::extract(&root, &into, Limits::default())
            .context("the files could not be taken out of the disk")?;
        ctx.info(&format!(
            "{} folders, files and links with {} bytes were taken out of the disk; {} devices, pipes and sockets have \
             no content",
            taken.entries, taken.bytes, taken.left_out
        ));
        Ok(into)
    }

    /// What is in a folder.
    pub(super) async fn syft(&self, ctx: &mut Context, root: &Path, seen: Seen) -> Result<Listed> {
        if let Some(path) = first_unreadable(root) {
            bail!(
                "{} cannot be read, and Syft would pass over it in silence: list as a user who may",
                path.display()
            );
        }
        let path = |name: &str| self.scratch.join(name);
        let (cyclonedx, spdx, own) = (path("cyclonedx.json"), path("spdx.json"), path("own.json"));
        let outputs = Outputs { cyclonedx: &cyclonedx, spdx: &spdx, own: &own };
        let env = syft::ENVIRONMENT.iter().map(|(name, value)| (*name, value.into())).collect();
        let program = self.program(&Syft, &[], env);
        let arguments = syft::arguments(root, &outputs, &self.what.name, &self.what.version);
        let ran = program.run(ctx, "list what is in it", arguments).await?;
        ran.succeeded("Syft failed")?;
        ran.whole(&Syft)?;
        let unread = syft::unread(&read_report(&own)?)?;
        tell(ctx, &unread)?;
        Ok(Listed {
            tool: "Syft",
            uri: syft::URI,
            version: self.tool.version.clone(),
            seen,
            report: None,
            unread,
            cyclonedx: read_report(&cyclonedx)?,
            spdx: read_report(&spdx)?,
        })
    }
}

/// Without a package manager's database there is no list; what else cannot be read is told.
fn tell(ctx: &mut Context, unread: &[Unread]) -> Result<()> {
    if let Some(one) = unread.iter().find(|one| one.of_a_system) {
        bail!("{} could not be read, so the list would not be whole: {}", one.path, one.why);
    }
    if unread.is_empty() {
        return Ok(());
    }
    let named: Vec<String> =
        unread.iter().take(FEW).map(|one| format!("{} ({})", one.path, one.why)).collect();
    let text = format!(
        "Syft could not read {} of the files that packages may be in, for example {}. The document names all of them",
        unread.len(),
        named.join(", ")
    );
    ctx.warning(Annotation::new(text).title("Files that could not be read"));
    Ok(())
}
