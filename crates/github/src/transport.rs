//! How octocrab's requests reach GitHub: by the client that downloads the tools too.
//!
//! octocrab's own client (hyper) takes no proxy from the environment, reads answers of any length,
//! and would be a second TLS stack in the program. This one takes the system's roots and proxies,
//! and is bounded in bytes and time. It blocks, so each request has a thread of its own, which
//! nobody waits for: the future can be dropped at any time.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt as _;
use octocrab::OctoBody;
use runner::Secret;
use tokio::sync::oneshot;
use ureq::config::RedirectAuthHeaders;
use ureq::http::{HeaderValue, Request, Response, header};
use url::Url;

use crate::ApiUrl;
use crate::Limits;
use crate::error::{Why, plain};

/// Whatever a tower service may fail with; here always a [`Why`].
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What GitHub's documentation asks for, and what its description has.
const ACCEPT: HeaderValue = HeaderValue::from_static("application/vnd.github+json, application/json");

/// How long an archive may take: it is read by one person who waits for it.
const DOWNLOAD: Duration = Duration::from_secs(300);

/// How many redirects are followed on the way to an archive.
const MOST_HOPS: usize = 4;

/// Of an answer that is no success.
#[derive(serde::Deserialize)]
struct Said {
    message: String,
}

/// Sends requests to one API, with one token.
#[derive(Clone)]
pub(crate) struct Transport {
    agent: ureq::Agent,
    address: ApiUrl,
    token: Option<Secret>,
    limits: Limits,
}

impl Transport {
    pub(crate) fn new(address: &ApiUrl, token: Option<Secret>, limits: Limits) -> Self {
        let tls = ureq::tls::TlsConfig::builder()
            .provider(ureq::tls::TlsProvider::Rustls)
            .root_certs(ureq::tls::RootCerts::PlatformVerifier)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .build();
        let agent = ureq::Agent::config_builder()
            .tls_config(tls)
            .https_only(address.is_https())
            // A repository that was renamed is a redirect to another path of the same host. The
            // token goes to no other.
            .max_redirects(3)
            .redirect_auth_headers(RedirectAuthHeaders::SameHost)
            .http_status_as_error(false)
            .timeout_connect(Some(limits.connect))
            .timeout_global(Some(limits.whole))
            .user_agent(concat!("hallmark/", env!("CARGO_PKG_VERSION")))
            .build()
            .into();
        Self { agent, address: address.clone(), token, limits }
    }

    /// Sends a request of octocrab's, whose address is a path.
    pub(crate) async fn send(self, request: Request<OctoBody>) -> Result<Response<OctoBody>, BoxError> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await?.to_bytes().to_vec();
        let request = self.request(&parts, body)?;
        let (answer, answered) = oneshot::channel();
        let whole = self.limits.whole_with(request.body().len());
        std::thread::Builder::new().name("github".to_owned()).spawn(move || {
            // Nobody listens after a drop, and then nobody needs to know.
            drop(answer.send(self.exchange(request)));
        })?;
        // The client keeps the time itself, except where a name is looked up.
        match tokio::time::timeout(whole + Duration::from_secs(1), answered).await {
            Ok(Ok(response)) => Ok(response?),
            Ok(Err(_)) => Err(Why::Unreachable("the request's thread ended early".to_owned()).into()),
            Err(_) => Err(Why::TimedOut(whole).into()),
        }
    }

    fn request(
        &self,
        parts: &ureq::http::request::Parts,
        body: Vec<u8>,
    ) -> Result<Request<Vec<u8>>, BoxError> {
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let mut request = Request::builder().method(&parts.method).uri(self.address.join(path)).body(body)?;
        let headers = request.headers_mut();
        headers.extend(parts.headers.iter().map(|(name, value)| (name.clone(), value.clone())));
        headers.remove(header::CONTENT_LENGTH);
        // A call for another form of the same thing says so itself.
        headers.entry(header::ACCEPT).or_insert(ACCEPT);
        if let Some(token) = &self.token {
            let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose().trim()))
                .map_err(|_| Why::Unauthorized("a token is one line of plain characters".to_owned()))?;
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
        }
        Ok(request)
    }

    fn exchange(self, request: Request<Vec<u8>>) -> Result<Response<OctoBody>, Why> {
        let (parts, body) = request.into_parts();
        let whole = self.limits.whole_with(body.len());
        let sent = if body.is_empty() {
            self.agent.run(Request::from_parts(parts, ()))
        } else {
            let request = self.agent.configure_request(Request::from_parts(parts, body));
            self.agent.run(request.timeout_global(Some(whole)).build())
        };
        let response = sent.map_err(|error| self.why(&error, whole))?;
        let (parts, mut body) = response.into_parts();
        let bytes = body.with_config().limit(self.limits.bytes).read_to_vec();
        let bytes = bytes.map_err(|error| self.why(&error, whole))?;
        Ok(Response::from_parts(parts, OctoBody::from(bytes)))
    }

    fn why(&self, error: &ureq::Error, whole: Duration) -> Why {
        match error {
            ureq::Error::Timeout(ureq::Timeout::Connect) => Why::TimedOut(self.limits.connect),
            ureq::Error::Timeout(_) => Why::TimedOut(whole),
            ureq::Error::Io(error) if error.kind() == io::ErrorKind::TimedOut => Why::TimedOut(whole),
            ureq::Error::BodyExceedsLimit(limit) => {
                Why::Malformed(format!("it is longer than the {limit} bytes that are read"))
            }
            ureq::Error::HostNotFound => self.unknown_host(),
            ureq::Error::Io(error) if error.to_string().contains("lookup address") => self.unknown_host(),
            ureq::Error::Io(error) => Why::Unreachable(plain(&error.to_string())),
            other => Why::Unreachable(plain(&other.to_string())),
        }
    }

    /// Writes what lies behind a path into a file, and tells how long it is. GitHub answers with where it lies.
    pub(crate) async fn download(self, path: String, limit: u64, to: File) -> Result<u64, Why> {
        let (answer, answered) = oneshot::channel();
        let thread = std::thread::Builder::new().name("github".to_owned());
        let started = thread.spawn(move || drop(answer.send(self.fetch(&path, limit, to))));
        started.map_err(|error| Why::Unreachable(plain(&error.to_string())))?;
        answered
            .await
            .unwrap_or_else(|_| Err(Why::Unreachable("the request's thread ended early".to_owned())))
    }

    fn fetch(&self, path: &str, limit: u64, mut to: File) -> Result<u64, Why> {
        let malformed = |why: &dyn std::fmt::Display| Why::Malformed(plain(&why.to_string()));
        let api = Url::parse(&self.address.to_string()).map_err(|error| malformed(&error))?;
        let mut at = Url::parse(&self.address.join(path)).map_err(|error| malformed(&error))?;
        for _ in 0..=MOST_HOPS {
            // A repository that was renamed stays at the API. Elsewhere the token is nobody's business, and the
            // address itself is the permission: it is told to nobody.
            let token = if at.origin() == api.origin() { self.token.as_ref() } else { None };
            let request = self.plain_request(&at, token)?;
            let response = self.downloads().run(request).map_err(|error| self.why_without_address(&error))?;
            let status = response.status();
            if status.is_redirection() {
                let next = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
                let next = next.ok_or_else(|| malformed(&"a redirect that leads nowhere"))?;
                at = at.join(next).map_err(|_| malformed(&"a redirect to no address"))?;
                continue;
            }
            let (parts, mut body) = response.into_parts();
            if !status.is_success() {
                let said = body.with_config().limit(self.limits.bytes).read_to_vec().unwrap_or_default();
                let message = serde_json::from_slice::<Said>(&said).map(|said| said.message);
                let message = message.unwrap_or_else(|_| "no message".to_owned());
                return Err(Why::of_status(status.as_u16(), Some(&parts.headers), &message));
            }
            let mut reader = body.with_config().limit(limit).reader();
            return io::copy(&mut reader, &mut to).map_err(|error| match error.kind() {
                io::ErrorKind::TimedOut => Why::TimedOut(DOWNLOAD),
                _ if error.to_string().contains("limit") => {
                    Why::Malformed(format!("it is longer than the {limit} bytes that are read"))
                }
                _ => Why::Unreachable(plain(&error.to_string())),
            });
        }
        Err(malformed(&"a redirect that leads on and on"))
    }

    fn plain_request(&self, at: &Url, token: Option<&Secret>) -> Result<Request<()>, Why> {
        let bad = |_| Why::Malformed("no address that can be asked".to_owned());
        let mut request = Request::builder().uri(at.as_str()).body(()).map_err(bad)?;
        if let Some(token) = token {
            let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose().trim()))
                .map_err(|_| Why::Unauthorized("a token is one line of plain characters".to_owned()))?;
            value.set_sensitive(true);
            request.headers_mut().insert(header::AUTHORIZATION, value);
            request.headers_mut().insert(header::ACCEPT, ACCEPT);
        }
        Ok(request)
    }

    /// The same client, for what is long, and where each redirect is looked at.
    fn downloads(&self) -> ureq::Agent {
        ureq::Agent::config_builder()
            .tls_config(self.agent.config().tls_config().clone())
            .https_only(self.address.is_https())
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .timeout_connect(Some(self.limits.connect))
            .timeout_global(Some(DOWNLOAD.max(self.limits.whole)))
            .user_agent(concat!("hallmark/", env!("CARGO_PKG_VERSION")))
            .build()
            .into()
    }

    /// As [`Self::why`], without an address that may be a permission.
    fn why_without_address(&self, error: &ureq::Error) -> Why {
        match error {
            ureq::Error::BadUri(_) => Why::Malformed("an address that cannot be asked".to_owned()),
            ureq::Error::RequireHttpsOnly(_) => {
                Why::Malformed("it lies where there is no HTTPS, and is not read from there".to_owned())
            }
            ureq::Error::HostNotFound => {
                Why::Unreachable("the host where it lies is not known (no network?)".to_owned())
            }
            other => self.why(other, DOWNLOAD.max(self.limits.whole)),
        }
    }

    fn unknown_host(&self) -> Why {
        Why::Unreachable(format!("the host of {} is not known (no network?)", self.address))
    }
}
