//! Policy and exceptions as they are written: read from where they may come from, their mistakes told
//! at their places.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail, ensure};
use model::Sha256;
use policy::{Credential, Exceptions, Policy, Problems, ResolvedPolicy, SHIPPED, Scope, UncheckedPolicy};
use runner::{Annotation, Context};

use crate::case::Item;
use crate::roots;
use crate::source::{For, Pins, Reader, shown};

/// More files than any policy is made of.
const MOST_FILES: usize = 32;

/// The policy as it is written, for whatever image.
pub(crate) async fn policy(ctx: &mut Context) -> Result<Policy> {
    let mut reader = Reader::new(ctx)?;
    scoped(ctx, &mut reader, None).await
}

/// The policy that is in force for images of a family in the environment that is given, its signers' keys
/// still to be brought in.
pub(crate) async fn scoped(ctx: &mut Context, reader: &mut Reader, family: Option<&str>) -> Result<Policy> {
    let unchecked = read(ctx, reader).await?;
    in_force(ctx, unchecked, family)
}

async fn read(ctx: &mut Context, reader: &mut Reader) -> Result<UncheckedPolicy> {
    let path = ctx.path("policy")?;
    let read = unchecked(ctx, reader, &path).await?;
    read.map_err(|problems| told(ctx, &path, problems))
}

fn in_force(ctx: &mut Context, policy: UncheckedPolicy, family: Option<&str>) -> Result<Policy> {
    let (path, environment) = (ctx.path("policy")?, ctx.opt_text("environment")?);
    let scope = Scope { family, environment: environment.as_deref() };
    policy.check_for(&scope).map_err(|problems| told(ctx, &path, problems))
}

/// What a policy says for one environment must not be left out because nobody said which one it is.
fn environment_fits(ctx: &mut Context, policy: &UncheckedPolicy) -> Result<()> {
    let environment = ctx.opt_text("environment")?;
    let named = policy.environments();
    if named.is_empty() {
        return Ok(());
    }
    let listed = named.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let Some(environment) = environment else {
        bail!(
            "the policy has overrides for the environments {listed}: say by `environment` which one the image is for"
        );
    };
    if !policy.names(&environment) {
        ctx.warning(format!(
            "no override of the policy is for the environment `{environment}`: they are for {listed}"
        ));
    }
    Ok(())
}

/// The policy with all that it extends. A file is asked for in the middle of reading, and may have to
/// come from another machine: so it is fetched, and the reading begins again with it at hand.
async fn unchecked(
    ctx: &Context,
    reader: &mut Reader,
    path: &Path,
) -> Result<std::result::Result<UncheckedPolicy, Problems>> {
    let given = ctx.opt_text("policy")?.unwrap_or_default();
    if let Some((name, text)) = SHIPPED.iter().find(|(name, _)| *name == given) {
        reader.shipped(name, text.as_bytes());
        return Ok(UncheckedPolicy::parse(name, text));
    }
    let first = shown(ctx, path);
    let mut at_hand: BTreeMap<String, std::result::Result<String, String>> = BTreeMap::new();
    let text = reader.text(ctx, For::Policy, path, "input `policy`").await?;
    at_hand.insert(first.clone(), Ok(text));
    loop {
        let mut wanted = None;
        let read = UncheckedPolicy::read(&first, &mut |file| {
            at_hand.get(file).cloned().unwrap_or_else(|| {
                wanted = Some(file.to_owned());
                Err("not read yet".to_owned())
            })
        });
        let Some(file) = wanted else {
            let shipped = read.iter().flat_map(UncheckedPolicy::shipped);
            shipped.for_each(|(name, text)| reader.shipped(name, text.as_bytes()));
            return Ok(read);
        };
        ensure!(at_hand.len() < MOST_FILES, "the policy `{first}` is made of more than {MOST_FILES} files");
        let text = reader.text(ctx, For::Policy, &ctx.cwd().join(&file), &file).await;
        at_hand.insert(file, text.map_err(|error| format!("{error:#}")));
    }
}

/// The same with its signers' keys, and with the trusted roots that its identities need.
pub(crate) async fn resolved(
    ctx: &mut Context,
    reader: &mut Reader,
    family: Option<&str>,
) -> Result<(ResolvedPolicy, Vec<Item>)> {
    let unchecked = read(ctx, reader).await?;
    if family.is_some() {
        environment_fits(ctx, &unchecked)?;
    }
    let policy = in_force(ctx, unchecked, family)?;
    let mut pems = BTreeMap::new();
    for (name, path) in key_files(ctx, &policy)? {
        let pem = reader.text(ctx, For::Policy, &path, &format!("the key of the signer `{name}`")).await?;
        pems.insert(name, pem);
    }
    let roots = roots::read(ctx, reader, &policy).await?;
    let path = ctx.path("policy")?;
    let resolved =
        policy.resolve_with(&pems, &roots.digests).map_err(|problems| told(ctx, &path, problems))?;
    Pins::given(ctx, For::Policy)?.hold(For::Policy, resolved.digest())?;
    Ok((resolved, roots.items))
}

/// Where each signer's key lies: beside the policy, or where the input says.
fn key_files(ctx: &Context, policy: &Policy) -> Result<BTreeMap<String, PathBuf>> {
    let path = ctx.path("policy")?;
    let mut files = BTreeMap::new();
    for (name, key) in policy.signers() {
        if let Some(Credential::KeyFile(file)) = key {
            files.insert(name.to_owned(), path.parent().unwrap_or_else(|| Path::new("")).join(file));
        }
    }
    for line in ctx.lines("signers")? {
        let Some((name, file)) = line.split_once('=') else {
            bail!("input `signers` has the line `{line}`: name=path is wanted");
        };
        files.insert(name.trim().to_owned(), ctx.cwd().join(file.trim()));
    }
    Ok(files)
}

/// The exceptions file's bytes.
pub(crate) async fn exceptions(
    ctx: &mut Context,
    reader: &mut Reader,
    policy: &ResolvedPolicy,
) -> Result<Option<Vec<u8>>> {
    let Some(path) = ctx.opt_path("exceptions")? else { return Ok(None) };
    let text = reader.text(ctx, For::Exceptions, &path, "input `exceptions`").await?;
    Pins::given(ctx, For::Exceptions)?.hold(For::Exceptions, Sha256::of(text.as_bytes()))?;
    // Read here for its mistakes only, each shown at its place.
    Exceptions::parse(&shown(ctx, &path), &text, policy.policy().exception_limits())
        .map_err(|problems| told(ctx, &path, problems))?;
    Ok(Some(text.into_bytes()))
}

/// Each mistake as an annotation at its place, in the file's order, and how many there are as the error.
fn told(ctx: &mut Context, path: &Path, mut problems: Problems) -> anyhow::Error {
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
