//! How octocrab's requests reach GitHub: by the client that downloads the tools too.
//!
//! octocrab's own client (hyper) takes no proxy from the environment, reads answers of any length,
//! and would be a second TLS stack in the program. This one takes the system's roots and proxies,
//! and is bounded in bytes and time. It blocks, so each request has a thread of its own, which
//! nobody waits for: the future can be dropped at any time.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt as _;
use octocrab::OctoBody;
use runner::Secret;
use tokio::sync::oneshot;
use ureq::config::RedirectAuthHeaders;
use ureq::http::{HeaderValue, Request, Response, header};

use crate::ApiUrl;
use crate::Limits;
use crate::error::{Why, plain};

/// Whatever a tower service may fail with; here always a [`Why`].
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What GitHub's documentation asks for, and what its description has.
const ACCEPT: HeaderValue = HeaderValue::from_static("application/vnd.github+json, application/json");

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
        let whole = self.limits.whole;
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
        let sent = if body.is_empty() {
            self.agent.run(Request::from_parts(parts, ()))
        } else {
            self.agent.run(Request::from_parts(parts, body))
        };
        let response = sent.map_err(|error| self.why(&error))?;
        let (parts, mut body) = response.into_parts();
        let bytes =
            body.with_config().limit(self.limits.bytes).read_to_vec().map_err(|error| self.why(&error))?;
        Ok(Response::from_parts(parts, OctoBody::from(bytes)))
    }

    fn why(&self, error: &ureq::Error) -> Why {
        match error {
            ureq::Error::Timeout(ureq::Timeout::Connect) => Why::TimedOut(self.limits.connect),
            ureq::Error::Timeout(_) => Why::TimedOut(self.limits.whole),
            ureq::Error::Io(error) if error.kind() == io::ErrorKind::TimedOut => {
                Why::TimedOut(self.limits.whole)
            }
            ureq::Error::BodyExceedsLimit(limit) => {
                Why::Malformed(format!("it is longer than the {limit} bytes that are read"))
            }
            ureq::Error::HostNotFound => self.unknown_host(),
            ureq::Error::Io(error) if error.to_string().contains("lookup address") => self.unknown_host(),
            ureq::Error::Io(error) => Why::Unreachable(plain(&error.to_string())),
            other => Why::Unreachable(plain(&other.to_string())),
        }
    }

    fn unknown_host(&self) -> Why {
        Why::Unreachable(format!("the host of {} is not known (no network?)", self.address))
    }
}
