//! An archive in S3: the current version of each key counts, and its bytes are checked by their digest. What is
//! immutable is written under `If-None-Match: *`, what changes under `If-Match`; each write says its SHA-256.

mod client;
mod locks;
mod refused;

use std::time::Duration;

use aws_client::Credentials;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::RequestId;
use aws_sdk_s3::operation::put_object::PutObjectOutput;
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumMode, ServerSideEncryption};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::Sha256;

use crate::layout::MAX_LISTED;
use crate::objects::{Answer, Content, Found, Got, Media, Objects, Put, Replaced, Standing};
use crate::{Env, Error, Keeping, SCHEME};
use refused::{Call, deleted, refused, status};

/// How often a write is tried that another one is under way with.
const TRIES: u32 = 5;

/// How long to wait before the second try; longer before each further one.
const PAUSE: Duration = Duration::from_millis(200);

pub(crate) struct S3 {
    client: aws_sdk_s3::Client,
    bucket: String,
    prefix: String,
    keeping: Keeping,
}

impl S3 {
    /// Nothing is asked of S3 yet.
    pub(crate) async fn connect(
        bucket: &str,
        prefix: &str,
        env: Env<'_>,
        keeping: Keeping,
        credentials: Option<Credentials>,
    ) -> Result<Self, Error> {
        let place = format!("{SCHEME}{bucket}/{prefix}");
        let client = client::client(client::LIMITS, &place, env, credentials).await?;
        Ok(Self { client, bucket: bucket.to_owned(), prefix: prefix.to_owned(), keeping })
    }

    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    fn error<E>(&self, call: Call, key: &str, error: &SdkError<E>) -> Error
    where
        E: std::error::Error + ProvideErrorMetadata + RequestId + 'static,
    {
        refused(call, self.place(key), &self.bucket, error)
    }

    async fn head(&self, key: &str) -> Result<Found<Standing>, Error> {
        let call = self.client.head_object().bucket(&self.bucket).key(self.key(key));
        match call.checksum_mode(ChecksumMode::Enabled).send().await {
            Ok(found) => {
                let bytes = found.content_length().and_then(|length| u64::try_from(length).ok());
                let bytes =
                    bytes.ok_or_else(|| Error::malformed(self.place(key), "S3 does not say its length"))?;
                Ok(Found::Here(Standing { bytes, sha256: found.checksum_sha256().and_then(whole) }))
            }
            Err(error) if status(&error) == Some(404) => Ok(self.gone(Call::Head, key, &error)?),
            Err(error) => Err(self.error(Call::Head, key, &error)),
        }
    }

    /// Why an object is not there. A bucket that is not there is an error.
    fn gone<T, E>(&self, call: Call, key: &str, error: &SdkError<E>) -> Result<Found<T>, Error>
    where
        E: std::error::Error + ProvideErrorMetadata + RequestId + 'static,
    {
        match error.code() {
            Some("NoSuchBucket") => Err(self.error(call, key, error)),
            _ if deleted(error) => Ok(Found::Deleted),
            _ => Ok(Found::Absent),
        }
    }

    async fn get(&self, key: &str, limit: u64) -> Result<Found<Got>, Error> {
        let mut found = match self.client.get_object().bucket(&self.bucket).key(self.key(key)).send().await {
            Ok(found) => found,
            Err(error) if status(&error) == Some(404) => return self.gone(Call::Get, key, &error),
            Err(error) => return Err(self.error(Call::Get, key, &error)),
        };
        let too_long = || Error::TooLong { place: self.place(key), limit };
        let length = found.content_length().and_then(|length| u64::try_from(length).ok());
        if length.is_some_and(|length| length > limit) {
            return Err(too_long());
        }
        let mut bytes = Vec::new();
        loop {
            let piece = found.body.try_next().await;
            let piece = piece.map_err(|error| refused::broken(self.place(key), &error))?;
            let Some(piece) = piece else { break };
            if (bytes.len() + piece.len()) as u64 > limit {
                return Err(too_long());
            }
            bytes.extend_from_slice(&piece);
        }
        let tag = found.e_tag.ok_or_else(|| self.without_tag(key))?;
        Ok(Found::Here(Got { bytes, tag }))
    }

    fn without_tag(&self, key: &str) -> Error {
        Error::malformed(self.place(key), "S3 gives no ETag for it")
    }

    /// A write with all that every write has.
    fn write(&self, key: &str, content: Content<'_>) -> PutObjectFluentBuilder {
        let mut call = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(self.key(key))
            .content_type(media_type(content.media))
            .checksum_algorithm(ChecksumAlgorithm::Sha256)
            .checksum_sha256(STANDARD.encode(content.sha256.as_bytes()))
            .body(ByteStream::from(content.bytes.to_vec()));
        if let Some(key) = &self.keeping.kms_key {
            call = call
                .server_side_encryption(ServerSideEncryption::AwsKms)
                .ssekms_key_id(key)
                .bucket_key_enabled(true);
        }
        call
    }

    /// Sends a write under its condition; `None` where the condition does not hold (any more). The client may have
    /// sent it twice, so a caller then looks what is there now.
    async fn send(
        &self,
        key: &str,
        call: &dyn Fn() -> PutObjectFluentBuilder,
    ) -> Result<Option<PutObjectOutput>, Error> {
        let mut tries = 0;
        loop {
            tries += 1;
            match call().send().await {
                Ok(done) => {
                    let encrypted = done.server_side_encryption() == Some(&ServerSideEncryption::AwsKms);
                    if self.keeping.kms_key.is_some() && !encrypted {
                        let what = "was written, and the server did not encrypt it with the KMS key: keep nothing there";
                        return Err(Error::Unable { place: self.place(key), what: what.into() });
                    }
                    return Ok(Some(done));
                }
                Err(error) if status(&error) == Some(412) => return Ok(None),
                // Another write of the key is under way: S3 itself asks for another try.
                Err(error) if status(&error) == Some(409) && tries < TRIES => {
                    tokio::time::sleep(PAUSE * tries).await;
                }
                // Where it was deleted meanwhile, there is nothing that could match.
                Err(error) if status(&error) == Some(404) && error.code() == Some("NoSuchKey") => {
                    return Ok(None);
                }
                Err(error) => return Err(self.error(Call::Put, key, &error)),
            }
        }
    }

    async fn keys(&self, prefix: &str, deep: bool) -> Result<Vec<String>, Error> {
        let whole = self.key(prefix);
        let mut keys = Vec::new();
        let mut from = None;
        loop {
            let mut call = self.client.list_objects_v2().bucket(&self.bucket).prefix(&whole);
            if !deep {
                call = call.delimiter("/");
            }
            let page = call.set_continuation_token(from.take()).send().await;
            let page = page.map_err(|error| self.error(Call::List, prefix, &error))?;
            let folders = page.common_prefixes().iter().filter_map(|one| one.prefix());
            let objects = page.contents().iter().filter_map(|one| one.key());
            for key in folders.chain(objects) {
                let stray = || Error::Stray(format!("{SCHEME}{}/{key}", self.bucket));
                let below = key.strip_prefix(&self.prefix).ok_or_else(stray)?;
                // What the console makes to show a folder.
                if below.ends_with('/') && key == whole || below.is_empty() {
                    continue;
                }
                keys.push(below.to_owned());
            }
            if keys.len() > MAX_LISTED {
                return Err(Error::TooMany { place: self.place(prefix), limit: MAX_LISTED });
            }
            from = page.next_continuation_token;
            if from.is_none() {
                break;
            }
        }
        keys.sort_unstable();
        Ok(keys)
    }
}

impl Objects for S3 {
    fn place(&self, key: &str) -> String {
        format!("{SCHEME}{}/{}{key}", self.bucket, self.prefix)
    }

    fn ready(&self) -> Answer<'_, ()> {
        Box::pin(async {
            match self.keeping.lock {
                Some(_) => self.lockable().await,
                None => Ok(()),
            }
        })
    }

    fn look<'a>(&'a self, key: &'a str) -> Answer<'a, Found<Standing>> {
        Box::pin(self.head(key))
    }

    fn read<'a>(&'a self, key: &'a str, limit: u64) -> Answer<'a, Found<Got>> {
        Box::pin(self.get(key, limit))
    }

    fn put_new<'a>(&'a self, key: &'a str, content: Content<'a>) -> Answer<'a, Put> {
        let call = move || {
            let call = self.write(key, content).if_none_match("*");
            match self.keeping.lock {
                Some(lock) => locks::locked(call, lock),
                None => call,
            }
        };
        Box::pin(async move {
            Ok(match self.send(key, &call).await? {
                Some(_) => Put::New,
                None => Put::There,
            })
        })
    }

    fn keep<'a>(&'a self, key: &'a str) -> Answer<'a, ()> {
        Box::pin(async move {
            match self.keeping.lock {
                Some(lock) => self.lengthen(key, lock).await,
                None => Ok(()),
            }
        })
    }

    fn replace<'a>(
        &'a self,
        key: &'a str,
        content: Content<'a>,
        seen: Option<&'a str>,
    ) -> Answer<'a, Replaced> {
        let call = move || match seen {
            Some(tag) => self.write(key, content).if_match(tag),
            None => self.write(key, content).if_none_match("*"),
        };
        Box::pin(async move {
            Ok(match self.send(key, &call).await? {
                Some(done) => Replaced::Done(done.e_tag.ok_or_else(|| self.without_tag(key))?),
                None => Replaced::Raced,
            })
        })
    }

    fn list<'a>(&'a self, prefix: &'a str, deep: bool) -> Answer<'a, Vec<String>> {
        Box::pin(self.keys(prefix, deep))
    }
}

/// The SHA-256 of a whole object; that of one in several parts is of something else.
fn whole(text: &str) -> Option<Sha256> {
    let bytes = STANDARD.decode(text).ok()?;
    Some(Sha256::from_bytes(bytes.try_into().ok()?))
}

const fn media_type(media: Media) -> &'static str {
    match media {
        Media::Json => "application/json",
        Media::Html => "text/html; charset=utf-8",
        Media::Markdown => "text/markdown; charset=utf-8",
        Media::Bytes => "application/octet-stream",
    }
}
