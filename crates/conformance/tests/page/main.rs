//! The gate's page in a real browser: of real decisions, of very large ones, of hostile ones, and how it looks.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

#[path = "../common/mod.rs"]
mod common;
mod decided;
mod hostile;
mod large;
mod looks;
#[path = "../../../report/examples/page/sample.rs"]
mod sample;

use std::path::PathBuf;

use common::devtools::Browser;

/// A page in a folder of its own, opened.
fn opened(view: &report::View) -> (tempfile::TempDir, PathBuf, Browser) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let page = folder.path().join("page.html");
    std::fs::write(&page, report::html::page(view).unwrap()).unwrap();
    let mut browser = Browser::start();
    browser.look(1280, 900, "light");
    browser.open(&page);
    (folder, page, browser)
}
