//! Twenty thousand findings: search, sort, filter, grouping, keys and print, with no error and no request.

use serde_json::{Value, json};

use crate::common::devtools::Browser;
use crate::common::markup::assert_page;
use crate::{opened, sample};

const FINDINGS: usize = 20_000;

/// What one can see of the table.
const SEEN: &str = "(() => { const rows = [...document.querySelectorAll('#rows tr[data-i]')]; const of = (row, n) => row.children[n].textContent;
  return { shown: document.getElementById('shown').textContent, count: rows.length,
    ids: rows.map((row) => row.querySelector('.row').textContent), severities: rows.map((row) => of(row, 1)),
    outcomes: rows.map((row) => of(row, 0)), packages: rows.map((row) => of(row, 3)), fixed: rows.map((row) => of(row, 5)),
    scores: rows.map((row) => of(row, 6)), groups: [...document.querySelectorAll('#rows .group .row')].map((one) => one.textContent) }; })()";

/// The greatest time that a piece of work may take here, on a machine that does other things too; `make bench`
/// has the figures.
const SLOW_MS: f64 = 3_000.0;

#[track_caller]
fn set(browser: &mut Browser, control: &str, value: &Value) -> Value {
    let took = browser.run(&format!(
        "(() => {{ const from = performance.now(), one = document.getElementById('{control}'); one[one.type === 'checkbox' ? 'checked' : 'value'] = {value};
          one.dispatchEvent(new Event('input')); document.body.offsetHeight; return performance.now() - from; }})()"
    ));
    assert!(took.as_f64().unwrap() < SLOW_MS, "{control} {value}: {took} ms");
    browser.run(SEEN)
}

/// What stands for a choice in a menu.
#[track_caller]
fn menu(browser: &mut Browser, control: &str, choice: &str) -> Value {
    browser.run(&format!(
        "[...document.getElementById('{control}').options].find((one) => one.text === '{choice}').value"
    ))
}

#[track_caller]
fn texts(seen: &Value, of: &str) -> Vec<String> {
    seen[of].as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect()
}

#[test]
fn search_sort_filter_and_groups_show_what_they_say() {
    let view = sample::view(FINDINGS);
    let (_folder, page, mut browser) = opened(&view);
    let seen = browser.run(SEEN);
    assert_eq!(seen["shown"], FINDINGS.to_string());
    let first: Vec<String> = view.findings.iter().take(30).map(|finding| finding.id.clone()).collect();
    assert_eq!(texts(&seen, "ids")[..30], first, "in the order in which it was decided");

    for (words, count) in
        [("cve-2024-6387", 1), ("REGRESSHION cve-2024-6387", 1), ("zzzz", 0), ("", FINDINGS)]
    {
        let seen = set(&mut browser, "search", &json!(words));
        let said = if count == FINDINGS { count.to_string() } else { format!("{count} of {FINDINGS}") };
        assert_eq!(seen["shown"], said, "{words}");
    }

    let seen = set(&mut browser, "severity", &json!("high"));
    let high = view.findings.iter().filter(|f| f.severity == model::Severity::High).count();
    assert_eq!(seen["shown"], format!("{high} of {FINDINGS}"));
    assert!(texts(&seen, "severities").iter().all(|one| one == "high"));
    let seen = set(&mut browser, "outcome", &json!("review"));
    assert!(texts(&seen, "outcomes").iter().all(|one| one == "review"));
    let seen = set(&mut browser, "fixable", &json!(true));
    assert_eq!(seen["shown"], format!("0 of {FINDINGS}"), "what has a fix fails");
    browser.run("document.getElementById('clear').click()");
    for (control, value, count) in [
        ("kev", json!(true), view.findings.iter().filter(|f| f.kev).count()),
        ("new", json!(true), view.findings.iter().filter(|f| f.new).count()),
        ("class", menu(&mut browser, "class", "secret"), 1),
        (
            "layer",
            menu(&mut browser, "layer", "debian-app-20261122"),
            view.findings.iter().filter(|f| f.layer.as_deref() == Some("debian-app-20261122")).count(),
        ),
    ] {
        assert!(count > 0 && count < FINDINGS);
        assert_eq!(
            set(&mut browser, control, &value)["shown"],
            format!("{count} of {FINDINGS}"),
            "{control}"
        );
        browser.run("document.getElementById('clear').click()");
    }

    sorted(&mut browser);
    grouped(&mut browser);
    assert_eq!(browser.said, Vec::<String>::new());
    assert_eq!(browser.requests, [format!("file://{}", page.display())]);
}

fn click(browser: &mut Browser, column: usize) -> Value {
    browser.run(&format!("document.querySelectorAll('#found thead button')[{column}].click()"));
    browser.run(SEEN)
}

fn sorted(browser: &mut Browser) {
    let order = browser.run(SEEN)["ids"].clone();
    // By id, numbers as numbers.
    let up = texts(&click(browser, 2), "ids");
    let key = |id: &String| -> Vec<u64> { id.split('-').filter_map(|part| part.parse().ok()).collect() };
    let cves: Vec<_> = up.iter().filter(|id| id.starts_with("CVE")).map(key).collect();
    assert!(cves.len() > 20 && cves.is_sorted(), "{up:?}");
    assert_eq!(
        browser.run("document.querySelectorAll('#found th')[2].getAttribute('aria-sort')"),
        "ascending"
    );
    let down = texts(&click(browser, 2), "ids");
    let cves: Vec<_> = down.iter().filter(|id| id.starts_with("CVE")).map(key).collect();
    assert!(cves.is_sorted_by(|a, b| a >= b), "{down:?}");
    assert_eq!(click(browser, 2)["ids"], order, "the third time: as it was decided");
    // Scores: the highest first, and at the other end what has none.
    let high: Vec<f64> = texts(&click(browser, 6), "scores").iter().map(|s| s.parse().unwrap()).collect();
    assert!(high.is_sorted_by(|a, b| a >= b) && high[0] > 9.0, "{high:?}");
    assert_eq!(texts(&click(browser, 6), "scores")[0], "");
    click(browser, 6);
}

fn grouped(browser: &mut Browser) {
    let seen = set(browser, "group", &json!("severity"));
    assert_eq!(texts(&seen, "groups")[0], "critical");
    // Shutting the first shows the next one.
    browser.run("document.querySelector('#rows .group .row').click()");
    let seen = browser.run(SEEN);
    assert_eq!(texts(&seen, "groups")[..2], ["critical", "high"]);
    assert_eq!(
        browser.run("document.querySelector('#rows .group .row').getAttribute('aria-expanded')"),
        "false"
    );
    let seen = set(browser, "group", &json!("package"));
    assert!(texts(&seen, "groups")[0].starts_with("sudo"), "{}", seen["groups"]);
    set(browser, "group", &json!(""));
}

#[test]
fn everything_works_by_keys_alone() {
    let (_folder, _page, mut browser) = opened(&sample::view(FINDINGS));
    const FOCUS: &str = "document.activeElement.id || document.activeElement.textContent";
    browser.press("/");
    assert_eq!(browser.run(FOCUS), "search");
    for key in "libc6 cve-2024-2961".chars() {
        browser.press(&key.to_string());
    }
    assert_eq!(browser.run("document.getElementById('shown').textContent"), format!("1 of {FINDINGS}"));
    browser.press("ArrowDown");
    assert_eq!(browser.run(FOCUS), "CVE-2024-2961");
    // Its details, by either way; what is in them can be reached.
    browser.press("Enter");
    assert!(
        browser.run("document.querySelector('#rows .more').textContent").as_str().unwrap().contains("iconv")
    );
    assert_eq!(browser.run("document.activeElement.getAttribute('aria-expanded')"), "true");
    browser.press("ArrowLeft");
    assert_eq!(browser.run("document.querySelectorAll('#rows .more').length"), 0);
    browser.press("ArrowUp");
    assert_eq!(browser.run(FOCUS), "search");
    browser.press("Escape");
    assert_eq!(browser.run("document.getElementById('shown').textContent"), FINDINGS.to_string());
    browser.press("ArrowDown");
    for _ in 0..3 {
        browser.press("ArrowDown");
    }
    assert_eq!(
        browser.run("[...document.querySelectorAll('#rows .row')].indexOf(document.activeElement)"),
        3
    );
    // One stop of the Tab key, and it can be seen.
    assert_eq!(browser.run("document.querySelectorAll('#rows .row[tabindex=\"0\"]').length"), 1);
    assert_eq!(browser.run("getComputedStyle(document.activeElement).outlineStyle"), "solid");
    browser.press("End");
    let place = browser.run("[...document.querySelectorAll('#rows .row')].indexOf(document.activeElement)");
    assert!(place.as_u64().unwrap() >= 60, "{place}");
    browser.press("Home");
    assert_eq!(browser.run("document.activeElement === document.querySelector('#rows .row')"), true);
    assert_eq!(browser.said, Vec::<String>::new());
}

#[test]
fn every_control_has_a_name() {
    let (_folder, page, mut browser) = opened(&sample::view(60));
    assert_page(&page);
    let nameless = browser.run(
        "[...document.querySelectorAll('input, select, button, a, table, nav')].filter((one) => !(one.ariaLabel || one.textContent.trim() || one.closest('label')?.textContent.trim())).map((one) => one.outerHTML)",
    );
    assert_eq!(nameless, json!([]));
}

#[test]
fn what_is_printed_is_all_that_the_filter_lets_through() {
    let (_folder, _page, mut browser) = opened(&sample::view(2_000));
    let pages = |pdf: &[u8]| {
        assert!(pdf.starts_with(b"%PDF-"));
        let text = String::from_utf8_lossy(pdf);
        text.matches("/Type /Page\n").count() + text.matches("/Type /Page ").count()
    };
    set(&mut browser, "severity", &json!("low"));
    let few = pages(&browser.print());
    let drawn = browser.run(SEEN);
    let shown: usize = drawn["shown"].as_str().unwrap().split(' ').next().unwrap().parse().unwrap();
    assert_eq!(drawn["count"], shown, "every row that the filter lets through");
    set(&mut browser, "severity", &json!(""));
    let all = pages(&browser.print());
    assert_eq!(browser.run(SEEN)["count"], 2_000);
    assert!(few >= 5 && all > few + 10, "{few} and {all} pages");
    assert_eq!(browser.said, Vec::<String>::new());
}
