//! The work, step by step: what goes in, whether it has changed, the build, what came out.

use crate::{
    adopt::{self, Found, Image},
    artifacts::Made,
    bake_id::Ingredients,
    base::Base,
    commit,
    disk::{self, Picked},
    files,
    inputs::Inputs,
    keeping,
    log::Heard,
    materials::{self, Materials},
    packer::Packer,
    plugins::{self, Plugin},
    provenance,
    record::{self, MANIFEST, PROVENANCE, Record, RecordedImage, SIGNED},
    results::Results,
    verified,
    workshop::{self, Workshop},
};
use anyhow::{Context as _, Result, bail, ensure};
use attest::{Sign, Trust, TrustRoot, predicate::ResourceDescriptor};
use blocks::digest_file;
use jiff::Timestamp;
use model::{Disk, ImageManifest, Layer, SCHEMA_VERSION, Sha256};
use process::{Processes, Real};
use runner::{Context, Outcome};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};
use tools::{Event, Lock, Settings, Tool, Tools};

/// What Packer writes in place of a secret.
const HIDDEN: &str = "<sensitive>";

/// The action.
pub(crate) async fn run(ctx: &mut Context) -> Result<Outcome> {
    let inputs = Inputs::read(ctx)?;
    workshop::remember(ctx, &inputs.output, &inputs.evidence)?;
    let key = services::signer(ctx)?;
    let own = key.as_deref().map(|key| own(ctx, key)).transpose()?;
    let processes = Real;
    let tool = packer(ctx, &processes).await?;
    let workshop = Workshop::open(&inputs.output, ctx.temp()).await?;
    workshop.begin()?;
    let bake = Bake {
        inputs: &inputs,
        key: key.as_deref(),
        own: own.as_ref(),
        processes: &processes,
        tool: &tool,
        workshop: &workshop,
    };
    let done = bake.run(ctx).await;
    let cleaned = workshop.clean().await;
    done?;
    cleaned?;
    Ok(Outcome::Done)
}

/// Whom this job believes about its own earlier work: its key, or its identity under the trusted root.
fn own(ctx: &Context, key: &dyn Sign) -> Result<Trust> {
    if key.public_key().is_some() {
        return Ok(Trust::own(key, None));
    }
    let found = services::trust_root(ctx, false)?;
    let root = TrustRoot::parse(&found.name, &found.bytes).context("input `trusted-root`")?;
    Ok(Trust::own(key, Some(&Arc::new(root))))
}

/// The pinned Packer, as a file whose bytes were checked.
async fn packer(ctx: &mut Context, processes: &dyn Processes) -> Result<Tool> {
    let settings = Settings::from_env(|name| ctx.env(name).map(str::to_owned))?;
    let tools = Tools::new(Lock::embedded()?, settings, processes);
    let mut say = |event: Event| {
        // How far a download is, is for terminals.
        if !matches!(event, Event::Downloaded { .. }) {
            ctx.info(&event.to_string());
        }
    };
    Ok(tools.get_with("packer", &mut say).await?)
}

/// Everything that the steps share.
struct Bake<'a> {
    inputs: &'a Inputs,
    key: Option<&'a dyn Sign>,
    /// What this job itself has signed.
    own: Option<&'a Trust>,
    processes: &'a dyn Processes,
    tool: &'a Tool,
    workshop: &'a Workshop,
}

/// One image between the build and its place.
struct Raw {
    source: String,
    folder: String,
    picked: Picked,
}

impl Bake<'_> {
    async fn run(&self, ctx: &mut Context) -> Result<()> {
        let base = match &self.inputs.base {
            Some(path) => Some(Base::open(path, self.inputs.architecture)?),
            None => None,
        };
        let base_disk = base.as_ref().map(|base| base.disk.clone());
        let packer = Packer {
            processes: self.processes,
            tool: self.tool,
            inputs: self.inputs,
            workshop: self.workshop,
            base_disk: base_disk.as_deref(),
        };
        let plugins = self.plugins(ctx, &packer).await?;
        let materials = Materials {
            inputs: self.inputs,
            tool: self.tool,
            files: self.files(ctx)?,
            plugins,
            base,
            verified: verified::files(&self.inputs.verified, self.own, ctx.cwd())?,
            commit: commit::of(ctx, self.processes, &self.inputs.template.folder).await,
        };
        let ingredients = materials.ingredients()?;
        let bake_id = ingredients.id()?;
        let why = match self.look(&ingredients)? {
            Found::Adopted(images) => {
                let results = Results { images: &images, clouds: &[], bake_id, baked: None };
                return results.tell(ctx, &self.inputs.evidence, self.key);
            }
            Found::Stale(why) => why,
        };
        ctx.info(&format!("{} has to be baked: {why}", self.inputs.name));
        let (started, clock) = (ctx.now(), Instant::now());
        packer.validate(ctx).await?;
        let made = self.build(ctx, &packer, &materials).await?;
        let images = self.keep(ctx, &materials, &ingredients, &made, started)?;
        let baked = Some((clock.elapsed(), why.as_str()));
        let results = Results { images: &images, clouds: &made.clouds, bake_id, baked };
        results.tell(ctx, &self.inputs.evidence, self.key)
    }

    async fn plugins(&self, ctx: &mut Context, packer: &Packer<'_>) -> Result<Vec<Plugin>> {
        if !plugins::required(&self.inputs.template.path)? {
            return Ok(Vec::new());
        }
        packer.init(ctx).await?;
        plugins::installed(&packer.plugins_required(ctx).await?)
    }

    fn files(&self, ctx: &Context) -> Result<Vec<materials::FileMaterial>> {
        let mut except = vec![self.workshop.output().to_owned()];
        except.extend(self.inputs.evidence.canonicalize());
        materials::files(self.inputs, ctx.cwd(), &except)
    }

    fn look(&self, ingredients: &Ingredients) -> Result<Found> {
        if self.inputs.force {
            return Ok(Found::Stale("it is forced".to_owned()));
        }
        adopt::look(self.workshop.output(), ingredients, self.own)
    }

    /// Builds, and makes sure that what was recorded as going in is what went in.
    async fn build(&self, ctx: &mut Context, packer: &Packer<'_>, materials: &Materials<'_>) -> Result<Made> {
        let built: Result<Heard> = packer.build(ctx).await;
        let mut before = Ingredients::default();
        materials::add_files(&mut before, &materials.files)?;
        let made = built?.artifacts.made();
        let mut after = Ingredients::default();
        materials::add_files(&mut after, &self.files(ctx)?)?;
        let spoiled = after.spoiled(&before);
        ensure!(
            spoiled.is_empty(),
            "files changed while they were baked with, so what went into the image is not known: {}",
            spoiled.join(", ")
        );
        // What is named as verified, and as the base, has to be what the template found there.
        ensure!(
            verified::files(&self.inputs.verified, self.own, ctx.cwd())? == materials.verified,
            "the evidence of verify-signatures changed during the bake"
        );
        if let Some(path) = &self.inputs.base {
            let base = Base::open(path, self.inputs.architecture)
                .context("the base image was changed during the bake")?;
            ensure!(
                materials.base.as_ref().is_some_and(|before| before.manifest == base.manifest),
                "the base image was changed during the bake"
            );
        }
        ensure!(
            !(made.files.is_empty() && made.clouds.is_empty()),
            "the build made no image: end the template with a builder or post-processor (such as artifice) that says what it made"
        );
        Ok(made)
    }

    /// Moves the disks to where they stay, and records them; the record itself comes last.
    fn keep(
        &self,
        ctx: &Context,
        materials: &Materials<'_>,
        ingredients: &Ingredients,
        made: &Made,
        started: Timestamp,
    ) -> Result<Vec<Image>> {
        let output = self.workshop.output();
        let raws = pick(ctx, made)?;
        keeping::begin(output, raws.iter().map(|raw| (raw.folder.as_str(), raw.picked.disks.len())))?;
        record::forget(output)?;
        let (mut images, mut recorded) = (Vec::new(), Vec::new());
        for raw in &raws {
            let run = provenance::Run {
                github: ctx.github(),
                started,
                finished: ctx.now(),
                bake_id: ingredients.id()?,
                source: &raw.source,
                byproducts: byproducts(&raw.picked.others)?,
            };
            let (image, record) = self.keep_one(materials, raw, run)?;
            images.push(image);
            recorded.push(record);
        }
        Record::new(ingredients.clone(), recorded, made.clouds.clone())?.write(output)?;
        keeping::end(output)?;
        Ok(images)
    }

    fn keep_one(
        &self,
        materials: &Materials<'_>,
        raw: &Raw,
        run: provenance::Run<'_>,
    ) -> Result<(Image, RecordedImage)> {
        let folder = self.workshop.output().join(&raw.folder);
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        let disks = self.keep_disks(&folder, &raw.picked.disks)?;
        let manifest = self.manifest(materials, raw, disks, run.bake_id)?;
        let provenance = provenance::statement(&manifest, materials, run)?;
        let (manifest_bytes, provenance_bytes) = (manifest.to_bytes()?, provenance.to_bytes()?);
        let manifest_path = folder.join(MANIFEST);
        record::write_whole(&folder.join(PROVENANCE), &provenance_bytes)?;
        match self.key {
            Some(key) => {
                record::write_whole(&folder.join(SIGNED), &attest::sign(&provenance, key)?.to_bytes()?)?;
            }
            None => record::remove(&folder.join(SIGNED))?,
        }
        record::write_whole(&manifest_path, &manifest_bytes)?;
        let recorded = RecordedImage {
            source: raw.source.clone(),
            folder: raw.folder.clone(),
            manifest: Sha256::of(&manifest_bytes),
            provenance: Sha256::of(&provenance_bytes),
        };
        Ok((Image { source: raw.source.clone(), manifest_path, manifest, provenance }, recorded))
    }

    fn keep_disks(&self, folder: &Path, files: &[PathBuf]) -> Result<Vec<Disk>> {
        let mut disks = Vec::new();
        for (index, from) in files.iter().enumerate() {
            let file = keeping::disk(index);
            let to = folder.join(&file);
            disk::move_file(from, &to)?;
            let found = digest_file(&to, &blocks::Options::default())
                .with_context(|| format!("cannot hash the disk {}", to.display()))?;
            disks.push(Disk {
                device: disk::device(&self.inputs.root_device, index)?,
                file,
                size_bytes: found.size_bytes,
                content_digest: found.content_digest,
            });
        }
        Ok(disks)
    }

    fn manifest(
        &self,
        materials: &Materials<'_>,
        raw: &Raw,
        disks: Vec<Disk>,
        bake_id: Sha256,
    ) -> Result<ImageManifest> {
        let inputs = self.inputs;
        // Several images of one bake are told apart by their sources.
        let name = match raw.folder.as_str() {
            "" => inputs.name.clone(),
            folder => format!("{}-{folder}", inputs.name),
        };
        let base = materials.base.as_ref();
        let mut layers = base.map(Base::layers).unwrap_or_default();
        layers.push(Layer { name: name.clone(), bake_id });
        let manifest = ImageManifest {
            schema: SCHEMA_VERSION,
            name,
            family: inputs.family.clone(),
            architecture: inputs.architecture,
            boot_mode: inputs.boot_mode,
            root_device: inputs.root_device.clone(),
            disks,
            os: inputs.os.clone().or_else(|| base.and_then(|base| base.manifest.os.clone())),
            base: base.map(Base::reference),
            layers,
        };
        manifest.check()?;
        Ok(manifest)
    }
}

/// The disks of each source. A relative name is relative to where Packer ran.
fn pick(ctx: &Context, made: &Made) -> Result<Vec<Raw>> {
    let single = made.files.len() == 1;
    let mut raws: Vec<Raw> = Vec::new();
    for (source, files) in &made.files {
        ensure!(
            !files.iter().any(|file| file.contains(HIDDEN)),
            "source {source}: Packer hides secrets in what it says, and the name of a file that it made holds one: \
             give a longer secret, or another `output`"
        );
        let files: Vec<PathBuf> = files.iter().map(|file| ctx.cwd().join(file)).collect();
        let picked = disk::pick(&files).with_context(|| format!("source {source}"))?;
        let folder =
            if single { String::new() } else { source.rsplit('.').next().unwrap_or(source).to_owned() };
        if raws.iter().any(|raw| raw.folder == folder) {
            bail!("two sources are called {folder}: give one of them another name, or choose by `only`");
        }
        raws.push(Raw { source: source.clone(), folder, picked });
    }
    Ok(raws)
}

fn byproducts(files: &[PathBuf]) -> Result<Vec<ResourceDescriptor>> {
    let plain = files.iter().filter(|file| file.is_file());
    plain
        .map(|file| {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            Ok(ResourceDescriptor::file(name, files::digest(file)?))
        })
        .collect()
}
