//! `awskms://[HOST[:PORT]]/KEY`, as cosign writes it. <https://docs.sigstore.dev/cosign/key_management/overview/>

use std::fmt;
use std::net::IpAddr;

/// What the URI of a key in AWS KMS begins with.
pub const SCHEME: &str = "awskms://";

/// Which key, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyUri {
    text: String,
    /// An endpoint in place of AWS's own.
    pub(crate) endpoint: Option<String>,
    /// The region that an ARN names.
    pub(crate) region: Option<String>,
    /// As KMS takes it: an id, `alias/NAME`, or an ARN of either.
    pub(crate) key: String,
}

/// Not the URI of a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is no key in AWS KMS: {what}; write awskms:///alias/NAME, awskms:///KEY-ID, or awskms:///ARN \
     (awskms://HOST:PORT/… for another endpoint)"
)]
pub struct UriError {
    text: String,
    what: &'static str,
}

impl KeyUri {
    pub(crate) fn parse(text: &str) -> Result<Self, UriError> {
        let error = |what| UriError { text: text.chars().take(200).collect(), what };
        let rest = text.strip_prefix(SCHEME).ok_or_else(|| error("it does not begin with awskms://"))?;
        let (host, key) = rest.split_once('/').ok_or_else(|| error("no key is named"))?;
        let region = match key.split_once("arn:") {
            Some(("", arn)) => Some(region_of(arn).ok_or_else(|| error("the ARN does not read"))?.to_owned()),
            _ if is_alias(key) || is_id(key) => None,
            _ => return Err(error("this is neither an alias, nor a key's id, nor an ARN")),
        };
        let endpoint = match host {
            "" => None,
            host => Some(endpoint(host).ok_or_else(|| error("the host does not read"))?),
        };
        Ok(Self { text: text.to_owned(), endpoint, region, key: key.to_owned() })
    }
}

impl fmt::Display for KeyUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// TLS, as cosign has it, except on this machine itself, where nobody listens between.
fn endpoint(host: &str) -> Option<String> {
    let url = url::Url::parse(&format!("https://{host}")).ok()?;
    let plain = url.username().is_empty() && url.password().is_none() && url.path() == "/";
    if !plain || url.query().is_some() || url.fragment().is_some() {
        return None;
    }
    let loopback = match url.host()? {
        url::Host::Domain(name) => name == "localhost",
        url::Host::Ipv4(address) => IpAddr::V4(address).is_loopback(),
        url::Host::Ipv6(address) => IpAddr::V6(address).is_loopback(),
    };
    Some(format!("{}://{host}", if loopback { "http" } else { "https" }))
}

/// The region of `PARTITION:kms:REGION:ACCOUNT:key/ID` or `…:alias/NAME`.
fn region_of(arn: &str) -> Option<&str> {
    let parts: Vec<&str> = arn.split(':').collect();
    let [partition, "kms", region, account, resource] = parts.as_slice() else { return None };
    let word =
        |text: &str| !text.is_empty() && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    let account = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
    let resource = is_alias(resource) || resource.strip_prefix("key/").is_some_and(is_id);
    (word(partition) && word(region) && account && resource).then_some(region)
}

fn is_alias(text: &str) -> bool {
    let in_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'_' | b'-');
    text.strip_prefix("alias/").is_some_and(|name| !name.is_empty() && name.bytes().all(in_name))
}

/// A UUID, or `mrk-` and 32 digits for a key of several regions.
fn is_id(text: &str) -> bool {
    let hex = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    if let Some(many) = text.strip_prefix("mrk-") {
        return hex(many, 32);
    }
    let parts: Vec<&str> = text.split('-').collect();
    parts.len() == 5 && parts.iter().zip([8, 4, 4, 4, 12]).all(|(part, length)| hex(part, length))
}

#[cfg(test)]
mod tests {
    use super::KeyUri;

    const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

    #[test]
    fn what_cosign_takes_is_taken() {
        let arn = format!("arn:aws:kms:eu-central-1:111122223333:key/{ID}");
        let many = "mrk-1234abcd12ab34cd56ef1234567890ab";
        let cases = [
            ("awskms:///alias/golden/bake-1".to_owned(), None, None, "alias/golden/bake-1"),
            (format!("awskms:///{ID}"), None, None, ID),
            (format!("awskms:///{many}"), None, None, many),
            (format!("awskms:///{arn}"), None, Some("eu-central-1"), arn.as_str()),
            (
                "awskms:///arn:aws-cn:kms:cn-north-1:111122223333:alias/x".to_owned(),
                None,
                Some("cn-north-1"),
                "arn:aws-cn:kms:cn-north-1:111122223333:alias/x",
            ),
            ("awskms://localhost:4566/alias/x".to_owned(), Some("http://localhost:4566"), None, "alias/x"),
            ("awskms://127.0.0.1:5000/alias/x".to_owned(), Some("http://127.0.0.1:5000"), None, "alias/x"),
            ("awskms://[::1]:5000/alias/x".to_owned(), Some("http://[::1]:5000"), None, "alias/x"),
            ("awskms://kms.example.com/alias/x".to_owned(), Some("https://kms.example.com"), None, "alias/x"),
            (
                "awskms://localhost.example.com/alias/x".to_owned(),
                Some("https://localhost.example.com"),
                None,
                "alias/x",
            ),
        ];
        for (text, endpoint, region, key) in cases {
            let uri = KeyUri::parse(&text).unwrap();
            let found = (uri.endpoint.as_deref(), uri.region.as_deref(), uri.key.as_str());
            assert_eq!(found, (endpoint, region, key), "{text}");
            assert_eq!(uri.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in [
            "",
            "awskms:",
            "awskms://",
            "awskms:///",
            "awskms://alias/x",
            "awskms:///alias/",
            "awskms:///alias/a b",
            "awskms:///x",
            "awskms:///1234ABCD-12ab-34cd-56ef-1234567890ab",
            "awskms:///mrk-1234",
            "awskms:///arn:aws:kms:eu-central-1:111122223333:key/x",
            "awskms:///arn:aws:kms::111122223333:alias/x",
            "awskms:///arn:aws:s3:eu-central-1:111122223333:alias/x",
            "awskms:///arn:aws:kms:eu-central-1:1:alias/x",
            "awskms://user@host/alias/x",
            "awskms://host:port/alias/x",
            "awskms://host?x/alias/x",
            "gcpkms:///alias/x",
            " awskms:///alias/x",
        ] {
            assert!(KeyUri::parse(text).unwrap_err().to_string().contains("awskms:///alias/NAME"), "{text}");
        }
    }
}
