//! A trusted root is fetched only where that is asked for, and only what is signed for is believed. The repository is
//! written by TUF's reference implementation.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use runner::testing::Harness;
use runner::{Action, Input, Kind, Outcome};

use super::*;

static ACTION: Action = Action {
    name: "try",
    about: "",
    inputs: &[TRUSTED_ROOT, REFRESH_TRUSTED_ROOT, TUF_MIRROR, Input::new("offline", Kind::Bool, "")],
    outputs: &[],
    run: |_| Box::pin(async { Ok(Outcome::Done) }),
    post: None,
};

fn found(harness: &Harness) -> Result<TrustRootFile> {
    harness.with_context(&ACTION, async |ctx| trust_root(ctx, ctx.flag("offline")?)).0
}

#[test]
fn without_a_word_nothing_is_fetched() {
    let built_in = found(&Harness::new()).unwrap();
    assert_eq!((&*built_in.name, built_in.fresh), ("public-good", false));
    let github = found(&Harness::new().input("trusted-root", "github").input("offline", "true")).unwrap();
    assert!(github.bytes != built_in.bytes && !github.fresh);
    let harness = Harness::new().input("trusted-root", "my/root.json");
    harness.file("my/root.json", "{}");
    let file = TrustRootFile { name: "my/root.json".into(), bytes: b"{}".to_vec(), fresh: false };
    assert_eq!(found(&harness).unwrap(), file);
}

#[test]
fn the_roots_that_are_built_in_are_signed_by_their_own_keys() {
    for instance in &INSTANCES {
        let set = sigstore_tuf::TrustedMetadataSet::from_root(instance.root).unwrap();
        assert!(set.root().roles.contains_key("timestamp"), "{}", instance.name);
        assert_eq!(http::private_url(instance.repository).unwrap().scheme(), "https");
    }
}

#[test]
fn what_contradicts_itself_is_refused_and_nobody_is_asked() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    server.set_nonblocking(true).unwrap();
    let url = format!("http://{}", server.local_addr().unwrap());
    for (inputs, says) in [
        (&[("tuf-mirror", &*url)][..], "`refresh-trusted-root` does not allow it"),
        (&[("tuf-mirror", &url), ("refresh-trusted-root", "true"), ("offline", "true")], "`offline` forbids"),
        (&[("refresh-trusted-root", "true"), ("trusted-root", "root.json")], "only public-good and github"),
        (&[("trusted-root", "nowhere.json")], "input `trusted-root`: cannot read"),
        (&[("refresh-trusted-root", "true"), ("tuf-mirror", "http://tuf.example.com")], "is not https"),
    ] {
        let harness = inputs.iter().fold(Harness::new(), |harness, (name, value)| harness.input(name, value));
        let error = format!("{:#}", found(&harness).unwrap_err());
        assert!(error.contains(says), "{error}");
    }
    assert!(server.accept().is_err(), "somebody was asked");
}

/// A repository and its server.
struct Repository {
    child: Child,
    folder: tempfile::TempDir,
    url: String,
}

impl Repository {
    #[expect(clippy::disallowed_methods, reason = "the server is a program; this is a test")]
    fn start(options: &[&str]) -> Self {
        let bin = std::env::var_os("HALLMARK_TEST_SERVERS_BIN").expect(
            "HALLMARK_TEST_SERVERS_BIN is not set: `make test` installs TUF's reference implementation there",
        );
        let folder = tempfile::tempdir().unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tuf_repository.py");
        let mut child = Command::new(Path::new(&bin).join("python"))
            .arg(script)
            .arg(folder.path())
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let url = lines.find_map(|line| line.strip_prefix("ready ").map(str::to_owned)).expect("it starts");
        Self { child, folder, url }
    }

    fn root(&self) -> Vec<u8> {
        std::fs::read(self.folder.path().join("root.json")).unwrap()
    }
}

impl Drop for Repository {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[expect(clippy::disallowed_methods, reason = "the repository is of today")]
fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

#[test]
fn what_the_root_signs_for_is_fetched_and_nothing_else() {
    let repository = Repository::start(&[]);
    let fetched = fetch(&repository.url, &repository.root(), now()).unwrap();
    assert!(String::from_utf8(fetched).unwrap().contains("of\": \"the repository"));
    // Another root's repository, as whoever has the network could put there.
    let other = Repository::start(&[]);
    let error = format!("{:#}", fetch(&other.url, &repository.root(), now()).unwrap_err());
    assert!(error.contains("signature"), "{error}");
    // The public-good instance's name, and a mirror that is none.
    let harness =
        Harness::new().input("refresh-trusted-root", "true").input("tuf-mirror", &repository.url).now(now());
    let error = format!("{:#}", found(&harness).unwrap_err());
    assert!(error.contains("the trusted root public-good cannot be refreshed: "), "{error}");
    // A changed target.
    let targets = repository.folder.path().join("repository/targets");
    for file in std::fs::read_dir(targets).unwrap() {
        let file = file.unwrap().path();
        let changed =
            String::from_utf8(std::fs::read(&file).unwrap()).unwrap().replace("repository", "liars_only");
        std::fs::write(&file, changed).unwrap();
    }
    let error = format!("{:#}", fetch(&repository.url, &repository.root(), now()).unwrap_err());
    assert!(error.contains("sha256 mismatch"), "{error}");
    // What has expired is what somebody holds back.
    let old = Repository::start(&["--expired"]);
    let error = format!("{:#}", fetch(&old.url, &old.root(), now()).unwrap_err());
    assert!(error.contains("expired"), "{error}");
}
