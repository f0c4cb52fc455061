//! What has to hold before anything is changed: whose credentials these are, and which keys.

use provider::Error;

use super::{Aws, all, failed, keys};
use crate::Account;
use crate::distribution::{Distribution, Share};

/// Whether the credentials are of the account that is to own the images.
pub(super) fn is_owner(account: &Account, to: &Distribution) -> Result<(), Error> {
    let mut problems = Vec::new();
    if account.id() != to.account {
        problems.push(format!(
            "the credentials are of the account {} ({}), and the distribution is of {}",
            account.id(),
            account.arn(),
            to.account
        ));
    }
    if account.partition() != to.partition {
        problems.push(format!(
            "the credentials are of the partition {}, and the distribution is of {}",
            account.partition(),
            to.partition
        ));
    }
    match problems.is_empty() {
        true => Ok(()),
        false => Err(Error::NotReady(problems)),
    }
}

impl Aws {
    /// Asks after every key, and whether a region encrypts by itself with a key that cannot be shared. All problems are
    /// told at once.
    pub(super) async fn is_ready(&self) -> Result<(), Error> {
        let shared = self.to.share != Share { grants: self.to.share.grants, ..Share::default() };
        let checks = self.regions().into_iter().map(|place| async move {
            let mut problems = Vec::new();
            let place_name = super::steps::shown(&place);
            if let Some(id) = self.key_name(&place) {
                match self.key(&place, id).await {
                    Ok(key) if !key.enabled => problems.push(format!("{place_name}: the key {id} is not enabled")),
                    Ok(key) if !key.customer && shared => problems.push(format!(
                        "{place_name}: the key {id} is AWS's own; what it encrypts cannot be shared, so name a key of yours"
                    )),
                    Ok(_) => {}
                    Err(failure) if failure.code == "NotFoundException" => {
                        problems.push(format!("{place_name}: there is no key {id}"));
                    }
                    Err(failure) => return Err(failed(failure)),
                }
            } else if shared && keys::encrypts_by_default(&place).await.map_err(failed)? {
                let default = keys::default_key(&place).await.map_err(failed)?;
                let key = keys::key(&place, &default).await;
                if !key.is_ok_and(|key| key.customer) {
                    problems.push(format!(
                        "{place_name}: EBS encrypts everything with {default}, which cannot be shared; give the region a `kms-key`"
                    ));
                }
            }
            Ok(problems)
        });
        let problems: Vec<_> = all(checks).await?.into_iter().flatten().collect();
        match problems.is_empty() {
            true => Ok(()),
            false => Err(Error::NotReady(problems)),
        }
    }
}
