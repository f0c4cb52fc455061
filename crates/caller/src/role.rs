//! Credentials of a role by a web identity's token, asked for again before they expire: what a build of hours needs, whose
//! job's own credentials last an hour.

use std::fmt;

use aws_client::{Call, Env, Limits, answer, endpoint};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_sdk_sts::config::{BehaviorVersion, Region};
use services::AwsTokens;

/// A role, and the tokens that open it.
#[derive(Debug, Clone)]
pub struct Role {
    /// Its ARN.
    pub arn: String,
    /// What the session is called, in CloudTrail and in the ARN of who asks.
    pub session: String,
    /// The job's tokens: a fresh one each time.
    pub tokens: AwsTokens,
}

impl Role {
    /// Credentials for it. The SDK asks for them when it needs them, and again before they expire.
    pub(crate) fn credentials(
        &self,
        env: Env<'_>,
        region: &str,
        limits: &Limits,
    ) -> SharedCredentialsProvider {
        let mut config = aws_sdk_sts::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .timeout_config(limits.timeouts())
            .retry_config(limits.retries())
            .region(Region::new(region.to_owned()));
        config.set_endpoint_url(endpoint(env, "STS"));
        let sts = aws_sdk_sts::Client::from_conf(config.build());
        SharedCredentialsProvider::new(Provider { sts, role: self.clone(), region: region.to_owned() })
    }
}

struct Provider {
    sts: aws_sdk_sts::Client,
    role: Role,
    region: String,
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider").field("role", &self.role.arn).finish_non_exhaustive()
    }
}

impl Provider {
    async fn ask(&self) -> Result<Credentials, CredentialsError> {
        let Role { arn, session, tokens } = &self.role;
        let token = tokens.ask().await;
        let token = token.map_err(|error| CredentialsError::provider_error(format!("{error:#}")))?;
        let asked = self
            .sts
            .assume_role_with_web_identity()
            .role_arn(arn)
            .role_session_name(session)
            .web_identity_token(token.expose());
        let call = Call {
            name: "AssumeRoleWithWebIdentity",
            account: "not known yet",
            region: &self.region,
            about: arn,
        };
        let given = answer(call, asked.send()).await.map_err(CredentialsError::provider_error)?;
        let given =
            given.credentials.ok_or_else(|| CredentialsError::provider_error("STS gave no credentials"))?;
        let until = given
            .expiration
            .try_into()
            .map_err(|_| CredentialsError::provider_error("STS gave credentials that end at no time"))?;
        Ok(Credentials::new(
            given.access_key_id,
            given.secret_access_key,
            Some(given.session_token),
            Some(until),
            "a web identity",
        ))
    }
}

impl ProvideCredentials for Provider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.ask())
    }
}
