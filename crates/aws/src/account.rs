//! An account as it is asked: whose credentials, which endpoints, how long each part of a call may take.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;

use crate::failure::{Answered, Call, Failure, Fate, answer};

/// Reads a variable of the environment; empty counts as absent.
pub type Env<'e> = &'e dyn Fn(&str) -> Option<String>;

/// How long each part of a call may take, and how often it is tried. The SDK waits for an answer for ever by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Until there is a connection.
    pub connect: Duration,
    /// Until the first byte of an answer.
    pub read: Duration,
    /// One attempt as a whole.
    pub attempt: Duration,
    /// All attempts together.
    pub operation: Duration,
    /// How often a call that can be repeated is tried, with growing pauses of random length between.
    pub attempts: u32,
}

impl Limits {
    pub(crate) fn timeouts(&self) -> TimeoutConfig {
        TimeoutConfig::builder()
            .connect_timeout(self.connect)
            .read_timeout(self.read)
            .operation_attempt_timeout(self.attempt)
            .operation_timeout(self.operation)
            .build()
    }

    pub(crate) fn retries(&self) -> RetryConfig {
        RetryConfig::standard()
            .with_max_attempts(self.attempts)
            .with_initial_backoff(Duration::from_millis(250))
    }
}

/// What fits the control plane: its answers are small.
pub const LIMITS: Limits = Limits {
    connect: Duration::from_secs(5),
    read: Duration::from_secs(30),
    attempt: Duration::from_secs(45),
    operation: Duration::from_secs(300),
    attempts: 8,
};

/// The variables that say who asks, the id and the secret first.
pub(crate) const CREDENTIALS: [&str; 3] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];

/// The services that are asked, by the name that `AWS_ENDPOINT_URL_…` has for them.
pub(crate) const SERVICES: [&str; 5] = ["EBS", "EC2", "KMS", "SSM", "STS"];

/// An account with credentials for it.
pub struct Account {
    config: SdkConfig,
    endpoints: BTreeMap<&'static str, String>,
    id: String,
    arn: String,
    places: RefCell<BTreeMap<String, Rc<Place>>>,
}

/// One region of an account, with its clients.
pub struct Place {
    /// The region.
    pub region: String,
    /// The account's number.
    pub account: String,
    /// Images, snapshots, instances.
    pub ec2: aws_sdk_ec2::Client,
    /// Parameters.
    pub ssm: aws_sdk_ssm::Client,
    /// Keys.
    pub kms: aws_sdk_kms::Client,
    /// The blocks of snapshots.
    pub ebs: aws_sdk_ebs::Client,
}

impl Place {
    /// Names a call for errors.
    #[must_use]
    pub fn call<'a>(&'a self, name: &'static str, about: &'a str) -> Call<'a> {
        Call { name, account: &self.account, region: &self.region, about }
    }
}

impl Account {
    /// The account of the environment's credentials: those of the usual variables, else of the SDK's chain (a web
    /// identity's token, a profile, the container's or the instance's role). Asks who they are.
    ///
    /// # Errors
    /// The credentials are not known or not good.
    pub async fn open(env: Env<'_>, region: &str, limits: &Limits) -> Answered<Self> {
        let mut config = base(env, region, limits);
        if let [Some(id), Some(secret), token] = CREDENTIALS.map(env) {
            config =
                config.credentials_provider(Credentials::new(id, secret, token, None, "the environment"));
        }
        Self::known(config.load().await, endpoints(env), region).await
    }

    /// The same with credentials that come from somewhere else, and are asked for again before they expire.
    ///
    /// # Errors
    /// As [`Account::open`].
    pub async fn with_credentials(
        env: Env<'_>,
        region: &str,
        limits: &Limits,
        credentials: SharedCredentialsProvider,
    ) -> Answered<Self> {
        let config = base(env, region, limits).credentials_provider(credentials);
        Self::known(config.load().await, endpoints(env), region).await
    }

    /// Another account, as a role in it that these credentials may assume. The SDK assumes it again before it expires.
    ///
    /// # Errors
    /// The role cannot be assumed.
    pub async fn assume(&self, role: &str, session: &str, region: &str) -> Answered<Self> {
        let mut asking = self.config.to_builder().region(Region::new(region.to_owned()));
        asking.set_endpoint_url(self.endpoints.get("STS").cloned());
        let provider = AssumeRoleProvider::builder(role)
            .session_name(session)
            .region(Region::new(region.to_owned()))
            .configure(&asking.build())
            .build()
            .await;
        let credentials = SharedCredentialsProvider::new(provider);
        let config = self.config.to_builder().credentials_provider(credentials).build();
        Self::known(config, self.endpoints.clone(), region).await.map_err(|mut failure| {
            if failure.about.is_empty() {
                failure.about = role.to_owned();
            }
            failure
        })
    }

    async fn known(
        config: SdkConfig,
        endpoints: BTreeMap<&'static str, String>,
        region: &str,
    ) -> Answered<Self> {
        let mut builder = aws_sdk_sts::config::Builder::from(&config).region(Region::new(region.to_owned()));
        builder.set_endpoint_url(endpoints.get("STS").cloned());
        let sts = aws_sdk_sts::Client::from_conf(builder.build());
        let call = Call { name: "GetCallerIdentity", account: "not known yet", region, about: "" };
        let who = answer(call.clone(), sts.get_caller_identity().send()).await?;
        let (Some(id), Some(arn)) = (who.account, who.arn) else {
            return Err(Box::new(Failure {
                call: call.name,
                about: String::new(),
                region: region.to_owned(),
                account: call.account.to_owned(),
                code: String::new(),
                message: "the answer names no account".into(),
                request_id: None,
                fate: Fate::Unknown,
            }));
        };
        Ok(Self { config, endpoints, id, arn, places: RefCell::default() })
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Who asks.
    #[must_use]
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// The partition: `aws`, `aws-us-gov`, `aws-cn`.
    #[must_use]
    pub fn partition(&self) -> &str {
        self.arn.split(':').nth(1).unwrap_or_default()
    }

    /// The clients for a region, made once.
    pub fn place(&self, region: &str) -> Rc<Place> {
        let mut places = self.places.borrow_mut();
        let place = places.entry(region.to_owned()).or_insert_with(|| Rc::new(self.connect(region)));
        Rc::clone(place)
    }

    fn connect(&self, region: &str) -> Place {
        let config = self.config.to_builder().region(Region::new(region.to_owned())).build();
        let endpoint = |service| self.endpoints.get(service).cloned();
        let mut ec2 = aws_sdk_ec2::config::Builder::from(&config);
        ec2.set_endpoint_url(endpoint("EC2"));
        let mut ssm = aws_sdk_ssm::config::Builder::from(&config);
        ssm.set_endpoint_url(endpoint("SSM"));
        let mut kms = aws_sdk_kms::config::Builder::from(&config);
        kms.set_endpoint_url(endpoint("KMS"));
        let mut ebs = aws_sdk_ebs::config::Builder::from(&config);
        ebs.set_endpoint_url(endpoint("EBS"));
        Place {
            region: region.to_owned(),
            account: self.id.clone(),
            ec2: aws_sdk_ec2::Client::from_conf(ec2.build()),
            ssm: aws_sdk_ssm::Client::from_conf(ssm.build()),
            kms: aws_sdk_kms::Client::from_conf(kms.build()),
            ebs: aws_sdk_ebs::Client::from_conf(ebs.build()),
        }
    }
}

fn base(env: Env<'_>, region: &str, limits: &Limits) -> aws_config::ConfigLoader {
    let mut config = aws_config::defaults(BehaviorVersion::latest())
        .timeout_config(limits.timeouts())
        .retry_config(limits.retries())
        .region(Region::new(region.to_owned()));
    if let Some(url) = env("AWS_ENDPOINT_URL") {
        config = config.endpoint_url(url);
    }
    config
}

/// Where each service is, if not where AWS has it.
fn endpoints(env: Env<'_>) -> BTreeMap<&'static str, String> {
    let everything = env("AWS_ENDPOINT_URL");
    SERVICES
        .into_iter()
        .filter_map(|service| {
            let url = env(&format!("AWS_ENDPOINT_URL_{service}")).or_else(|| everything.clone())?;
            Some((service, url))
        })
        .collect()
}
