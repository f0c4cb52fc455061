//! The calls about keys, in plain types.

use aws_sdk_kms::types::{GrantOperation, KeyManagerType, KeyState};

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

/// The accounts that have a grant of ours on a key.
pub(crate) async fn granted(place: &Place, key: &str) -> Answered<Vec<String>> {
    let mut names = Vec::new();
    let mut marker = None;
    loop {
        let call = place.kms.list_grants().key_id(key).set_marker(marker.take());
        let page = answer(place.call("ListGrants", key), call.send()).await?;
        names.extend(page.grants().iter().filter_map(|grant| account_of(grant.name()?).map(str::to_owned)));
        marker = page.next_marker.filter(|_| page.truncated);
        if marker.is_none() {
            return Ok(names);
        }
    }
}

/// Lets an account use a key for launching and copying. The same name and members give the same grant.
pub(crate) async fn grant(place: &Place, key: &str, partition: &str, account: &str) -> Answered<()> {
    let call = place
        .kms
        .create_grant()
        .key_id(key)
        .name(grant_name(account))
        .grantee_principal(format!("arn:{partition}:iam::{account}:root"))
        .operations(GrantOperation::Decrypt)
        .operations(GrantOperation::DescribeKey)
        .operations(GrantOperation::CreateGrant)
        .operations(GrantOperation::ReEncryptFrom)
        .operations(GrantOperation::GenerateDataKeyWithoutPlaintext);
    answer(place.call("CreateGrant", key), call.send()).await.map(drop)
}

const PREFIX: &str = "hallmark-share-";

fn grant_name(account: &str) -> String {
    format!("{PREFIX}{account}")
}

fn account_of(name: &str) -> Option<&str> {
    name.strip_prefix(PREFIX)
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
