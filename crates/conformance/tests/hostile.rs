//! Hostile text through the real programs: from a scanner's report, Goss's results, exceptions and approvers to the log,
//! the outputs, the summary, the page, SARIF and JUnit. Nothing of it comes to life anywhere.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod common;

use std::fs;

use common::hostile::{TEXTS, assert_log, assert_visible, exceptions, long, report, scan};
use common::markup::{assert_markdown, assert_page};
use common::{Step, World, home};
use serde_json::{Value, json};

#[test]
fn what_a_scanner_reports_stays_text_up_to_the_page() {
    let world = World::app();
    let scanned = scan(&world).run();
    assert_eq!(scanned.code, Some(1), "{}", scanned.said());
    assert_log(&scanned);
    assert_markdown(&scanned.summary, "the scan's summary");
    let sarif: Value = serde_json::from_slice(&fs::read(world.path("hostile.sarif")).unwrap()).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len().to_string(), scanned.output("findings"));
    for result in results {
        let place = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
        assert_eq!(place, "images/debian-app");
        assert_visible(result["message"]["text"].as_str().unwrap(), "the SARIF");
    }

    exceptions(&world);
    let decided = world.gate("demo").run();
    assert_eq!((decided.code, decided.output("verdict")), (Some(1), "fail"), "{}", decided.said());
    assert_log(&decided);
    assert_markdown(&decided.summary, "the gate's summary");
    assert_markdown(&fs::read_to_string(world.path("brief.md")).unwrap(), "the brief");
    assert_page(&world.path("page.html"));
    let reasons: Vec<Value> = serde_json::from_str(decided.output("reasons")).unwrap();
    assert!(reasons.iter().any(|reason| reason["code"] == "fixable-vulnerability"), "{reasons:?}");
    assert_eq!(decided.output("suppressed"), "1");

    let refused = world.publish(&world.path("store"), decided.output("policy-digest")).run();
    assert_eq!(refused.code, Some(1));
    assert_log(&refused);
    assert_markdown(&refused.summary, "the publisher's summary");
}

#[test]
fn an_image_that_calls_itself_something_hostile_stays_text() {
    let world = World::app();
    let mut manifest: Value = serde_json::from_slice(&fs::read(world.manifest()).unwrap()).unwrap();
    let name = TEXTS.concat();
    manifest["name"] = name.as_str().into();
    manifest["family"] = name.as_str().into();
    manifest["os"] = json!({"id": name, "version": name});
    manifest["layers"][0]["name"] = name.as_str().into();
    manifest["base"]["name"] = name.as_str().into();
    fs::write(world.manifest(), manifest.to_string()).unwrap();
    fs::write(world.evidence().join("::error::forged\n<script>"), "x").unwrap();
    let decided = world.gate("demo").run();
    assert_eq!(decided.output("verdict"), "fail", "{}", decided.said());
    assert_log(&decided);
    assert_markdown(&decided.summary, "the gate's summary");
    assert_page(&world.path("page.html"));
    let refused = world.publish(&world.path("store"), decided.output("policy-digest")).run();
    assert_ne!(refused.code, Some(0));
    assert_log(&refused);
    assert_markdown(&refused.summary, "the publisher's summary");
}

#[test]
fn what_an_approver_says_stays_text() {
    let world = World::app();
    let review = world.gate("strict").run().done();
    let words = TEXTS.concat().replace('\0', "");
    let approve = world.approve(&review.output_path("evidence")).input("approver", &words);
    let approved = approve.input("comment", &words).run().done();
    let resumed = world.resume("strict", &approved.output_path("approval")).run().done();
    assert_eq!(resumed.output("verdict"), "pass", "{}", resumed.said());
    for ran in [&approved, &resumed] {
        assert_visible(&ran.said(), "the terminal");
    }
    assert_markdown(&fs::read_to_string(world.path("brief.md")).unwrap(), "the brief");
    assert_page(&world.path("page.html"));
}

/// Goss's JSON with every text in every place, passed and failed.
fn results(more: &str) -> String {
    let test = |text: &str, failed: bool| {
        json!({
            "resource-type": text, "resource-id": text, "property": text, "title": text, "meta": {"x": text},
            "result": u8::from(failed), "successful": !failed, "skipped": false, "duration": 1,
            "matcher-result": {"message": text, "actual": text, "expected": [text], "extra-elements": text},
            "err": if failed { Value::Null } else { text.into() },
        })
    };
    let texts = TEXTS.iter().copied().chain([more]);
    let tests: Vec<_> = texts.flat_map(|text| [test(text, false), test(text, true)]).collect();
    let count = tests.len();
    json!({"results": tests, "summary": {"test-count": count, "failed-count": count / 2, "skipped-count": 0,
           "summary-line": TEXTS.concat(), "total-duration": 1}})
    .to_string()
}

fn goss(world: &World, bytes: &[u8]) -> Step {
    fs::write(world.path("goss.json"), bytes).unwrap();
    Step::new("goss-test", &world.path(""))
        .path("image", home().join("images/debian-app/image.json"))
        .input("mode", "results")
        .path("results", world.path("goss.json"))
        .path("junit", world.path("junit.xml"))
        .path("evidence", world.path("tested"))
        .key("assay")
}

#[test]
fn what_goss_reports_stays_text() {
    let world = World::app();
    let tested = goss(&world, results(&long()).as_bytes()).run();
    assert_eq!(tested.code, Some(1), "{}", tested.said());
    assert_log(&tested);
    assert_markdown(&tested.summary, "the tests' summary");
    let text = fs::read_to_string(world.path("junit.xml")).unwrap();
    let junit = roxmltree::Document::parse(&text).unwrap();
    let count = |name: &str| junit.descendants().filter(|node| node.has_tag_name(name)).count();
    let all = 2 * (TEXTS.len() + 1);
    assert_eq!((count("testsuite"), count("testcase"), count("failure")), (1, all, all / 2));
    // Elements and text only: no comment, no processing instruction, no other element.
    let elements = junit.descendants().filter(roxmltree::Node::is_element).count();
    assert_eq!(elements, 1 + all + all / 2);
    assert!(!junit.descendants().any(|node| node.is_comment() || node.is_pi()));
    assert_eq!(junit.root_element().attribute("failures"), Some((all / 2).to_string().as_str()));
    assert_visible(&text, "JUnit");
}

#[test]
fn bytes_that_are_no_text_decide_nothing() {
    let world = World::app();
    let hostile = [b'"', 0xff, 0xfe, b':', b':', b'e', 0xc0, 0x80, 0xed, 0xa0, 0x80, b'"'];
    let spoilt = |json: String| {
        // In a title, which is read: what nobody reads may be anything.
        let place =
            ["\"title\":\"../", "\"Title\":\"../"].into_iter().find_map(|title| json.find(title)).unwrap();
        [&json.as_bytes()[..place + 8], &hostile, &json.as_bytes()[place + 32..]].concat()
    };
    let tested = goss(&world, &spoilt(results("x"))).run();
    assert_eq!(tested.code, Some(2), "{}", tested.said());
    assert!(!world.path("tested").exists(), "what was not decided leaves no evidence");
    let step = scan(&world);
    fs::write(world.path("hostile.json"), spoilt(report().to_string())).unwrap();
    // Files alone: a folder's own time tells that the report was in it while it was read, under no name of a report.
    let files = || {
        let mut found = common::tree::stamps(&world.evidence());
        found.retain(|name, _| !world.evidence().join(name).is_dir());
        found
    };
    let before = files();
    let scanned = step.run();
    assert_eq!(scanned.code, Some(2), "{}", scanned.said());
    common::tree::assert_same(&files(), &before, "an unreadable report");
    for ran in [&tested, &scanned] {
        assert_log(ran);
        assert!(ran.outputs.is_empty(), "{:?}", ran.outputs);
    }
}
