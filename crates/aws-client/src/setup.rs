//! Where a service is asked, and as whom: by the variables that everybody knows.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;

use crate::Limits;

/// Reads a variable of the environment; empty counts as absent.
pub type Env<'e> = &'e dyn Fn(&str) -> Option<String>;

/// The variables that say who asks, the id and the secret first.
pub const CREDENTIALS: [&str; 3] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];

/// The variables that say in which region, the first that is there.
pub const REGIONS: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];

/// Where a service is, by its name in `AWS_ENDPOINT_URL_…`, if not where AWS has it.
#[must_use]
pub fn endpoint(env: Env<'_>, service: &str) -> Option<String> {
    env(&format!("AWS_ENDPOINT_URL_{service}")).or_else(|| env("AWS_ENDPOINT_URL"))
}

/// What a client is made with.
#[derive(Debug, Clone)]
pub struct Setup {
    /// How long a call may take.
    pub limits: Limits,
    /// The region. Without one, the SDK looks into a profile and the instance's metadata.
    pub region: Option<String>,
    /// Where the service is, if not where AWS has it.
    pub endpoint: Option<String>,
    /// Whose call it is. Without any, the SDK's chain finds them: a web identity's token, a profile, the container's or the
    /// instance's role.
    pub credentials: Option<SharedCredentialsProvider>,
}

impl Setup {
    /// By the usual variables; the service by its name in `AWS_ENDPOINT_URL_…`.
    #[must_use]
    pub fn of(env: Env<'_>, service: &str, limits: Limits) -> Self {
        Self {
            limits,
            region: REGIONS.into_iter().find_map(env),
            endpoint: endpoint(env, service),
            credentials: credentials(env),
        }
    }

    /// The SDK's configuration. Nobody is asked for credentials before they are needed.
    pub async fn load(self) -> SdkConfig {
        let mut config = aws_config::defaults(BehaviorVersion::latest())
            .timeout_config(self.limits.timeouts())
            .retry_config(self.limits.retries());
        if let Some(region) = self.region {
            config = config.region(Region::new(region));
        }
        if let Some(endpoint) = self.endpoint {
            config = config.endpoint_url(endpoint);
        }
        if let Some(credentials) = self.credentials {
            config = config.credentials_provider(credentials);
        }
        config.load().await
    }
}

fn credentials(env: Env<'_>) -> Option<SharedCredentialsProvider> {
    let [Some(id), Some(secret), token] = CREDENTIALS.map(env) else { return None };
    Some(SharedCredentialsProvider::new(Credentials::new(id, secret, token, None, "the environment")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LIMITS;

    #[test]
    fn the_usual_variables_say_where_and_as_whom() {
        type Found<'f> = (Option<&'f str>, Option<&'f str>, bool);
        let cases: [(&[(&str, &str)], Found<'_>); 7] = [
            (&[], (None, None, false)),
            (
                &[("AWS_REGION", "eu-west-1"), ("AWS_DEFAULT_REGION", "eu-west-2")],
                (Some("eu-west-1"), None, false),
            ),
            (&[("AWS_DEFAULT_REGION", "eu-west-2")], (Some("eu-west-2"), None, false)),
            (
                &[("AWS_ENDPOINT_URL", "http://every"), ("AWS_ENDPOINT_URL_S3", "http://s3")],
                (None, Some("http://s3"), false),
            ),
            (
                &[("AWS_ENDPOINT_URL", "http://every"), ("AWS_ENDPOINT_URL_KMS", "http://kms")],
                (None, Some("http://every"), false),
            ),
            (&[("AWS_ACCESS_KEY_ID", "id"), ("AWS_SESSION_TOKEN", "token")], (None, None, false)),
            (&[("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "secret")], (None, None, true)),
        ];
        for (variables, expected) in cases {
            let env = |name: &str| {
                variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            };
            let setup = Setup::of(&env, "S3", LIMITS);
            let found = (setup.region.as_deref(), setup.endpoint.as_deref(), setup.credentials.is_some());
            assert_eq!(found, expected, "{variables:?}");
        }
    }
}
