//! Images that are made in AWS: which account and region are asked, opened when they are first needed, so that a bake
//! on this machine asks nobody.

pub(crate) mod image;
pub(crate) mod run;
mod token;

use crate::ACTION;
use anyhow::{Context as _, Result, bail};
use aws::{Account, Caller, Place};
use runner::Context;
use std::{collections::BTreeMap, path::Path, rc::Rc};
use token::Keeper;
use tokio::sync::OnceCell;

/// What Packer calls builders whose artifacts are images of EC2; `mitchellh.amazon.ebsvolume` makes volumes.
const BUILDERS: &[&str] =
    &["mitchellh.amazonebs", "mitchellh.amazon.ebssurrogate", "mitchellh.amazon.chroot"];

/// With these, Packer would not assume the role.
const OWN_CREDENTIALS: &[&str] = &["AWS_ACCESS_KEY_ID", "AWS_PROFILE"];

/// Whether a builder's artifact is an image of EC2.
pub(crate) fn makes_images(builder: &str) -> bool {
    BUILDERS.contains(&builder)
}

/// AWS, as this job may ask it.
pub(crate) struct Amazon {
    caller: Caller,
    account: OnceCell<Account>,
}

impl Amazon {
    /// By the inputs `aws-region` and `aws-role`.
    pub(crate) fn new(ctx: &mut Context) -> Result<Self> {
        Ok(Self { caller: Caller::read(ctx, ACTION.name)?, account: OnceCell::new() })
    }

    /// What Packer needs to assume the role, and to assume it again. The token's file is in `folder`, which only we can
    /// read.
    pub(crate) async fn handed_over(
        &self,
        ctx: &mut Context,
        folder: &Path,
        passed: &BTreeMap<String, String>,
    ) -> Result<HandedOver> {
        let Some(role) = self.caller.role() else { return Ok(HandedOver::default()) };
        if let Some(name) = OWN_CREDENTIALS.iter().find(|name| passed.contains_key(**name)) {
            bail!(
                "input `env` passes {name} to Packer, which would use it and not `aws-role`: give one of them"
            );
        }
        let file = folder.join("aws-token");
        let environment = vec![
            ("AWS_ROLE_ARN", role.arn.clone()),
            ("AWS_WEB_IDENTITY_TOKEN_FILE", file.display().to_string()),
            ("AWS_ROLE_SESSION_NAME", role.session.clone()),
        ];
        let keeper = Keeper::start(ctx, role.tokens.clone(), file).await?;
        Ok(HandedOver { environment, _keeper: Some(keeper) })
    }

    /// The region that images are made in.
    pub(crate) fn region(&self) -> Result<&str> {
        self.caller.region().context(
            "the template makes images in AWS, and nobody says in which region: give `aws-region`, the template's own",
        )
    }

    /// The region's clients.
    pub(crate) async fn place(&self) -> Result<Rc<Place>> {
        self.place_of(self.region()?).await
    }

    /// Another region's clients, of the same account.
    pub(crate) async fn place_of(&self, region: &str) -> Result<Rc<Place>> {
        Ok(self.account.get_or_try_init(|| Account::of(&self.caller, region)).await?.place(region))
    }
}

/// Variables for Packer, good for as long as this lives.
#[derive(Default)]
pub(crate) struct HandedOver {
    pub(crate) environment: Vec<(&'static str, String)>,
    _keeper: Option<Keeper>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builders_of_images() {
        for (builder, expected) in [
            ("mitchellh.amazonebs", true),
            ("mitchellh.amazon.ebssurrogate", true),
            ("mitchellh.amazon.chroot", true),
            ("mitchellh.amazon.ebsvolume", false),
            ("mitchellh.amazon.instance", false),
            ("packer.googlecompute", false),
            ("", false),
        ] {
            assert_eq!(makes_images(builder), expected, "{builder}");
        }
    }
}
