//! What is told about the images: outputs, summary, evidence.

use crate::{adopt::Image, artifacts::CloudImage, inputs::shown};
use anyhow::{Context as _, Result};
use attest::{EvidenceDir, Sign};
use model::Sha256;
use runner::Context;
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// How the images came to be.
pub(crate) struct Results<'a> {
    pub(crate) images: &'a [Image],
    pub(crate) clouds: &'a [CloudImage],
    pub(crate) bake_id: Sha256,
    /// Not adopted: how long it took, and why it was needed.
    pub(crate) baked: Option<(Duration, &'a str)>,
}

impl Results<'_> {
    /// Writes the evidence, then the outputs, then the summary.
    pub(crate) fn tell(&self, ctx: &mut Context, evidence: &Path, key: Option<&dyn Sign>) -> Result<()> {
        let statements = self.write_evidence(ctx, evidence, key)?;
        self.outputs(ctx, &statements)?;
        self.summary(ctx);
        Ok(())
    }

    /// One statement for each image, in their order.
    fn write_evidence(
        &self,
        ctx: &mut Context,
        evidence: &Path,
        key: Option<&dyn Sign>,
    ) -> Result<Vec<PathBuf>> {
        let folder = EvidenceDir::new(evidence);
        let mut statements = Vec::new();
        for image in self.images {
            let path = folder.write(&image.provenance, key).context("cannot write the provenance")?;
            ctx.info(&format!("evidence: {}", shown(&path, ctx.cwd())));
            statements.push(path);
        }
        if key.is_none() && !self.images.is_empty() {
            ctx.warning(
                "the evidence is not signed: no `signing-key` was given, so a policy has to allow it by name",
            );
        }
        if !self.clouds.is_empty() {
            ctx.warning(format!(
                "{} images are in a cloud: nothing here can hash them, so there is no evidence about them.",
                self.clouds.len()
            ));
        }
        Ok(statements)
    }

    fn outputs(&self, ctx: &mut Context, statements: &[PathBuf]) -> Result<()> {
        let mut all: Vec<Value> = Vec::new();
        for image in self.images {
            let mut told = json!({
                "source": image.source,
                "name": image.manifest.name,
                "image": text(&image.manifest_path)?,
                "contentDigest": image.manifest.content_digest().to_string(),
            });
            if let Some(ami) = &image.ami {
                told["region"] = json!(ami.region);
                told["id"] = json!(ami.id);
            }
            all.push(told);
            for copy in image.ami.iter().flat_map(|ami| &ami.copies) {
                all.push(serde_json::to_value(copy)?);
            }
        }
        for cloud in self.clouds {
            all.push(serde_json::to_value(cloud)?);
        }
        ctx.output("images", Value::Array(all).to_string())?;
        if let [image] = self.images {
            ctx.output("image", text(&image.manifest_path)?)?;
            ctx.output("content-digest", image.manifest.content_digest().to_string())?;
            ctx.output("image-manifest", String::from_utf8(image.manifest.to_bytes()?)?)?;
            if let Some(ami) = &image.ami {
                ctx.output("ami", &ami.id)?;
                ctx.output("region", &ami.region)?;
            }
        }
        if let [statement] = statements {
            ctx.output("evidence", text(statement)?)?;
        }
        ctx.output("bake-id", self.bake_id.to_string())?;
        ctx.output("adopted", if self.baked.is_none() { "true" } else { "false" })
    }

    fn summary(&self, ctx: &mut Context) {
        let names: Vec<&str> = self.images.iter().map(|image| image.manifest.name.as_str()).collect();
        let what = if names.is_empty() { "Images in a cloud".to_owned() } else { names.join(", ") };
        let (verb, why) = match self.baked {
            None => ("adopted", "Nothing had changed since it was baked: not baked anew.".to_owned()),
            Some((took, why)) => ("baked", format!("Baked in {:.1} s; {why}.", took.as_secs_f64())),
        };
        // A terminal shows the summary in the same place.
        if ctx.github().on_runner {
            ctx.info(&format!("{what} {verb}. {why}"));
        }
        let mut rows = Vec::new();
        for image in self.images {
            let manifest = &image.manifest;
            let size: u64 = manifest.disks.iter().map(|disk| disk.size_bytes).sum();
            let base = manifest.base.as_ref().map_or_else(String::new, |base| base.name.clone());
            let gib = size as f64 / f64::from(1 << 30);
            rows.push(vec![
                manifest.name.clone(),
                manifest.content_digest().to_string(),
                format!("{gib} GiB"),
                base,
            ]);
        }
        let amis: Vec<CloudImage> = self.images.iter().flat_map(Image::places).collect();
        let clouds: Vec<Vec<String>> = amis
            .iter()
            .chain(self.clouds)
            .map(|cloud| {
                vec![cloud.source.clone(), cloud.region.clone().unwrap_or_default(), cloud.id.clone()]
            })
            .collect();
        ctx.summary()
            .heading(2, &format!("{what}: {verb}"))
            .paragraph(&why)
            .table(&["Image", "Content digest", "Disk", "Built on"], &rows)
            .table(&["Source", "Region", "Id"], &clouds)
            .paragraph(&format!("Bake id {}", self.bake_id));
    }
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().with_context(|| format!("the path {} is not UTF-8", path.display()))
}
