//! The published schemas are those that the reader's own tables make.

use policy::schema;

use crate::schemas::is_made_of;

#[test]
fn the_published_schemas_are_made_from_the_tables() {
    is_made_of("policy", &schema::policy());
    is_made_of("exceptions", &schema::exceptions());
}
