//! Where the alerts are, and which findings are among them, by the word of the scan's evidence.

use super::*;

/// An image with a real disk, which the scanners' own actions can be asked about.
fn baked() -> World {
    let mut world = World::bare();
    with_disk(&mut world);
    world.put("bake", &world.signatures(b"binary"));
    world.put("bake", &world.provenance());
    world.put("assay", &world.tests("booted", "2026-11-22T11:00:00Z", 3, 0));
    world
}

/// The scan's own action, with these inputs; what it has written.
fn scanned(world: &World, more: &[(&str, &str)]) -> Run {
    let harness = Harness::new().now(world.now);
    let report = harness.file("report.json", World::report(FOUND));
    let harness = harness
        .input_path("report", report)
        .input_path("image", world.path("image.json"))
        .input_path("evidence", world.path("evidence"))
        .input("database", "sample")
        .input("signing-key", world.pem("assay"));
    more.iter().fold(harness, |harness, (name, value)| harness.input(name, value)).run(&trivy_scan::ACTION)
}

/// The gate without a word about where alerts are.
fn decided(world: &World, more: &[(&'static str, String)]) -> Run {
    let mut inputs = vec![("sarif", shown(world.path("sarif")))];
    inputs.extend(more.iter().cloned());
    world.gate_with("minimal", &inputs)
}

fn place(log: &Value) -> &str {
    results(log)[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap()
}

#[test]
fn the_gate_puts_alerts_where_the_scan_has_put_them_and_shows_no_more() {
    let all = ["CVE-2026-1", "CVE-2026-2", "CVE-2026-3", "CVE-2026-4"];
    for (inputs, location, ids) in [
        (&[] as &[(&str, &str)], "images/debian-web", &all as &[&str]),
        (&[("sarif-location", LOCATION)], LOCATION, &all),
        (&[("severity", "critical,unknown")], "images/debian-web", &["CVE-2026-2", "CVE-2026-4"]),
        (
            &[("ignore-unfixed", "true"), ("sarif-location", LOCATION)],
            LOCATION,
            &["CVE-2026-2", "CVE-2026-3"],
        ),
    ] {
        let world = baked();
        let path = shown(world.path("scan.sarif"));
        let mut inputs = inputs.to_vec();
        inputs.push(("sarif", &path));
        let scan = scanned(&world, &inputs);
        assert_eq!(scan.code, 0, "{inputs:?}: {}", scan.stderr);
        let own = fs::read(&path).unwrap();
        let run = decided(&world, &[]);
        let written = read(&world, "trivy.sarif");
        assert_eq!(String::from_utf8(written).unwrap(), String::from_utf8(own).unwrap(), "{inputs:?}");
        let log = log(&read(&world, "trivy.sarif"));
        let mut found: Vec<_> =
            results(&log).iter().map(|one| one["ruleId"].as_str().unwrap().to_owned()).collect();
        found.sort();
        assert_eq!((found, place(&log)), (ids.iter().map(ToString::to_string).collect(), location));
        // What is decided about is always everything.
        let all = codes(&run);
        assert!(all.contains(&"fixable-vulnerability".to_owned()), "{all:?}");
        // The same file comes out of a replay, which has the evidence and nothing else.
        fs::remove_dir_all(world.path("sarif")).unwrap();
        let replayed = Harness::new()
            .now("2036-01-01T00:00:00Z".parse().unwrap())
            .input("replay", &run.outputs["replay"])
            .input_path("evidence", world.path("evidence"))
            .input_path("sarif", world.path("sarif"))
            .run(&gate::ACTION);
        assert_eq!(replayed.code, 0, "{}", replayed.stdout);
        assert_eq!(read(&world, "trivy.sarif"), fs::read(&path).unwrap(), "{inputs:?}");
    }
}

#[test]
fn what_the_scan_does_not_show_is_counted() {
    let world = baked();
    let scan = scanned(&world, &[("severity", "critical"), ("sarif-location", LOCATION)]);
    assert_eq!(scan.code, 0, "{}", scan.stderr);
    let digest = world.gate("minimal").outputs["policy-digest"].clone();
    for kind in ["verdict", "vsa"] {
        fs::remove_file(world.file(kind)).unwrap();
    }
    let more = [("sarif", shown(world.path("sarif"))), ("policy-digest", digest)];
    let run = world.gate_on_runner("minimal", &more);
    assert_eq!(run.code, 1, "{}\n{}", run.stdout, run.stderr);
    assert!(run.summary.contains("leaves out 3 findings that the scan does not show"), "{}", run.summary);
    assert_eq!(results(&log(&read(&world, "trivy.sarif"))).len(), 1);
}

#[test]
fn another_place_than_the_scans_is_refused() {
    let world = baked();
    assert_eq!(scanned(&world, &[("sarif-location", LOCATION)]).code, 0);
    let run = decided(&world, &[("sarif-location", LOCATION.to_owned())]);
    assert_eq!(files(&world), ["trivy.sarif"], "{}", run.stderr);
    for kind in ["verdict", "vsa"] {
        fs::remove_file(world.file(kind)).unwrap();
    }
    let run = decided(&world, &[("sarif-location", "images/other".to_owned())]);
    assert_eq!((run.code, run.outputs.len(), files(&world)), (2, 0, vec![]), "{}", run.stderr);
    for part in ["images/other", LOCATION, "vulns.", "Leave the input out"] {
        assert!(run.stderr.contains(part), "{part}: {}", run.stderr);
    }
    let evidence = fs::read_dir(world.path("evidence")).unwrap().map(|one| one.unwrap().file_name());
    assert!(!evidence.into_iter().any(|name| name.to_string_lossy().starts_with("verdict.")));
}

/// Nobody asked for alerts of the scan, so that whoever writes them says where they are.
#[test]
fn a_scan_that_shows_nothing_leaves_it_to_the_gate() {
    let world = baked();
    assert_eq!(scanned(&world, &[("severity", "critical")]).code, 0);
    decided(&world, &[("sarif-location", LOCATION.to_owned())]);
    let log = log(&read(&world, "trivy.sarif"));
    assert_eq!((results(&log).len(), place(&log)), (4, LOCATION));
    // What it may not be, the scan refuses to write down, whether it writes SARIF or not.
    let run = scanned(&world, &[("sarif-location", &format!("images/{}", "a".repeat(64)))]);
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(run.stdout.contains("every alert would be closed"), "{}", run.stdout);
}

/// Scans whose own files are other alerts than one file of all of them would have.
#[test]
fn scans_that_disagree_about_the_alerts_leave_no_file() {
    let alerts = |category: &str, location: &str| json!({"category": category, "location": location});
    let own = "hallmark/debian-web/amd64";
    for (what, disk, rootfs, said) in [
        ("two places", alerts(own, "a"), alerts(own, "b"), "on several files: a, b"),
        ("two families", alerts(own, "a"), alerts("hallmark/image/amd64", "a"), "hallmark/image/amd64"),
    ] {
        let world = World::good();
        fs::remove_file(world.file("vulns")).unwrap();
        for (seen, alerts) in [("disk", disk), ("rootfs", rootfs)] {
            let mut scan = world.scan(FOUND, false);
            scan.predicate["hallmark"]["seen"] = seen.into();
            scan.predicate["hallmark"]["alerts"] = alerts;
            world.put("assay", &scan);
        }
        let run = decided(&world, &[]);
        assert_eq!((run.code, files(&world)), (1, vec![]), "{what}: {}", run.stderr);
        assert!(run.stderr.contains("trivy.sarif is not written"), "{what}: {}", run.stderr);
        assert!(run.stderr.contains(said), "{what}: {}", run.stderr);
    }
    // One from before it was written down says nothing against the other.
    let world = World::with(FOUND);
    let mut scan = world.scan(FOUND, false);
    scan.predicate["hallmark"]["seen"] = "rootfs".into();
    scan.predicate["hallmark"]["alerts"] = alerts(own, "a");
    world.put("assay", &scan);
    decided(&world, &[]);
    assert_eq!(place(&log(&read(&world, "trivy.sarif"))), "a");
}
