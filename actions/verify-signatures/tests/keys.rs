//! Keys in every form that they are given in, and signatures in every scheme that a key may sign with.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

use std::fs;

use crate::common::Job;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// The peer's own words for each scheme.
const SCHEMES: [(&str, &str, &[&str]); 7] = [
    ("p256", "p256", &["-sha256"]),
    ("p384", "p384", &["-sha384"]),
    ("p384 by SHA-256", "p384", &["-sha256"]),
    ("rsa", "rsa", &["-sha256"]),
    ("rsa pss", "rsa", &["-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"]),
    ("p521", "p521", &["-sha512"]),
    ("rsa by SHA-1", "rsa", &["-sha1"]),
];

#[test]
fn each_scheme_verifies_but_those_that_are_not_taken() {
    let job = Job::new();
    job.key("p256", "p256");
    job.key("p384", "p384");
    job.key("rsa", "rsa");
    job.key_with("p521", &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"]);
    job.write("file", "content");
    for (what, key, how) in SCHEMES {
        let private = format!("keys/{key}.pem");
        job.openssl(&[&["dgst"], how, &["-sign", private.as_str(), "-out", "file.sig", "file"]].concat());
        job.write(
            "signatures.yml",
            format!("version: 1\nkeys: {{k: {{file: keys/{key}.pub}}}}\nfiles: [{{path: file, key: k}}]\n"),
        );
        let run = job.run(&[]);
        match what {
            "p521" => assert_eq!((run.code, run.reasons()), (1, vec!["unsupported-key"]), "{what}"),
            "rsa by SHA-1" => assert_eq!((run.code, run.reasons()), (1, vec!["bad-signature"]), "{what}"),
            _ => assert_eq!(run.code, 0, "{what}: {run:?}"),
        }
    }
}

/// The public key as JSON; a point is the end of the peer's DER.
fn jwk(job: &Job, name: &str, kind: &str) -> Value {
    let der = job.openssl(&["pkey", "-pubin", "-in", &format!("keys/{name}.pub"), "-outform", "DER"]);
    let end = |from: usize, to: usize| URL_SAFE_NO_PAD.encode(&der[der.len() - from..der.len() - to]);
    match kind {
        "p256" => json!({"kty": "EC", "crv": "P-256", "x": end(64, 32), "y": end(32, 0)}),
        "p384" => json!({"kty": "EC", "crv": "P-384", "x": end(96, 48), "y": end(48, 0)}),
        _ => json!({"kty": "OKP", "crv": "Ed25519", "x": end(32, 0), "kid": "1", "use": "sig"}),
    }
}

#[test]
fn json_web_keys_are_keys_in_the_manifest_and_in_files() {
    for kind in ["p256", "p384", "ed25519"] {
        let job = Job::new();
        job.key("k", kind);
        job.write("file", "content");
        job.sign("file", "k", kind);
        let jwk = jwk(&job, "k", kind);
        job.write("keys/one.jwk", jwk.to_string());
        job.write("keys/set.jwks", json!({"keys": [jwk]}).to_string());
        for source in [format!("jwk: {jwk}"), "file: keys/one.jwk".into(), "file: keys/set.jwks".into()] {
            job.write(
                "signatures.yml",
                format!("version: 1\nkeys: {{k: {{{source}}}}}\nfiles: [{{path: file, key: k}}]\n"),
            );
            let run = job.run(&[]);
            assert_eq!(run.code, 0, "{source}: {run:?}");
        }
        job.write("keys/set.jwks", json!({"keys": [jwk, jwk]}).to_string());
        assert_eq!(job.run(&[]).reasons(), ["unsupported-key"], "{kind}");
        job.write("file", "changed");
        job.write("keys/set.jwks", jwk.to_string());
        assert_eq!(job.run(&[]).reasons(), ["bad-signature"], "{kind}");
    }
}

#[test]
fn a_private_key_in_json_is_refused_and_never_shown() {
    let job = Job::with_hello();
    let mut jwk = jwk(&job, "vendor", "p256");
    jwk["d"] = json!("c2VjcmV0");
    job.write(
        "signatures.yml",
        format!("version: 1\nkeys: {{k: {{jwk: {jwk}}}}}\nfiles: [{{path: bin/hello, key: k}}]\n"),
    );
    let run = job.run(&[]);
    assert_eq!((run.code, run.reasons()), (1, vec!["unsupported-key"]));
    assert!(!format!("{run:?}").contains("c2VjcmV0"));
}

/// As npm's provenance is: its subjects have a SHA-512 and nothing else.
#[test]
fn a_statement_may_name_its_file_by_sha512_alone() {
    let job = Job::new();
    job.key("k", "p256");
    let content = vec![b'x'; 300_000];
    job.write("file", &content);
    let sha512 = String::from_utf8(job.openssl(&["dgst", "-sha512", "-r", "file"])).unwrap();
    let sha512 = sha512.split(' ').next().unwrap();
    let bundle = |digest: &Value| {
        let payload = json!({
            "_type": "https://in-toto.io/Statement/v1", "subject": [{"name": "pkg:npm/x@1", "digest": digest}],
            "predicateType": "https://slsa.dev/provenance/v1",
            "predicate": {"runDetails": {"builder": {"id": "https://b"}}},
        })
        .to_string();
        let kind = "application/vnd.in-toto+json";
        job.write("pae", format!("DSSEv1 {} {kind} {} {payload}", kind.len(), payload.len()));
        job.sign("pae", "k", "p256");
        let base64 = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
        let bundle = json!({
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {"publicKey": {"hint": ""}},
            "dsseEnvelope": {
                "payload": base64(payload.as_bytes()), "payloadType": kind,
                "signatures": [{"sig": base64(&fs::read(job.path("pae.sig")).unwrap())}],
            },
        });
        job.write("file.sigstore.json", bundle.to_string());
        job.run(&[])
    };
    job.write(
        "signatures.yml",
        "version: 1\nkeys: {k: {file: keys/k.pub}}\nfiles: [{path: file, key: k, provenance: {builder: 'https://b'}}]\n",
    );
    let run = bundle(&json!({"sha512": sha512}));
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(bundle(&json!({"sha512": sha512.to_uppercase()})).reasons(), ["other-artifact"]);
    assert_eq!(bundle(&json!({"sha384": "00"})).reasons(), ["other-artifact"]);
    job.write("file", "another");
    assert_eq!(bundle(&json!({"sha512": sha512})).reasons(), ["other-artifact"]);
}

#[test]
fn signatures_lie_where_the_manifest_says_and_folders_are_whole() {
    let job = Job::with_hello();
    for name in ["a", "deep/b", "deep/.c"] {
        job.write(&format!("tree/{name}"), name);
        job.sign(&format!("tree/{name}"), "vendor", "p256");
    }
    let entry = |entry: &str| {
        job.manifest(&format!("files: [{{{entry}, key: vendor}}]\n"));
        job.run(&[])
    };
    assert_eq!(entry("path: tree/").outputs["verified"], "3");
    assert_eq!(entry("path: ./tree/").outputs["verified"], "3");
    for name in ["a", "b", ".c"] {
        let from = if name == "a" { "tree/a.sig".to_owned() } else { format!("tree/deep/{name}.sig") };
        job.write(&format!("signatures/{name}.asc"), fs::read(job.path(&from)).unwrap());
        fs::remove_file(job.path(&from)).unwrap();
    }
    assert_eq!(entry("path: tree/, signature: 'signatures/{name}.asc'").outputs["verified"], "3");
    assert_eq!(entry("path: 'tree/**', signature: ['{path}.sig', 'signatures/{name}.asc']").code, 0);
    assert_eq!(entry("path: tree/").reasons(), vec!["missing-signature"; 3]);
    fs::create_dir(job.path("empty")).unwrap();
    assert_eq!(entry("path: empty/").reasons(), ["missing-file"]);
    assert_eq!(entry("path: nowhere/").reasons(), ["missing-file"]);
    assert_eq!(entry("path: bin/hello/").reasons(), ["missing-file"]);
}
