//! A finding for tests to change.

use std::collections::BTreeMap;

use model::{Class, Finding, Package, Severity};

pub(crate) fn finding(id: &str, package: &str) -> Finding {
    Finding {
        class: Class::Vulnerability,
        id: id.into(),
        aliases: vec![],
        package: Package { name: package.into(), version: "1".into(), ..Package::default() },
        severity: Severity::High,
        severities: BTreeMap::new(),
        fixed_version: None,
        status: None,
        title: String::new(),
        description: String::new(),
        cvss: None,
        links: vec![],
        published: None,
        scanner: "trivy".into(),
        record: None,
    }
}
