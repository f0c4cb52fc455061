//! Whoever signs for a step: the one list of the kinds that there are.

use anyhow::{Context as _, Result, bail};
use runner::{Context, Secret};
use signers::{PrivateKey, Sign};

use crate::inputs::{SIGNING_KEY, SIGNING_KEY_PASSWORD};
use crate::{cosign, keyless, kms};

/// Opens what `signing-key` is, with the password beside it.
type Open = fn(&mut Context, &str, Option<&Secret>) -> Result<Box<dyn Sign>>;

/// One kind of signer.
struct SignerKind {
    /// Whether a value of `signing-key` is of this kind.
    is: fn(&str) -> bool,
    /// Whether `signing-key-password` opens it.
    sealed: bool,
    open: Open,
}

/// All kinds. The first that takes a value opens it; the last takes what is left.
static KINDS: [SignerKind; 4] = [
    SignerKind {
        is: |text| text == keyless::WORD,
        sealed: false,
        open: |ctx, _, _| Ok(Box::new(keyless::Keyless::open(ctx)?)),
    },
    SignerKind {
        is: |text| text.starts_with(kms::SCHEME),
        sealed: false,
        open: |ctx, uri, _| {
            let env = |name: &str| ctx.env(name).map(str::to_owned);
            Ok(Box::new(kms::KmsKey::open(uri, &env)?))
        },
    },
    SignerKind {
        is: cosign::is_sealed,
        sealed: true,
        open: |_, text, password| {
            Ok(Box::new(cosign::open(
                text,
                password.map(|password| password.expose().trim_end_matches(['\r', '\n'])),
            )?))
        },
    },
    SignerKind { is: |_| true, sealed: false, open: |_, text, _| Ok(Box::new(PrivateKey::from_pem(text)?)) },
];

/// Whoever signs for this step; nobody where `signing-key` is not given. Of a key that is kept elsewhere the public
/// half is asked for, and for `keyless` the runner is asked who this job is.
///
/// # Errors
/// The key is not one that is taken, does not open, or nobody answers.
pub fn signer(ctx: &mut Context) -> Result<Option<Box<dyn Sign>>> {
    let secret = ctx.secret(SIGNING_KEY.name)?;
    let password = ctx.secret(SIGNING_KEY_PASSWORD.name)?;
    match (secret, password) {
        (Some(secret), password) => open(ctx, SIGNING_KEY.name, &secret, password.as_ref()).map(Some),
        (None, None) => Ok(None),
        (None, Some(_)) => {
            // A secret of another name is empty, and must not end in evidence that is not signed.
            bail!("`signing-key-password` is given without `signing-key`: is a secret not there?")
        }
    }
}

/// Whoever signs, by the value of another input than `signing-key`.
///
/// # Errors
/// As [`signer`].
pub fn open(
    ctx: &mut Context,
    input: &str,
    secret: &Secret,
    password: Option<&Secret>,
) -> Result<Box<dyn Sign>> {
    let text = secret.expose().trim();
    let kind = KINDS.iter().find(|kind| (kind.is)(text)).context("there is no kind of key")?;
    let mut opened = || {
        if password.is_some() && !kind.sealed {
            bail!("`signing-key-password` is for keys that cosign encrypted, and this is none");
        }
        if let Some((scheme, _)) = text.split_once("://")
            && !text.starts_with(kms::SCHEME)
            && scheme.bytes().all(|b| b.is_ascii_lowercase())
        {
            bail!("keys at {scheme}:// are not taken: {} are, `{}`, and PEM", kms::SCHEME, keyless::WORD);
        }
        (kind.open)(ctx, text, password)
    };
    opened().with_context(|| format!("input `{input}`"))
}

/// Whether `signing-key-password` opens this key.
#[must_use]
pub fn takes_password(secret: &Secret) -> bool {
    let text = secret.expose().trim();
    KINDS.iter().find(|kind| (kind.is)(text)).is_some_and(|kind| kind.sealed)
}

#[cfg(test)]
mod tests {
    use super::KINDS;
    use crate::inputs::SIGNING_KEY_NAMES;

    #[test]
    fn what_names_a_key_elsewhere_has_a_kind_of_its_own_and_pem_has_not() {
        let kind = |text: &str| KINDS.iter().position(|kind| (kind.is)(text)).unwrap();
        for name in SIGNING_KEY_NAMES {
            assert!(kind(name) < 2, "{name}");
        }
        for text in ["-----BEGIN PRIVATE KEY-----", "", "Keyless", "awskms:", "keyless "] {
            assert_eq!(kind(text), 3, "{text:?}");
        }
        for label in crate::cosign::LABELS {
            assert_eq!(kind(&format!("\n-----BEGIN {label}-----\nx")), 2);
        }
    }
}
