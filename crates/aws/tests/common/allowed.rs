//! The calls that a run was seen to make, held to the policies in `docs/iam`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]
#![allow(dead_code, reason = "each test uses a part of it")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

/// Calls that no policy of an identity is asked about: everybody may make them, or the role's trust policy decides.
const FREE: [&str; 2] = ["sts:AssumeRoleWithWebIdentity", "sts:GetCallerIdentity"];

/// Operations of S3 that an action of another name allows.
const OTHER_NAMES: [(&str, &str); 3] = [
    ("s3:GetObjectLockConfiguration", "s3:GetBucketObjectLockConfiguration"),
    ("s3:HeadObject", "s3:GetObject"),
    ("s3:ListObjectsV2", "s3:ListBucket"),
];

/// The actions that the calls of an account needed.
pub(crate) fn needed(calls: &[Value], account: &str) -> BTreeSet<String> {
    let own = calls.iter().filter(|call| call["account"] == account);
    own.map(|call| format!("{}:{}", call["service"].as_str().unwrap(), call["operation"].as_str().unwrap()))
        .filter(|call| !FREE.contains(&call.as_str()))
        .map(|call| match OTHER_NAMES.iter().find(|(operation, _)| *operation == call) {
            Some((_, action)) => (*action).to_owned(),
            None => call,
        })
        .collect()
}

/// What a policy allows.
pub(crate) fn allowed(policy: &str) -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/iam").join(format!("{policy}.json"));
    let whole: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let actions = whole["Statement"].as_array().unwrap().iter().map(|one| &one["Action"]);
    let list = |action: &Value| match action {
        Value::Array(actions) => actions.clone(),
        one => vec![one.clone()],
    };
    actions.flat_map(list).map(|action| action.as_str().unwrap().to_owned()).collect()
}

/// Every call is allowed by one of these policies. Of the first one every action was needed as well, but for those that
/// are named with why a run is not seen to need them; and of these none was.
pub(crate) fn hold(policies: &[&str], needed: &BTreeSet<String>, unseen: &[(&[&str], &str)]) {
    let all: BTreeSet<String> = policies.iter().flat_map(|policy| allowed(policy)).collect();
    let refused: Vec<_> = needed.difference(&all).collect();
    assert!(refused.is_empty(), "docs/iam: {policies:?} do not allow {refused:?}, which was called");
    let named = unseen.iter().flat_map(|(actions, _)| actions.iter().map(|action| (*action).to_owned()));
    let named: BTreeSet<String> = named.collect();
    let idle: BTreeSet<String> = allowed(policies[0]).difference(needed).cloned().collect();
    assert_eq!(idle, named, "docs/iam/{}.json: what nothing called, and what is named as that", policies[0]);
}
