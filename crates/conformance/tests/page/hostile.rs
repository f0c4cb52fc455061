//! Hostile text in every field of a page: nothing of it comes to life, however much is opened and searched.

use model::{Reason, Severity, Verdict, Weight};
use report::{
    AutoApproved, Changed, Changes, Evidence, Exception, Finding, Image, Layer, Package, Policy, Source,
    Upgrade, Vex, View, Waived,
};
use serde_json::json;

use crate::common::hostile::{TEXTS, assert_visible};
use crate::opened;

fn view(texts: &[&str]) -> View {
    let mut at = 0;
    let mut text = || {
        at += 1;
        texts[at % texts.len()].to_owned()
    };
    let reason = |text: &mut dyn FnMut() -> String| Reason {
        weight: Weight::Review,
        code: text(),
        message: text(),
        evidence: vec![text(), text(), format!("findings:{}", text())],
        clears: text(),
    };
    let reasons: Vec<Reason> = texts.iter().map(|_| reason(&mut text)).collect();
    let packages: Vec<Package> = texts
        .iter()
        .map(|_| Package {
            name: text(),
            version: text(),
            source: Some(text()),
            path: Some(text()),
            layer: Some(text()),
        })
        .collect();
    let changed: Vec<Changed> = texts
        .iter()
        .map(|_| Changed {
            class: text(),
            id: text(),
            severity: Severity::High,
            package: text(),
            version: text(),
            path: Some(text()),
            fixed: Some(text()),
        })
        .collect();
    View {
        image: Image {
            name: texts.concat(),
            family: text(),
            architecture: text(),
            os: text(),
            content_digest: text(),
            layers: texts.iter().map(|_| Layer { name: text(), bake_id: text() }).collect(),
        },
        policy: Policy { name: text(), digest: text() },
        verdict: Verdict::Review,
        report_only: true,
        environment: Some(text()),
        sources: texts.iter().map(|_| Source { what: text(), place: text(), digest: text() }).collect(),
        decided_on: text(),
        waived: Some(Waived { approver: text(), comment: texts.concat(), reasons: reasons.clone() }),
        auto_approved: reasons
            .iter()
            .map(|reason| AutoApproved { reason: reason.clone(), rule: text() })
            .collect(),
        reasons,
        changes: Some(Changes {
            since: text(),
            new: changed.clone(),
            fixed: changed,
            unchanged: 1,
            added: packages.clone(),
            removed: packages.clone(),
            upgraded: texts.iter().map(|_| Upgrade { name: text(), before: text(), now: text() }).collect(),
        }),
        findings: (0..3 * texts.len())
            .map(|at| Finding {
                class: text(),
                id: text(),
                aliases: vec![text(), text()],
                severity: Severity::ALL[at % 6],
                package: text(),
                source: Some(text()),
                version: text(),
                path: Some(text()),
                layer: Some(text()),
                fixed: Some(text()),
                title: text(),
                description: text(),
                cvss: Some(1e300),
                epss: Some(-1.0),
                kev: true,
                published: Some(text()),
                new: true,
                outcome: text(),
                exceptions: vec![at, usize::MAX],
                scanner: text(),
                links: vec![
                    text(),
                    text(),
                    format!("https://ok.example/{}", text()),
                    "JavaScript:document.title='owned'".into(),
                ],
            })
            .collect(),
        exceptions: texts
            .iter()
            .map(|_| Exception {
                label: text(),
                scope: vec![text(), text()],
                line: u64::MAX,
                state: text(),
                broad: true,
                suppressed: 1,
                reason: text(),
                owner: text(),
                ticket: text(),
                created: text(),
                expires: text(),
                until_fixed: true,
                vex: Some(Vex {
                    status: text(),
                    justification: Some(text()),
                    impact: Some(text()),
                    action: Some(text()),
                }),
            })
            .collect(),
        evidence: texts
            .iter()
            .map(|_| Evidence {
                kind: text(),
                file: text(),
                signer: text(),
                issued: text(),
                state: text(),
                seen: text(),
            })
            .collect(),
        packages,
    }
}

/// Opens all that opens, sorts, groups and searches; then tells what is not ours.
const STIR: &str = "(() => {
  for (const fold of document.querySelectorAll('details')) fold.open = true;
  for (const row of [...document.querySelectorAll('#rows .row')]) row.click();
  for (const by of ['package', 'class', 'layer', 'id', '']) { const group = document.getElementById('group'); group.value = by; group.dispatchEvent(new Event('input')); }
  for (const head of document.querySelectorAll('#found thead button')) head.click();
  const search = document.getElementById('search'); search.value = '<script'; search.dispatchEvent(new Event('input'));
  const found = document.getElementById('shown').textContent; search.value = ''; search.dispatchEvent(new Event('input'));
  const all = [...document.querySelectorAll('*')];
  return {
    title: document.title, text: document.body.innerText, found, opened: document.querySelectorAll('#rows .more').length,
    foreign: [...document.querySelectorAll('img, svg, iframe, base, object, embed, link, form, area, video, audio, math')].map((one) => one.outerHTML),
    scripts: document.scripts.length, styles: document.querySelectorAll('style').length,
    handlers: all.flatMap((one) => [...one.attributes].filter((a) => a.name.startsWith('on') || a.name === 'src' || a.name === 'style').map((a) => one.tagName + ' ' + a.name)),
    links: [...document.querySelectorAll('[href]')].map((one) => one.getAttribute('href')).filter((one) => !/^(https?:[/][/]|#)/.test(one)),
    web: [...document.querySelectorAll('a[href^=https]')].map((one) => one.rel),
    wide: document.documentElement.scrollWidth > innerWidth,
  };
})()";

#[test]
fn nothing_hostile_comes_to_life_in_any_field() {
    let (_folder, page, mut browser) = opened(&view(TEXTS));
    let seen = browser.run(STIR);
    assert!(seen["title"].as_str().unwrap().ends_with(": review"), "{}", seen["title"]);
    for none in ["foreign", "handlers", "links"] {
        assert_eq!(seen[none], json!([]), "{none}");
    }
    assert_eq!((&seen["scripts"], &seen["styles"]), (&json!(2), &json!(1)));
    let text = seen["text"].as_str().unwrap();
    assert_visible(text, "the page");
    for shown in ["<script>document.title='owned'</script>", "<img src=x onerror=", "::error::forged"] {
        assert!(text.contains(shown), "{shown} is not shown as text");
    }
    assert!(
        seen["found"].as_str().unwrap().contains(" of "),
        "markup can be searched for: {}",
        seen["found"]
    );
    assert!(seen["opened"].as_u64().unwrap() > 20, "{}", seen["opened"]);
    let web = seen["web"].as_array().unwrap();
    assert!(!web.is_empty() && web.iter().all(|rel| rel == "noreferrer noopener"), "{web:?}");
    assert_eq!(seen["wide"], false, "a long text pushes the page out of the window");
    assert_eq!(browser.said, Vec::<String>::new());
    assert_eq!(browser.requests, [format!("file://{}", page.display())]);
}

#[test]
fn a_policy_of_the_page_stops_a_script_that_got_in_all_the_same() {
    // Otherwise the other test sees nothing.
    let (_folder, page, mut browser) = opened(&view(TEXTS));
    let html = std::fs::read_to_string(&page).unwrap();
    let spoilt = html.replace(
        "<main>",
        "<main><img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>",
    );
    assert_ne!(spoilt, html);
    std::fs::write(&page, spoilt).unwrap();
    browser.open(&page);
    assert_ne!(browser.run("document.title"), "owned");
    assert!(browser.said.iter().any(|said| said.contains("Content Security Policy")), "{:?}", browser.said);
}
