//! The calls about keys, in plain types.

use aws_sdk_kms::types::{GrantOperation, KeyManagerType, KeyState};
use model::Sha256;

use super::Aws;
use crate::Place;
use crate::failure::{Answered, answer};

/// What has to be known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) arn: String,
    pub(crate) enabled: bool,
    /// Not one of AWS's own, whose use cannot be shared.
    pub(crate) customer: bool,
}

impl Aws {
    /// A key of a region, asked about once.
    pub(super) async fn key(&self, place: &Place, id: &str) -> Answered<Key> {
        let about = (place.region.clone(), id.to_owned());
        if let Some(known) = self.keys.borrow().get(&about) {
            return Ok(known.clone());
        }
        let key = key(place, id).await?;
        self.keys.borrow_mut().insert(about, key.clone());
        Ok(key)
    }
}

/// A key by id, alias or ARN.
pub(crate) async fn key(place: &Place, id: &str) -> Answered<Key> {
    let found = answer(place.call("DescribeKey", id), place.kms.describe_key().key_id(id).send()).await?;
    let metadata = found.key_metadata;
    let metadata = metadata.as_ref();
    Ok(Key {
        arn: metadata.and_then(|key| key.arn()).unwrap_or_default().to_owned(),
        enabled: metadata.is_some_and(|key| key.key_state() == Some(&KeyState::Enabled)),
        customer: metadata.is_some_and(|key| key.key_manager() == Some(&KeyManagerType::Customer)),
    })
}

/// Whose grants: of one family behind one prefix. Others may have grants on the same key, and another file of whom they share with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grants {
    beginning: &'static str,
    of: String,
}

/// A grant of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Granted {
    pub(crate) account: String,
    id: String,
}

impl Grants {
    /// Those of this family, with its channels below this prefix.
    pub(crate) fn new(prefix: &str, family: &str) -> Self {
        // A grant's name has neither the length nor the characters that these may have.
        Self { beginning: "hallmark-share-", of: Sha256::of(format!("{prefix}/{family}").as_bytes()).short() }
    }

    fn name(&self, account: &str) -> String {
        format!("{}{account}-{}", self.beginning, self.of)
    }

    /// The account that a grant of this name is for, if it is one of these.
    fn account<'n>(&self, name: &'n str) -> Option<&'n str> {
        let account = name.strip_prefix(self.beginning)?.strip_suffix(&self.of)?.strip_suffix('-')?;
        (account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit())).then_some(account)
    }

    /// Those that there are on a key.
    pub(crate) async fn there(&self, place: &Place, key: &str) -> Answered<Vec<Granted>> {
        let mut granted = Vec::new();
        let mut marker = None;
        loop {
            let call = place.kms.list_grants().key_id(key).set_marker(marker.take());
            let page = answer(place.call("ListGrants", key), call.send()).await?;
            granted.extend(page.grants().iter().filter_map(|grant| {
                let account = self.account(grant.name()?)?;
                // Whatever it is called: one to somebody else is nobody's of ours.
                grant.grantee_principal().filter(|grantee| grantee.contains(account))?;
                Some(Granted { account: account.to_owned(), id: grant.grant_id()?.to_owned() })
            }));
            marker = page.next_marker.filter(|_| page.truncated);
            if marker.is_none() {
                return Ok(granted);
            }
        }
    }

    /// Lets an account use a key for launching and copying. The same name and members give the same grant.
    pub(crate) async fn give(
        &self,
        place: &Place,
        key: &str,
        partition: &str,
        account: &str,
    ) -> Answered<()> {
        let call = place
            .kms
            .create_grant()
            .key_id(key)
            .name(self.name(account))
            .grantee_principal(format!("arn:{partition}:iam::{account}:root"))
            .operations(GrantOperation::Decrypt)
            .operations(GrantOperation::DescribeKey)
            .operations(GrantOperation::CreateGrant)
            .operations(GrantOperation::ReEncryptFrom)
            .operations(GrantOperation::GenerateDataKeyWithoutPlaintext);
        answer(place.call("CreateGrant", key), call.send()).await.map(drop)
    }
}

/// Takes a grant of ours back; it may be gone.
pub(crate) async fn revoke(place: &Place, key: &str, granted: &Granted) -> Answered<()> {
    let call = place.kms.revoke_grant().key_id(key).grant_id(&granted.id);
    match answer(place.call("RevokeGrant", key), call.send()).await {
        Ok(_) => Ok(()),
        Err(failure) if failure.code == "NotFoundException" => Ok(()),
        Err(failure) => Err(failure),
    }
}

/// Whether a region encrypts every new volume and copy.
pub(crate) async fn encrypts_by_default(place: &Place) -> Answered<bool> {
    let call = place.ec2.get_ebs_encryption_by_default();
    let found = answer(place.call("GetEbsEncryptionByDefault", ""), call.send()).await?;
    Ok(found.ebs_encryption_by_default == Some(true))
}

/// The key that a region does that with.
pub(crate) async fn default_key(place: &Place) -> Answered<String> {
    let call = place.ec2.get_ebs_default_kms_key_id();
    let found = answer(place.call("GetEbsDefaultKmsKeyId", ""), call.send()).await?;
    Ok(found.kms_key_id.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_a_grant_is_says_its_name() {
        let ours = Grants::new("/golden", "debian-app");
        let name = ours.name("222222222222");
        assert_eq!(ours.account(&name), Some("222222222222"));
        assert!(name.len() <= 256 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'));
        for (prefix, family) in [("/golden", "debian"), ("/silver", "debian-app"), ("/golden/debian", "app")]
        {
            assert_eq!(Grants::new(prefix, family).account(&name), None, "{prefix} {family}");
        }
        let of = &ours.of;
        for name in [
            "hallmark-share-222222222222".to_owned(),
            format!("hallmark-share-{of}"),
            format!("hallmark-share-22222222222-{of}"),
            format!("hallmark-share-22222222222a-{of}"),
            format!("hallmark-share-222222222222-{of}-"),
            format!("other-222222222222-{of}"),
            String::new(),
        ] {
            assert_eq!(ours.account(&name), None, "{name}");
        }
    }
}
