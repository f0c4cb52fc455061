//! Signing without a key of one's own: a certificate for this job's identity by Fulcio, an entry in Rekor, a timestamp.
//! The Sigstore project's own clients ask for them; the private key lives as long as one signature takes.

mod token;

use std::fmt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result};
use jiff::SignedDuration;
use runner::{Context, Secret};
use signers::{Content, Identity, PublicKey, Sign, SignError, Signed, Signer};
use sigstore_sign::types::{Artifact, ArtifactDigest, Bundle, Sha256Hash};
use sigstore_sign::{SigningContext, SigningServices, SigstoreInstance};
use sigstore_trust_root::SigningConfig;

use crate::background::Background;
use crate::{http, inputs};
use token::{SIGNING, Source, Token};

pub use token::AwsTokens;

/// What `signing-key` is for it.
pub(crate) const WORD: &str = "keyless";

/// The longest signing config that is read.
const MAX_CONFIG: u64 = 1 << 20;

/// A token that ends within this time is not begun with.
const MARGIN: SignedDuration = SignedDuration::from_secs(60);

/// Somebody who signs by this job's identity.
pub(crate) struct Keyless {
    context: SigningContext,
    source: Source,
    held: Mutex<Token>,
    signer: Signer,
    background: Background,
}

impl Keyless {
    /// Reads where to ask, and asks the runner who this is.
    pub(crate) fn open(ctx: &mut Context) -> Result<Self> {
        let services = match ctx.opt_path(inputs::SIGNING_CONFIG.name)? {
            Some(path) => configured(&path)
                .with_context(|| format!("input `{}`: {}", inputs::SIGNING_CONFIG.name, path.display()))?,
            None => SigningServices::from_embedded(SigstoreInstance::PublicGood)
                .context("the signing config that is built in")?,
        };
        for url in [Some(services.fulcio_url()), Some(services.rekor_url()), services.tsa_url()] {
            url.map(http::private_url).transpose().context("the signing config")?;
        }
        let client = http::client()?;
        let background = Background::new().context("the clients of Sigstore cannot be started")?;
        let source = Source::of_runner(ctx, client.clone(), &SIGNING)?;
        let token = source.ask(&background)?;
        ctx.mask(&Secret::new(token.token.expose_secret()));
        let signer = Signer::Identity(Box::new(token.identity.clone()));
        let context = SigningContext::new(services).with_http_client(client);
        Ok(Self { context, source, held: Mutex::new(token), signer, background })
    }

    /// The token that is held, or another: a build takes longer than a token holds.
    fn token(&self) -> Result<Token, SignError> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = held.token.expiration().duration_since(now()) > MARGIN;
        if !fresh {
            let next = self.source.ask(&self.background).map_err(|error| SignError(format!("{error:#}")))?;
            if next.identity != held.identity {
                return Err(SignError(format!(
                    "the runner's OIDC token is of {} now, and was of {}",
                    next.identity, held.identity
                )));
            }
            *held = next;
        }
        Ok(held.clone())
    }
}

/// The services' clocks decide whether a token still holds, not the run's own.
#[expect(
    clippy::disallowed_methods,
    reason = "a token's end is compared with what the issuer's clock shows now"
)]
fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

fn configured(path: &Path) -> Result<SigningServices> {
    let bytes = crate::files::read(path, MAX_CONFIG)?;
    let text = String::from_utf8(bytes).context("it is no text")?;
    let config = SigningConfig::from_json(&text).context("it is no signing config")?;
    Ok(SigningServices::from_signing_config(&config)?)
}

impl Sign for Keyless {
    fn signer(&self) -> &Signer {
        &self.signer
    }

    fn public_key(&self) -> Option<&PublicKey> {
        None
    }

    fn sign_content(&self, content: Content<'_>) -> Result<Signed, SignError> {
        let Token { token, identity } = self.token()?;
        let shown = token.expose_secret().to_owned();
        let signer = self.context.signer(token);
        let made = match content {
            Content::Statement { payload, .. } => {
                let payload = payload.to_vec();
                self.background.run(async move { signer.sign_raw_statement(&payload).await })
            }
            Content::File(message) => {
                let digest = ArtifactDigest::sha256(Sha256Hash::new(*message.sha256().as_bytes()));
                self.background.run(async move { signer.sign(Artifact::from_digest(digest)).await })
            }
        };
        let bundle = made
            .ok_or_else(|| SignError("the client ended".into()))?
            // A service's answer is not ours to choose: should it repeat the token, it is not repeated here.
            .map_err(|error| SignError(http::chain_without(&error, &shown)))?;
        is_of(&bundle, &identity)?;
        Ok(Signed::Bundle(Box::new(bundle)))
    }
}

/// The certificate has to be for whom the token announced: everybody was told that they sign.
fn is_of(bundle: &Bundle, announced: &Identity) -> Result<(), SignError> {
    let certificate =
        bundle.signing_certificate().ok_or_else(|| SignError("the bundle has no certificate".into()))?;
    let info = sigstore_sign::crypto::parse_certificate_info(certificate)
        .map_err(|error| SignError(format!("Fulcio's certificate does not read: {error}")))?;
    let subject = info.identity.as_ref().map(|name| name.as_str());
    let issuer = info.issuer.as_deref();
    if (subject, issuer) == (Some(&*announced.subject), Some(&*announced.issuer)) {
        return Ok(());
    }
    Err(SignError(format!(
        "Fulcio's certificate is for {:?} by {:?}, and the OIDC token is of {announced}",
        subject.unwrap_or_default(),
        issuer.unwrap_or_default(),
    )))
}

impl fmt::Debug for Keyless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keyless({})", self.signer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signing_config_that_is_built_in_names_every_service() {
        let services = SigningServices::from_embedded(SigstoreInstance::PublicGood).unwrap();
        for url in [services.fulcio_url(), services.rekor_url(), services.tsa_url().unwrap()] {
            assert_eq!(http::private_url(url).unwrap().scheme(), "https", "{url}");
        }
        services.validate().unwrap();
    }
}
