//! A Sigstore on this machine, of the real servers: Fulcio, a certificate transparency log, Rekor v2, a timestamp
//! authority. cosign writes its trusted root and its signing config.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::issuer::Issuer;
use super::{Job, tool};

/// What Fulcio makes of a token of GitHub's, as its public instance does.
const CLAIMS: &str = r#"
ci-issuer-metadata:
  github-workflow:
    default-template-values:
      url: "https://github.com"
      environment: ""
    subject-alternative-name-template: "{{ .url }}/{{ .job_workflow_ref }}"
    extension-templates:
      build-signer-uri: "{{ .url }}/{{ .job_workflow_ref }}"
      runner-environment: "runner_environment"
      source-repository-uri: "{{ .url }}/{{ .repository }}"
      source-repository-digest: "sha"
      source-repository-ref: "ref"
      source-repository-identifier: "repository_id"
      build-trigger: "event_name"
      run-invocation-uri: "{{ .url }}/{{ .repository }}/actions/runs/{{ .run_id }}/attempts/{{ .run_attempt }}"
      deployment-environment: "environment"
"#;

/// The servers, and what says where they are and what they sign with.
pub(crate) struct Sigstore {
    folder: tempfile::TempDir,
    children: Vec<Child>,
    pub(crate) issuer: Issuer,
    /// Given back when the servers are gone.
    alone: Option<MutexGuard<'static, ()>>,
}

static ALONE: Mutex<()> = Mutex::new(());

impl Sigstore {
    /// Starts them. A port that was free a moment ago may be somebody's by then, and the timestamp authority wants port
    /// 2112 for its metrics, whatever it is told: they wait for each other.
    pub(crate) fn start() -> Self {
        let mut logs = String::new();
        let alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let begun = Instant::now();
        let mut alone = Some(alone);
        while begun.elapsed() < Duration::from_secs(180) {
            let mut it = Self::new(alone.take());
            if it.run_all().is_some() {
                return it;
            }
            logs = it.logs();
            alone = it.alone.take();
            drop(it);
            std::thread::sleep(Duration::from_secs(1));
        }
        panic!("the servers of a Sigstore do not start:\n{logs}");
    }

    fn new(alone: Option<MutexGuard<'static, ()>>) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), children: Vec::new(), issuer: Issuer::start(), alone }
    }

    /// Nothing if one of them ended.
    fn run_all(&mut self) -> Option<()> {
        let it = self;
        let job = Job::new();
        for (name, kind) in [("ct", "p256"), ("rekor", "ed25519")] {
            job.key(kind);
            for ending in ["pem", "pub"] {
                fs::copy(job.path(&format!("keys/{kind}.{ending}")), it.path(&format!("{name}.{ending}")))
                    .unwrap();
            }
        }
        // The log reads a key in the form of its curve's own standard only.
        let (pkcs8, sec1) = (it.text("ct.pem"), it.text("ct-sec1.pem"));
        job.openssl(&["ec", "-in", &pkcs8, "-out", &sec1]);

        let [fulcio, fulcio_rpc, fulcio_metrics, ct, tsa, rekor, rekor_rpc, rekor_metrics] = ports();
        let at = |port: u16| format!("http://127.0.0.1:{port}");
        it.run(
            "timestamp-server",
            &[
                "serve",
                "--host=127.0.0.1",
                "--timestamp-signer=memory",
                "--disable-ntp-monitoring",
                &format!("--port={tsa}"),
            ],
        );
        fs::write(it.path("tsa.pem"), it.get(tsa, "/api/v1/timestamp/certchain")?).unwrap();
        let issuer = &it.issuer.url;
        let config = format!(
            "oidc-issuers:\n  {issuer}:\n    issuer-url: {issuer}\n    client-id: sigstore\n    type: ci-provider\n    \
             ci-provider: github-workflow\n{CLAIMS}"
        );
        fs::write(it.path("fulcio.yaml"), config).unwrap();
        let (config, ct_url) = (it.text("fulcio.yaml"), format!("{}/log", at(ct)));
        it.run(
            "fulcio",
            &[
                "serve",
                "--host=127.0.0.1",
                "--grpc-host=127.0.0.1",
                "--ca=ephemeralca",
                &format!("--port={fulcio}"),
                &format!("--grpc-port={fulcio_rpc}"),
                &format!("--metrics-port={fulcio_metrics}"),
                &format!("--legacy-unix-domain-socket=@hallmark-test-{fulcio}"),
                &format!("--config-path={config}"),
                &format!("--ct-log-url={ct_url}"),
            ],
        );
        let (storage, signer) = (it.text("rekor"), it.text("rekor.pem"));
        it.run(
            "rekor-server",
            &[
                "serve",
                "--http-address=127.0.0.1",
                "--grpc-address=127.0.0.1",
                "--hostname=127.0.0.1",
                "--checkpoint-interval=1s",
                &format!("--http-port={rekor}"),
                &format!("--grpc-port={rekor_rpc}"),
                &format!("--http-metrics-port={rekor_metrics}"),
                &format!("--storage-dir={storage}"),
                &format!("--signer-filepath={signer}"),
            ],
        );
        let bundle: serde_json::Value =
            serde_json::from_str(&it.get(fulcio, "/api/v2/trustBundle")?).unwrap();
        let roots = bundle["chains"][0]["certificates"].as_array().unwrap();
        let roots: String = roots.iter().map(|pem| pem.as_str().unwrap()).collect();
        fs::write(it.path("fulcio-roots.pem"), roots).unwrap();
        let (storage, roots) = (it.text("ct"), it.text("fulcio-roots.pem"));
        it.run(
            "tesseract",
            &[
                "--origin=ct.test/log",
                "--path_prefix=log",
                &format!("--http_endpoint=127.0.0.1:{ct}"),
                &format!("--private_key={sec1}"),
                &format!("--roots_pem_file={roots}"),
                &format!("--storage_dir={storage}"),
            ],
        );
        it.get(ct, "/log/ct/v1/get-roots")?;
        it.get(rekor, "/healthz")?;
        it.describe(&at(fulcio), &ct_url, &at(rekor), &format!("{}/api/v1/timestamp", at(tsa)));
        Some(())
    }

    /// By cosign, as whoever runs a Sigstore of their own does.
    fn describe(&self, fulcio: &str, ct: &str, rekor: &str, tsa: &str) {
        let since = "2020-01-01T00:00:00Z";
        let file = |name: &str| self.text(name);
        let cosign = |args: &[&str]| Job::new().must_cosign(&[], args);
        cosign(&[
            "trusted-root",
            "create",
            "--out",
            &file("trusted-root.json"),
            "--fulcio",
            &format!("url={fulcio},certificate-chain={}", file("fulcio-roots.pem")),
            "--ctfe",
            &format!("url={ct},origin=ct.test/log,public-key={},start-time={since}", file("ct.pub")),
            "--rekor",
            &format!("url={rekor},origin=127.0.0.1,public-key={},start-time={since}", file("rekor.pub")),
            "--tsa",
            &format!("url={tsa},certificate-chain={}", file("tsa.pem")),
        ]);
        let service = |url: &str, version: u8| {
            format!("url={url},api-version={version},start-time={since},operator=test")
        };
        cosign(&[
            "signing-config",
            "create",
            "--out",
            &file("signing-config.json"),
            "--fulcio",
            &service(fulcio, 1),
            "--rekor",
            &service(rekor, 2),
            "--rekor-config",
            "ANY",
            "--tsa",
            &service(tsa, 1),
            "--tsa-config",
            "ANY",
        ]);
    }

    fn run(&mut self, name: &str, args: &[&str]) {
        let log = fs::File::create(self.path(&format!("{name}.log"))).unwrap();
        let child = Command::new(tool(name))
            .args(args)
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.children.push(child);
    }

    /// Asks a server that has just been started, until it answers, or one of them ended.
    fn get(&mut self, port: u16, path: &str) -> Option<String> {
        let begun = Instant::now();
        loop {
            if let Some(body) = try_get(port, path) {
                return Some(body);
            }
            let ended = self.children.iter_mut().any(|child| child.try_wait().unwrap().is_some());
            if ended || begun.elapsed() > Duration::from_secs(60) {
                return None;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// What the servers wrote to their logs.
    pub(crate) fn logs(&self) -> String {
        let names = ["fulcio", "tesseract", "rekor-server", "timestamp-server"];
        names.map(|name| fs::read_to_string(self.path(&format!("{name}.log"))).unwrap_or_default()).concat()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn trusted_root(&self) -> String {
        self.text("trusted-root.json")
    }

    pub(crate) fn signing_config(&self) -> String {
        self.text("signing-config.json")
    }
}

impl Drop for Sigstore {
    fn drop(&mut self) {
        for child in &mut self.children {
            child.kill().ok();
            child.wait().ok();
        }
    }
}

/// Free ports, all held until all are known.
fn ports<const N: usize>() -> [u16; N] {
    let listeners: [TcpListener; N] = std::array::from_fn(|_| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}

fn try_get(port: u16, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    let request = format!("GET {path} HTTP/1.0\r\nhost: 127.0.0.1\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    head.lines().next()?.contains(" 200 ").then(|| body.to_owned())
}
