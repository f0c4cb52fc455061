//! The two calls that are made to KMS, and how long each may take.

use std::time::Duration;

use aws_client::{Limits, Setup};
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{KeyUsageType, MessageType, SigningAlgorithmSpec};
use signers::PublicKey;

use super::uri::KeyUri;
use super::{Env, KmsError};
use crate::background::Background;

const LIMITS: Limits = Limits {
    connect: Duration::from_secs(5),
    read: Duration::from_secs(15),
    attempt: Duration::from_secs(20),
    operation: Duration::from_secs(60),
    attempts: 3,
    pause: Duration::from_secs(1),
};

/// The longest that is said of a failure.
const MAX_SAID: usize = 600;

/// A client for one key.
pub(super) struct Client {
    uri: KeyUri,
    client: aws_sdk_kms::Client,
}

/// What KMS says of a key.
pub(super) struct Found {
    pub(super) key: PublicKey,
    pub(super) signs: Vec<SigningAlgorithmSpec>,
}

impl Client {
    /// Nothing is asked of KMS yet. Credentials are those of the usual variables, else of the SDK's chain: a web
    /// identity's token, a profile, the container's or the instance's role.
    pub(super) fn connect(uri: KeyUri, env: Env<'_>, background: &Background) -> Result<Self, KmsError> {
        Self::within(LIMITS, uri, env, background)
    }

    fn within(limits: Limits, uri: KeyUri, env: Env<'_>, background: &Background) -> Result<Self, KmsError> {
        let mut setup = Setup::of(env, "KMS", limits);
        setup.region = uri.region.clone().or(setup.region);
        setup.endpoint = uri.endpoint.clone().or(setup.endpoint);
        let loaded = background.run(setup.load());
        match loaded {
            Some(loaded) if loaded.region().is_some() => {
                Ok(Self { uri, client: aws_sdk_kms::Client::new(&loaded) })
            }
            _ => Err(KmsError::Region(uri.to_string())),
        }
    }

    pub(super) const fn uri(&self) -> &KeyUri {
        &self.uri
    }

    pub(super) fn public_key(&self, background: &Background) -> Result<Found, KmsError> {
        let call = self.client.get_public_key().key_id(&self.uri.key);
        let answer = background.run(async move { call.send().await.map_err(|error| said(&error)) });
        let answer = self.answered("GetPublicKey", answer)?;
        let unusable = |what: &str| KmsError::Unusable { key: self.uri.to_string(), what: what.to_owned() };
        if answer.key_usage() != Some(&KeyUsageType::SignVerify) {
            return Err(unusable("the key is not for signing (its usage is not SIGN_VERIFY)"));
        }
        let signs = answer.signing_algorithms().to_vec();
        let der = answer.public_key.ok_or_else(|| unusable("KMS gave back no public key"))?.into_inner();
        let key = PublicKey::from_spki_der(der)
            .map_err(|source| KmsError::Key { key: self.uri.to_string(), source })?;
        Ok(Found { key, signs })
    }

    /// Signs a digest: the message itself, which may be a whole disk, is not sent anywhere.
    pub(super) fn sign(
        &self,
        digest: Vec<u8>,
        algorithm: SigningAlgorithmSpec,
        background: &Background,
    ) -> Result<Vec<u8>, KmsError> {
        let call = self
            .client
            .sign()
            .key_id(&self.uri.key)
            .message(Blob::new(digest))
            .message_type(MessageType::Digest)
            .signing_algorithm(algorithm);
        let answer = background.run(async move { call.send().await.map_err(|error| said(&error)) });
        let answer = self.answered("Sign", answer)?;
        answer.signature.map(Blob::into_inner).ok_or_else(|| KmsError::Unusable {
            key: self.uri.to_string(),
            what: "KMS gave back no signature".to_owned(),
        })
    }

    fn answered<T>(&self, operation: &'static str, answer: Option<Result<T, String>>) -> Result<T, KmsError> {
        let refused = |what| KmsError::Refused { key: self.uri.to_string(), operation, what };
        match answer {
            Some(Ok(answer)) => Ok(answer),
            Some(Err(what)) => Err(refused(what)),
            None => Err(refused("the client ended".to_owned())),
        }
    }
}

/// What a person needs to know of a failure: KMS's own word, or why there is none.
fn said<E>(error: &SdkError<E>) -> String
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    let text = match (error.as_service_error(), error.code()) {
        (Some(_), Some(code)) => {
            format!("KMS says {code}: {}", error.message().unwrap_or("without saying why"))
        }
        _ => match error {
            SdkError::TimeoutError(_) => "KMS did not answer in time".to_owned(),
            // No request was sent without them; what each provider tried is many lines long.
            _ if without_credentials(error) => "there are no AWS credentials: set AWS_ACCESS_KEY_ID and \
                 AWS_SECRET_ACCESS_KEY, a role by a web identity, or a profile"
                .to_owned(),
            SdkError::DispatchFailure(_) => format!("KMS cannot be reached: {}", crate::http::chain(error)),
            _ => crate::http::chain(error),
        },
    };
    text.chars().take(MAX_SAID).collect()
}

fn without_credentials(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<aws_credential_types::provider::error::CredentialsError>() {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_server_that_says_nothing_is_not_waited_for() {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let uri = format!("awskms://{}/alias/x", silent.local_addr().unwrap());
        let env = |name: &str| {
            let known = ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
            known.contains(&name).then(|| "eu-central-1".to_owned())
        };
        let second = Duration::from_secs(1);
        let each = [
            (second, second * 60, second * 60),
            (second * 60, second, second * 60),
            (second * 60, second * 60, second),
        ];
        for (read, attempt, operation) in each {
            let limits = Limits { connect: second, read, attempt, operation, ..LIMITS };
            let background = Background::new().unwrap();
            let client = Client::within(limits, KeyUri::parse(&uri).unwrap(), &env, &background).unwrap();
            let begun = Instant::now();
            let error = client.public_key(&background).err().unwrap().to_string();
            assert!(error.contains("GetPublicKey failed"), "{error}");
            assert!(begun.elapsed() < second * 30, "{:?}", begun.elapsed());
        }
    }
}
