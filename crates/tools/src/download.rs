//! Bytes over HTTPS into a file, bounded in size and time.
//!
//! The client blocks, so it works on a thread of its own, which nobody waits for: the future can be dropped
//! at any time, and the thread stops at the next bytes or at its own time-out.

use std::fs::File;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use model::{Sha256, Sha256Hasher};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use url::Url;

use crate::Limits;
use crate::mirror::Place;

/// Why no file came.
#[derive(Debug)]
pub(crate) enum Failure {
    /// May go better another time.
    Passing(String),
    /// Will not.
    Lasting(String),
    /// More bytes than any tool has.
    TooLarge,
}

enum Message {
    Bytes(u64, Option<u64>),
    End(Result<Sha256, Failure>),
}

/// Dropped with the future: tells the thread that nobody waits any more.
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Fills the file and gives the digest of what came. `on` gets the bytes so far, and in all.
pub(crate) async fn to_file(
    place: &Place,
    file: File,
    limits: &Limits,
    on: &mut dyn FnMut(u64, Option<u64>),
) -> Result<Sha256, Failure> {
    let (sender, mut receiver) = unbounded_channel();
    let stop = StopOnDrop(Arc::new(AtomicBool::new(false)));
    let job = Job { file, limits: *limits, sender: sender.clone(), stop: Arc::clone(&stop.0), bytes: 0 };
    let place = place.clone();
    std::thread::Builder::new()
        .name("download".to_owned())
        .spawn(move || {
            let end = job.run(&place);
            // Nobody listens after a drop, and then nobody needs to know.
            drop(sender.send(Message::End(end)));
        })
        .map_err(|e| Failure::Lasting(format!("no thread could be started: {e}")))?;
    let last = tokio::time::Instant::now() + limits.download;
    loop {
        let stalled = tokio::time::Instant::now() + limits.stall + limits.connect;
        match tokio::time::timeout_at(stalled.min(last), receiver.recv()).await {
            Ok(Some(Message::Bytes(bytes, total))) => on(bytes, total),
            Ok(Some(Message::End(end))) => return end,
            Ok(None) => return Err(Failure::Lasting("the download's thread ended early".to_owned())),
            Err(_) if stalled < last => {
                return Err(Failure::Passing(format!("no byte came for {:?}", limits.stall)));
            }
            Err(_) => return Err(Failure::Passing(format!("not finished after {:?}", limits.download))),
        }
    }
}

struct Job {
    file: File,
    limits: Limits,
    sender: UnboundedSender<Message>,
    stop: Arc<AtomicBool>,
    bytes: u64,
}

impl Job {
    fn run(mut self, place: &Place) -> Result<Sha256, Failure> {
        match place {
            Place::File(path) => {
                let mut from = File::open(path).map_err(|e| Failure::Lasting(e.to_string()))?;
                let total = from.metadata().ok().map(|metadata| metadata.len());
                self.copy(&mut from, total)
            }
            Place::Web(url) => {
                let response = agent(url, &self.limits).get(url.as_str()).call().map_err(|e| failure(&e))?;
                let body = response.into_body();
                let total = body.content_length();
                if total.is_some_and(|total| total > self.limits.bytes) {
                    return Err(Failure::TooLarge);
                }
                self.copy(&mut body.into_reader(), total)
            }
        }
    }

    fn copy(&mut self, from: &mut dyn Read, total: Option<u64>) -> Result<Sha256, Failure> {
        let mut hasher = Sha256Hasher::new();
        let mut buffer = vec![0; 1 << 16];
        loop {
            let read = match from.read(&mut buffer) {
                Ok(read) => read,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(Failure::Passing(format!("the connection broke: {e}"))),
            };
            if self.stop.load(Ordering::Relaxed) {
                return Err(Failure::Passing("stopped".to_owned()));
            }
            if read == 0 {
                let short = total.is_some_and(|total| total != self.bytes);
                let ended = || Failure::Passing(format!("it ended after {} bytes", self.bytes));
                return if short { Err(ended()) } else { Ok(hasher.finish()) };
            }
            self.bytes += read as u64;
            if self.bytes > self.limits.bytes {
                return Err(Failure::TooLarge);
            }
            hasher.update(&buffer[..read]);
            self.file.write_all(&buffer[..read]).map_err(|e| Failure::Lasting(e.to_string()))?;
            drop(self.sender.send(Message::Bytes(self.bytes, total)));
        }
    }
}

/// A client for this address. Proxies are taken from the environment by the client itself.
fn agent(url: &Url, limits: &Limits) -> ureq::Agent {
    let tls = ureq::tls::TlsConfig::builder()
        .provider(ureq::tls::TlsProvider::Rustls)
        .root_certs(ureq::tls::RootCerts::PlatformVerifier)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .build();
    ureq::Agent::config_builder()
        .tls_config(tls)
        // A redirect must not leave TLS. (A mirror may be plain http: the bytes are checked.)
        .https_only(url.scheme() == "https")
        .max_redirects(5)
        .timeout_connect(Some(limits.connect))
        .timeout_recv_response(Some(limits.stall))
        // So that the thread ends too.
        .timeout_global(Some(limits.download + Duration::from_secs(1)))
        .user_agent(concat!("hallmark/", env!("CARGO_PKG_VERSION")))
        .build()
        .into()
}

fn failure(error: &ureq::Error) -> Failure {
    match error {
        ureq::Error::StatusCode(code) if *code >= 500 || matches!(code, 408 | 429) => {
            Failure::Passing(format!("the server answered {code}"))
        }
        ureq::Error::StatusCode(code) => Failure::Lasting(format!("the server answered {code}")),
        ureq::Error::HostNotFound => Failure::Lasting("the host cannot be found (no network?)".to_owned()),
        other => Failure::Passing(other.to_string()),
    }
}
