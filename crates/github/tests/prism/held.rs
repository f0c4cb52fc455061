//! The mock looks at every body that it is sent: what it cannot make sense of in a description, it would let pass in
//! silence.

use serde_json::Value;

use super::Prism;

pub(super) fn every_body_is_looked_at(prism: &Prism, description: &str) {
    let folder = std::env::var("HALLMARK_TEST_PRISM").unwrap();
    let text = std::fs::read_to_string(std::path::Path::new(&folder).join(description)).unwrap();
    let whole: Value = serde_json::from_str(&text).unwrap();
    let mut looked_at = 0;
    for (path, methods) in whole["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            if operation["requestBody"].is_null() {
                continue;
            }
            let path = filled(path);
            let status = prism.status_of(&method.to_uppercase(), &path, "[1]");
            assert!(matches!(status.as_str(), "400" | "422"), "{description}: {method} {path}: {status}");
            looked_at += 1;
        }
    }
    assert!(looked_at > 10, "{description}: {looked_at} calls have a body");
}

/// Every parameter with something that any kind of it can be.
fn filled(path: &str) -> String {
    path.split('/').map(|part| if part.starts_with('{') { "1" } else { part }).collect::<Vec<_>>().join("/")
}
