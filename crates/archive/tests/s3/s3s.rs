//! A file system behind S3's interface, which checks signatures and checksums. Shared with tests of actions.
#![allow(dead_code, reason = "each test takes what it needs")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test stops where it fails"
)]

use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) const ID: &str = "AKIAIOSFODNN7EXAMPLE";

/// A credential that is nowhere to be seen.
pub(crate) const SECRET: &str = "wJalrXUtnFEMIK7MDENGbPxRfiCY";

/// The server.
pub(crate) struct S3s {
    child: Child,
    root: tempfile::TempDir,
    pub(crate) endpoint: String,
}

impl S3s {
    /// Starts it, with a bucket.
    #[expect(clippy::disallowed_methods, reason = "the server is a program; this is a test")]
    pub(crate) fn start(bucket: &str) -> Self {
        let program = std::env::var_os("HALLMARK_TEST_S3S")
            .expect("HALLMARK_TEST_S3S is not set: `make test` builds s3s-fs and sets it");
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join(bucket)).unwrap();
        // Another program may take the port in between; then another one is tried.
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let mut child = Command::new(&program)
                .args(["--access-key", ID, "--secret-key", SECRET, "--host", "127.0.0.1"])
                .args(["--port", &port.to_string()])
                .arg(root.path())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let begun = Instant::now();
            while child.try_wait().unwrap().is_none() {
                if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                    return Self { child, root, endpoint: format!("http://127.0.0.1:{port}") };
                }
                assert!(begun.elapsed() < Duration::from_secs(120), "s3s-fs starts");
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        panic!("s3s-fs does not start");
    }

    /// Where it keeps its buckets.
    pub(crate) fn root(&self) -> PathBuf {
        self.root.path().to_owned()
    }

    /// The variables that lead to it.
    pub(crate) fn env(&self) -> [(&'static str, String); 4] {
        [
            ("AWS_ENDPOINT_URL_S3", self.endpoint.clone()),
            ("AWS_REGION", "eu-central-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", ID.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
        ]
    }
}

impl Drop for S3s {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
