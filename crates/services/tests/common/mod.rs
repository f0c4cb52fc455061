//! AWS KMS on this machine, and `openssl` beside it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use runner::testing::Harness;

/// To start, or to answer, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A credential that is nowhere to be seen.
pub(crate) const SECRET: &str = "wJalrXUtnFEMIK7MDENGbPxRfiCY";

/// moto's server, with keys.
pub(crate) struct Kms {
    child: Child,
    endpoint: String,
    arns: BTreeMap<String, String>,
    lines: Receiver<String>,
    words: ChildStdin,
}

impl Kms {
    #[expect(clippy::disallowed_methods, reason = "the server is a program; this is a test")]
    pub(crate) fn start(options: &[&str], keys: &[(&str, &str)]) -> Self {
        let folder = std::env::var_os("HALLMARK_TEST_SERVERS_BIN")
            .expect("HALLMARK_TEST_SERVERS_BIN is not set: `make test` installs moto's server and sets it");
        // Whichever crate's tests this is a part of.
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../services/tests/aws.py");
        let mut child = Command::new(Path::new(&folder).join("python"))
            .arg(script)
            .args(options)
            .args(keys.iter().map(|(alias, spec)| format!("{alias}={spec}")))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let mut arns = BTreeMap::new();
        let endpoint = loop {
            let line = lines.recv_timeout(PATIENCE).expect("moto's server starts");
            match line.split(' ').collect::<Vec<_>>().as_slice() {
                ["key", alias, arn] => {
                    arns.insert((*alias).to_owned(), (*arn).to_owned());
                }
                ["ready", endpoint] => break (*endpoint).to_owned(),
                _ => {}
            }
        };
        assert_eq!(arns.len(), keys.len());
        let words = child.stdin.take().unwrap();
        Self { child, endpoint, arns, lines, words }
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    pub(crate) fn arn(&self, alias: &str) -> &str {
        &self.arns[alias]
    }

    /// The calls since the last time: those that were answered are told, up to the word that is told now.
    pub(crate) fn calls(&mut self) -> Vec<String> {
        self.words.write_all(b"what was called?\n").unwrap();
        let mut calls = Vec::new();
        loop {
            let line = self.lines.recv_timeout(PATIENCE).expect("moto's server says what was called");
            match line.strip_prefix("call ") {
                Some(call) => calls.push(call.to_owned()),
                None if line == "that was all" => return calls,
                None => {}
            }
        }
    }

    pub(crate) fn env(&self) -> [(&'static str, String); 4] {
        [
            ("AWS_ENDPOINT_URL_KMS", self.endpoint.clone()),
            ("AWS_REGION", "eu-central-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
        ]
    }

    /// A runner with the usual variables.
    pub(crate) fn harness(&self) -> Harness {
        self.env().into_iter().fold(Harness::new(), |harness, (name, value)| harness.env(name, value))
    }
}

impl Drop for Kms {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Whether `openssl` verifies the signature of these bytes.
#[expect(clippy::disallowed_methods, reason = "the peer is a program; this is a test")]
pub(crate) fn openssl_verifies(public: &str, digest: &str, bytes: &[u8], signature: &[u8]) -> bool {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in [("key.pub", public.as_bytes()), ("file", bytes), ("file.sig", signature)] {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let output = Command::new("openssl")
        .args(["dgst", digest, "-verify", "key.pub", "-signature", "file.sig", "file"])
        .current_dir(folder.path())
        .output()
        .expect("`openssl` is needed: `make test` sets it up");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.starts_with("Verified OK") || said.starts_with("Verification failure"), "{output:?}");
    output.status.success()
}
