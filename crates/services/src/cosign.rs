//! cosign's encrypted private keys: PEM around JSON, scrypt for the password, NaCl's secretbox for the key.
//! <https://github.com/secure-systems-lab/go-securesystemslib/tree/main/encrypted>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto_secretbox::aead::Aead as _;
use crypto_secretbox::{KeyInit as _, XSalsa20Poly1305};
use serde::Deserialize;
use signers::{KeyError, PrivateKey};

/// The labels of such PEM: today's and the one before.
pub(crate) const LABELS: [&str; 2] = ["ENCRYPTED SIGSTORE PRIVATE KEY", "ENCRYPTED COSIGN PRIVATE KEY"];

/// The largest work factor that is taken: 2^18 with r = 8 is 256 MiB. cosign writes 2^15 or 2^16.
const MAX_LOG_N: u32 = 18;

/// A key that cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SealedError {
    #[error("the encrypted key does not read: {0}")]
    Malformed(&'static str),
    #[error(
        "the encrypted key is sealed by {0:?}, which is not taken: scrypt and nacl/secretbox are, as cosign writes them"
    )]
    Unsupported(String),
    #[error("the key is encrypted: give its password as `signing-key-password`")]
    NoPassword,
    #[error("`signing-key-password` does not open the key")]
    WrongPassword,
    #[error(transparent)]
    Key(#[from] KeyError),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    kdf: Kdf,
    cipher: Cipher,
    ciphertext: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Kdf {
    name: String,
    params: Cost,
    salt: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cost {
    #[serde(rename = "N")]
    n: u64,
    r: u32,
    p: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cipher {
    name: String,
    nonce: String,
}

/// Whether a text is such a key.
pub(crate) fn is_sealed(text: &str) -> bool {
    LABELS.iter().any(|label| text.trim_start().starts_with(&format!("-----BEGIN {label}-----")))
}

/// Opens a key. Without a password the empty one is tried: people give cosign none for keys of tests.
pub(crate) fn open(text: &str, password: Option<&str>) -> Result<PrivateKey, SealedError> {
    let block = pem::parse(text).map_err(|_| SealedError::Malformed("this is not PEM"))?;
    if text.matches("-----BEGIN").count() != 1 || !LABELS.contains(&block.tag()) {
        return Err(SealedError::Malformed("one encrypted key is wanted, and nothing beside it"));
    }
    let sealed: Sealed = serde_json::from_slice(block.contents())
        .map_err(|_| SealedError::Malformed("it is not cosign's JSON"))?;
    let der = unseal(&sealed, password.unwrap_or_default())?.ok_or(match password {
        None => SealedError::NoPassword,
        Some(_) => SealedError::WrongPassword,
    })?;
    Ok(PrivateKey::from_pkcs8_der(&der)?)
}

/// Nothing where the password is another one.
fn unseal(sealed: &Sealed, password: &str) -> Result<Option<Vec<u8>>, SealedError> {
    for (name, wanted) in [(&sealed.kdf.name, "scrypt"), (&sealed.cipher.name, "nacl/secretbox")] {
        if name != wanted {
            return Err(SealedError::Unsupported(name.chars().take(60).collect()));
        }
    }
    let Cost { n, r: 8, p: 1 } = sealed.kdf.params else {
        return Err(SealedError::Malformed("its scrypt parameters are not r = 8 and p = 1"));
    };
    let log_n = n.trailing_zeros();
    if !n.is_power_of_two() || !(1..=MAX_LOG_N).contains(&log_n) {
        return Err(SealedError::Malformed("its scrypt parameter N is no power of two up to 2^18"));
    }
    let bytes = |text: &str, what| STANDARD.decode(text).map_err(|_| SealedError::Malformed(what));
    let salt = bytes(&sealed.kdf.salt, "its salt is not base64")?;
    let nonce: [u8; 24] = bytes(&sealed.cipher.nonce, "its nonce is not base64")?
        .try_into()
        .map_err(|_| SealedError::Malformed("its nonce has not 24 bytes"))?;
    let ciphertext = bytes(&sealed.ciphertext, "its ciphertext is not base64")?;

    let mut key = [0; 32];
    // Both kinds of error are about lengths that are fixed here.
    let cost = scrypt::Params::new(u8::try_from(log_n).unwrap_or(u8::MAX), 8, 1, key.len())
        .map_err(|_| SealedError::Malformed("its scrypt parameters are not taken"))?;
    scrypt::scrypt(password.as_bytes(), &salt, &cost, &mut key)
        .map_err(|_| SealedError::Malformed("its scrypt parameters are not taken"))?;
    Ok(XSalsa20Poly1305::new(&key.into()).decrypt(&nonce.into(), ciphertext.as_slice()).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As cosign seals, with a small work factor.
    fn sealed(change: impl Fn(&mut serde_json::Value)) -> String {
        let pem = PrivateKey::generate_p256().unwrap().private;
        let der = pem::parse(pem).unwrap().into_contents();
        let (salt, nonce) = ([7; 32], [9; 24]);
        let mut key = [0; 32];
        scrypt::scrypt(b"open sesame", &salt, &scrypt::Params::new(4, 8, 1, 32).unwrap(), &mut key).unwrap();
        let ciphertext = XSalsa20Poly1305::new(&key.into()).encrypt(&nonce.into(), der.as_slice()).unwrap();
        let mut json = serde_json::json!({
            "kdf": {"name": "scrypt", "params": {"N": 16, "r": 8, "p": 1}, "salt": STANDARD.encode(salt)},
            "cipher": {"name": "nacl/secretbox", "nonce": STANDARD.encode(nonce)},
            "ciphertext": STANDARD.encode(ciphertext),
        });
        change(&mut json);
        pem::encode(&pem::Pem::new(LABELS[0], json.to_string()))
    }

    #[test]
    fn the_password_opens_it_and_nothing_else_does() {
        let text = sealed(|_| ());
        assert!(is_sealed(&text));
        open(&text, Some("open sesame")).unwrap();
        assert!(matches!(open(&text, Some("open")), Err(SealedError::WrongPassword)));
        assert!(matches!(open(&text, None), Err(SealedError::NoPassword)));
    }

    #[test]
    fn what_does_not_read_is_refused_by_name() {
        type Change = fn(&mut serde_json::Value);
        let cases: [(Change, &str); 10] = [
            (|j| j["kdf"]["name"] = "argon2".into(), "argon2"),
            (|j| j["cipher"]["name"] = "aes".into(), "aes"),
            (|j| j["kdf"]["params"]["N"] = 17.into(), "power of two"),
            (|j| j["kdf"]["params"]["N"] = (1_u64 << 40).into(), "power of two"),
            (|j| j["kdf"]["params"]["N"] = 0.into(), "power of two"),
            (|j| j["kdf"]["params"]["r"] = 1024.into(), "r = 8"),
            (|j| j["kdf"]["salt"] = "!".into(), "salt"),
            (|j| j["cipher"]["nonce"] = "AAAA".into(), "24 bytes"),
            (|j| j["ciphertext"] = "!".into(), "ciphertext"),
            (|j| j["more"] = 1.into(), "cosign's JSON"),
        ];
        for (change, says) in cases {
            let error = open(&sealed(change), Some("open sesame")).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
        // A changed byte of what is sealed is a wrong password: nobody can tell.
        let changed = sealed(|j| j["ciphertext"] = STANDARD.encode([1; 64]).into());
        assert!(matches!(open(&changed, Some("open sesame")), Err(SealedError::WrongPassword)));
        let twice = sealed(|_| ()) + &sealed(|_| ());
        assert!(open(&twice, Some("open sesame")).unwrap_err().to_string().contains("nothing beside it"));
    }
}
