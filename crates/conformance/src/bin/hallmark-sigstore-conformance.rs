//! A client of Sigstore's conformance suite: verifies as Hallmark does, by the suite's command line.
//! <https://github.com/sigstore/sigstore-conformance/blob/main/docs/cli_protocol.md>
//!
//! It is for tests and no part of a release. Signing is not spoken: the suite's own identity provider is needed for that.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};
use attest::detached::Message;
use attest::{IdentityRule, PUBLIC_GOOD, PublicKey, Trust, TrustRoot, TrustedIdentity, verify_file};
use clap::{Args, Parser, Subcommand};
use signers::RuleText;

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Verifies a bundle about a file, or about the file with a digest.
    VerifyBundle(VerifyBundle),
}

#[derive(Args)]
struct VerifyBundle {
    /// The bundle.
    #[arg(long)]
    bundle: PathBuf,
    /// The certificate's subject alternative name, exactly.
    #[arg(long, requires = "certificate_oidc_issuer", conflicts_with = "key")]
    certificate_identity: Option<String>,
    /// The OIDC issuer, exactly.
    #[arg(long, requires = "certificate_identity")]
    certificate_oidc_issuer: Option<String>,
    /// The public key, in place of an identity.
    #[arg(long)]
    key: Option<PathBuf>,
    /// The trusted root; by default that of Sigstore's public instance.
    #[arg(long)]
    trusted_root: Option<PathBuf>,
    /// Sigstore's staging instance.
    #[arg(long, conflicts_with = "trusted_root")]
    staging: bool,
    /// The file, or `sha256:` and its digest.
    artifact: String,
}

fn main() -> ExitCode {
    let Command::VerifyBundle(asked) = Cli::parse().command;
    match verify(&asked) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stderr, reason = "a program for tests, whose terminal is its test")]
fn tell(text: &str) {
    eprintln!("{text}");
}

fn verify(asked: &VerifyBundle) -> Result<()> {
    ensure!(!asked.staging, "the staging instance's root is not carried: give it by --trusted-root");
    let root = match &asked.trusted_root {
        Some(path) => Arc::new(TrustRoot::parse("--trusted-root", &read(path)?)?),
        None => TrustRoot::embedded(PUBLIC_GOOD).context("there is no embedded root")??,
    };
    let trust = match (&asked.key, &asked.certificate_identity) {
        (Some(key), _) => {
            Trust::from(&PublicKey::from_pem(&String::from_utf8(read(key)?)?)?).with_key_root(root)
        }
        (None, Some(identity)) => {
            let rule = IdentityRule::new(RuleText {
                issuer: asked.certificate_oidc_issuer.clone(),
                subject: Some(identity.clone()),
                ..RuleText::default()
            })?;
            Trust::nobody().and_identity(TrustedIdentity { rule, root })
        }
        (None, None) => bail!("neither --key nor --certificate-identity says who is meant"),
    };
    let path = PathBuf::from(&asked.artifact);
    let message = match asked.artifact.strip_prefix("sha256:") {
        Some(digest) if !path.exists() => {
            Message::of_digest(digest.parse().context("the artifact's digest")?)
        }
        _ => Message::whole_of(read(&path)?),
    };
    let proof = verify_file(&read(&asked.bundle)?, &message, &trust)?;
    // As Sigstore's clients do by default, also for keys: somebody has to have seen the signature.
    ensure!(
        proof.log_index.is_some() || !proof.times.is_empty(),
        "neither a log nor a timestamp authority saw it"
    );
    tell(&format!("verified: {} ({})", proof.signer, proof.in_words()));
    Ok(())
}

fn read(path: &PathBuf) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}
