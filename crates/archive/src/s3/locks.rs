//! Object locks: whether a bucket has them, and one that only grows.

use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::primitives::DateTime;
use aws_sdk_s3::types::{ObjectLockEnabled, ObjectLockMode, ObjectLockRetention, ObjectLockRetentionMode};

use super::S3;
use super::refused::Call;
use crate::{Error, Lock, LockMode};

/// A write with a lock.
pub(super) fn locked(call: PutObjectFluentBuilder, lock: Lock) -> PutObjectFluentBuilder {
    let mode = match lock.mode {
        LockMode::Governance => ObjectLockMode::Governance,
        LockMode::Compliance => ObjectLockMode::Compliance,
    };
    call.object_lock_mode(mode).object_lock_retain_until_date(DateTime::from_secs(lock.until.as_second()))
}

impl S3 {
    /// A lock can be had only in a bucket that was made for it.
    pub(super) async fn lockable(&self) -> Result<(), Error> {
        let answer = self.client.get_object_lock_configuration().bucket(&self.bucket).send().await;
        let on = match answer {
            Ok(found) => {
                found.object_lock_configuration().and_then(|one| one.object_lock_enabled())
                    == Some(&ObjectLockEnabled::Enabled)
            }
            Err(error) if error.code() == Some("ObjectLockConfigurationNotFoundError") => false,
            Err(error) => return Err(self.error(Call::Lockable, "", &error)),
        };
        match on {
            true => Ok(()),
            false => Err(Error::Unable {
                place: format!("the bucket {}", self.bucket),
                what: "has no object lock, and one was asked for: turn it on for the bucket (it needs versioning), \
                       or leave the lock out; nothing was written"
                    .into(),
            }),
        }
    }

    /// Makes a lock longer or stronger; never shorter or weaker.
    pub(super) async fn lengthen(&self, key: &str, lock: Lock) -> Result<(), Error> {
        let asked = self.client.head_object().bucket(&self.bucket).key(self.key(key)).send().await;
        let found = asked.map_err(|error| self.error(Call::Head, key, &error))?;
        let until = DateTime::from_secs(lock.until.as_second());
        let old = found.object_lock_retain_until_date();
        let long_enough = old.is_some_and(|old| old.secs() >= until.secs());
        let strong = found.object_lock_mode() == Some(&ObjectLockMode::Compliance);
        if long_enough && (strong || lock.mode == LockMode::Governance) {
            return Ok(());
        }
        let mode = if strong { LockMode::Compliance } else { lock.mode };
        let until = match old {
            Some(old) if old.secs() > until.secs() => *old,
            _ => until,
        };
        let retention =
            ObjectLockRetention::builder().mode(retention_mode(mode)).retain_until_date(until).build();
        let call =
            self.client.put_object_retention().bucket(&self.bucket).key(self.key(key)).retention(retention);
        // The version that was looked at, and no other.
        let call = call.set_version_id(found.version_id().map(str::to_owned));
        call.send().await.map(drop).map_err(|error| self.error(Call::Lengthen, key, &error))
    }
}

const fn retention_mode(mode: LockMode) -> ObjectLockRetentionMode {
    match mode {
        LockMode::Governance => ObjectLockRetentionMode::Governance,
        LockMode::Compliance => ObjectLockRetentionMode::Compliance,
    }
}
