//! The work, step by step: what goes in, whether it has changed, the build, what came out.

use crate::{
    adopt::{self, Found, Image},
    amazon::{self, Amazon, HandedOver},
    artifacts::{CloudImage, Made},
    bake_id::Ingredients,
    base::Base,
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
    let processes = Real;
    let tool = packer(ctx, &processes).await?;
    let workshop = Workshop::open(&inputs.output, ctx.temp()).await?;
    workshop.begin()?;
    let done = in_workshop(ctx, &inputs, key.as_deref(), &processes, &tool, &workshop).await;
    let cleaned = workshop.clean().await;
    done?;
    cleaned?;
    Ok(Outcome::Done)
}

async fn in_workshop(
    ctx: &mut Context,
    inputs: &Inputs,
    key: Option<&dyn Sign>,
    processes: &dyn Processes,
    tool: &Tool,
    workshop: &Workshop,
) -> Result<()> {
    let own = key.map(|key| own(ctx, key)).transpose()?;
    let amazon = Amazon::new(ctx)?;
    let handed_over = amazon.handed_over(ctx, workshop.temp(), &inputs.passed).await?;
    // What an earlier one left in AWS that nobody cleaned up after.
    amazon::run::clean(ctx, workshop.output(), &amazon).await?;
    let bake = Bake {
        inputs,
        key,
        own: own.as_ref(),
        processes,
        tool,
        workshop,
        amazon: &amazon,
        handed_over: &handed_over,
    };
    let done = bake.run(ctx).await;
    // On a runner `post` does that, in time of its own.
    if done.is_err()
        && !ctx.github().on_runner
        && let Err(error) = amazon::run::clean(ctx, workshop.output(), &amazon).await
    {
        ctx.warning(format!("{error:#}"));
    }
    done
}

/// After the job, however it ended: nothing of a bake that did not finish runs on, here or in AWS.
pub(crate) async fn post(ctx: &mut Context) -> Result<Outcome> {
    let Some(workshop) = workshop::post(ctx).await? else { return Ok(Outcome::Done) };
    if amazon::run::is_unfinished(workshop.output()) {
        let amazon = Amazon::new(ctx)?;
        amazon::run::clean(ctx, workshop.output(), &amazon).await?;
    }
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
    amazon: &'a Amazon,
    handed_over: &'a HandedOver,
}

/// Where the disks of an image are when the build has ended.
enum Disks {
    /// In files.
    Files(Picked),
    /// In AWS, read already.
    Ami(amazon::image::Made),
}

/// One image between the build and its place.
struct Raw {
    source: String,
    folder: String,
    disks: Disks,
}

impl Raw {
    /// How many disks go into the output folder.
    fn files(&self) -> usize {
        match &self.disks {
            Disks::Files(picked) => picked.disks.len(),
            Disks::Ami(_) => 0,
        }
    }

    /// What else the source made.
    fn others(&self) -> &[PathBuf] {
        match &self.disks {
            Disks::Files(picked) => &picked.others,
            Disks::Ami(_) => &[],
        }
    }
}

/// Everything that the build made and that is known.
struct Kept {
    images: Vec<Image>,
    clouds: Vec<CloudImage>,
}

impl Bake<'_> {
    async fn run(&self, ctx: &mut Context) -> Result<()> {
        let base = match &self.inputs.base {
            Some(path) => Some(Base::open(path, self.inputs.architecture)?),
            None => None,
        };
        let base_disk = base.as_ref().map(|base| base.disk.clone());
        let run = amazon::run::Run::of(ctx, self.inputs, self.amazon)?;
        let packer = Packer {
            processes: self.processes,
            tool: self.tool,
            inputs: self.inputs,
            workshop: self.workshop,
            base_disk: base_disk.as_deref(),
            credentials: &self.handed_over.environment,
            run_tags: run.as_ref().map(amazon::run::Run::tags).transpose()?,
        };
        let plugins = self.plugins(ctx, &packer).await?;
        let materials = Materials {
            inputs: self.inputs,
            tool: self.tool,
            files: self.files(ctx)?,
            plugins,
            base,
            verified: verified::files(&self.inputs.verified, self.own, ctx.cwd())?,
            commit: git::of(ctx, self.processes, &self.inputs.template.folder).await,
        };
        let ingredients = materials.ingredients()?;
        let bake_id = ingredients.id()?;
        let why = match self.look(ctx, &ingredients).await? {
            Found::Adopted(images) => {
                let results = Results { images: &images, clouds: &[], bake_id, baked: None };
                return results.tell(ctx, &self.inputs.evidence, self.key);
            }
            Found::Stale(why) => why,
        };
        ctx.info(&format!("{} has to be baked: {why}", self.inputs.name));
        let (started, clock) = (ctx.now(), Instant::now());
        packer.validate(ctx).await?;
        if let Some(run) = &run {
            run.begin(self.workshop.output())?;
        }
        let made = self.build(ctx, &packer, &materials).await?;
        let Kept { images, clouds } = self.keep(ctx, &materials, &ingredients, &made, started).await?;
        for ami in images.iter().filter_map(|image| image.ami.as_ref()) {
            amazon::image::finished(self.amazon, ami, bake_id).await?;
        }
        amazon::run::end(self.workshop.output())?;
        let baked = Some((clock.elapsed(), why.as_str()));
        let results = Results { images: &images, clouds: &clouds, bake_id, baked };
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

    async fn look(&self, ctx: &mut Context, ingredients: &Ingredients) -> Result<Found> {
        if self.inputs.force {
            return Ok(Found::Stale("it is forced".to_owned()));
        }
        adopt::look(ctx, self.workshop.output(), ingredients, self.own, self.amazon).await
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
    async fn keep(
        &self,
        ctx: &mut Context,
        materials: &Materials<'_>,
        ingredients: &Ingredients,
        made: &Made,
        started: Timestamp,
    ) -> Result<Kept> {
        let output = self.workshop.output();
        let (amis, clouds) =
            amazon::image::read(ctx, self.amazon, &made.clouds, self.inputs.architecture).await?;
        let raws = pick(ctx, made, amis)?;
        keeping::begin(output, raws.iter().map(|raw| (raw.folder.as_str(), raw.files())))?;
        record::forget(output)?;
        let (mut images, mut recorded) = (Vec::new(), Vec::new());
        for raw in &raws {
            let run = provenance::Run {
                github: ctx.github(),
                started,
                finished: ctx.now(),
                bake_id: ingredients.id()?,
                source: &raw.source,
                byproducts: byproducts(raw.others())?,
            };
            let (image, record) = self.keep_one(materials, raw, run)?;
            images.push(image);
            recorded.push(record);
        }
        Record::new(ingredients.clone(), recorded, clouds.clone())?.write(output)?;
        keeping::end(output)?;
        Ok(Kept { images, clouds })
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
        let disks = match &raw.disks {
            Disks::Files(picked) => self.keep_disks(&folder, &picked.disks)?,
            Disks::Ami(made) => made.disks.clone(),
        };
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
            ami: match &raw.disks {
                Disks::Files(_) => None,
                Disks::Ami(made) => Some(made.ami.clone()),
            },
        };
        let ami = recorded.ami.clone();
        Ok((Image { source: raw.source.clone(), manifest_path, manifest, provenance, ami }, recorded))
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
        // AWS says how its images start.
        let (boot_mode, root_device) = match &raw.disks {
            Disks::Files(_) => (inputs.boot_mode, inputs.root_device.clone()),
            Disks::Ami(made) => (made.boot_mode, made.root_device.clone()),
        };
        let manifest = ImageManifest {
            schema: SCHEMA_VERSION,
            name,
            family: inputs.family.clone(),
            architecture: inputs.architecture,
            boot_mode,
            root_device,
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
fn pick(ctx: &Context, made: &Made, amis: Vec<amazon::image::Made>) -> Result<Vec<Raw>> {
    let single = made.files.len() + amis.len() == 1;
    let mut raws: Vec<Raw> = Vec::new();
    let mut add = |source: &str, disks: Disks| -> Result<()> {
        let folder =
            if single { String::new() } else { source.rsplit('.').next().unwrap_or(source).to_owned() };
        if raws.iter().any(|raw| raw.folder == folder) {
            bail!("two sources are called {folder}: give one of them another name, or choose by `only`");
        }
        raws.push(Raw { source: source.to_owned(), folder, disks });
        Ok(())
    };
    for (source, files) in &made.files {
        ensure!(
            !files.iter().any(|file| file.contains(HIDDEN)),
            "source {source}: Packer hides secrets in what it says, and the name of a file that it made holds one: \
             give a longer secret, or another `output`"
        );
        let files: Vec<PathBuf> = files.iter().map(|file| ctx.cwd().join(file)).collect();
        let picked = disk::pick(&files).with_context(|| format!("source {source}"))?;
        add(source, Disks::Files(picked))?;
    }
    for made in amis {
        let source = made.source.clone();
        add(&source, Disks::Ami(made))?;
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
