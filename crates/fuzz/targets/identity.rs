//! Rules for identities: a rule that reads is written and read again as the same, and nobody satisfies none.
#![no_main]

use libfuzzer_sys::fuzz_target;
use signers::{Identity, IdentityRule, RuleText};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        drop(policy::identity_rule("fuzz", text));
    }
    let Ok(text) = serde_json::from_slice::<RuleText>(bytes) else { return };
    if let Ok(rule) = IdentityRule::new(text) {
        let again: RuleText = serde_json::from_value(serde_json::to_value(rule.text()).unwrap()).unwrap();
        assert_eq!(IdentityRule::new(again).unwrap(), rule);
        assert!(!rule.matches(&Identity::default()));
    }
});
