//! Who a step is for AWS, by its inputs and its environment: whom the usual variables name, or a role that the job's own
//! token opens. The one place that knows these inputs: every action that asks AWS has them from here.
//!
//! No client of a service is here but STS's: an action that keeps an archive in S3 is not made to hold EC2's.

mod role;

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use archive::{Archive, Keeping, Location, Records};
use aws_client::{CREDENTIALS, Credentials, LIMITS, REGIONS};
use runner::{Context, Input, Kind, Result};
use services::AwsTokens;

pub use role::Role;

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

/// The region of an archive, for an action that asks AWS for nothing else.
pub const ARCHIVE_REGION: Input = Input::new(
    "aws-region",
    Kind::Text,
    "Of an archive in S3: the region that its bucket is in; by default AWS_REGION or AWS_DEFAULT_REGION",
);

/// The role to be.
pub const ROLE: Input = Input::new(
    "aws-role",
    Kind::Text,
    "The ARN of a role in AWS that this step assumes by the job's OIDC token, again before its credentials end (needs \
     `id-token: write`); by default the credentials of the usual variables",
);

/// The services that are asked, by the name that `AWS_ENDPOINT_URL_…` has for them.
const SERVICES: [&str; 7] = ["EBS", "EC2", "KMS", "S3", "SNS", "SSM", "STS"];

/// Who a step is for AWS. Nobody is asked before something is opened.
#[derive(Default)]
pub struct Caller {
    variables: BTreeMap<String, String>,
    region: Option<String>,
    role: Option<Role>,
}

impl Caller {
    /// By the inputs of this name that the action has: [`ROLE`], and [`REGION`], [`BUILD_REGION`] or [`ARCHIVE_REGION`].
    ///
    /// # Errors
    /// An input is not accepted, or a role is given where the runner gives no token for it.
    pub fn read(ctx: &mut Context, action: &str) -> Result<Self> {
        let region = region(ctx)?;
        let role = ctx.opt_text(ROLE.name)?.map(|arn| role(ctx, arn, action)).transpose();
        let role = role.with_context(|| format!("input `{}`", ROLE.name))?;
        let services = SERVICES.iter().map(|service| format!("AWS_ENDPOINT_URL_{service}"));
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

    /// For an action that asks AWS for nothing but its input `archive`: where that is, and who we are there.
    /// [`ARCHIVE_REGION`] is the bucket's own, and it and [`ROLE`] are refused where there is no bucket.
    ///
    /// # Errors
    /// `archive` is no such place; else as [`Caller::read`].
    pub fn of_archive(ctx: &mut Context, action: &str) -> Result<(Location, Self)> {
        let location = Location::parse(&ctx.text("archive")?, ctx.cwd()).context("input `archive`")?;
        if !matches!(location, Location::S3 { .. }) {
            for input in [ARCHIVE_REGION.name, ROLE.name] {
                ensure!(
                    ctx.opt_text(input)?.is_none(),
                    "input `{input}` is for an archive in S3, and {location} is a folder: leave it out"
                );
            }
            return Ok((location, Self::default()));
        }
        let mut caller = Self::read(ctx, action)?;
        ensure!(
            caller.role.is_none() || caller.region.is_some(),
            "{location} cannot be asked: no region is known: give `{}`, or set AWS_REGION",
            ARCHIVE_REGION.name
        );
        if let Some(region) = caller.region.clone() {
            caller.variables.insert("AWS_REGION".to_owned(), region);
        }
        Ok((location, caller))
    }

    /// The same; where neither an input nor a variable names a region, it is this one.
    #[must_use]
    pub fn or_in(mut self, region: &str) -> Self {
        if self.region.is_none() {
            self.region = Some(region.to_owned());
            self.variables.insert("AWS_DEFAULT_REGION".to_owned(), region.to_owned());
        }
        self
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

    /// A variable, as far as it says who asks, where and in which region. With a role, none says who.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    /// The role's credentials, opened in this region when they are needed; none where it is no role, and those of the
    /// environment are meant.
    #[must_use]
    pub fn credentials(&self, region: &str) -> Option<Credentials> {
        Some(self.role.as_ref()?.credentials(&|name| self.variable(name), region, &LIMITS))
    }

    /// An archive that is there, to read it; one in S3 as who we are.
    ///
    /// # Errors
    /// There is none, it does not answer, or the role cannot be assumed.
    pub async fn archive(&self, location: &Location) -> Result<Archive> {
        let credentials = self.credentials_for(location)?;
        Ok(Archive::open_by(location, &|name| self.variable(name), credentials).await?)
    }

    /// An archive to put something into it; one in S3 as who we are. Where there is none, the first put makes it.
    ///
    /// # Errors
    /// Something else is there, the place cannot keep things as it is asked to, does not answer, or the role cannot be
    /// assumed.
    pub async fn archive_to_put(&self, location: &Location, keeping: Keeping) -> Result<Archive> {
        let credentials = self.credentials_for(location)?;
        Ok(Archive::open_to_put_by(location, &|name| self.variable(name), keeping, credentials).await?)
    }

    /// A place for records, in S3 as who we are. Nothing is asked of it yet.
    ///
    /// # Errors
    /// The place cannot keep things as it is asked to, or no region is known.
    pub async fn records(&self, location: &Location, keeping: Keeping) -> Result<Records> {
        let credentials = self.credentials_for(location)?;
        Ok(Records::by(location, &|name| self.variable(name), keeping, credentials).await?)
    }

    /// Of a role, what opens a bucket.
    fn credentials_for(&self, location: &Location) -> Result<Option<Credentials>> {
        let (Some(_), Location::S3 { .. }) = (&self.role, location) else { return Ok(None) };
        let region = self.region.as_deref();
        let region = region
            .with_context(|| format!("{location} cannot be asked: no region is known, so set AWS_REGION"))?;
        Ok(self.credentials(region))
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
