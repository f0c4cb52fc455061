//! Where an archive is: a folder, or a place in a bucket.

use std::fmt;
use std::path::{Path, PathBuf};

use aws_client::Credentials;

use crate::folder::Folder;
use crate::objects::Objects;
use crate::s3::S3;
use crate::{Env, Error, Keeping, layout};

/// What the location of an archive in S3 begins with.
pub const SCHEME: &str = "s3://";

/// Where an archive is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A folder.
    Folder(PathBuf),
    /// A bucket, and what every key in it begins with: empty, or parts that end with `/`.
    S3 {
        /// The bucket.
        bucket: String,
        /// The prefix.
        prefix: String,
    },
}

impl Location {
    /// `s3://BUCKET`, `s3://BUCKET/PREFIX`, or the path of a folder, which counts from `cwd`.
    ///
    /// # Errors
    /// Another scheme, no bucket's name, or a prefix that is no plain path.
    pub fn parse(text: &str, cwd: &Path) -> Result<Self, Error> {
        let error = |why| Error::Location { shown: text.chars().take(200).collect(), why };
        let Some(rest) = text.strip_prefix(SCHEME) else {
            return match text {
                "" => Err(error("it is empty")),
                other if other.contains("://") => Err(error("nothing is kept at such an address")),
                path => Ok(Self::Folder(cwd.join(path))),
            };
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if !is_bucket(bucket) {
            return Err(error("this is no bucket's name"));
        }
        let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
        if !prefix.is_empty() && !layout::is_prefix(prefix) {
            return Err(error(
                "the prefix is to be of parts with letters, digits and `._-+=@` that do not begin with `.`",
            ));
        }
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        Ok(Self::S3 { bucket: bucket.to_owned(), prefix })
    }

    /// The place itself, by these credentials or else by the environment's. Nothing is asked of it yet.
    pub(crate) async fn objects(
        &self,
        env: Env<'_>,
        keeping: Keeping,
        credentials: Option<Credentials>,
    ) -> Result<Box<dyn Objects>, Error> {
        Ok(match self {
            Self::Folder(path) => Box::new(Folder::new(path, keeping)?),
            Self::S3 { bucket, prefix } => {
                Box::new(S3::connect(bucket, prefix, env, keeping, credentials).await?)
            }
        })
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => write!(f, "{}", path.display()),
            Self::S3 { bucket, prefix } => write!(f, "{SCHEME}{bucket}/{prefix}").map(drop),
        }
    }
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>
fn is_bucket(name: &str) -> bool {
    let word = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9');
    (3..=63).contains(&name.len())
        && name.bytes().all(|b| word(b) || matches!(b, b'.' | b'-'))
        && name.bytes().next().is_some_and(word)
        && name.bytes().last().is_some_and(word)
        && !name.contains("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_buckets() {
        let parse = |text: &str| Location::parse(text, Path::new("/here")).unwrap();
        assert_eq!(parse("store"), Location::Folder("/here/store".into()));
        assert_eq!(parse("/store"), Location::Folder("/store".into()));
        for (text, prefix, shown) in [
            ("s3://golden", "", "s3://golden/"),
            ("s3://golden/", "", "s3://golden/"),
            ("s3://golden/a/b-1", "a/b-1/", "s3://golden/a/b-1/"),
            ("s3://golden/a/", "a/", "s3://golden/a/"),
        ] {
            let found = parse(text);
            assert_eq!(found, Location::S3 { bucket: "golden".into(), prefix: prefix.into() }, "{text}");
            assert_eq!(found.to_string(), shown);
        }
    }

    #[test]
    fn what_is_no_place_is_refused() {
        for text in [
            "",
            "https://example.com/x",
            "gs://bucket/x",
            "S3://bucket/x",
            "s3://",
            "s3:///x",
            "s3://ab",
            "s3://Bucket/x",
            "s3://-bucket",
            "s3://a..b",
            "s3://bucket/../x",
            "s3://bucket//x",
            "s3://bucket/x//",
            "s3://bucket/a b",
            "s3://bucket/.x",
            "s3://user@bucket/x",
            "s3://bucket/x?y",
        ] {
            let error = Location::parse(text, Path::new("/")).unwrap_err().to_string();
            assert!(error.contains("s3://BUCKET/PREFIX is wanted"), "{text}: {error}");
        }
    }
}
