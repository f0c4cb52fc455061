//! A finding for tests to change.

use model::{Class, Finding, Package, Severity};

pub(crate) fn finding(id: &str, package: &str) -> Finding {
    Finding {
        package: Package { name: package.into(), version: "1".into(), ..Package::default() },
        severity: Severity::High,
        ..Finding::new(Class::Vulnerability, id, "trivy")
    }
}
