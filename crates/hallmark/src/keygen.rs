//! `hallmark keygen`: a throw-away key pair for trying the chain without a key service.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use attest::{PrivateKey, PublicKey};
use runner::{Action, Context, Input, Kind, Outcome, Output, Result};

/// See the module.
pub(crate) static ACTION: Action = Action {
    name: "keygen",
    about: "Makes a P-256 key pair in two PEM files, for trying the chain without a key service",
    inputs: &[
        Input::new("key", Kind::Path, "The private key's file to write (PKCS#8 PEM, mode 0600)").required(),
        Input::new(
            "public",
            Kind::Path,
            "The public key's file to write; by default `key` with the ending .pub",
        ),
    ],
    outputs: &[Output { name: "key-id", help: "The SHA-256 of the public key (DER)" }],
    run: |cx| Box::pin(run(cx)),
    post: None,
};

async fn run(cx: &mut Context) -> Result<Outcome> {
    let path = cx.path("key")?;
    let public = cx.opt_path("public")?.unwrap_or_else(|| path.with_extension("pub"));
    for path in [&path, &public] {
        if path.exists() {
            bail!("{} exists: a key is never overwritten; name another file, or delete it", path.display());
        }
    }
    if path == public {
        bail!("input `public`: {} is the private key's file too; name another", public.display());
    }
    let pem = PrivateKey::generate_p256()?;
    let id = PublicKey::from_pem(&pem.public)?.key_id().to_string();
    create(&path, 0o600, &pem.private)?;
    create(&public, 0o644, &pem.public)?;
    cx.info(&format!("{} (private) and {} (public), key id {id}", path.display(), public.display()));
    cx.output("key-id", id)?;
    Ok(Outcome::Done)
}

fn create(path: &Path, mode: u32, text: &str) -> Result<()> {
    let write = || -> std::io::Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut file: File = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}
