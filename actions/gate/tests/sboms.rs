//! SBOMs as evidence, and scans of them: as good as what their maker saw, if they are evidence themselves, and no better.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::fs;

use crate::common::{World, codes};
use attest::{Kind, Statement};
use model::{Sha256, canonical_json};
use serde_json::{Value, json};

const MADE: &str = "2026-11-22T11:00:00Z";

/// A list of as many packages as the world's report has.
fn document(seen: &str) -> Value {
    let package = |n: usize| {
        let purl = format!("pkg:deb/debian/p{n}@1");
        json!({"type": "library", "bom-ref": purl, "name": format!("p{n}"), "version": "1", "purl": purl})
    };
    let mut components: Vec<Value> = (0..30).map(package).collect();
    components
        .push(json!({"type": "operating-system", "bom-ref": "os", "name": "debian", "version": "13.1"}));
    json!({
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": components,
        "metadata": {
            "timestamp": MADE, "tools": {"components": [{"type": "application", "name": "syft"}]},
            "properties": [{"name": "hallmark:seen", "value": seen}],
        },
    })
}

fn statement(world: &World, document: &Value) -> Statement {
    Statement::new(Kind::Sbom, world.image.subjects().unwrap(), document).unwrap()
}

/// The world's scan, which looked at this list and not at the disk.
fn scan_of(world: &World, document: &Value) -> Statement {
    let digest = world.dir().put_report(&canonical_json(document).unwrap()).unwrap();
    let mut scan = world.scan(&[], false);
    scan.predicate["hallmark"]["seen"] = "sbom".into();
    scan.predicate["hallmark"]["inventory"] = json!({"name": "sbom.cdx.json", "digest": {"sha256": digest}});
    scan
}

/// A world whose only scan is of this list.
fn world(document: &Value) -> World {
    let world = World::good();
    fs::remove_file(world.file("vulns")).unwrap();
    world.put("assay", &scan_of(&world, document));
    world
}

#[test]
fn a_scan_of_an_sbom_has_seen_what_the_sbom_saw_where_that_is_evidence() {
    let disk = document("disk");
    type Change = fn(&World, &Value);
    let rows: [(&str, Change, Option<&str>); 7] = [
        ("the SBOM is evidence", |w, d| drop(w.put("assay", &statement(w, d))), None),
        ("it is no evidence", |_, _| (), Some("not-seen-as-required")),
        (
            "it is of a folder",
            |w, _| drop(w.put("assay", &statement(w, &document("rootfs")))),
            Some("not-seen-as-required"),
        ),
        (
            "another list is evidence",
            |w, d| {
                let mut other = d.clone();
                other["components"][0]["version"] = "2".into();
                w.put("assay", &statement(w, &other));
            },
            Some("not-seen-as-required"),
        ),
        ("who signed it may not", |w, d| drop(w.put("bake", &statement(w, d))), Some("not-seen-as-required")),
        ("nobody signed it", |w, d| drop(w.put("", &statement(w, d))), Some("not-seen-as-required")),
        (
            "it is of another image",
            |w, d| {
                let mut other = World::bare();
                other.image = w.image.clone();
                other.image.disks[0].content_digest = model::ContentDigest::new(Sha256::of(b"another disk"));
                w.put("assay", &statement(&other, d));
            },
            Some("not-seen-as-required"),
        ),
    ];
    for (what, change, code) in rows {
        let world = world(&disk);
        change(&world, &disk);
        let run = world.gate("recommended");
        let found = codes(&run);
        match code {
            None => assert_eq!(run.outputs["verdict"], "pass", "{what}: {found:?}"),
            Some(code) => assert!(found.contains(&code.to_owned()), "{what}: {found:?}"),
        }
    }
}

#[test]
fn an_sbom_of_a_report_saw_what_the_scan_saw_where_that_is_evidence() {
    for (seen, passes) in [("disk", true), ("report", false)] {
        let world = World::good();
        fs::remove_file(world.file("vulns")).unwrap();
        let mut first = world.scan(&[], false);
        first.predicate["hallmark"]["seen"] = seen.into();
        let report = first.predicate["hallmark"]["report"]["digest"]["sha256"].clone();
        world.put("assay", &first);
        let mut list = document("report");
        let said = json!({"name": "hallmark:report", "value": report});
        list["metadata"]["properties"].as_array_mut().unwrap().push(said);
        world.put("assay", &statement(&world, &list));
        let policy = world.path("policy.yml");
        let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/recommended.yml");
        let demanding = fs::read_to_string(shipped).unwrap().replace(
            "  sbom: {signed-by: [assay]}\n",
            "  sbom: {signed-by: [assay], required: true, seen: [disk], min-packages: 30}\n",
        );
        fs::write(&policy, demanding).unwrap();
        let run = world.gate(policy.to_str().unwrap());
        assert_eq!(run.outputs["verdict"] == "pass", passes, "{seen}: {:?}", codes(&run));
        if !passes {
            assert!(codes(&run).contains(&"not-seen-as-required".to_owned()), "{:?}", codes(&run));
        }
    }
}

#[test]
fn a_document_that_is_no_list_is_refused_with_its_reason() {
    type Change = fn(&mut Value);
    let rows: [(&str, Change, &str); 4] = [
        ("no components", |d| d["components"] = json!([]), "malformed-evidence"),
        ("another format", |d| d["bomFormat"] = "x".into(), "malformed-evidence"),
        ("a version from the future", |d| d["specVersion"] = "2.0".into(), "malformed-evidence"),
        (
            "it names another image",
            |d| {
                let said = json!({"name": "hallmark:image", "value": "hallmarkBlocks1:00"});
                d["metadata"]["properties"].as_array_mut().unwrap().push(said);
            },
            "wrong-subject",
        ),
    ];
    for (what, change, code) in rows {
        let world = World::good();
        let mut list = document("disk");
        change(&mut list);
        world.put("assay", &statement(&world, &list));
        let run = world.gate("recommended");
        assert!(codes(&run).contains(&code.to_owned()), "{what}: {:?}", codes(&run));
        assert_eq!(run.outputs["verdict"], "fail", "{what}");
    }
}

#[test]
fn a_policy_that_wants_an_sbom_gets_one() {
    let world = World::good();
    let policy = world.path("policy.yml");
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/recommended.yml");
    let text = fs::read_to_string(shipped).unwrap();
    let demanding = text
        .replace(
            "  sbom: {signed-by: [assay]}",
            "  sbom: {signed-by: [assay], required: true, seen: [disk], min-packages: 30}",
        )
        .replace("  spdx-sbom: {signed-by: [assay]}", "  spdx-sbom: {signed-by: [assay], required: true}");
    assert_ne!(text, demanding);
    fs::write(&policy, demanding).unwrap();
    let policy = policy.to_str().unwrap().to_owned();
    let clear =
        |world: &World| ["verdict", "vsa"].iter().for_each(|kind| fs::remove_file(world.file(kind)).unwrap());
    assert!(codes(&world.gate(&policy)).contains(&"missing-evidence".to_owned()));
    clear(&world);
    world.put("assay", &statement(&world, &document("disk")));
    let run = world.gate(&policy);
    assert_eq!(codes(&run), ["missing-evidence"], "the SPDX document is still missing");
    clear(&world);
    let spdx =
        json!({"spdxVersion": "SPDX-2.3", "creationInfo": {"created": MADE}, "packages": [{"name": "p"}]});
    world.put("assay", &Statement::new(Kind::SpdxSbom, world.image.subjects().unwrap(), &spdx).unwrap());
    assert_eq!(world.gate(&policy).outputs["verdict"], "pass");
}

/// What Grype reports are matches and no packages: those are the list's, and the statement's count must be the same.
#[test]
fn the_packages_of_a_scan_that_lists_none_are_those_of_the_list() {
    let list = document("disk");
    let report = json!({
        "matches": [], "source": {"type": "sbom-file", "target": "/x"}, "distro": {"name": "debian", "version": "13.1"},
        "descriptor": {"name": "grype", "version": "0.119.0"},
    });
    let scan = |world: &World, packages: u64| {
        let digest = world.dir().put_report(report.to_string().as_bytes()).unwrap();
        let mut scan = scan_of(world, &list);
        scan.predicate["hallmark"]["report"]["digest"]["sha256"] = json!(digest);
        scan.predicate["hallmark"]["tool"]["name"] = "grype".into();
        scan.predicate["hallmark"]["packages"] = packages.into();
        scan
    };
    for (packages, codes_wanted) in [(30, vec![]), (31, vec!["report-disagrees"])] {
        let world = World::good();
        fs::remove_file(world.file("vulns")).unwrap();
        world.put("assay", &statement(&world, &list));
        world.put("assay", &scan(&world, packages));
        assert_eq!(codes(&world.gate("recommended")), codes_wanted);
    }
    let world = World::good();
    fs::remove_file(world.file("vulns")).unwrap();
    world.put("assay", &statement(&world, &list));
    let scan = scan(&world, 30);
    let digest: Sha256 =
        serde_json::from_value(scan.predicate["hallmark"]["inventory"]["digest"]["sha256"].clone()).unwrap();
    fs::remove_file(world.dir().report_path(&digest)).unwrap();
    world.put("assay", &scan);
    assert!(codes(&world.gate("recommended")).contains(&"report-missing".to_owned()));
}
