//! AWS on this machine: the proxy in `tests/fidelity` (its README.md says what it does), started and told what to do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]
#![allow(dead_code, reason = "each test uses a part of it")]

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

/// The account whose credentials [`Proxy::env`] gives.
pub(crate) const ACCOUNT: &str = "123456789012";
pub(crate) const REGION: &str = "us-east-1";
/// A credential that is nowhere to be seen.
pub(crate) const SECRET: &str = "wJalrXUtnFEMIK7MDENGbPxRfiCY";

/// The Python that has moto.
pub(crate) fn python() -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "set-up says where its tools are")]
    let folder = std::env::var_os("HALLMARK_TEST_SERVERS_BIN")
        .expect("HALLMARK_TEST_SERVERS_BIN is not set: `make test` installs moto's server and sets it");
    Path::new(&folder).join("python")
}

/// The folder that the proxy's package is in, whichever crate's tests this is a part of.
pub(crate) fn package_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/aws/tests")
}

/// Python, to run modules of the proxy's package: without the user's settings, and without files left behind.
#[expect(clippy::disallowed_methods, reason = "the proxy is a program; this is a test")]
pub(crate) fn python_command() -> Command {
    let mut command = Command::new(python());
    command
        .current_dir(package_folder())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env_remove("AWS_PROFILE")
        .env_remove("AWS_ENDPOINT_URL")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    command
}

/// A running proxy. It ends with this.
pub(crate) struct Proxy {
    child: Child,
    address: String,
}

/// The access key of an account: the proxy takes the twelve digits in a key for the account it is of.
pub(crate) fn access_key(account: &str) -> String {
    format!("AKIA{account}TEST")
}

impl Proxy {
    pub(crate) fn start() -> Self {
        let mut child = python_command()
            .args(["-m", "fidelity"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python runs");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("ready http://").expect("the proxy starts").to_owned();
        Self { child, address }
    }

    /// For `AWS_ENDPOINT_URL`, or a client's `endpoint_url`.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What [`ACCOUNT`] in [`REGION`] needs in its environment.
    pub(crate) fn env(&self) -> Vec<(&'static str, String)> {
        self.env_of(ACCOUNT, REGION)
    }

    pub(crate) fn env_of(&self, account: &str, region: &str) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_ENDPOINT_URL", self.endpoint()),
            ("AWS_REGION", region.to_owned()),
            ("AWS_ACCESS_KEY_ID", access_key(account)),
            ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
        ]
    }

    /// Nothing is there any more, no fault is set, and settings are the ones of the beginning.
    pub(crate) fn reset(&self) {
        self.control("POST", "reset", &Value::Null);
    }

    /// Changes the settings that are named; gives all of them.
    pub(crate) fn settings(&self, settings: &Value) -> Value {
        self.control("POST", "settings", settings)
    }

    /// Sets these faults, a list, in place of those before.
    pub(crate) fn faults(&self, faults: &Value) {
        self.control("POST", "faults", &json!({ "faults": faults }));
    }

    /// The calls of AWS since the last reset, in their order.
    pub(crate) fn calls(&self) -> Vec<Value> {
        self.control("GET", "calls", &Value::Null)["calls"].as_array().unwrap().clone()
    }

    /// `service:Operation` of each call.
    pub(crate) fn operations(&self) -> Vec<String> {
        let text = |call: &Value, name: &str| call[name].as_str().unwrap().to_owned();
        self.calls()
            .iter()
            .map(|call| format!("{}:{}", text(call, "service"), text(call, "operation")))
            .collect()
    }

    /// The services that were asked, each by this account alone; the token's exchange for a role is nobody's call.
    pub(crate) fn services(&self, account: &str) -> BTreeSet<String> {
        let calls = self.calls();
        let asked = calls.iter().filter(|call| call["operation"] != "AssumeRoleWithWebIdentity");
        let asked = asked.inspect(|call| assert_eq!(call["account"], account, "{call}"));
        asked.map(|call| call["service"].as_str().unwrap().to_owned()).collect()
    }

    /// Forgets the calls, and faults count from 1 again.
    pub(crate) fn reset_calls(&self) {
        self.control("POST", "calls/reset", &Value::Null);
    }

    /// Everything of every account and region.
    pub(crate) fn state(&self) -> Value {
        self.control("GET", "state", &Value::Null)
    }

    /// Keeps everything under a name, for [`Self::restore`].
    pub(crate) fn snapshot(&self, name: &str) {
        self.control("POST", "snapshot", &json!({ "name": name }));
    }

    pub(crate) fn restore(&self, name: &str) {
        self.control("POST", "restore", &json!({ "name": name }));
    }

    /// An image; gives its id. `{"name", "account", "region", "size_gib", "blocks": {"0": 7}, "kms_key", "tags", …}`.
    pub(crate) fn make_image(&self, image: &Value) -> String {
        self.make("image", image)["image"].as_str().unwrap().to_owned()
    }

    /// Another byte, repeated, in a block of an image's first snapshot.
    pub(crate) fn alter_block(&self, region: &str, image: &str, index: u64, byte: u8) {
        self.control(
            "POST",
            "alter",
            &json!({"region": region, "image": image, "index": index, "byte": byte}),
        );
    }

    /// A key of KMS; gives its ARN. `{"account", "region", "alias", "policy"}`.
    pub(crate) fn make_key(&self, key: &Value) -> String {
        self.make("key", key)["arn"].as_str().unwrap().to_owned()
    }

    /// An `image`, `snapshot` or `key`; gives its ids.
    pub(crate) fn make(&self, kind: &str, what: &Value) -> Value {
        self.control("POST", "make", &json!({ kind: what }))
    }

    /// A bucket of [`ACCOUNT`], in [`REGION`].
    pub(crate) fn make_bucket(&self, name: &str) {
        self.put_object(&format!("/{name}"), b"");
    }

    /// Writes to S3 as [`ACCOUNT`], a bucket's name first in the path.
    pub(crate) fn put_object(&self, path: &str, body: &[u8]) {
        self.s3("PUT", path, body);
    }

    /// Deletes what [`Self::put_object`], or anybody, put there.
    pub(crate) fn delete_object(&self, path: &str) {
        self.s3("DELETE", path, b"");
    }

    /// Reads what is there, as [`ACCOUNT`].
    pub(crate) fn get_object(&self, path: &str) -> String {
        self.s3("GET", path, b"")
    }

    fn s3(&self, method: &str, path: &str, body: &[u8]) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("the proxy runs");
        let (length, key) = (body.len(), access_key(ACCOUNT));
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: {length}\r\nConnection: close\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential={key}/20260101/{REGION}/s3/aws4_request, SignedHeaders=host, Signature=0\r\n\r\n",
            self.address
        )
        .unwrap();
        stream.write_all(body).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
        answer.split_once("\r\n\r\n").expect("an answer has a head").1.to_owned()
    }

    fn control(&self, method: &str, path: &str, body: &Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut stream = TcpStream::connect(&self.address).expect("the proxy runs");
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let length = body.len();
        write!(
            stream,
            "{method} /_fidelity/{path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{body}",
            self.address
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, said) = answer.split_once("\r\n\r\n").expect("an answer has a head");
        assert!(head.starts_with("HTTP/1.1 200 "), "{method} {path}: {said}");
        serde_json::from_str(said).expect("the proxy answers with JSON")
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // It ends when its standard input does.
        drop(self.child.stdin.take());
        let _ended = self.child.wait();
    }
}
