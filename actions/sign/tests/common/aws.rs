//! AWS KMS on this machine: moto's server, as crates/services/tests/aws.py runs it.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The server, with keys.
pub(crate) struct Kms {
    child: Child,
    endpoint: String,
}

/// A credential that is nowhere to be seen.
pub(crate) const SECRET: &str = "wJalrXUtnFEMIK7MDENGbPxRfiCY";

impl Kms {
    pub(crate) fn start(keys: &[(&str, &str)]) -> Self {
        let folder = std::env::var_os("HALLMARK_TEST_SERVERS_BIN")
            .expect("HALLMARK_TEST_SERVERS_BIN is not set: `make test` installs moto's server and sets it");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/services/tests/aws.py");
        let mut child = Command::new(Path::new(&folder).join("python"))
            .arg(script)
            .args(keys.iter().map(|(alias, spec)| format!("{alias}={spec}")))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let endpoint = lines
            .find_map(|line| line.strip_prefix("ready ").map(str::to_owned))
            .expect("moto's server starts");
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, endpoint }
    }

    pub(crate) fn env(&self) -> [(&str, &str); 5] {
        [
            ("AWS_ENDPOINT_URL_KMS", &self.endpoint),
            // The one that cosign heeds too.
            ("AWS_ENDPOINT_URL", &self.endpoint),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", SECRET),
        ]
    }
}

impl Drop for Kms {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
