//! Building with Go: what Go is told, what is taken of what it makes, and the real thing.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking; this is all test")]

mod support;

use std::fs;
use std::path::Path;
use std::time::Duration;

use model::Sha256;
use process::{Fake, Real, Script, Spec};
use support::{NOTHING, Reply, Server, files, keep, program, settings};
use tools::{Error, Event, Lock, Mirror, Platform, Settings, Source, Tools};

const MADE: &[u8] = b"what go made";

/// A lock of Goss (this crate carries a module for it) whose build gives these bytes.
fn lock(built: &str) -> Lock {
    let platform = Platform::current().unwrap();
    let zero = "0".repeat(64);
    Lock::parse(&format!(
        r#"
        schema = 1
        go = "1.26.8"
        [tool.goss]
        version = "0.4.9"
        [tool.goss.go]
        module = "github.com/goss-org/goss"
        package = "github.com/goss-org/goss/cmd/goss"
        ldflags = "-X a.b=c"
        tags = "one,two"
        experiment = "jsonv2"
        [tool.goss.platform.{platform}]
        url = "https://releases.example/v0.4.9/goss"
        sha256 = "{zero}"
        {built}
        "#
    ))
    .unwrap()
}

fn built(bytes: &[u8]) -> String {
    format!("built = \"{}\"", Sha256::of(bytes))
}

/// Go makes the file that it is told to make.
fn makes(bytes: &'static [u8]) -> Script {
    Script::exits(0).effect(move |spec: &Spec| {
        let arguments = spec.arguments();
        let at = arguments.iter().position(|a| a == "-o").unwrap();
        fs::write(Path::new(&arguments[at + 1]), bytes).unwrap();
    })
}

/// Nothing to download, and a `go` on PATH.
fn with_go(place: &Path, server: &Server) -> Settings {
    let mut settings = settings(&place.join("cache"), Some(server.mirror()));
    settings.path = Some(program(&place.join("bin"), "go", b"").into_os_string());
    settings.go_env = vec![("HOME".to_owned(), "/home/someone".to_owned())];
    settings
}

#[tokio::test]
async fn go_is_told_everything_that_can_change_the_bytes() {
    let place = tempfile::tempdir().unwrap();
    let server = Server::new(vec![Reply::Status(404)]);
    let fake = Fake::new().then("go", makes(MADE));
    let tools = Tools::new(lock(&built(MADE)), with_go(place.path(), &server), &fake);
    let mut events = Vec::new();
    let tool = tools.get_with("goss", &mut keep(&mut events)).await.unwrap();
    assert_eq!((tool.source, tool.sha256), (Source::Built, Sha256::of(MADE)));
    assert_eq!(tool.uri, "pkg:golang/github.com/goss-org/goss@v0.4.9");
    assert!(events.contains(&Event::Building { name: "goss".to_owned(), module: tool.uri.clone() }));

    let [spec] = &fake.calls()[..] else { panic!("one call") };
    let arguments: Vec<_> = spec.arguments().iter().map(|a| a.to_string_lossy().into_owned()).collect();
    let out = arguments.iter().position(|a| a == "-o").unwrap();
    assert_eq!(
        arguments[..out],
        ["build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid= -X a.b=c", "-tags=one,two"]
    );
    assert_eq!(arguments[out + 2..], ["github.com/goss-org/goss/cmd/goss"]);
    assert!(!spec.working_folder().unwrap().starts_with(env!("CARGO_MANIFEST_DIR")));
    let environment: Vec<_> = spec
        .environment()
        .iter()
        .map(|(k, v)| format!("{}={}", k.to_string_lossy(), v.to_string_lossy()))
        .collect();
    let platform = Platform::current().unwrap();
    for want in [
        "GOFLAGS=-mod=readonly",
        "GOTOOLCHAIN=go1.26.8",
        "CGO_ENABLED=0",
        "GOEXPERIMENT=jsonv2",
        "GOENV=off",
        "GOWORK=off",
        "HOME=/home/someone",
        &format!("GOOS={}", platform.os()),
        &format!("GOARCH={}", platform.arch()),
    ] {
        assert!(environment.iter().any(|have| have == want), "{want} is not in {environment:?}");
    }

    // And the next time nothing is built.
    assert_eq!(tools.get("goss").await.unwrap().source, Source::Cache);
    assert_eq!(fake.calls().len(), 1);
}

#[tokio::test]
async fn a_build_that_gives_other_bytes_is_an_error_and_is_not_kept() {
    let place = tempfile::tempdir().unwrap();
    let server = Server::new(vec![Reply::Status(404)]);
    let fake = Fake::new().then("go", makes(b"other bytes"));
    let tools = Tools::new(lock(&built(MADE)), with_go(place.path(), &server), &fake);
    let error = tools.get("goss").await.unwrap_err();
    assert!(
        matches!(&error, Error::Checksum { expected, found, .. }
        if *expected == Sha256::of(MADE) && *found == Sha256::of(b"other bytes")),
        "{error}"
    );
    assert_eq!(files(&place.path().join("cache")), NOTHING);
}

#[tokio::test]
async fn a_build_that_fails_repeats_the_end_of_what_go_said() {
    let place = tempfile::tempdir().unwrap();
    let server = Server::new(vec![Reply::Status(404)]);
    let long: String = (0..100).map(|i| format!("line {i}\n")).collect();
    for (script, says, not) in [
        (Script::exits(1).stderr(long), "line 99", "line 79\n"),
        (Script::dies_of(9).stderr("out of memory\n"), "signal 9", "exit code"),
        (Script::is_cancelled(), "was cancelled", "exit code"),
        (Script::is_missing(), "cannot start", "exit code"),
        (Script::exits(0).takes(Duration::from_secs(100_000)), "its time was up", "exit code"),
        // It says that it is done, and there is nothing.
        (Script::exits(0), "No such file", "exit code"),
    ] {
        let fake = Fake::new().then("go", script);
        let tools = Tools::new(lock(&built(MADE)), with_go(place.path(), &server), &fake);
        let error = tools.get("goss").await.unwrap_err();
        assert!(matches!(error, Error::Build { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains(says) && !text.contains(not), "{text}");
        assert_eq!(files(&place.path().join("cache")), NOTHING);
    }
}

#[tokio::test]
async fn nothing_is_built_without_a_digest_to_check_it_by() {
    let place = tempfile::tempdir().unwrap();
    let server = Server::new(vec![Reply::Status(404)]);
    let fake = Fake::new();
    let tools = Tools::new(lock(""), with_go(place.path(), &server), &fake);
    let error = tools.get("goss").await.unwrap_err().to_string();
    assert!(error.contains("no checksum for building it"), "{error}");
    assert!(fake.calls().is_empty());
}

#[expect(clippy::disallowed_methods, reason = "the real Go needs the real caches and proxies")]
fn of_this_machine() -> Settings {
    Settings::from_env(|name| std::env::var(name).ok()).unwrap()
}

/// The real Go builds Goss (the smallest of the three) into an empty cache. What it gives is what the lock
/// says, or `get` would fail.
#[tokio::test]
async fn go_builds_the_very_bytes_that_the_lock_pins() {
    let place = tempfile::tempdir().unwrap();
    let nothing = Mirror::parse(&format!("file://{}", place.path().display())).unwrap();
    // Whatever goss is on PATH is left out, so that it is built; go stays.
    let mut settings = of_this_machine();
    let path = settings.path.take().unwrap();
    let without_goss = std::env::split_paths(&path).filter(|folder| !folder.join("goss").exists());
    settings.path = Some(std::env::join_paths(without_goss).unwrap());
    settings.cache = place.path().join("cache");
    settings.mirror = Some(nothing);
    let tools = Tools::new(Lock::embedded().unwrap(), settings, &Real);
    let mut events = Vec::new();
    let tool = tools.get_with("goss", &mut keep(&mut events)).await;
    let tool = tool.unwrap_or_else(|error| panic!("{error}\n{events:#?}"));
    assert_eq!(tool.source, Source::Built);

    let output = process::output(&Real, Spec::new(&tool.path).arg("--version"), 1000).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "goss version v0.4.9");
}

/// The tools that the chain runs, as `make test` has got them.
#[tokio::test]
async fn the_real_tools_are_the_pinned_ones_and_say_their_versions() {
    let tools = Tools::new(Lock::embedded().unwrap(), of_this_machine(), &Real);
    let checked = tools.verify(&mut |_| ()).await;
    for one in checked {
        let found = one.found.unwrap();
        let needed = ["packer", "goss", "trivy", "syft", "grype", "gitleaks"].contains(&one.name.as_str());
        assert!(found.is_some() || !needed, "{} is not in the tools' cache: `make test` gets it", one.name);
        let Some(tool) = found else { continue };
        let word = match one.name.as_str() {
            "cosign" | "fulcio" | "gitleaks" | "opa" | "rekor-server" | "timestamp-server" => "version",
            "packer-plugin-amazon" => "describe",
            // It tells no version; its digest is the lock's all the same.
            "tesseract" => continue,
            _ => "--version",
        };
        // Packer wants a home; and none of them shall ask the internet whether there is a newer one.
        let home = tempfile::tempdir().unwrap();
        let spec = Spec::new(&tool.path)
            .arg(word)
            .env("HOME", home.path())
            .env("CHECKPOINT_DISABLE", "1")
            .timeout(Duration::from_secs(60));
        let output = process::output(&Real, spec, 100_000).await.unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(said.contains(&one.version), "{} {}: {said}", one.name, one.version);
    }
}
