//! What tools put in by chance, by the clock or from this machine becomes what follows from the image, so that the same
//! image gives the same documents, byte for byte, but for their date. The README has the rules; nothing else is changed.

mod cyclonedx;
mod refs;
mod spdx;

use jiff::Timestamp;
use model::{Sha256, canonical_json};
use runner::Result;
use serde_json::{Map, Value, json};

pub(crate) use cyclonedx::{cyclonedx, refer_to, seal};
pub(crate) use spdx::spdx;

/// A document.
pub(crate) type Document = Map<String, Value>;

/// Seconds, as both specifications want them.
pub(crate) fn seconds(now: Timestamp) -> String {
    now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A UUID of what follows from a value (version 8 of RFC 9562: ours to fill).
fn uuid(of: &Value) -> Result<String> {
    let digest = Sha256::of(&canonical_json(of)?).to_string();
    let part = |from: usize, to: usize| digest.get(from..to).unwrap_or_default();
    Ok(format!("{}-{}-8{}-a{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32)))
}

/// The lists whose order says nothing, by a member of their elements; those without it by all of them.
fn sort(document: &mut Document, list: &str, by: &str) {
    if let Some(list) = document.get_mut(list).and_then(Value::as_array_mut) {
        list.sort_by_cached_key(|one| (one[by].as_str().map(str::to_owned), one.to_string()));
    }
}

/// A name and a value, as CycloneDX has them.
fn property(name: &str, value: &str) -> Value {
    json!({"name": name, "value": value})
}

#[cfg(test)]
mod tests;
