//! Keys and detached signatures: what reads as a key is written and read again as the same, and has signed nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use signers::detached::{Message, Signature};
use signers::{PrivateKey, PublicKey};

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let read = [PublicKey::from_text(&text).ok(), PublicKey::from_spki_der(bytes.to_vec()).ok()];
    for key in read.into_iter().flatten() {
        assert_eq!(PublicKey::from_pem(&key.to_pem()).unwrap(), key);
        if let Ok(signature) = Signature::from_file_bytes(bytes) {
            assert!(Message::whole_of(b"nobody signed this".to_vec()).verify(&key, &signature).is_err());
        }
    }
    if let Ok(key) = PrivateKey::from_pem(&text) {
        assert!(!format!("{key:?}").contains(text.trim()));
    }
});
