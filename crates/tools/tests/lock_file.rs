//! The lock: the one that ships, and every mistake that one can make in one.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking; this is all test")]

use tools::{Lock, LockError, Packing, Platform};

const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// A lock that is right, as (find, replace) pairs are applied to it.
fn lock(changes: &[(&str, &str)]) -> String {
    let right = format!(
        r#"
schema = 1
go = "1.26.8"
[tool.trivy]
version = "0.69.3"
[tool.trivy.go]
module = "github.com/aquasecurity/trivy"
package = "github.com/aquasecurity/trivy/cmd/trivy"
[tool.trivy.platform.linux-amd64]
url = "https://github.com/aquasecurity/trivy/releases/download/v0.69.3/trivy_0.69.3_Linux-64bit.tar.gz"
sha256 = "{HEX}"
member = "trivy"
executable = "{HEX}"
built = "{HEX}"
"#
    );
    changes.iter().fold(right, |text, (find, replace)| {
        assert!(text.contains(find), "{find}");
        text.replace(find, replace)
    })
}

#[test]
fn the_lock_that_ships_has_what_the_chain_needs_on_both_linux_platforms() {
    let lock = Lock::embedded().unwrap();
    for name in ["packer", "goss", "trivy"] {
        let tool = lock.tool(name).unwrap();
        for platform in ["linux-amd64", "linux-arm64"] {
            let pinned = &tool.platforms[&platform.parse::<Platform>().unwrap()];
            assert!(pinned.asset.as_ref().unwrap().url.path().contains(&tool.version));
        }
        let amd64 = &tool.platforms[&"linux-amd64".parse::<Platform>().unwrap()];
        assert!(amd64.built.is_some(), "{name} cannot be built without a network");
    }
    assert_eq!(lock.tool("trivy").unwrap().version, "0.69.3");
}

#[test]
fn no_two_files_of_the_lock_that_ships_have_the_same_digest() {
    let lock = Lock::embedded().unwrap();
    let mut digests = Vec::new();
    for pinned in lock.tools().flat_map(|tool| tool.platforms.values()) {
        digests.extend(pinned.built.map(|built| built.sha256));
        let Some(asset) = &pinned.asset else { continue };
        digests.push(asset.sha256);
        digests.extend(asset.executable().filter(|_| asset.packing != Packing::Plain));
    }
    let all = digests.len();
    digests.sort();
    digests.dedup();
    assert_eq!(digests.len(), all, "a line was copied and not changed");
}

#[test]
fn what_is_right_parses() {
    Lock::parse(&lock(&[])).unwrap();
    // What is optional may be left out.
    let built = format!("built = \"{HEX}\"\n");
    let executable = format!("executable = \"{HEX}\"\n");
    let lock = Lock::parse(&lock(&[(&built, ""), (&executable, "")])).unwrap();
    let pinned = lock.tool("trivy").unwrap().platforms.values().next().unwrap();
    assert_eq!((pinned.built, pinned.asset.as_ref().unwrap().executable()), (None, None));
}

#[test]
fn what_only_go_builds_has_no_download() {
    let from = "[tool.trivy.platform.linux-amd64]\n";
    let text = lock(&[]);
    let head = &text[..text.find(from).unwrap()];
    let lock = Lock::parse(&format!("{head}{from}built = \"{HEX}\"\n")).unwrap();
    let pinned = lock.tool("trivy").unwrap().platforms.values().next().unwrap();
    assert!(pinned.asset.is_none() && pinned.built.is_some());
    assert!(Lock::parse(&format!("{head}{from}")).is_err(), "neither downloaded nor built");
}

#[test]
fn every_mistake_is_found_and_says_where_it_is() {
    let url =
        "https://github.com/aquasecurity/trivy/releases/download/v0.69.3/trivy_0.69.3_Linux-64bit.tar.gz";
    let sha256 = format!("sha256 = \"{HEX}\"");
    let amd64 = "tool.trivy.platform.linux-amd64";
    let upper = HEX.to_uppercase();
    for (find, replace, place, says) in [
        ("schema = 1", "schema = 2", "schema", "it reads 1"),
        ("schema = 1\n", "", "", "missing field `schema`"),
        ("go = \"1.26.8\"", "go = \"1.26\"", "go", "not a Go version"),
        ("go = \"1.26.8\"", "go = \"local\"", "go", "not a Go version"),
        ("version = \"0.69.3\"", "version = \"v0.69.3\"", "tool.trivy.version", "without a `v`"),
        ("version = \"0.69.3\"", "version = \"latest\"", "tool.trivy.version", "not a version"),
        ("version = \"0.69.3\"", "version = \"\"", "tool.trivy.version", "not a version"),
        ("version = \"0.69.3\"", "version = \"0.69.2\"", "tool.trivy.go.module", "go.mod does not require"),
        ("version = \"0.69.3\"", "vresion = \"0.69.3\"", "", "unknown field `vresion`"),
        ("member = \"trivy\"", "member = \"trivy\"\nsha512 = \"0\"", "", "unknown field `sha512`"),
        ("[tool.trivy.go]", "[tool.trivy.go]\nreplace = \"x\"", "", "unknown field `replace`"),
        ("schema = 1", "schema = 1\nmirror = \"x\"", "", "unknown field `mirror`"),
        (&sha256, "", amd64, "a `url` wants its `sha256`"),
        (&format!("url = \"{url}\"\n"), "", amd64, "a `sha256` wants its `url`"),
        (&format!("url = \"{url}\"\n{sha256}\n"), "", amd64, "not only a `built`"),
        (&sha256, "sha256 = \"\"", "linux-amd64.sha256", "64 lower-case"),
        (&sha256, "sha256 = \"e3b0c4\"", "linux-amd64.sha256", "64 lower-case"),
        (&sha256, &format!("sha256 = \"{upper}\""), "linux-amd64.sha256", "64 lower-case"),
        (&sha256, &format!("sha256 = \"sha256:{HEX}\""), "linux-amd64.sha256", "64 lower-case"),
        (&sha256, &format!("{sha256}\n{sha256}"), "", "duplicate key"),
        (&format!("built = \"{HEX}\""), "built = \"x\"", "linux-amd64.built", "64 lower-case"),
        (&format!("executable = \"{HEX}\""), "executable = \"x\"", "linux-amd64.executable", "64 lower-case"),
        ("https://github", "http://github", "linux-amd64.url", "is not https"),
        ("https://github", "file:///github", "linux-amd64.url", "is not https"),
        ("https://github", "https://user@github", "linux-amd64.url", "not a plain address"),
        ("https://github", "https://a/../github", "linux-amd64.url", "not a plain address"),
        (url, "", "linux-amd64.url", "not an address"),
        (url, "trivy_0.69.3.tar.gz", "linux-amd64.url", "not an address"),
        (url, "https://github.com/trivy_0.69.3.tar.gz?x", "linux-amd64.url", "not a plain address"),
        (
            url,
            "https://github.com/trivy_0.69.2.tar.gz",
            "linux-amd64.url",
            "does not name the version 0.69.3",
        ),
        ("member = \"trivy\"", "", amd64, "`member` is missing"),
        ("member = \"trivy\"", "member = \"\"", "linux-amd64.member", "not the plain path"),
        ("member = \"trivy\"", "member = \"../trivy\"", "linux-amd64.member", "not the plain path"),
        ("member = \"trivy\"", "member = \"/trivy\"", "linux-amd64.member", "not the plain path"),
        ("Linux-64bit.tar.gz", "Linux-64bit", "linux-amd64.member", "has members"),
        ("linux-amd64", "linux-x86_64", "linux-x86_64", "not a known platform"),
        ("cmd/trivy", "../../evil", "tool.trivy.go.package", "not a Go import path"),
        (
            "package = \"github.com",
            "package = \"-toolexec=evil",
            "tool.trivy.go.package",
            "not a Go import path",
        ),
        (
            "package = \"github.com/aquasecurity/trivy/cmd/trivy\"",
            "package = \"\"",
            "tool.trivy.go.package",
            "not a Go import path",
        ),
        (
            "package = \"github.com/aquasecurity/trivy/",
            "package = \"github.com/evil/",
            "tool.trivy.go.package",
            "not a package of",
        ),
        (
            "package = \"github.com/aquasecurity/trivy/",
            "package = \"github.com/aquasecurity/trivyx/",
            "tool.trivy.go.package",
            "not a package of",
        ),
        ("[tool.trivy", "[tool.\"../trivy\"", "tool.../trivy", "lower-case letters"),
        ("[tool.trivy", "[tool.\"\"", "tool.", "lower-case letters"),
        ("[tool.trivy]", "[tool.trivy", "", "TOML parse error at line 4"),
    ] {
        let text = lock(&[(find, replace)]);
        let error = match Lock::parse(&text) {
            Err(error) => error,
            Ok(lock) => panic!("{find} → {replace} parses: {lock:?}"),
        };
        let shown = error.to_string();
        assert!(shown.contains(says) && shown.contains(place), "{find} → {replace}: {shown}");
        assert_eq!(matches!(error, LockError::Value { .. }), !place.is_empty(), "{shown}");
    }
}

#[test]
fn a_lock_of_nothing_is_no_lock() {
    for text in ["", "schema = 1\ngo = \"1.26.8\"\n", "schema = 1\ngo = \"1.26.8\"\n[tool]\n"] {
        assert!(Lock::parse(text).is_err(), "{text:?}");
    }
    let none = lock(&[]);
    let none = format!("{}platform = {{}}\n", none.split("[tool.trivy.go]").next().unwrap())
        + "[tool.trivy.go]\nmodule = \"m\"\npackage = \"m\"\n";
    assert!(Lock::parse(&none).is_err());
}

#[test]
fn malicious_trivy_releases_are_refused_however_they_are_named() {
    for version in ["0.69.4", "0.69.5", "0.69.6"] {
        for changes in [
            vec![("0.69.3", version)],
            vec![
                ("version = \"0.69.3\"", "version = \"0.69.3\""),
                ("v0.69.3/trivy_0.69.3", &format!("v{version}/trivy_0.69.3")),
            ],
            vec![("0.69.3", version), ("[tool.trivy", "[tool.scanner")],
        ] {
            let error = Lock::parse(&lock(&changes)).unwrap_err().to_string();
            assert!(error.contains(&format!("trivy {version} is never used")), "{changes:?}: {error}");
        }
    }
}
