//! What findings are called in sentences.

use model::Class;

/// One finding's name, or that of several.
pub(crate) const fn noun(class: Class, count: usize) -> &'static str {
    match (class, count) {
        (Class::Vulnerability, 1) => "vulnerability",
        (Class::Vulnerability, _) => "vulnerabilities",
        (Class::Secret, 1) => "secret",
        (Class::Secret, _) => "secrets",
        (Class::License, 1) => "licence",
        (Class::License, _) => "licences",
        (Class::Misconfiguration, 1) => "misconfiguration",
        (Class::Misconfiguration, _) => "misconfigurations",
        (Class::Weakness, 1) => "weakness",
        (Class::Weakness, _) => "weaknesses",
    }
}
