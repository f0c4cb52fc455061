//! Running Trivy: to fetch its database, and to scan.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use model::Class;
use process::{Exit, Line, Processes, Spec};
use runner::{Context, Result};
use scanners::trivy::PASSED_ON;
use scanners::{Access, Options, Scanner as _, Target};
use tools::Tool;

use crate::database::Database;
use crate::inputs::Inputs;
use crate::readable;
use crate::subject::Image;

/// How much of a disk is looked at before it is scanned: the partition table and more.
const DISK_HEAD: u64 = 32 << 10;

/// Trivy, and where it runs.
pub(crate) struct Trivy<'a> {
    pub(crate) tool: &'a Tool,
    pub(crate) processes: &'a dyn Processes,
    /// A folder of this run's own, empty at first. Trivy runs in it, so that no ignore file and no
    /// configuration of the workspace is found.
    pub(crate) scratch: &'a Path,
    pub(crate) timeout: Duration,
}

/// What a run of Trivy leaves besides its files.
struct Ran {
    exit: Exit,
    /// Its last error, for people.
    said: Option<String>,
    /// A line that says that something was left out.
    gap: Option<String>,
}

impl Trivy<'_> {
    async fn run(&self, ctx: &mut Context, title: &str, arguments: Vec<OsString>) -> Result<Ran> {
        let home = self.scratch.join("home");
        let cwd = self.scratch.join("empty");
        let temporary = self.scratch.join("tmp");
        for folder in [&home, &cwd, &temporary] {
            fs::create_dir_all(folder)?;
        }
        let mut spec = Spec::new(&self.tool.path)
            .args(arguments)
            .cwd(&cwd)
            .env("HOME", &home)
            .env("TMPDIR", &temporary)
            .env("LANG", "C.UTF-8")
            .timeout(self.timeout);
        for name in ["PATH"].iter().chain(PASSED_ON) {
            if let Some(value) = ctx.env(name) {
                spec = spec.env(*name, value);
            }
        }
        ctx.group(title);
        let (mut said, mut gap) = (None, None);
        let ran = {
            let mut on_line = |line: Line| {
                let (Line::Stdout(bytes) | Line::Stderr(bytes)) = line;
                let text = String::from_utf8_lossy(&bytes);
                if text.contains("\tERROR\t") || text.contains("\tFATAL\t") {
                    said = Some(last_part(&text));
                }
                if gap.is_none() && scanners::trivy::Trivy.tells_of_a_gap(&text) {
                    gap = Some(last_part(&text));
                }
                ctx.info(&text);
            };
            self.processes.run(spec, &mut on_line).await
        };
        ctx.end_group();
        Ok(Ran { exit: ran?, said, gap })
    }
}

impl Trivy<'_> {
    /// Writes the packages of a report as an SBOM.
    pub(crate) async fn convert(&self, ctx: &mut Context, report: &Path, sbom: &Path) -> Result<()> {
        let arguments = ["convert", "--quiet", "--format", "cyclonedx", "--output"].map(OsString::from);
        let arguments = arguments.into_iter().chain([sbom.into(), report.into()]).collect();
        let title = format!("Trivy {}: an SBOM of what was seen", self.tool.version);
        self.run(ctx, &title, arguments).await?.succeeded("Trivy could not make an SBOM of its report")
    }
}

/// Brings the real database in `cache` up to date.
pub(crate) async fn fetch(ctx: &mut Context, inputs: &Inputs, trivy: &Trivy<'_>, cache: &Path) -> Result<()> {
    fs::create_dir_all(cache).with_context(|| format!("cannot make the cache {}", cache.display()))?;
    let options = Options {
        cache,
        output: Path::new(""),
        look_for: &[],
        timeout: trivy.timeout,
        access: Access::Network,
        database_repositories: &inputs.database_repositories,
    };
    let arguments = scanners::trivy::Trivy.fetch_arguments(&options);
    let ran = trivy.run(ctx, "Trivy: bring the vulnerability database up to date", arguments).await?;
    ran.succeeded("Trivy could not fetch its vulnerability database")
}

/// Scans, and gives back the report's bytes.
pub(crate) async fn scan(
    ctx: &mut Context,
    inputs: &Inputs,
    image: Option<&Image>,
    trivy: &Trivy<'_>,
    database: &Database,
) -> Result<Vec<u8>> {
    let target = target(inputs, image)?;
    if let Target::Disk(disk) = target {
        let unseen = scanners::trivy::Trivy.unseen(&head(disk)?);
        if !unseen.is_empty() {
            bail!("the scan would leave out a part of {}. {}", disk.display(), unseen.join(". "));
        }
    }
    if let Target::RootFs(root) = target
        && inputs.look_for.iter().any(|class| *class != Class::Vulnerability)
        && let Some(path) = readable::first_unreadable(root)
    {
        bail!(
            "{} cannot be read, and Trivy would pass over it in silence: scan as a user who may read it, or look \
             for vulnerabilities only (`scanners: vuln`)",
            path.display()
        );
    }
    let output = trivy.scratch.join("report.json");
    let options = Options {
        cache: &database.cache,
        output: &output,
        look_for: &inputs.look_for,
        timeout: trivy.timeout,
        access: database.access,
        database_repositories: &[],
    };
    let arguments = scanners::trivy::Trivy.arguments(&target, &options);
    let title = format!("Trivy {}: scan the {}", trivy.tool.version, target.kind().as_str());
    let ran = trivy.run(ctx, &title, arguments).await?;
    ran.succeeded("Trivy failed")?;
    if let Some(gap) = ran.gap {
        bail!("Trivy left out a part of what it scanned, so its report is not whole: {gap}");
    }
    read_limited(&output).context("Trivy ended well, but its report is not to be read")
}

fn target<'a>(inputs: &'a Inputs, image: Option<&'a Image>) -> Result<Target<'a>> {
    if let Some(path) = &inputs.rootfs {
        if !path.is_dir() {
            bail!("input `rootfs`: there is no directory {}", path.display());
        }
        return Ok(Target::RootFs(path));
    }
    if let Some(path) = &inputs.sbom {
        if !path.is_file() {
            bail!("input `sbom`: there is no file {}", path.display());
        }
        return Ok(Target::Sbom(path));
    }
    match (&inputs.container_archive, &inputs.container_image, image) {
        (Some(path), ..) => Ok(Target::Archive(path)),
        (None, Some(reference), _) => Ok(Target::Reference(reference)),
        (None, None, Some(image)) => Ok(Target::Disk(&image.disk)),
        (None, None, None) => bail!("there is nothing to scan"),
    }
}

impl Ran {
    fn succeeded(&self, what: &str) -> Result<()> {
        if self.exit.success() {
            return Ok(());
        }
        match &self.said {
            Some(said) => bail!("{what}: it {}, and says: {said}", self.exit),
            None => bail!("{what}: it {}", self.exit),
        }
    }
}

/// The message of a line of Trivy's log, without time and level, and not too long.
fn last_part(line: &str) -> String {
    let message = line.splitn(3, '\t').nth(2).unwrap_or(line);
    runner::escape::shortened(message, 600)
}

fn head(disk: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(disk)?.take(DISK_HEAD).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A report, if it is not longer than what evidence keeps.
pub(crate) fn read_limited(path: &Path) -> Result<Vec<u8>> {
    read_at_most(path, attest::MAX_REPORT as u64)
}

/// A file, if it is not longer than that.
pub(crate) fn read_at_most(path: &Path, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    file.take(most + 1).read_to_end(&mut bytes).with_context(|| format!("cannot read {}", path.display()))?;
    if bytes.len() as u64 > most {
        bail!("{} is longer than the {most} bytes that are read", path.display());
    }
    Ok(bytes)
}
