//! The real Chromium, without a window: what a page becomes when its script has run.

use std::path::Path;
use std::process::Command;

/// The page's elements as they are in the end. Chromium gets a home of its own, and no network.
pub(crate) fn dump_dom(page: &Path) -> String {
    let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let output = Command::new("timeout")
        .args(["-k", "5", "300", "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND"])
        .arg(format!("--user-data-dir={}", home.path().display()))
        .arg("--dump-dom")
        .arg(format!("file://{}", page.display()))
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("HOME", home.path())
        .env("LANG", "C.UTF-8")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() != Some(127), "chromium is not installed: `make test` installs it");
    assert!(output.status.success(), "chromium: {:?} {said}", output.status);
    String::from_utf8(output.stdout).unwrap()
}
