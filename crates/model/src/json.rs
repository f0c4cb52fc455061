//! Canonical JSON: one value, one spelling.

use serde::Serialize;

/// RFC 8785 (JCS): sorted members, shortest numbers, no white space. What is hashed or signed is
/// always these bytes, so that two programs which hold the same value agree on its digest.
///
/// # Errors
/// A value that JSON cannot hold (a map whose keys are no strings, a number that is not finite).
pub fn canonical_json<T: Serialize>(value: &T) -> Result<Vec<u8>, serde_json::Error> {
    serde_json_canonicalizer::to_vec(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_sorted_and_nothing_is_added() {
        let value = serde_json::json!({"b": 1, "a": [true, null, "é\n"], "A": 1.0});
        assert_eq!(
            canonical_json(&value).unwrap(),
            "{\"A\":1,\"a\":[true,null,\"é\\n\"],\"b\":1}".as_bytes()
        );
    }
}
