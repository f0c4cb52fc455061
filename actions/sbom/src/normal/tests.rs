//! Documents as tools write them, twice.

use attest::predicate::sbom::{Predicate, SEEN, Seen};
use model::{ContentDigest, Sha256};
use scan::About;
use scanners::syft::Unread;
use serde_json::{Value, json};

use super::*;
use crate::list::Listed;
use crate::what::What;

fn what() -> What {
    let digest = ContentDigest::new(Sha256::of(b"disk"));
    What {
        name: "web".into(),
        version: digest.to_string(),
        digest: Some(digest),
        base: None,
        from_nothing: true,
        about: About::named(vec![], "web".into(), "amd64".into()),
    }
}

/// What Trivy would write: names by lot, an order by lot, its own clock.
fn listed(lot: [&str; 2], reverse: bool) -> Listed {
    let [root, system] = lot;
    let mut components = vec![
        json!({"bom-ref": system, "type": "operating-system", "name": "debian", "version": "13"}),
        json!({"bom-ref": "pkg:deb/a@1", "type": "library", "name": "a", "version": "1", "purl": "pkg:deb/a@1"}),
        json!({"bom-ref": "pkg:deb/b@1", "type": "library", "name": "b", "version": "1", "purl": "pkg:deb/b@1"}),
    ];
    let mut dependencies = vec![
        json!({"ref": root, "dependsOn": [system]}),
        json!({"ref": system, "dependsOn": ["pkg:deb/b@1", "pkg:deb/a@1"]}),
    ];
    let mut relationships = vec![
        json!({"spdxElementId": "SPDXRef-a", "relatedSpdxElement": "SPDXRef-b", "relationshipType": "CONTAINS"}),
        json!({"spdxElementId": "SPDXRef-a", "relatedSpdxElement": "SPDXRef-f", "relationshipType": "CONTAINS"}),
    ];
    if reverse {
        components.reverse();
        dependencies.reverse();
        relationships.reverse();
    }
    let cyclonedx = json!({
        "bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": format!("urn:uuid:{root}"),
        "metadata": {
            "timestamp": root, "component": {"bom-ref": root, "type": "container", "name": "/tmp/x/disk.raw"},
            "properties": [{"name": SEEN, "value": "booted"}, {"name": "theirs", "value": "x"}],
        },
        "components": components, "dependencies": dependencies, "vulnerabilities": [{"id": "CVE-1"}],
    });
    let spdx = json!({
        "spdxVersion": "SPDX-2.3", "name": "/tmp/x", "documentNamespace": root,
        "creationInfo": {"created": root, "creators": ["Tool: t"]},
        "packages": [{"SPDXID": "SPDXRef-a", "annotations": [{"annotationDate": root, "comment": "c"}]}],
        "files": [{"SPDXID": "SPDXRef-f"}], "relationships": relationships,
    });
    Listed {
        tool: "Trivy",
        uri: "https://example.org",
        version: "1".into(),
        seen: Seen::Disk,
        report: None,
        unread: vec![Unread { path: "/x.jar".into(), why: "no zip".into(), of_a_system: false }],
        cyclonedx: cyclonedx.to_string().into(),
        spdx: spdx.to_string().into(),
    }
}

const FIRST: [&str; 2] = ["11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"];
const SECOND: [&str; 2] = ["33333333-3333-4333-8333-333333333333", "44444444-4444-4444-8444-444444444444"];

fn both(listed: &Listed, now: &str) -> (Document, Document) {
    let now = now.parse().unwrap();
    let mut document = cyclonedx(listed, &what(), now).unwrap();
    seal(&mut document).unwrap();
    (document, spdx(listed, &what(), now).unwrap())
}

#[test]
fn what_was_drawn_by_lot_is_not_in_the_documents() {
    let (first, second) = (listed(FIRST, false), listed(SECOND, true));
    let day = "2026-11-22T11:00:00.5Z";
    assert_eq!(both(&first, day), both(&second, day));
    // Another day is another date and nothing else.
    let (bom, spdx) = both(&first, day);
    let (later, later_spdx) = both(&second, "2027-01-01T00:00:00Z");
    assert_eq!(bom["serialNumber"], later["serialNumber"]);
    assert_eq!(spdx["documentNamespace"], later_spdx["documentNamespace"]);
    assert_eq!(bom["metadata"]["timestamp"], "2026-11-22T11:00:00Z");
    assert_eq!(later["metadata"]["timestamp"], "2027-01-01T00:00:00Z");
}

#[test]
fn what_the_documents_say() {
    let (bom, spdx) = both(&listed(FIRST, false), "2026-11-22T11:00:00Z");
    let text = Value::from(bom.clone()).to_string();
    for gone in ["/tmp/x", FIRST[0], FIRST[1], "vulnerabilities", "booted"] {
        assert!(!text.contains(gone), "{gone}: {text}");
    }
    assert_eq!(bom["metadata"]["component"]["name"], "web");
    assert_eq!(bom["metadata"]["component"]["version"], what().version);
    let read = Predicate(bom.clone());
    assert_eq!(read.seen(), Some(Seen::Disk));
    assert_eq!((read.said("theirs"), read.said("hallmark:unread")), (Some("x"), Some("/x.jar: no zip")));
    let needs: Vec<&str> =
        bom["dependencies"].as_array().unwrap().iter().map(|one| one["ref"].as_str().unwrap()).collect();
    let system = bom["components"].as_array().unwrap().iter().find(|one| one["type"] == "operating-system");
    let system = system.unwrap()["bom-ref"].as_str().unwrap();
    assert!(needs.contains(&"image") && needs.contains(&system), "{needs:?} {system}");
    assert_eq!((spdx.get("files"), &spdx["name"]), (None, &json!("web")));
    assert_eq!(spdx["relationships"].as_array().unwrap().len(), 1);
    assert_eq!(spdx["packages"][0]["annotations"][0]["annotationDate"], "2026-11-22T11:00:00Z");
}

#[test]
fn no_component_is_listed_twice() {
    let twice = |second: Value| {
        let mut one = listed(FIRST, false);
        let mut document: Value = serde_json::from_slice(&one.cyclonedx).unwrap();
        document["components"].as_array_mut().unwrap().push(second);
        document["dependencies"]
            .as_array_mut()
            .unwrap()
            .push(json!({"ref": "again", "dependsOn": ["pkg:deb/b@1"]}));
        one.cyclonedx = document.to_string().into();
        cyclonedx(&one, &what(), "2026-11-22T11:00:00Z".parse().unwrap())
    };
    let a =
        json!({"bom-ref": "again", "type": "library", "name": "a", "version": "1", "purl": "pkg:deb/a@1"});
    let document = twice(a).unwrap();
    assert_eq!(document["components"].as_array().unwrap().len(), 3);
    let needs = document["dependencies"].as_array().unwrap();
    assert!(needs.contains(&json!({"ref": "pkg:deb/a@1", "dependsOn": ["pkg:deb/b@1"]})), "{needs:?}");
    let other = json!({"bom-ref": "pkg:deb/a@1", "type": "library", "name": "a", "version": "2"});
    assert!(twice(other).unwrap_err().to_string().contains("two components"));
}

#[test]
fn other_formats_are_refused() {
    for (name, value, says) in
        [("specVersion", "1.5", "CycloneDX 1.6"), ("bomFormat", "SPDX", "CycloneDX 1.6")]
    {
        let mut one = listed(FIRST, false);
        let mut document: Value = serde_json::from_slice(&one.cyclonedx).unwrap();
        document[name] = value.into();
        one.cyclonedx = document.to_string().into();
        let error = cyclonedx(&one, &what(), "2026-11-22T11:00:00Z".parse().unwrap()).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
    let mut one = listed(FIRST, false);
    one.spdx = br#"{"spdxVersion":"SPDX-2.2"}"#.to_vec();
    assert!(spdx(&one, &what(), "2026-11-22T11:00:00Z".parse().unwrap()).is_err());
}
