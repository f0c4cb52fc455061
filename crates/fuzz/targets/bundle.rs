//! Bundles about a file, in each of their forms: whatever verifies is what was signed.
#![no_main]

use std::sync::{Arc, LazyLock};

use attest::{Identity, IdentityRule, Proof, Trust, TrustRoot, TrustedIdentity, detached::Message, verify_file};
use libfuzzer_sys::fuzz_target;
use signers::instance::Instance;
use signers::{Content, RuleText};

const FILE: &[u8] = b"what was signed\n";

struct World {
    trust: Trust,
    genuine: String,
    proof: Proof,
}

/// A genuine bundle, which an input changes: its first two bytes say where, the rest how.
static WORLD: LazyLock<World> = LazyLock::new(|| {
    let instance = Instance::new("2026-11-01T12:00:00Z".parse().unwrap());
    let identity = Identity { issuer: "https://issuer.test".into(), subject: "a@b.test".into(), ..Identity::default() };
    let rule = RuleText {
        issuer: Some(identity.issuer.clone()),
        subject: Some(identity.subject.clone()),
        ..RuleText::default()
    };
    let root = Arc::new(TrustRoot::parse("fuzz", instance.trusted_root().as_bytes()).unwrap());
    let trust = Trust::nobody().and_identity(TrustedIdentity { rule: IdentityRule::new(rule).unwrap(), root });
    let message = Message::whole_of(FILE.to_vec());
    let genuine = instance.signer(identity).bundle(Content::File(&message)).unwrap().to_string();
    let proof = verify_file(genuine.as_bytes(), &message, &trust).unwrap();
    World { trust, genuine, proof }
});

fuzz_target!(|bytes: &[u8]| {
    let world = &*WORLD;
    let message = Message::whole_of(FILE.to_vec());
    // The instance is new in each process: nothing that an input brings along is by it.
    assert!(verify_file(bytes, &message, &world.trust).is_err());
    if let [low, high, with @ ..] = bytes {
        let at = usize::from(u16::from_le_bytes([*low, *high])) % world.genuine.len();
        let mut changed = world.genuine.clone().into_bytes();
        for (place, byte) in changed[at..].iter_mut().zip(with) {
            *place ^= byte;
        }
        if let Ok(proof) = verify_file(&changed, &message, &world.trust) {
            assert_eq!(proof, world.proof);
        }
    }
});
