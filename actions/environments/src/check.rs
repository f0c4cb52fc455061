//! Tries what the environments need: addresses that answer, and roles that the job's own token opens.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use runner::{Context, Secret};
use serde_json::Value;
use ureq::Agent;
use url::{Url, form_urlencoded};

use crate::names::{PARTITIONS, address};
use crate::tell;

/// To connect.
const CONNECT: Duration = Duration::from_secs(5);
/// All of one question.
const WHOLE: Duration = Duration::from_secs(15);
/// The longest answer that is read.
const LONGEST: u64 = 1 << 20;

/// Asks with no token, no cookie and no redirect.
pub(crate) struct Prober(Agent);

impl Prober {
    pub(crate) fn new() -> Self {
        let tls = ureq::tls::TlsConfig::builder()
            .provider(ureq::tls::TlsProvider::Rustls)
            .root_certs(ureq::tls::RootCerts::PlatformVerifier)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .build();
        let agent = Agent::config_builder()
            .tls_config(tls)
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT))
            .timeout_global(Some(WHOLE))
            .user_agent(concat!("hallmark/", env!("CARGO_PKG_VERSION")))
            .build();
        Self(agent.into())
    }

    /// Whether somebody answers there who is not in trouble. That they want a login is an answer: a registry does.
    pub(crate) fn reach(&self, url: &Url) -> Result<u16> {
        let answer = self.0.head(url.as_str()).call()?;
        match answer.status().as_u16() {
            status @ 500..=599 => bail!("it answered {status}"),
            status => Ok(status),
        }
    }

    /// Whether the job's token opens the role: the credentials that come back are dropped unread.
    pub(crate) fn assume(&self, arn: &str, sts: &str, token: &Secret) -> Result<()> {
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("Action", "AssumeRoleWithWebIdentity")
            .append_pair("Version", "2011-06-15")
            .append_pair("RoleSessionName", "hallmark-check")
            .append_pair("DurationSeconds", "900")
            .append_pair("RoleArn", arn)
            .append_pair("WebIdentityToken", token.expose())
            .finish();
        let mut answer = self
            .0
            .post(sts)
            .header("content-type", "application/x-www-form-urlencoded")
            .send(body.as_bytes())
            .context("STS cannot be reached")?;
        let status = answer.status().as_u16();
        let text = answer.body_mut().with_config().limit(LONGEST).read_to_string().unwrap_or_default();
        if status == 200 && text.contains("<AssumedRoleUser>") {
            return Ok(());
        }
        let said = |tag: &str| between(&text, tag).map(tell::line).unwrap_or_default();
        bail!("STS answered {status}: {} {}", said("Code"), said("Message"))
    }

    /// The job's OIDC token for AWS.
    pub(crate) fn token(&self, cx: &mut Context) -> Result<Secret> {
        let (Some(url), Some(bearer)) =
            (cx.env("ACTIONS_ID_TOKEN_REQUEST_URL"), cx.env("ACTIONS_ID_TOKEN_REQUEST_TOKEN"))
        else {
            bail!(
                "there is no OIDC token: this job needs `permissions: id-token: write`, and to be in the environment"
            );
        };
        let bearer = Secret::new(bearer);
        let mut url = Url::parse(url).context("ACTIONS_ID_TOKEN_REQUEST_URL")?;
        let mut bare = url.clone();
        bare.set_query(None);
        // The job's credential goes nowhere without TLS, but on this machine.
        if let Err((what, _)) = address(bare.as_str()) {
            bail!("ACTIONS_ID_TOKEN_REQUEST_URL: {what}");
        }
        cx.mask(&bearer);
        url.query_pairs_mut().append_pair("audience", "sts.amazonaws.com");
        let mut answer = self
            .0
            .get(url.as_str())
            .header("authorization", format!("Bearer {}", bearer.expose()))
            .call()
            .context("the OIDC token was not had")?;
        if answer.status().as_u16() != 200 {
            bail!("the OIDC token was not had: {} was the answer", answer.status().as_u16());
        }
        let text = answer.body_mut().with_config().limit(LONGEST).read_to_string()?;
        let answer: Value = serde_json::from_str(&text).context("the OIDC token's answer cannot be read")?;
        match answer["value"].as_str() {
            Some(token) => {
                let token = Secret::new(token);
                cx.mask(&token);
                Ok(token)
            }
            None => bail!("the OIDC token's answer has none"),
        }
    }
}

/// STS of the part of AWS that the role is in; another one where the job says so, as AWS's own tools take it.
pub(crate) fn sts(cx: &Context, arn: &str) -> Result<String> {
    if let Some(text) = cx.env("AWS_ENDPOINT_URL_STS") {
        return match address(text) {
            Ok(url) => Ok(url.to_string()),
            Err((what, _)) => bail!("AWS_ENDPOINT_URL_STS: {what}"),
        };
    }
    let partition = arn.split(':').nth(1).unwrap_or_default();
    let known = PARTITIONS.iter().find(|(known, _)| *known == partition);
    known.map(|(_, url)| (*url).to_owned()).context("this part of AWS is not known")
}

fn between<'t>(text: &'t str, tag: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(&format!("<{tag}>"))?;
    rest.split_once(&format!("</{tag}>")).map(|(inside, _)| inside)
}
