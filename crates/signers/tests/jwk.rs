//! JSON Web Keys: the same keys as in PEM, and what is refused.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

mod common;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::{Bench, KINDS};
use serde_json::{Value, json};
use signers::{KeyError, PublicKey};

/// The example of RFC 7515, A.3.
fn rfc() -> Value {
    json!({"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})
}

/// What the peer's key is as JSON: a point is the end of its DER, and the peer tells the modulus.
fn jwk(bench: &Bench, kind: &str) -> Value {
    let der = bench.openssl(&["pkey", "-pubin", "-in", &format!("{kind}.pub"), "-outform", "DER"]);
    let end = |from: usize, to: usize| URL_SAFE_NO_PAD.encode(&der[der.len() - from..der.len() - to]);
    match kind {
        "p256" => json!({"kty": "EC", "crv": "P-256", "x": end(64, 32), "y": end(32, 0), "alg": "ES256"}),
        "p384" => json!({"kty": "EC", "crv": "P-384", "x": end(96, 48), "y": end(48, 0), "use": "sig"}),
        "ed25519" => json!({"kty": "OKP", "crv": "Ed25519", "x": end(32, 0), "key_ops": ["verify"]}),
        _ => {
            let told = bench.openssl(&["rsa", "-pubin", "-in", &format!("{kind}.pub"), "-modulus", "-noout"]);
            let modulus = String::from_utf8(told).unwrap();
            let modulus = hex::decode(modulus.trim().strip_prefix("Modulus=").unwrap()).unwrap();
            json!({"kty": "RSA", "n": URL_SAFE_NO_PAD.encode(modulus), "e": "AQAB", "alg": "PS256", "kid": "1"})
        }
    }
}

#[test]
fn it_is_the_same_key_as_in_pem() {
    let bench = Bench::new();
    for (kind, _) in KINDS {
        let public = bench.pair(kind).public;
        let jwk = jwk(&bench, kind);
        assert_eq!(PublicKey::from_jwk(&jwk.to_string()).unwrap(), public, "{kind}");
        let set = json!({"keys": [jwk]});
        assert_eq!(PublicKey::from_text(&set.to_string()).unwrap(), public, "{kind}");
        assert_eq!(PublicKey::from_text(&public.to_pem()).unwrap(), public, "{kind}");
    }
    assert!(PublicKey::from_jwk(&rfc().to_string()).is_ok());
}

#[test]
fn whatever_else_is_refused() {
    let with = |member: &str, value: Value| {
        let mut jwk = rfc();
        jwk[member] = value;
        jwk.to_string()
    };
    let without = |member: &str| {
        let mut jwk = rfc();
        jwk.as_object_mut().unwrap().remove(member);
        jwk.to_string()
    };
    let twice = rfc().to_string().replacen('{', r#"{"kty":"EC","#, 1);
    let cases = [
        ("", "line 1"),
        ("[]", "line 1"),
        ("{}", "kty"),
        (r#"{"keys": []}"#, "0 keys"),
        (&json!({"keys": [rfc(), rfc()]}).to_string(), "2 keys"),
        (&json!({"keys": [{"keys": [rfc()]}]}).to_string(), "1 keys"),
        (&with("keys", json!([])), "a key and a set"),
        (&twice, "line 1"),
        (&with("d", json!("c2VjcmV0")), "secret"),
        (&with("k", json!("c2VjcmV0")), "secret"),
        (&with("use", json!("enc")), "`use`"),
        (&with("key_ops", json!(["sign"])), "`key_ops`"),
        (&with("key_ops", json!([])), "`key_ops`"),
        (&with("alg", json!("ES384")), "`alg`"),
        (&with("alg", json!("none")), "`alg`"),
        (&with("alg", json!("HS256")), "`alg`"),
        (&with("kty", json!("oct")), "EC with P-256"),
        (&with("kty", json!("RSA")), "EC with P-256"),
        (&with("crv", json!("secp256k1")), "EC with P-256"),
        (&with("crv", json!("P-384")), "48 are wanted"),
        (&without("kty"), "EC with P-256"),
        (&without("y"), "no `y`"),
        (&with("x", json!("")), "32 are wanted"),
        (&with("x", json!("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU=")), "base64url"),
        // The same bytes in another spelling.
        (&with("x", json!("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEV")), "base64url"),
        (&with("x", json!("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU+")), "base64url"),
        (&with("x", json!(1)), "line 1"),
        // Not on the curve.
        (&with("x", json!("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")), "no key that is taken"),
        (r#"{"kty":"RSA","n":"","e":""}"#, "no"),
        (r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#, "key"),
        (&" ".repeat(70_000), "longer"),
    ];
    for (json, wanted) in cases {
        let error = PublicKey::from_jwk(json).expect_err(json).to_string();
        assert!(error.contains(wanted), "{json}: {error}");
        assert!(!error.contains("c2VjcmV0"), "{error}");
    }
}

#[test]
fn a_weak_key_is_weak_in_json_too() {
    let bench = Bench::new();
    bench.generate("weak", &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"]);
    assert_eq!(PublicKey::from_jwk(&jwk(&bench, "weak").to_string()), Err(KeyError::Weak(1024)));
}
