//! A public key as JSON: a JWK, or a set of exactly one (RFC 7517, 7518, 8037).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use spki::der::Encode;
use spki::der::asn1::{AnyRef, BitString, SequenceOf, UintRef};
use spki::{AlgorithmIdentifier, ObjectIdentifier, SubjectPublicKeyInfo};

use super::KeyError;

/// The longest text that is read: a set's one RSA key of 8192 bits with a certificate chain beside it is shorter.
const MAX_JWK: usize = 64 << 10;

const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// What is read of a key. Others of its members are for others (RFC 7517, 4).
#[derive(Deserialize)]
struct Jwk {
    kty: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    /// The private half, and a symmetric key.
    d: Option<serde::de::IgnoredAny>,
    k: Option<serde::de::IgnoredAny>,
    keys: Option<Vec<Jwk>>,
}

/// The key as DER `SubjectPublicKeyInfo`. What it is worth is decided by whoever reads that.
pub(super) fn spki_der(json: &str) -> Result<Vec<u8>, KeyError> {
    if json.len() > MAX_JWK {
        return Err(wrong(format!("it is longer than {MAX_JWK} bytes")));
    }
    // The parser's own words could quote a private key.
    let unreadable =
        |e: serde_json::Error| wrong(format!("it does not read at line {}, column {}", e.line(), e.column()));
    let jwk: Jwk = serde_json::from_str(json).map_err(unreadable)?;
    match jwk.keys {
        None => one(&jwk),
        Some(_) if jwk.kty.is_some() => Err(wrong("it is a key and a set of keys".into())),
        Some(keys) => match keys.as_slice() {
            [only] if only.keys.is_none() => one(only),
            keys => Err(wrong(format!("it is a set of {} keys, and exactly one is wanted", keys.len()))),
        },
    }
}

fn one(jwk: &Jwk) -> Result<Vec<u8>, KeyError> {
    if jwk.d.is_some() || jwk.k.is_some() {
        return Err(wrong("it holds a secret, and a public key is wanted: take `d` and the like out".into()));
    }
    if jwk.purpose.as_deref().is_some_and(|purpose| purpose != "sig") {
        return Err(wrong("its `use` is not `sig`".into()));
    }
    if jwk.key_ops.as_ref().is_some_and(|ops| !ops.iter().any(|op| op == "verify")) {
        return Err(wrong("its `key_ops` do not have `verify`".into()));
    }
    let (der, algorithms): (_, &[&str]) = match (jwk.kty.as_deref(), jwk.crv.as_deref()) {
        (Some("EC"), Some("P-256")) => (elliptic(jwk, P256, 32)?, &["ES256"]),
        (Some("EC"), Some("P-384")) => (elliptic(jwk, P384, 48)?, &["ES384"]),
        (Some("OKP"), Some("Ed25519")) => {
            (info(ED25519, None, &member("x", jwk.x.as_deref(), Some(32))?)?, &["EdDSA", "Ed25519"])
        }
        (Some("RSA"), None) => (rsa(jwk)?, &["RS256", "PS256"]),
        _ => {
            let what = "`kty` and `crv` are EC with P-256 or P-384, OKP with Ed25519, or RSA".to_owned();
            return Err(KeyError::Unsupported(what));
        }
    };
    match jwk.alg.as_deref() {
        Some(alg) if !algorithms.contains(&alg) => Err(wrong(format!(
            "its `alg` is none that is verified with such a key: {}",
            algorithms.join(", ")
        ))),
        _ => Ok(der),
    }
}

fn elliptic(jwk: &Jwk, curve: ObjectIdentifier, size: usize) -> Result<Vec<u8>, KeyError> {
    let mut point = vec![4];
    point.extend(member("x", jwk.x.as_deref(), Some(size))?);
    point.extend(member("y", jwk.y.as_deref(), Some(size))?);
    info(EC_PUBLIC_KEY, Some(AnyRef::from(&curve)), &point)
}

/// `RSAPublicKey` (RFC 8017, A.1.1): a sequence of the modulus and the exponent.
fn rsa(jwk: &Jwk) -> Result<Vec<u8>, KeyError> {
    let (n, e) = (member("n", jwk.n.as_deref(), None)?, member("e", jwk.e.as_deref(), None)?);
    let mut key = SequenceOf::<_, 2>::new();
    for number in [&n, &e] {
        let number = UintRef::new(number).map_err(|_| wrong("its `n` or `e` is no number".into()))?;
        key.add(number).map_err(|_| wrong("its numbers are too many".into()))?;
    }
    let der = key.to_der().map_err(|_| wrong("its numbers are too long".into()))?;
    info(RSA, Some(AnyRef::NULL), &der)
}

fn info(oid: ObjectIdentifier, parameters: Option<AnyRef<'_>>, key: &[u8]) -> Result<Vec<u8>, KeyError> {
    let too_long = |_| wrong("it is too long".into());
    let subject_public_key = BitString::from_bytes(key).map_err(too_long)?;
    SubjectPublicKeyInfo { algorithm: AlgorithmIdentifier { oid, parameters }, subject_public_key }
        .to_der()
        .map_err(too_long)
}

/// A member's bytes: base64url without padding, in its one spelling.
fn member(name: &str, text: Option<&str>, size: Option<usize>) -> Result<Vec<u8>, KeyError> {
    let text = text.ok_or_else(|| wrong(format!("it has no `{name}`")))?;
    let bytes = URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| wrong(format!("its `{name}` is not base64url without padding")))?;
    match size {
        Some(size) if bytes.len() != size => {
            Err(wrong(format!("its `{name}` has {} bytes, and {size} are wanted", bytes.len())))
        }
        _ => Ok(bytes),
    }
}

const fn wrong(what: String) -> KeyError {
    KeyError::Jwk(what)
}
