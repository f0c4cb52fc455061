//! The policies that ship, inside the program: a policy extends them by name.

/// Each shipped policy's name and text.
pub const SHIPPED: [(&str, &str); 5] = [
    ("minimal", include_str!("../../../../policies/minimal.yml")),
    ("recommended", include_str!("../../../../policies/recommended.yml")),
    ("strict", include_str!("../../../../policies/strict.yml")),
    ("base", include_str!("../../../../policies/base.yml")),
    ("demo", include_str!("../../../../policies/demo.yml")),
];

/// The text of a shipped policy.
pub(crate) fn shipped(name: &str) -> Option<&'static str> {
    SHIPPED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}
