//! Who a step is for AWS, by its inputs and its environment: whom the usual variables name, or a role that the job's own
//! token opens. The one place that knows these inputs: every action that asks AWS has them from here.

use std::collections::BTreeMap;
use std::rc::Rc;

use anyhow::{Context as _, ensure};
use archive::{Archive, Keeping, Location, Records};
use runner::{Context, Input, Kind, Result};
use services::AwsTokens;

use crate::account::{Account, CREDENTIALS, LIMITS, Place, SERVICES};
use crate::web_identity::Role;

/// The region of an image that is read.
pub const REGION: Input = Input::new(
    "region",
    Kind::Text,
    "Of an AMI: the region that it is in; by default AWS_REGION or AWS_DEFAULT_REGION",
);

/// The region of an image that is built, for an action that may well build none in AWS.
pub const BUILD_REGION: Input = Input::new(
    "aws-region",
    Kind::Text,
    "The region in which the template makes its image, where that is in AWS; by default AWS_REGION or AWS_DEFAULT_REGION",
);

/// The role to be.
pub const ROLE: Input = Input::new(
    "aws-role",
    Kind::Text,
    "The ARN of a role in AWS that this step assumes by the job's OIDC token, again before its credentials end (needs \
     `id-token: write`); by default the credentials of the usual variables",
);

/// The variables that say in which region.
const REGIONS: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];

/// Who a step is for AWS. Nobody is asked before something is opened.
pub struct Caller {
    variables: BTreeMap<String, String>,
    region: Option<String>,
    role: Option<Role>,
}

impl Caller {
    /// By the inputs of this name that the action has: [`ROLE`], and [`REGION`] or [`BUILD_REGION`].
    ///
    /// # Errors
    /// An input is not accepted, or a role is given where the runner gives no token for it.
    pub fn read(ctx: &mut Context, action: &str) -> Result<Self> {
        let region = region(ctx)?;
        let role = ctx.opt_text(ROLE.name)?.map(|arn| role(ctx, arn, action)).transpose();
        let role = role.with_context(|| format!("input `{}`", ROLE.name))?;
        let services =
            SERVICES.iter().chain(["S3"].iter()).map(|service| format!("AWS_ENDPOINT_URL_{service}"));
        let names = REGIONS.into_iter().chain(["AWS_ENDPOINT_URL"]).map(str::to_owned).chain(services);
        // With a role, nobody is ever somebody else by mistake.
        let own = CREDENTIALS.into_iter().filter(|_| role.is_none()).map(str::to_owned);
        let mut variables: BTreeMap<String, String> = names
            .chain(own)
            .filter_map(|name| ctx.env(&name).map(str::to_owned).map(|value| (name, value)))
            .collect();
        // A bucket is in the region that the variables name; where they name none, in that of the input.
        if let Some(region) = &region {
            variables.entry("AWS_DEFAULT_REGION".to_owned()).or_insert_with(|| region.clone());
        }
        Ok(Self { variables, region, role })
    }

    /// The region that the input names, else the variables.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// The role, if it is one's.
    #[must_use]
    pub const fn role(&self) -> Option<&Role> {
        self.role.as_ref()
    }

    /// The account, asked in this region who we are.
    ///
    /// # Errors
    /// The role cannot be assumed, or the credentials are not good.
    pub async fn account(&self, region: &str) -> Result<Account> {
        let env = |name: &str| self.variable(name);
        let opened = match &self.role {
            Some(role) => {
                let credentials = role.credentials(&env, region, &LIMITS);
                Account::with_credentials(&env, region, &LIMITS, credentials).await
            }
            None => Account::open(&env, region, &LIMITS).await,
        };
        opened.context("AWS cannot be asked")
    }

    /// The account's clients in the region of [`Caller::region`].
    ///
    /// # Errors
    /// Nobody says in which region; else as [`Caller::account`].
    pub async fn place(&self) -> Result<Rc<Place>> {
        let region = self.region.as_deref();
        let region = region
            .context("an AMI is in a region, and nobody says in which: give `region`, or set AWS_REGION")?;
        Ok(self.account(region).await?.place(region))
    }

    /// An archive that is there, to read it; one in S3 as who we are.
    ///
    /// # Errors
    /// There is none, it does not answer, or the role cannot be assumed.
    pub async fn archive(&self, location: &Location) -> Result<Archive> {
        let credentials = self.credentials_for(location)?;
        Ok(Archive::open_by(location, &|name| self.variable(name), credentials).await?)
    }

    /// A place for records, in S3 as who we are. Nothing is asked of it yet.
    ///
    /// # Errors
    /// The place cannot keep things as it is asked to, or no region is known.
    pub async fn records(&self, location: &Location, keeping: Keeping) -> Result<Records> {
        let credentials = self.credentials_for(location)?;
        Ok(Records::by(location, &|name| self.variable(name), keeping, credentials).await?)
    }

    /// The role's; none where it is no role, and the environment's are meant.
    fn credentials_for(&self, location: &Location) -> Result<Option<crate::Credentials>> {
        let (Some(role), Location::S3 { .. }) = (&self.role, location) else { return Ok(None) };
        let region = self.region.as_deref();
        let region = region
            .with_context(|| format!("{location} cannot be asked: no region is known, so set AWS_REGION"))?;
        Ok(Some(role.credentials(&|name| self.variable(name), region, &LIMITS)))
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }
}

fn region(ctx: &Context) -> Result<Option<String>> {
    let input = [REGION.name, BUILD_REGION.name].into_iter().find(|name| ctx.has_input(name));
    let given = input.map(|name| ctx.opt_text(name)).transpose()?.flatten();
    let found = match given {
        Some(region) => Some((format!("input `{}`", input.unwrap_or_default()), region)),
        None => REGIONS.into_iter().find_map(|name| Some((name.to_owned(), ctx.env(name)?.to_owned()))),
    };
    let Some((from, region)) = found else { return Ok(None) };
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    ensure!(
        region.bytes().all(plain),
        "{from}: {region:?} is not accepted; give a region, such as eu-central-1"
    );
    Ok(Some(region))
}

fn role(ctx: &mut Context, arn: String, action: &str) -> Result<Role> {
    ensure!(
        is_role(&arn),
        "{arn:?} is not accepted; give a role's ARN, such as arn:aws:iam::123456789012:role/bake"
    );
    let tokens = AwsTokens::of_runner(ctx)?;
    let github = ctx.github();
    let [run, attempt] = [&github.run_id, &github.run_attempt].map(|text| text.as_deref().unwrap_or("0"));
    Ok(Role { session: format!("hallmark-{action}-{run}-{attempt}"), arn, tokens })
}

fn is_role(arn: &str) -> bool {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    matches!(parts.as_slice(), ["arn", partition, "iam", "", account, name]
        if partition.starts_with("aws") && account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit())
            && name.strip_prefix("role/").is_some_and(|name| !name.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles() {
        for (role, good) in [
            ("arn:aws:iam::123456789012:role/bake", true),
            ("arn:aws-us-gov:iam::123456789012:role/a/b", true),
            ("arn:aws:iam::123456789012:role/", false),
            ("arn:aws:iam::123456789012:user/bake", false),
            ("arn:aws:iam::1234:role/bake", false),
            ("arn:aws:sts::123456789012:role/bake", false),
            ("bake", false),
            ("", false),
        ] {
            assert_eq!(is_role(role), good, "{role}");
        }
    }
}
