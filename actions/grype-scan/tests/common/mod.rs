//! What the tests of this action share: file systems and SBOMs to scan, and what a report says.
#![allow(clippy::unwrap_used, reason = "tests: a panic is their message")]
#![allow(dead_code, unused_imports, reason = "each test program uses its part")]

#[path = "../../../trivy-scan/tests/common/scanned.rs"]
mod scanned;

use std::path::{Path, PathBuf};

use runner::testing::Harness;
use serde_json::{Value, json};

use scanned::write;
pub(crate) use scanned::{
    Kept, after, assert_undecided, debian, harness, report, setting, statement, with_tools,
};

/// An Alpine root file system with a package of two names.
pub(crate) fn alpine(folder: &Path) -> PathBuf {
    let root = folder.join("alpine");
    write(&root, "etc/os-release", "ID=alpine\nVERSION_ID=3.20.3\n");
    let entry = |name: &str| {
        format!(
            "C:Q1aGVsbG8=\nP:{name}\nV:1.36.1-r29\nA:x86_64\nS:1\nI:1\nT:x\nU:x\nL:GPL-2.0-only\no:busybox\nm:x\nt:1\n\n"
        )
    };
    write(&root, "lib/apk/db/installed", &format!("{}{}", entry("busybox"), entry("ssl_client")));
    write(
        &root,
        "srv/q/node_modules/lodash/package.json",
        r#"{"name":"lodash","version":"4.17.4","license":"MIT"}"#,
    );
    root
}

/// A CycloneDX document of a Debian 13 with these packages: name, source, version.
pub(crate) fn sbom(packages: &[(&str, &str, &str)]) -> Value {
    let component = |(name, source, version): &(&str, &str, &str)| {
        let encoded = version.replace(':', "%3A").replace('+', "%2B");
        let purl = format!("pkg:deb/debian/{name}@{encoded}?arch=amd64&distro=debian-13.7&upstream={source}");
        json!({"bom-ref": purl, "type": "library", "name": name, "version": version, "purl": purl})
    };
    let system = json!({"bom-ref": "os", "type": "operating-system", "name": "debian", "version": "13.7",
                        "swid": {"tagId": "debian", "name": "debian", "version": "13.7"}});
    let components: Vec<Value> = packages.iter().map(component).chain([system]).collect();
    json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": components})
}

/// Runs the action, which has to scan.
pub(crate) fn done(harness: Harness) -> Kept {
    let kept = scanned::kept(&grype_scan::ACTION, harness);
    assert_eq!(kept.code, 0, "{}\n{}", kept.stdout, kept.stderr);
    kept
}

/// Every match of a report: (id, package, version), sorted.
pub(crate) fn ids(report: &Value) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let matches = report["matches"].as_array().unwrap();
    let mut ids: Vec<_> = matches
        .iter()
        .map(|one| {
            let artifact = &one["artifact"];
            (text(&one["vulnerability"]["id"]), text(&artifact["name"]), text(&artifact["version"]))
        })
        .collect();
    ids.sort();
    ids
}
