//! An account as it is asked: whose credentials, which endpoints, how long each part of a call may take.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use anyhow::Context as _;
use aws_client::{Credentials, Env, LIMITS, Limits, Setup, endpoint};
use aws_config::sts::AssumeRoleProvider;
use aws_config::{Region, SdkConfig};
use caller::Caller;

use crate::failure::{Answered, Call, Failure, Fate, answer};

/// The services that are asked, by the name that `AWS_ENDPOINT_URL_…` has for them.
const SERVICES: [&str; 5] = ["EBS", "EC2", "KMS", "SSM", "STS"];

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
    /// Of the account that a step is in, its clients in the region that its inputs or variables name.
    ///
    /// # Errors
    /// Nobody says in which region; else as [`Account::of`].
    pub async fn of(caller: &Caller) -> anyhow::Result<Rc<Self>> {
        let region = caller.region();
        let region = region
            .context("an AMI is in a region, and nobody says in which: give `region`, or set AWS_REGION")?;
        Ok(Account::of(caller, region).await?.place(region))
    }

    /// Names a call for errors.
    #[must_use]
    pub fn call<'a>(&'a self, name: &'static str, about: &'a str) -> Call<'a> {
        Call { name, account: &self.account, region: &self.region, about }
    }
}

impl Account {
    /// The account that a step is in, asked in this region who that is.
    ///
    /// # Errors
    /// The role cannot be assumed, or the credentials are not good.
    pub async fn of(caller: &Caller, region: &str) -> anyhow::Result<Self> {
        let env = |name: &str| caller.variable(name);
        let opened = Self::by(&env, region, LIMITS, caller.credentials(region)).await;
        opened.context("AWS cannot be asked")
    }

    /// The account of the environment's credentials: those of the usual variables, else of the SDK's chain (a web
    /// identity's token, a profile, the container's or the instance's role). Asks who they are.
    ///
    /// # Errors
    /// The credentials are not known or not good.
    pub async fn open(env: Env<'_>, region: &str, limits: &Limits) -> Answered<Self> {
        Self::by(env, region, *limits, None).await
    }

    /// By credentials that come from somewhere else than the environment, where some are given.
    async fn by(
        env: Env<'_>,
        region: &str,
        limits: Limits,
        credentials: Option<Credentials>,
    ) -> Answered<Self> {
        // Each service's client is told its own endpoint.
        let mut setup = Setup::of(env, "STS", limits);
        setup.region = Some(region.to_owned());
        setup.endpoint = env("AWS_ENDPOINT_URL");
        setup.credentials = credentials.or(setup.credentials);
        Self::known(setup.load().await, endpoints(env), region).await
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
        let credentials = Credentials::new(provider);
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

/// Where each service is, if not where AWS has it.
fn endpoints(env: Env<'_>) -> BTreeMap<&'static str, String> {
    SERVICES.into_iter().filter_map(|service| Some((service, endpoint(env, service)?))).collect()
}
