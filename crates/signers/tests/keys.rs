//! Keys as `openssl` writes them: read, refused, and never shown.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

mod common;

use common::{Bench, KINDS};
use model::Sha256;
use signers::{Algorithm, KeyError, PrivateKey, PublicKey};

#[test]
fn every_kind_of_key_is_read_with_the_peers_id() {
    let bench = Bench::new();
    for (kind, _) in KINDS {
        let pair = bench.pair(kind);
        let der = bench.openssl(&["pkey", "-pubin", "-in", &format!("{kind}.pub"), "-outform", "DER"]);
        assert_eq!(pair.public.key_id(), Sha256::of(&der), "{kind}");
        assert_eq!(pair.private.public(), &pair.public, "{kind}");
        assert_eq!(pair.public.to_pem(), bench.pem(&format!("{kind}.pub")), "{kind}");
        assert_eq!(pair.private.algorithm(), pair.public.algorithm());
    }
}

#[test]
fn old_forms_of_private_keys_are_read_too() {
    let bench = Bench::new();
    for (kind, old) in
        [("p256", "EC PRIVATE KEY"), ("p384", "EC PRIVATE KEY"), ("rsa2048", "RSA PRIVATE KEY")]
    {
        let pair = bench.pair(kind);
        let pem = String::from_utf8(bench.openssl(&["pkey", "-in", &format!("{kind}.pem"), "-traditional"]))
            .unwrap();
        assert!(pem.contains(old), "{pem}");
        assert_eq!(PrivateKey::from_pem(&pem).unwrap().public(), &pair.public, "{kind}");
    }
    // With the parameters in front, as `ecparam -genkey` writes it.
    let pem = String::from_utf8(bench.openssl(&["ecparam", "-name", "prime256v1", "-genkey"])).unwrap();
    assert!(pem.contains("EC PARAMETERS"));
    assert_eq!(PrivateKey::from_pem(&pem).unwrap().algorithm(), Algorithm::EcdsaP256);
}

#[test]
fn other_keys_are_refused_with_their_reason() {
    let bench = Bench::new();
    for (name, genpkey) in [
        ("p521", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"]),
        ("secp256k1", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"]),
    ] {
        bench.generate(name, &genpkey);
    }
    bench.generate("x25519", &["-algorithm", "X25519"]);
    for name in ["p521", "secp256k1", "x25519"] {
        let public = PublicKey::from_pem(&bench.pem(&format!("{name}.pub")));
        assert!(matches!(public, Err(KeyError::Unsupported(_))), "{name}: {public:?}");
        let private = PrivateKey::from_pem(&bench.pem(&format!("{name}.pem")));
        assert!(matches!(private, Err(KeyError::Unsupported(_))), "{name}: {private:?}");
    }
    for bits in [1024, 2047] {
        bench.generate("weak", &["-algorithm", "RSA", "-pkeyopt", &format!("rsa_keygen_bits:{bits}")]);
        assert_eq!(PublicKey::from_pem(&bench.pem("weak.pub")), Err(KeyError::Weak(bits)));
        assert!(PrivateKey::from_pem(&bench.pem("weak.pem")).is_err());
    }
    bench.pair("p256");
    bench.openssl(&[
        "ec",
        "-in",
        "p256.pem",
        "-pubout",
        "-conv_form",
        "compressed",
        "-out",
        "compressed.pub",
    ]);
    assert!(matches!(PublicKey::from_pem(&bench.pem("compressed.pub")), Err(KeyError::Unsupported(_))));
}

#[test]
fn text_that_holds_no_single_key_is_refused() {
    let bench = Bench::new();
    let (p256, rsa) = (bench.pair("p256"), bench.pair("rsa2048"));
    let (public, private) = (p256.public.to_pem(), bench.pem("p256.pem"));
    let pkcs1 =
        String::from_utf8(bench.openssl(&["rsa", "-in", "rsa2048.pem", "-RSAPublicKey_out"])).unwrap();
    assert!(pkcs1.contains("BEGIN RSA PUBLIC KEY"), "{pkcs1}");
    for (text, wanted) in [
        ("", "there is none"),
        ("hello", "there is none"),
        (&public.replace("-----END", "----END"), "it does not read"),
        (&format!("{public}{}", rsa.public.to_pem()), "there are several"),
        (&private, "PEM of \"PRIVATE KEY\""),
        (&pkcs1, "PEM of \"RSA PUBLIC KEY\""),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "no key that is taken"),
    ] {
        let error = PublicKey::from_pem(text).unwrap_err().to_string();
        assert!(error.contains(wanted), "{wanted:?} is not in {error:?}");
    }
    bench.openssl(&["pkcs8", "-topk8", "-in", "p256.pem", "-passout", "pass:secret", "-out", "locked.pem"]);
    bench.openssl(&["ec", "-in", "p256.pem", "-aes256", "-passout", "pass:secret", "-out", "locked-old.pem"]);
    for (text, wanted) in [
        (bench.pem("locked.pem"), "encrypted"),
        (bench.pem("locked-old.pem"), "encrypted"),
        (public, "PEM of \"PUBLIC KEY\""),
        (format!("{private}{private}"), "there are several"),
    ] {
        let error = PrivateKey::from_pem(&text).unwrap_err().to_string();
        assert!(error.contains(wanted), "{wanted:?} is not in {error:?}");
    }
}

#[test]
fn a_generated_key_is_one_that_the_peer_reads() {
    let bench = Bench::new();
    let pem = PrivateKey::generate_p256().unwrap();
    bench.write("new.pem", &pem.private);
    let public = String::from_utf8(bench.openssl(&["pkey", "-in", "new.pem", "-pubout"])).unwrap();
    assert_eq!(public, pem.public);
    assert_ne!(PrivateKey::generate_p256().unwrap().private, pem.private);
}

#[test]
fn debug_never_shows_a_private_key() {
    let pem = PrivateKey::generate_p256().unwrap();
    let key = PrivateKey::from_pem(&pem.private).unwrap();
    let secret: String = pem.private.lines().filter(|line| !line.starts_with('-')).collect();
    for shown in [format!("{pem:?}"), format!("{key:?}"), format!("{pem:#?}"), format!("{key:#?}")] {
        for window in secret.as_bytes().windows(12) {
            let window = std::str::from_utf8(window).unwrap();
            // The public half is part of PKCS#8, and may be shown.
            assert!(!shown.contains(window) || pem.public.replace('\n', "").contains(window), "{shown}");
        }
    }
    assert_eq!(
        format!("{key:?}"),
        format!("PrivateKey(redacted; PublicKey(ecdsa-p256 {}))", key.public().key_id())
    );
}

/// The same RSA key without its algorithm's parameters would have another id, and count as another signer.
#[test]
fn an_rsa_key_has_one_spelling() {
    let bench = Bench::new();
    let pair = bench.pair("rsa2048");
    let der = pair.public.to_der();
    assert_eq!(&der[..2], [0x30, 0x82]);
    let null = der.windows(2).position(|pair| pair == [0x05, 0x00]).unwrap();
    let mut bare = [&der[..null], &der[null + 2..]].concat();
    bare[3] -= 2;
    bare[5] -= 2;
    let error = PublicKey::from_spki_der(bare).unwrap_err();
    assert!(error.to_string().contains("RFC 3279"), "{error}");
}
