//! What is refused before anything is sent.
#![allow(clippy::unwrap_used, reason = "tests: a panic is their message")]

use serde_json::{Value, json};
use upload_sarif::ACTION;

use crate::common::{complete, harness, said, sarif, with_file};

#[test]
fn what_github_would_refuse_or_would_churn_alerts_is_refused_before_anything_is_sent() {
    let digest = "a".repeat(64);
    let mut by_digest = sarif("T", Some("c/"), 1);
    by_digest["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] =
        json!(format!("registry/web@sha256:{digest}"));
    let mut runs = sarif("T", Some("c/"), 0);
    runs["runs"] = Value::Array(vec![runs["runs"][0].clone(); 21]);
    let mut unfinished = sarif("T", None, 0);
    unfinished["runs"][0]["results"] = Value::Null;
    let whole = sarif("T", Some("c/"), 1).to_string();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut file = sarif("T", Some("c/"), 1);
        change(&mut file["runs"][0]);
        file.to_string()
    };
    let place = json!({"physicalLocation": {"artifactLocation": {"index": 0}}});
    let by_index = with(&|run| {
        run["results"][0]["locations"] = json!([place]);
        run["artifacts"] = json!([{"location": {"uri": "ami-0123456789abcdef0/etc"}}]);
    });
    let by_base = with(&|run| {
        run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"] =
            json!({"uri": "etc/passwd", "uriBaseId": "ROOT"});
        run["originalUriBaseIds"] = json!({"ROOT": {"uri": format!("oci://x/{digest}/")}});
    });
    let tags = with(&|run| {
        run["tool"]["extensions"] =
            json!([{"name": "x", "rules": [{"id": "R9", "properties": {"tags": vec!["t"; 21]}}]}]);
    });
    let rules = with(&|run| run["tool"]["driver"]["rules"] = json!(vec![json!({"id": "R"}); 25_001]));
    let extensions = with(&|run| run["tool"]["extensions"] = json!(vec![json!({"name": "x"}); 101]));
    let locations = with(&|run| run["results"][0]["locations"] = json!(vec![json!({}); 1_001]));
    let flows = with(&|run| {
        run["results"][0]["codeFlows"] = json!([{"threadFlows": [{"locations": vec![json!({}); 10_001]}]}]);
    });
    let unnamed = with(&|run| run["tool"]["driver"]["name"] = json!(" "));
    let twice = json!({"version": "2.1.0", "runs": [json!({"tool": {"driver": {"name": "T"}}, "results": []}),
        json!({"tool": {"driver": {"name": "T"}}, "results": []})]});
    let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for (content, says) in [
        (String::new(), "no whole SARIF file"),
        (whole[..whole.len() / 2].to_owned(), "no whole SARIF file"),
        (nested, "no whole SARIF file"),
        ("{}".into(), "its version is none"),
        (json!({"version": "2.0.0", "runs": []}).to_string(), "its version is 2.0.0"),
        (json!({"version": "2.1.0", "runs": []}).to_string(), "it has no run"),
        (unfinished.to_string(), "did not come to an end"),
        (runs.to_string(), "it has 21 runs"),
        (sarif("T", Some("c/"), 25_001).to_string(), "25001 results"),
        (by_digest.to_string(), "names one image by its digest"),
        (by_index, "names one image by its digest or id"),
        (by_base, "names one image by its digest"),
        (sarif("T", Some(&format!("web/{digest}/")), 1).to_string(), "names one image by its digest"),
        (tags, "the rule R9: it has 21 tags"),
        (rules, "25001 rules"),
        (extensions, "101 extensions"),
        (locations, "1001 locations"),
        (flows, "10001 thread flow locations"),
        (unnamed, "the tool has no name"),
        (twice.to_string(), "would close the alerts of the first"),
        (whole.replace("2.1.0", "2.1.0\",\"version\":\"2.1.0"), "duplicate field `version`"),
    ] {
        let server = complete();
        let harness = with_file(harness(&server), content);
        let run = harness.run(&ACTION);
        assert_eq!(run.code, 2, "{says}: {}", said(&run));
        assert!(said(&run).contains(says), "wanted {says}: {}", said(&run));
        assert!(server.asked().is_empty(), "{says}");
    }
}

#[test]
fn two_uploads_that_would_close_each_others_alerts_are_refused() {
    let server = complete();
    let harness = harness(&server);
    harness.file("all/a.sarif", sarif("Trivy", Some("c/1"), 1).to_string());
    harness.file("all/b.sarif", sarif("Trivy", Some("c/2"), 1).to_string());
    let folder = harness.workspace().join("all");
    let run = harness.input_path("sarif", &folder).run(&ACTION);
    assert_eq!(run.code, 2);
    assert!(said(&run).contains("would close the alerts of the first"), "{}", said(&run));
    assert!(server.asked().is_empty());
}

/// A file that is called like a digest is a file of the repository all the same.
#[test]
fn what_stays_in_the_checkout_may_be_called_anything() {
    let name = format!("corpus/{}", "0f".repeat(20));
    let mut file = sarif("gitleaks", Some("c/"), 1);
    file["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] =
        json!(name);
    for is_there in [true, false] {
        let server = complete();
        let harness = with_file(harness(&server), file.to_string());
        if is_there {
            harness.file(&name, "x");
        }
        let run = harness.run(&ACTION);
        assert_eq!((run.code, server.asked().is_empty()), if is_there { (0, false) } else { (2, true) });
    }
}

#[test]
fn a_category_is_checked() {
    for (category, says) in [
        ("/", "it says nothing"),
        ("a\nb", "one line"),
        ("web@sha256:0123456789ab", "names one image by its digest"),
        ("other", "leave that out, or give the same"),
    ] {
        let server = complete();
        let harness = with_file(harness(&server), sarif("T", Some("c/"), 1).to_string());
        let run = harness.input("category", category).run(&ACTION);
        assert_eq!(run.code, 2, "{category}: {}", said(&run));
        assert!(said(&run).contains(says), "wanted {says}: {}", said(&run));
        assert!(server.asked().is_empty());
    }
    let server = complete();
    let run = with_file(harness(&server), sarif("T", Some("c/"), 1).to_string()).input("category", "c/");
    assert_eq!(run.run(&ACTION).code, 0);
}
