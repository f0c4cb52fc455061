//! The three keys that the chain signs with: given, or thrown away at the end of the run.
//!
//! Private keys stay in memory. What lies in the folder, for the steps that read them from files, is
//! their public halves.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use attest::{KeyId, PrivateKey, PublicKey};
use policy::Policy;
use runner::{Context, Secret, With};
use tempfile::TempDir;

use super::job::Job;
use super::table;

/// How the folder is named, and by what it is found in the clean-up.
const FOLDER: &str = "hallmark-chain-keys.";
const STATE: &str = "keys";

/// A private key for each job, in their order, with its public half.
pub(super) type Private = [(Secret, PublicKey); 3];

/// The keys of one run.
pub(super) struct Keys {
    private: Private,
    password: Option<Secret>,
    /// Whether they were made for this run.
    pub(super) throw_away: bool,
    folder: TempDir,
    signers: String,
}

impl Keys {
    /// Takes the keys that are given, or makes throw-away ones; lays out the public halves for the
    /// policy's signers.
    pub(super) fn lay_out(ctx: &mut Context, given: Option<Private>, policy: &Policy) -> Result<Self> {
        let throw_away = given.is_none();
        let private = match given {
            Some(private) => private,
            None => made(ctx)?,
        };
        let folder = folder(ctx)?;
        for (job, (_, public)) in Job::ALL.into_iter().zip(&private) {
            write(&public_file(folder.path(), job.signer()), &public.to_pem())?;
        }
        let password = ctx.secret(table::PASSWORD)?;
        let mut keys = Self { private, password, throw_away, folder, signers: String::new() };
        keys.signers = keys.lines(&others(ctx)?, policy)?;
        Ok(keys)
    }

    /// Gives a step the key of its job, and the password where that key takes one.
    pub(super) fn give(&self, with: &mut With, job: Job) {
        let key = &self.private[job as usize].0;
        with.secret(services::SIGNING_KEY.name, key.clone());
        if let Some(password) = self.password.as_ref().filter(|_| services::takes_password(key)) {
            with.secret(table::PASSWORD, password.clone());
        }
    }

    /// A job's key by its id.
    pub(super) const fn id(&self, job: Job) -> KeyId {
        self.private[job as usize].1.key_id()
    }

    /// The file of a job's public key.
    pub(super) fn public(&self, job: Job) -> PathBuf {
        public_file(self.folder.path(), job.signer())
    }

    /// Every signer of the policy whose key is not in the policy itself, as the gate's input.
    pub(super) fn signers(&self) -> &str {
        &self.signers
    }

    /// Takes the folder away.
    pub(super) fn remove(self) -> Result<()> {
        let path = self.folder.path().display().to_string();
        self.folder.close().with_context(|| format!("cannot remove {path}"))
    }

    /// Each signer whose key is not in the policy itself, one name=path a line.
    fn lines(&self, given: &[(String, String)], policy: &Policy) -> Result<String> {
        let mut lines: Vec<String> = given.iter().map(|(name, path)| format!("{name}={path}")).collect();
        for (name, own) in policy.signers() {
            // The policy's own key stands: another one beside it would not be its signer.
            if own.is_some() || given.iter().any(|(known, _)| known == name) {
                continue;
            }
            let file = public_file(self.folder.path(), name);
            if !Job::ALL.iter().any(|job| job.signer() == name) {
                if !self.throw_away {
                    // The gate says which signer has no key, and where.
                    continue;
                }
                // A key that nobody has, so that the policy is whole.
                write(&file, &PrivateKey::generate_p256()?.public)?;
            }
            lines.push(format!("{name}={}", file.display()));
        }
        Ok(lines.join("\n"))
    }
}

/// A folder that is nobody else's, and gone when dropped. It is told before it is there.
fn folder(ctx: &mut Context) -> Result<TempDir> {
    let name = format!("{FOLDER}{}", process::this_process());
    ctx.state(STATE, ctx.temp().join(&name).to_string_lossy())?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(&name).rand_bytes(0).permissions(fs::Permissions::from_mode(0o700));
    builder
        .tempdir_in(ctx.temp())
        .with_context(|| format!("cannot make the folder {name} in {}", ctx.temp().display()))
}

/// The keys that are given: all three, or none. One that is missing is no reason to make it: it would
/// sign beside those that are trusted.
pub(super) fn given(ctx: &mut Context) -> Result<Option<Private>> {
    let [bake, assay, publish] = Job::ALL.map(|job| ctx.secret(job.input()));
    match (bake?, assay?, publish?) {
        (Some(bake), Some(assay), Some(publish)) => {
            let private = [
                read(ctx, Job::Bake, bake)?,
                read(ctx, Job::Assay, assay)?,
                read(ctx, Job::Publish, publish)?,
            ];
            ensure!(
                ctx.secret(table::PASSWORD)?.is_none()
                    || private.iter().any(|(secret, _)| services::takes_password(secret)),
                "`{}` is for keys that cosign encrypted, and none of the three is",
                table::PASSWORD
            );
            Ok(Some(private))
        }
        // Whoever names keys that last has some: a secret of another name is empty, and must not end in
        // keys that anybody can make.
        (None, None, None) if !ctx.lines(table::SIGNERS)?.is_empty() => bail!(
            "`signers` is given, and none of `bake-key`, `assay-key` and `publish-key`: is a secret not there? To run with \
             throw-away keys, leave `signers` out"
        ),
        (None, None, None) if ctx.secret(table::PASSWORD)?.is_some() => bail!(
            "`{}` is given, and none of `bake-key`, `assay-key` and `publish-key`: is a secret not there?",
            table::PASSWORD
        ),
        (None, None, None) => Ok(None),
        (bake, assay, publish) => {
            let found = [bake.is_some(), assay.is_some(), publish.is_some()];
            let names = |wanted: bool| {
                let of = Job::ALL.iter().zip(found).filter(|(_, given)| *given == wanted);
                of.map(|(job, _)| format!("`{}`", job.input())).collect::<Vec<_>>().join(" and ")
            };
            bail!(
                "{} is given without {}: give all three keys, or none, and throw-away keys are made",
                names(true),
                names(false)
            )
        }
    }
}

fn made(ctx: &mut Context) -> Result<Private> {
    let mut one = |job| {
        let pem = PrivateKey::generate_p256().context("cannot make a throw-away key")?;
        let secret = Secret::new(pem.private);
        ctx.mask(&secret);
        read(ctx, job, secret)
    };
    Ok([one(Job::Bake)?, one(Job::Assay)?, one(Job::Publish)?])
}

fn read(ctx: &mut Context, job: Job, secret: Secret) -> Result<(Secret, PublicKey)> {
    let input = job.input();
    ensure!(
        secret.expose().trim() != services::KEYLESS,
        "input `{input}`: the chain is one job, so its three signers would be one and the same identity: give keys, or run \
         the actions in jobs of their own"
    );
    let password = ctx.secret(table::PASSWORD)?.filter(|_| services::takes_password(&secret));
    let signer = services::open(ctx, input, &secret, password.as_ref())?;
    let public =
        signer.public_key().cloned().with_context(|| format!("input `{input}` has no public key"))?;
    Ok((secret, public))
}

/// The lines of `signers`, each of them read once, here.
fn others(ctx: &Context) -> Result<Vec<(String, String)>> {
    let mut others: Vec<(String, String)> = Vec::new();
    for line in ctx.lines(table::SIGNERS)? {
        let (name, path) = line
            .split_once('=')
            .map(|(name, path)| (name.trim(), path.trim()))
            .with_context(|| format!("input `signers` has the line `{line}`: name=path is wanted"))?;
        if let Some(job) = Job::ALL.into_iter().find(|job| job.signer() == name) {
            bail!(
                "input `signers` names `{name}`, whose public key follows from `{}`: leave it out",
                job.input()
            );
        }
        ensure!(!others.iter().any(|(known, _)| known == name), "input `signers` names `{name}` twice");
        let path = ctx.cwd().join(path);
        let pem = fs::read_to_string(&path)
            .with_context(|| format!("input `signers`: cannot read {}", path.display()))?;
        PublicKey::from_pem(&pem).with_context(|| format!("input `signers`: {}", path.display()))?;
        others.push((name.to_owned(), path.display().to_string()));
    }
    Ok(others)
}

/// After the job, however it ended.
pub(super) fn clean_up(ctx: &Context) -> Result<()> {
    let Some(folder) = ctx.saved_state(STATE).map(PathBuf::from) else { return Ok(()) };
    let is_ours = folder.parent() == Some(ctx.temp())
        && folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with(FOLDER));
    if !is_ours || !folder.is_dir() {
        return Ok(());
    }
    fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))
}

fn public_file(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.pub"))
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}
