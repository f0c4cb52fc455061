//! The published schemas are those that the reader's own tables make.
#![expect(clippy::disallowed_methods, reason = "HALLMARK_BLESS is the test's own switch")]

use std::fs;
use std::path::Path;

use policy::schema;

#[test]
fn the_published_schemas_are_made_from_the_tables() {
    for (name, schema) in
        [("policy.schema.json", schema::policy()), ("exceptions.schema.json", schema::exceptions())]
    {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies").join(name);
        let text = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
        if std::env::var_os("HALLMARK_BLESS").is_some() {
            fs::write(&path, &text).unwrap();
        }
        let published = fs::read_to_string(&path).unwrap_or_default();
        assert!(published == text, "policies/{name} differs from the tables (HALLMARK_BLESS=1 writes it)");
    }
}
