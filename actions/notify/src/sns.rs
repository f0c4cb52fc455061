//! Amazon SNS: which topic, by whose credentials, and how long each part of a call may take.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use aws_client::{Credentials, Env, Limits, Setup};
use aws_sdk_sns::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_sns::operation::publish::PublishError;
use aws_sdk_sns::types::MessageAttributeValue;
use caller::Caller;
use model::Sha256;
use serde_json::json;
use url::{Host, Url};

use crate::message::Message;
use crate::shape::{generic, plain};
use crate::text::{line, most_that_fits};

/// SNS takes 256 KiB, the attributes counted: these have less than the rest.
const LONGEST: usize = (256 << 10) - 2048;
/// What is said on a telephone.
const SMS: usize = 140;

const ATTEMPTS: u32 = 3;

/// How long each part of a call may take, a whole attempt this long.
const fn limits(whole: Duration) -> Limits {
    Limits {
        connect: Duration::from_secs(5),
        read: Duration::from_secs(10),
        attempt: whole,
        operation: whole.saturating_mul(ATTEMPTS),
        attempts: ATTEMPTS,
        pause: Duration::from_secs(1),
    }
}

/// A topic's ARN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Topic {
    pub(crate) arn: String,
    region: String,
    is_fifo: bool,
}

impl std::str::FromStr for Topic {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let shown = || {
            format!(
                "input `topic`: `{}` is no ARN of a topic (arn:aws:sns:REGION:ACCOUNT:NAME)",
                line(text, 100)
            )
        };
        let parts: Vec<&str> = text.split(':').collect();
        let ["arn", partition, "sns", region, account, name] = parts.as_slice() else {
            anyhow::bail!(shown());
        };
        let plain = |text: &str, more: &[u8], most: usize| {
            (1..=most).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte))
        };
        let (stem, is_fifo) = name.strip_suffix(".fifo").map_or((*name, false), |stem| (stem, true));
        let good = (*partition == "aws" || partition.starts_with("aws-"))
            && plain(partition, b"-", 30)
            && plain(region, b"-", 30)
            && account.len() == 12
            && account.bytes().all(|byte| byte.is_ascii_digit())
            && plain(stem, b"-_", 256);
        ensure!(good, shown());
        Ok(Self { arn: text.to_owned(), region: (*region).to_owned(), is_fifo })
    }
}

/// What is published, the same for every topic.
pub(crate) struct Post {
    id: Sha256,
    group: Sha256,
    event: &'static str,
    word: &'static str,
    subject: String,
    message: String,
}

impl Post {
    /// A mail gets text, a telephone one line, everything else (SQS, Lambda, HTTP) the JSON of our own.
    pub(crate) fn of(message: &Message) -> Result<Self> {
        let all = message.reasons().len();
        let render = |kept: usize| {
            let machine = generic::with_reasons(message, kept);
            json!({
                "default": String::from_utf8_lossy(&machine),
                "email": plain::text(message, kept),
                "sms": line(&message.title, SMS),
            })
            .to_string()
            .into_bytes()
        };
        let bytes = most_that_fits(all, LONGEST, render)
            .context("what is to be told is longer than SNS takes, even without the reasons")?;
        Ok(Self {
            id: message.id,
            group: Sha256::of(message.image.as_bytes()),
            event: message.told.event(),
            word: message.told.word(),
            subject: plain::subject(message),
            message: String::from_utf8(bytes).context("JSON is UTF-8")?,
        })
    }
}

/// The endpoint that the environment names instead of AWS's own.
pub(crate) fn endpoint(env: Env<'_>) -> Result<Option<String>> {
    let names = ["AWS_ENDPOINT_URL_SNS", "AWS_ENDPOINT_URL"];
    let Some((name, text)) = names.iter().find_map(|name| Some((name, env(name)?))) else { return Ok(None) };
    let url = Url::parse(&text).with_context(|| format!("{name} is no address"))?;
    let loopback = match url.host() {
        Some(Host::Domain(host)) => host == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    ensure!(
        url.scheme() == "https" || (url.scheme() == "http" && loopback),
        "{name} is not https: what is sent there could be read on the way"
    );
    Ok(Some(text))
}

/// Publishes to one topic. The error is for people.
pub(crate) async fn publish(
    client: aws_sdk_sns::Client,
    topic: Topic,
    post: Arc<Post>,
) -> Result<(), String> {
    let mut call = client
        .publish()
        .topic_arn(&topic.arn)
        .subject(&post.subject)
        .message_structure("json")
        .message(&post.message);
    for (name, value) in [("event", post.event), ("verdict", post.word), ("id", &post.id.to_string())] {
        let value = MessageAttributeValue::builder().data_type("String").string_value(value).build();
        call = call.message_attributes(name, value.map_err(|error| error.to_string())?);
    }
    if topic.is_fifo {
        // In order for each image; what is told again within five minutes is told once.
        call = call.message_group_id(post.group.to_string()).message_deduplication_id(post.id.to_string());
    }
    call.send().await.map(drop).map_err(|error| why(&error))
}

/// A client for each region, so that a role is assumed once in each.
pub(crate) struct Clients<'c> {
    caller: &'c Caller,
    whole: Duration,
    by_region: BTreeMap<String, aws_sdk_sns::Client>,
}

impl<'c> Clients<'c> {
    pub(crate) const fn new(caller: &'c Caller, whole: Duration) -> Self {
        Self { caller, whole, by_region: BTreeMap::new() }
    }

    /// The client for the topic's region.
    pub(crate) async fn of(&mut self, topic: &Topic) -> Result<aws_sdk_sns::Client> {
        if let Some(known) = self.by_region.get(&topic.region) {
            return Ok(known.clone());
        }
        let env = |name: &str| self.caller.variable(name);
        let made = client(&topic.region, self.whole, &env, self.caller.credentials(&topic.region)).await?;
        self.by_region.insert(topic.region.clone(), made.clone());
        Ok(made)
    }
}

/// By these credentials, else by the environment's.
async fn client(
    region: &str,
    whole: Duration,
    env: Env<'_>,
    credentials: Option<Credentials>,
) -> Result<aws_sdk_sns::Client> {
    let mut setup = Setup::of(env, "SNS", limits(whole));
    setup.region = Some(region.to_owned());
    setup.endpoint = endpoint(env)?;
    setup.credentials = credentials.or(setup.credentials);
    Ok(aws_sdk_sns::Client::new(&setup.load().await))
}

/// What it all began with: of a role, why it could not be assumed.
fn innermost<'e>(mut error: &'e (dyn std::error::Error + 'static)) -> &'e (dyn std::error::Error + 'static) {
    while let Some(source) = error.source() {
        error = source;
    }
    error
}

/// What SNS says when it does not do what was asked, and what helps.
fn why<R: std::fmt::Debug + 'static>(error: &SdkError<PublishError, R>) -> String {
    match error {
        SdkError::ServiceError(answer) => {
            let said = answer.err();
            let code = line(said.code().unwrap_or("an error without a code"), 100);
            let text = line(said.message().unwrap_or_default(), 300);
            let next = match code.as_str() {
                "AuthorizationError" | "AccessDenied" | "AccessDeniedException" => {
                    "; the role needs sns:Publish for this topic, and kms:GenerateDataKey and kms:Decrypt where the topic is encrypted"
                }
                "NotFound" | "NotFoundException" => "; is the topic there, in that region and account?",
                _ => "",
            };
            format!("SNS answered {code}: {text}{next}")
        }
        SdkError::TimeoutError(_) => "SNS did not answer in time: it may have been taken in".to_owned(),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => {
            "SNS cannot be reached: no connection in time".to_owned()
        }
        SdkError::DispatchFailure(failure) if failure.is_io() => {
            "SNS cannot be reached (no network?)".to_owned()
        }
        SdkError::DispatchFailure(_) => {
            let why = line(&innermost(error).to_string(), 300);
            format!("SNS was not asked: {why}; are there credentials (AWS_ACCESS_KEY_ID, or a role)?")
        }
        SdkError::ResponseError(_) => "what SNS answered cannot be read".to_owned(),
        _ => "SNS was not asked: the request could not be made".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_named_by_its_arn() {
        for (text, expected) in [
            ("arn:aws:sns:eu-central-1:123456789012:golden", Some(("eu-central-1", false))),
            ("arn:aws-cn:sns:cn-north-1:123456789012:golden_x-1", Some(("cn-north-1", false))),
            ("arn:aws-us-gov:sns:us-gov-west-1:123456789012:golden.fifo", Some(("us-gov-west-1", true))),
            ("arn:aws:sns:eu-central-1:123456789012:.fifo", None),
            ("arn:aws:sns:eu-central-1:123456789012:a.b", None),
            ("arn:aws:sns:eu-central-1:12345678901:golden", None),
            ("arn:aws:sns:eu-central-1:12345678901x:golden", None),
            ("arn:aws:sns::123456789012:golden", None),
            ("arn:aws:sqs:eu-central-1:123456789012:golden", None),
            ("arn:awsx:sns:eu-central-1:123456789012:golden", None),
            ("arn:aws:sns:eu-central-1:123456789012:golden:0c1e", None),
            ("arn:aws:sns:eu.evil.example:123456789012:golden", None),
            ("golden", None),
            ("", None),
        ] {
            let topic = text.parse::<Topic>().ok();
            assert_eq!(
                topic.as_ref().map(|topic| (topic.region.as_str(), topic.is_fifo)),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn an_endpoint_is_https_or_this_machine() {
        for (text, good) in [
            ("https://sns.example.com", true),
            ("http://127.0.0.1:1", true),
            ("http://[::1]:1", true),
            ("http://localhost:1", true),
            ("http://sns.example.com", false),
            ("sns.example.com", false),
        ] {
            let env = |name: &str| (name == "AWS_ENDPOINT_URL_SNS").then(|| text.to_owned());
            assert_eq!(endpoint(&env).is_ok(), good, "{text}");
        }
        assert_eq!(endpoint(&|_| None).unwrap(), None);
    }

    #[test]
    fn a_server_that_says_nothing_is_not_waited_for() {
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", silent.local_addr().unwrap());
        let env = |name: &str| match name {
            "AWS_ENDPOINT_URL_SNS" => Some(address.clone()),
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("test".to_owned()),
            _ => None,
        };
        let topic: Topic = "arn:aws:sns:eu-central-1:123456789012:golden".parse().unwrap();
        let id = Sha256::of(b"x");
        let (subject, message) = ("x".to_owned(), "{}".to_owned());
        let post = Arc::new(Post { id, group: id, event: "decision", word: "pass", subject, message });
        let begun = std::time::Instant::now();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let end = runtime.block_on(async {
            let client = client(&topic.region, Duration::from_secs(1), &env, None).await.unwrap();
            publish(client, topic, post).await
        });
        assert_eq!(end.unwrap_err(), "SNS did not answer in time: it may have been taken in");
        assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    }
}
