//! AWS's client: where S3 is, by whose credentials, and how long each part of a call may take.

use std::time::Duration;

use aws_client::{Credentials, Limits, Setup};
use aws_sdk_s3::config::{RequestChecksumCalculation, ResponseChecksumValidation};

use crate::{Env, Error};

/// A report of hundreds of megabytes takes its time; a connection on which nothing moves does not get it.
pub(super) const LIMITS: Limits = Limits {
    connect: Duration::from_secs(5),
    read: Duration::from_secs(60),
    attempt: Duration::from_secs(600),
    operation: Duration::from_secs(1200),
    attempts: 3,
    pause: Duration::from_secs(1),
};

/// A client, by the given credentials, else those of the environment.
pub(super) async fn client(
    limits: Limits,
    place: &str,
    env: Env<'_>,
    credentials: Option<Credentials>,
) -> Result<aws_sdk_s3::Client, Error> {
    let mut setup = Setup::of(env, "S3", limits);
    setup.credentials = credentials.or(setup.credentials);
    // Servers other than AWS's have no host of each bucket's own.
    let path_style = setup.endpoint.is_some();
    let loaded = setup.load().await;
    if loaded.region().is_none() {
        let what = "cannot be asked: no region is known, so set AWS_REGION";
        return Err(Error::Unable { place: place.to_owned(), what: what.into() });
    }
    let config = aws_sdk_s3::config::Builder::from(&loaded)
        .force_path_style(path_style)
        // Each write says its SHA-256, and each read is checked by it here.
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .build();
    Ok(aws_sdk_s3::Client::from_conf(config))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_server_that_says_nothing_is_not_waited_for() {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", silent.local_addr().unwrap());
        let env = |name: &str| match name {
            "AWS_ENDPOINT_URL_S3" => Some(endpoint.clone()),
            "AWS_REGION" | "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("eu-central-1".to_owned()),
            _ => None,
        };
        let (second, long) = (Duration::from_secs(1), Duration::from_secs(60));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for (read, attempt, operation) in [(second, long, long), (long, second, long), (long, long, second)] {
            let limits = Limits { connect: second, read, attempt, operation, ..LIMITS };
            let begun = Instant::now();
            runtime.block_on(async {
                let client = client(limits, "s3://golden/", &env, None).await.unwrap();
                client.head_object().bucket("golden").key("x").send().await.unwrap_err();
            });
            assert!(begun.elapsed() < second * 30, "{:?}", begun.elapsed());
        }
    }
}
