//! How the page looks: contrast in both schemes, no width that needs scrolling aside, and the pictures of the README.

use std::path::Path;

use serde_json::json;

use crate::{opened, sample};

/// Every text that one sees, with its contrast to what is behind it: WCAG's formula, on the colours that were drawn.
const CONTRAST: &str = "(() => {
  for (const fold of document.querySelectorAll('details')) fold.open = true;
  for (const row of [...document.querySelectorAll('#rows .row')].slice(0, 40)) row.click();
  const parse = (colour) => { const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number); return { r, g, b, a }; };
  const light = ({ r, g, b }) => { const [x, y, z] = [r, g, b].map((c) => { c /= 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; }); return 0.2126 * x + 0.7152 * y + 0.0722 * z; };
  const behind = (one) => { for (; one; one = one.parentElement) { const c = parse(getComputedStyle(one).backgroundColor); if (c.a === 1) return c; } return { r: 255, g: 255, b: 255 }; };
  const seen = new Map();
  for (const one of document.body.querySelectorAll('*')) {
    const own = [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()) || one.matches('.verdict, input, select');
    if (!own || !one.checkVisibility() || one.closest('script')) continue;
    const [a, b] = [light(parse(getComputedStyle(one).color)), light(behind(one))].sort((x, y) => y - x);
    const key = one.tagName.toLowerCase() + '.' + one.className;
    seen.set(key, Math.min(seen.get(key) ?? 99, (a + 0.05) / (b + 0.05)));
  }
  return { count: seen.size, poor: [...seen].filter(([, ratio]) => ratio < 4.5) };
})()";

#[test]
fn every_text_has_contrast_in_both_schemes() {
    let (_folder, page, mut browser) = opened(&sample::view(200));
    let mut papers = vec![];
    for scheme in ["light", "dark"] {
        browser.look(1280, 900, scheme);
        browser.open(&page);
        let seen = browser.run(CONTRAST);
        assert!(seen["count"].as_u64().unwrap() > 30, "{seen}");
        assert_eq!(seen["poor"], json!([]), "{scheme}");
        papers.push(browser.run("getComputedStyle(document.body).backgroundColor"));
    }
    assert_ne!(papers[0], papers[1], "the schemes look the same");
}

#[test]
fn no_window_is_too_narrow() {
    let (_folder, page, mut browser) = opened(&sample::view(60));
    for width in [320, 390, 700, 768, 1024, 1600] {
        browser.look(width, 900, "light");
        browser.open(&page);
        let wide = browser.run("document.documentElement.scrollWidth");
        assert!(wide.as_u64().unwrap() <= u64::from(width), "{wide} in a window of {width}");
    }
}

#[test]
fn without_a_script_everything_is_there_to_read() {
    let view = sample::view(300);
    let (_folder, page, mut browser) = opened(&view);
    browser.call("Emulation.setScriptExecutionDisabled", json!({"value": true}));
    browser.open(&page);
    let dom = browser.call("Runtime.evaluate", json!({"expression": "document.body.innerText"}));
    let text = dom["result"]["value"].as_str().unwrap();
    for reason in &view.reasons {
        assert!(text.contains(&reason.message) && text.contains(&reason.clears), "{}", reason.message);
    }
    for finding in view.findings.iter().take(100) {
        assert!(text.contains(&finding.id), "{}", finding.id);
    }
    assert!(!text.contains("every severity"), "a control that does nothing");
}

/// The findings, one of them opened.
const FINDINGS: &str = "document.querySelector('#rows .row').click(); document.activeElement.blur(); document.getElementById('findings').scrollIntoView({ behavior: 'instant' }); new Promise((done) => setTimeout(() => done(0), 300))";

/// `HALLMARK_BLESS=1` takes the README's pictures again.
#[test]
#[expect(clippy::disallowed_methods, reason = "the variable that writes what the tests compare")]
fn the_readme_has_pictures_of_it() {
    const MOST: usize = 60 << 10;
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../actions/gate/docs");
    let (_folder, page, mut browser) = opened(&sample::view(60));
    for scheme in ["light", "dark"] {
        browser.look(1120, 900, scheme);
        browser.open(&page);
        if scheme == "dark" {
            browser.run(FINDINGS);
        }
        let taken = browser.picture(60);
        assert!(taken.starts_with(b"RIFF") && taken.len() <= MOST, "{} bytes", taken.len());
        let file = docs.join(format!("page-{scheme}.webp"));
        if std::env::var_os("HALLMARK_BLESS").is_some() {
            std::fs::create_dir_all(&docs).unwrap();
            std::fs::write(&file, taken).unwrap();
        }
        // Fonts differ between machines: the bytes are not compared.
        let kept = std::fs::read(&file)
            .unwrap_or_else(|error| panic!("{}: {error}: run with HALLMARK_BLESS=1", file.display()));
        assert!(
            kept.starts_with(b"RIFF") && kept.len() <= MOST && kept.len() > 8 << 10,
            "{} bytes",
            kept.len()
        );
    }
}
