//! The page of real decisions: its own script runs and shows the findings, and nothing else does.

use std::fs;

use crate::common::World;
use crate::common::browser::dump_dom;
use crate::common::hostile::{TEXTS, assert_visible, exceptions, scan};

/// What is between two marks.
#[track_caller]
fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    text.split_once(from).and_then(|(_, rest)| rest.split_once(to)).map(|(inside, _)| inside).unwrap()
}

#[test]
fn the_browser_would_run_a_script_that_the_page_let_in() {
    // Otherwise the other tests here see nothing.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let page = folder.path().join("control.html");
    fs::write(&page, "<title>mine</title><img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>").unwrap();
    assert!(dump_dom(&page).contains("<title>owned</title>"));
}

#[test]
fn the_real_decision_shows_its_findings() {
    let world = World::app();
    let decision = world.gate("demo").run().done();
    let dom = dump_dom(&decision.output_path("page"));
    assert!(dom.contains("<title>debian-app: pass</title>"), "{dom}");
    assert!(dom.contains("<p class=\"verdict\">Pass</p>"));
    let report: serde_json::Value = serde_json::from_slice(&fs::read(world.report()).unwrap()).unwrap();
    let found = report["Results"].as_array().unwrap().iter().filter_map(|r| r["Vulnerabilities"].as_array());
    let ids: Vec<&str> =
        found.flatten().map(|finding| finding["VulnerabilityID"].as_str().unwrap()).collect();
    assert!(!ids.is_empty(), "there is nothing to show");
    // Drawn by the script: a button opens each, and the static table has none.
    let rows = between(&dom, "<tbody id=\"rows\">", "</tbody>");
    let drawn = rows.matches("class=\"row\"").count();
    assert!(drawn >= ids.len().min(30), "{drawn} of {}", ids.len());
    if drawn == ids.len() {
        assert!(ids.iter().all(|id| rows.contains(&format!(">{id}</button>"))), "a finding is not shown");
    }
    assert_eq!(between(&dom, "<span id=\"shown\" role=\"status\">", "</span>"), ids.len().to_string());
    for reason in ["sample-database", "unfixed-vulnerability"] {
        assert_eq!(
            dom.contains(&format!("<code>{reason}</code>")),
            decision.reasons().contains(&reason.into())
        );
    }
    let evidence = fs::read_dir(world.evidence()).unwrap().map(|entry| entry.unwrap().file_name());
    for file in evidence.map(|name| name.into_string().unwrap()) {
        // What was decided on is listed; what came of it is not yet there.
        let input = !["verdict", "vsa", "reports"].iter().any(|result| file.starts_with(result));
        assert_eq!(dom.contains(&format!("<td>{file}</td>")), input, "{file}");
    }
}

#[test]
fn nothing_hostile_runs_or_becomes_an_element() {
    let world = World::app();
    assert_eq!(scan(&world).run().code, Some(1));
    exceptions(&world);
    assert_eq!(world.gate("demo").run().output("verdict"), "fail");
    let dom = dump_dom(&world.path("page.html"));
    assert_eq!(between(&dom, "<title>", "</title>"), "debian-app: fail");
    let (before, rest) = dom.split_once("<script type=\"application/json\"").unwrap();
    let (_, after) = rest.split_once("</script>").unwrap();
    for (at, _) in before.match_indices('<').chain(after.match_indices('<')) {
        let part =
            if before.get(at..).is_some_and(|b| b.starts_with('<')) { &before[at..] } else { &after[at..] };
        let element = part.get(1..7).unwrap_or_default();
        for foreign in ["img", "svg", "iframe", "base", "object", "embed", "link"] {
            assert!(!element.starts_with(foreign), "<{element} became an element");
        }
    }
    let script = between(after, "<script>", "</script>");
    assert!(script.contains("\"use strict\"") && !after.contains("<script>document.title"));
    let rows = between(before, "<tbody id=\"rows\">", "</tbody>");
    assert_visible(rows, "the rows");
    // Shown all the same, as text.
    assert!(rows.contains("&lt;img src=x onerror="), "the hostile titles are not shown");
    // What leads elsewhere stands in the details, which nobody has opened: page/large.rs does.
    assert!(!rows.contains("<a"), "a link in a row");
    for tag in rows.split('<').skip(1).filter_map(|part| part.split_once('>')).map(|(tag, _)| tag) {
        // Outside the quotes are the attributes' names.
        let names: String = tag.split('"').step_by(2).collect();
        assert!(!names.contains(" on") && !names.contains(" src"), "<{names}> has a handler or a source");
    }
    assert!(rows.matches("class=\"row\"").count() > TEXTS.len());
}
