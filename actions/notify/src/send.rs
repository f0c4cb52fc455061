//! Sends bodies to webhooks: bounded in time, without redirects, again where that may help. No error repeats an address.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Result, bail};
use jiff::fmt::rfc2822;
use tokio::sync::oneshot;
use ureq::http::{HeaderMap, header};
use ureq::{Agent, Timeout};

use crate::address::{Format, Webhook};

/// How long is waited, and how often it is tried.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// To connect, the name looked up.
    pub(crate) connect: Duration,
    /// For the answer to begin.
    pub(crate) answer: Duration,
    /// All of one attempt.
    pub(crate) whole: Duration,
    /// Attempts in all.
    pub(crate) attempts: u32,
    /// Before the second attempt; then twice as long each time.
    pub(crate) pause: Duration,
    /// The longest that a service can ask to wait.
    pub(crate) longest_pause: Duration,
}

impl Limits {
    pub(crate) const fn new(whole: Duration) -> Self {
        Self {
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(10),
            whole,
            attempts: 4,
            pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(60),
        }
    }
}

/// Something to send.
pub(crate) struct Delivery {
    pub(crate) webhook: Webhook,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

/// Why one attempt came to nothing.
#[derive(Debug)]
enum Failure {
    /// Another attempt may help, after so long where the service says it.
    Passing(String, Option<Duration>),
    /// It will not, or it would be told twice.
    Lasting(String),
}

/// Begins to send, on a thread of its own, and hands back where the end of it is told.
pub(crate) fn begin(delivery: Delivery, limits: Limits) -> Result<oneshot::Receiver<Result<(), String>>> {
    let (told, end) = oneshot::channel();
    let thread = thread::Builder::new().name("webhook".to_owned());
    let started = thread.spawn(move || {
        // Nobody listens after a drop, and then nobody needs to know.
        drop(told.send(deliver(&delivery, &limits)));
    });
    if let Err(error) = started {
        bail!("no thread can be started: {}", error.kind());
    }
    Ok(end)
}

/// Sends, again and again where that may help. The error is for people.
fn deliver(delivery: &Delivery, limits: &Limits) -> Result<(), String> {
    let agent = agent(&delivery.webhook, limits);
    let (mut attempt, mut pause) = (1, limits.pause);
    loop {
        let (why, asked) = match once(&agent, delivery) {
            Ok(()) => return Ok(()),
            Err(Failure::Lasting(why)) => return Err(why),
            Err(Failure::Passing(why, asked)) => (why, asked),
        };
        if attempt >= limits.attempts {
            return Err(format!("{why}; it was tried {attempt} times"));
        }
        let wait = asked.unwrap_or(pause);
        if wait > limits.longest_pause {
            let (asked, most) = (wait.as_secs(), limits.longest_pause.as_secs());
            return Err(format!("{why}; it asks to wait {asked} s, and no more than {most} s are waited"));
        }
        thread::sleep(wait);
        pause = pause.saturating_mul(2).min(limits.longest_pause);
        attempt += 1;
    }
}

fn agent(webhook: &Webhook, limits: &Limits) -> Agent {
    let tls = ureq::tls::TlsConfig::builder()
        .provider(ureq::tls::TlsProvider::Rustls)
        .root_certs(ureq::tls::RootCerts::PlatformVerifier)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .build();
    Agent::config_builder()
        .tls_config(tls)
        .https_only(webhook.url.scheme() == "https")
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .timeout_resolve(Some(limits.connect))
        .timeout_connect(Some(limits.connect))
        .timeout_recv_response(Some(limits.answer))
        .timeout_global(Some(limits.whole))
        .user_agent(concat!("hallmark/", env!("CARGO_PKG_VERSION")))
        .build()
        .into()
}

fn once(agent: &Agent, delivery: &Delivery) -> Result<(), Failure> {
    let mut request = agent.post(delivery.webhook.url.as_str()).header("content-type", "application/json");
    for (name, value) in &delivery.headers {
        request = request.header(*name, value);
    }
    let mut answer = request.send(delivery.body.as_slice()).map_err(|error| broken(&error))?;
    let status = answer.status().as_u16();
    if (200..300).contains(&status) {
        return Ok(());
    }
    let after = retry_after(answer.headers());
    let word = match delivery.webhook.format {
        Format::Slack => {
            let said = answer.body_mut().with_config().limit(1 << 10).read_to_string().unwrap_or_default();
            slack_word(&said, delivery.webhook.url.as_str())
        }
        Format::Generic | Format::Teams => None,
    };
    Err(refused(status, word.as_deref(), after))
}

/// Slack says why in one word. Whatever else an answer says may be the address.
fn slack_word(said: &str, address: &str) -> Option<String> {
    let said = said.trim();
    let is_word =
        (3..=60).contains(&said.len()) && said.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    (is_word && !address.contains(said)).then(|| said.to_owned())
}

fn refused(status: u16, word: Option<&str>, after: Option<Duration>) -> Failure {
    let word = word.map(|word| format!(", {word}")).unwrap_or_default();
    let what = match status {
        300..=399 => ": a redirect, which is not followed, because the message is for that address only",
        400 => ": it does not take what was sent; is the format right?",
        401 | 403 => ": the address is no longer allowed to post there",
        404 | 410 => ": the webhook is not there (any more): make a new one",
        413 => ": it is too long for that service",
        429 => ": too much was sent there lately",
        _ => "",
    };
    let why = format!("the answer was {status}{word}{what}");
    match status {
        429 | 500..=599 => Failure::Passing(why, after),
        _ => Failure::Lasting(why),
    }
}

/// What broke before there was an answer. The client's own words may hold the address: these are ours.
fn broken(error: &ureq::Error) -> Failure {
    let passing = |why: &str| Failure::Passing(why.to_owned(), None);
    let lasting = |why: &str| Failure::Lasting(why.to_owned());
    match error {
        ureq::Error::HostNotFound => passing("the host is not known (no network?)"),
        ureq::Error::ConnectionFailed => passing("it cannot be reached"),
        ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => {
            passing("it cannot be reached: no connection in time")
        }
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            passing("it cannot be reached: the connection is refused")
        }
        ureq::Error::Io(error) if error.to_string().contains("lookup address") => {
            passing("the host is not known (no network?)")
        }
        // It may have been taken in, and would be told twice.
        ureq::Error::Timeout(_) => lasting("no answer came in time: it may have been taken in"),
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::TimedOut => {
            lasting("no answer came in time: it may have been taken in")
        }
        ureq::Error::Io(error) => Failure::Lasting(format!(
            "the connection broke off ({}): it may have been taken in",
            error.kind()
        )),
        ureq::Error::Rustls(rustls::Error::InvalidCertificate(_)) => {
            lasting("its certificate is none that this machine trusts for that host")
        }
        ureq::Error::Rustls(_) | ureq::Error::Tls(_) => lasting("TLS with it failed"),
        ureq::Error::InvalidProxyUrl | ureq::Error::ConnectProxyFailed(_) => {
            lasting("the proxy of HTTPS_PROXY did not lead there")
        }
        _ => lasting("what it answers is no HTTP"),
    }
}

/// How long to wait: seconds, or a date by the service's own clock.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok();
    let after = text(header::RETRY_AFTER)?.trim();
    if let Ok(seconds) = after.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = |text: &str| rfc2822::parse(text).ok().map(|at| at.timestamp());
    let wait = at(after)?.as_second() - at(text(header::DATE)?)?.as_second();
    Some(Duration::from_secs(u64::try_from(wait).unwrap_or(0)))
}

#[cfg(test)]
mod tests;
