//! Reading a case from the disk: the last place before a verdict where anything is read.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use attest::{EvidenceDir, EvidenceError, Kind, PrivateKey, StrayReason};
use model::{ImageManifest, Sha256};
use policy::{Exceptions, Key, Policy, ResolvedPolicy};
use runner::{Annotation, Context};

use crate::case::{Case, Gate, Item};
use crate::exact;
use crate::keys::Keys;
use crate::{disk, gather, resume};

/// More than any image.json has.
const MAX_MANIFEST: u64 = 1 << 20;

/// Reads everything that the inputs name.
pub(crate) fn case(ctx: &mut Context, key: Option<&PrivateKey>) -> Result<Case> {
    let image_path = ctx.path("image")?;
    let image = disk::read(&image_path, MAX_MANIFEST).context("input `image`")?;
    let parsed =
        ImageManifest::parse(&image).with_context(|| format!("input `image`: {}", image_path.display()))?;
    let policy = policy(ctx)?;
    let keys = Keys::of(&policy)?;
    let exceptions = exceptions(ctx, &policy)?;
    let dir = EvidenceDir::new(ctx.path("evidence")?);
    let listing = dir.list()?;
    let evidence: Vec<Item> =
        listing.files.into_iter().map(|file| Item { name: file.name, bytes: file.bytes }).collect();
    let strays = listing
        .strays
        .into_iter()
        // What an interrupted writer left was never a statement, and the step writes it again.
        .filter(|stray| stray.reason != StrayReason::Partial)
        .map(|stray| {
            (
                stray.path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
                stray.reason.to_string(),
            )
        })
        .collect();
    let reports = reports(&dir, &evidence, &keys)?;
    let base = base(ctx, &parsed, &keys)?;
    let approval = approval(ctx)?;
    let prior = prior(approval.as_ref(), &evidence, &keys);
    let gate = Gate {
        verifier_id: ctx.text("verifier-id")?,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        sha256: own_digest()?,
        key: key.map(|key| key.public().key_id()),
    };
    // Results of earlier decisions are no inputs of this one, except the verdict that was approved.
    let is_result = |item: &Item| {
        exact::read(item, &keys).is_ok_and(|one| gather::is_result(&one, &parsed, policy.policy()))
    };
    let evidence = evidence.into_iter().filter(|item| !is_result(item)).collect();
    let policy = policy.bytes().to_vec();
    Ok(Case {
        now: ctx.now(),
        gate,
        policy,
        exceptions,
        image,
        evidence,
        strays,
        base,
        reports,
        approval,
        prior,
    })
}

/// The policy as it is written.
pub(crate) fn written(ctx: &mut Context) -> Result<Policy> {
    let path = ctx.path("policy")?;
    let text = disk::text(&path).context("input `policy`")?;
    Policy::parse(&shown(ctx, &path), &text).map_err(|problems| told(ctx, &path, problems))
}

/// The policy, its signers' keys brought in.
pub(crate) fn policy(ctx: &mut Context) -> Result<ResolvedPolicy> {
    let (path, policy) = (ctx.path("policy")?, written(ctx)?);
    let mut keys = BTreeMap::new();
    for (name, key) in policy.signers() {
        if let Some(Key::Path(file)) = key {
            let beside = path.parent().unwrap_or_else(|| Path::new("")).join(file);
            keys.insert(name.to_owned(), beside);
        }
    }
    for line in ctx.lines("signers")? {
        let Some((name, file)) = line.split_once('=') else {
            bail!("input `signers` has the line `{line}`: name=path is wanted");
        };
        keys.insert(name.trim().to_owned(), ctx.cwd().join(file.trim()));
    }
    let read = |(name, path): (String, std::path::PathBuf)| {
        let pem = disk::text(&path).with_context(|| format!("the key of the signer `{name}`"))?;
        Ok((name, pem))
    };
    let pems: BTreeMap<String, String> = keys.into_iter().map(read).collect::<Result<_>>()?;
    policy.resolve(&pems).map_err(|problems| told(ctx, &path, problems))
}

pub(crate) fn exceptions(ctx: &mut Context, policy: &ResolvedPolicy) -> Result<Option<Vec<u8>>> {
    let Some(path) = ctx.opt_path("exceptions")? else { return Ok(None) };
    let text = disk::text(&path).context("input `exceptions`")?;
    // Read here for its mistakes only, each shown at its place.
    Exceptions::parse(&shown(ctx, &path), &text, policy.policy().exception_limits())
        .map_err(|problems| told(ctx, &path, problems))?;
    Ok(Some(text.into_bytes()))
}

/// A path as people know it: relative to where they are.
pub(crate) fn shown(ctx: &Context, path: &Path) -> String {
    path.strip_prefix(ctx.cwd()).unwrap_or(path).display().to_string()
}

/// Each mistake as an annotation at its place, in the file's order, and how many there are as the error.
fn told(ctx: &mut Context, path: &Path, mut problems: policy::Problems) -> anyhow::Error {
    problems.0.sort();
    for problem in &problems.0 {
        let mut annotation =
            Annotation::new(format!("{}: {}", problem.what, problem.mend)).file(problem.file.clone());
        if let (Ok(line @ 1..), Ok(col)) = (u32::try_from(problem.at.line), u32::try_from(problem.at.column))
        {
            annotation = annotation.line(line).col(col);
        }
        ctx.error(annotation);
    }
    let file = shown(ctx, path);
    match problems.0.len() {
        1 => anyhow!("`{file}` has a mistake: nothing was decided"),
        many => anyhow!("`{file}` has {many} mistakes: nothing was decided"),
    }
}

/// Every report that a genuine scan refers to. What is not there, or is not what it was, is the
/// decision's to say.
fn reports(dir: &EvidenceDir, evidence: &[Item], keys: &Keys) -> Result<BTreeMap<Sha256, Option<Vec<u8>>>> {
    let mut reports = BTreeMap::new();
    for item in evidence {
        let Ok(genuine) = exact::read(item, keys) else { continue };
        let Ok(scan) = genuine.statement.predicate::<attest::predicate::vulns::Predicate>() else { continue };
        let Some(more) = scan.hallmark else { continue };
        let digest = more.report.digest.sha256;
        let content = match dir.report(&digest) {
            Ok(bytes) => Some(bytes),
            Err(EvidenceError::ReportChanged { path, .. }) => Some(disk::read(&path, disk::MAX)?),
            Err(EvidenceError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(error.into()),
        };
        reports.insert(digest, content);
    }
    Ok(reports)
}

/// The base's verification summaries; everything else in its folder was its own gate's business.
fn base(ctx: &Context, image: &ImageManifest, keys: &Keys) -> Result<Vec<Item>> {
    let (Some(path), Some(base)) = (ctx.opt_path("base-evidence")?, &image.base) else {
        return Ok(Vec::new());
    };
    let about_base = |item: &Item| {
        exact::read(item, keys)
            .is_ok_and(|one| one.kind == Kind::Vsa && one.statement.is_about(&base.content_digest))
    };
    let files = EvidenceDir::new(path).list()?.files.into_iter();
    Ok(files.map(|file| Item { name: file.name, bytes: file.bytes }).filter(about_base).collect())
}

fn approval(ctx: &Context) -> Result<Option<Item>> {
    let Some(path) = ctx.opt_path("resume")? else { return Ok(None) };
    ensure!(
        !ctx.github().on_runner,
        "`resume` is refused on a runner: there, approvals come from the job's environment and not from a file"
    );
    let bytes = disk::read(&path, attest::MAX_BUNDLE as u64).context("input `resume`")?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Some(Item { name, bytes }))
}

/// The verdict that an approval names, by its payload.
fn prior(approval: Option<&Item>, evidence: &[Item], keys: &Keys) -> Option<Item> {
    let approval = exact::read(approval?, keys).ok()?;
    let named = approval.statement.predicate::<attest::predicate::approval::Predicate>().ok()?.verdict.sha256;
    let is_named = |item: &&Item| {
        exact::read(item, keys).is_ok_and(|one| {
            one.kind == Kind::Verdict && one.payload == named && resume::brief_of(&one).is_some()
        })
    };
    evidence.iter().find(is_named).cloned()
}

/// The SHA-256 of the program that runs: of the file that it was started from, whatever lies in that
/// place by now.
pub(crate) fn own_digest() -> Result<Sha256> {
    let running = Path::new("/proc/self/exe");
    let mut hasher = model::Sha256Hasher::new();
    let mut read = || std::io::copy(&mut std::fs::File::open(running)?, &mut hasher);
    read().with_context(|| format!("cannot read this program's own file, {}", running.display()))?;
    Ok(hasher.finish())
}
