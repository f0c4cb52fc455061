//! A file of a repository as it is in one commit.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;

use crate::error::{Why, plain};
use crate::repository::encoded;
use crate::{Client, Commit, Error, Repository};

/// What a file's question needs.
const NEEDS: &str = "contents: read";

/// Of GitHub's answer, what is asked for here.
#[derive(Deserialize)]
struct TheirFile {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    encoding: String,
    #[serde(default)]
    content: String,
    #[serde(default)]
    sha: String,
}

/// A file, and by what GitHub knows its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// What is in it.
    pub bytes: Vec<u8>,
    /// The content's name in git: what a change of it has to name.
    pub sha: String,
}

impl Client {
    /// The bytes of a file as it is in a commit. GitHub sends files of up to a megabyte this way, and
    /// of a link what it points at, where that is a file of the same repository.
    ///
    /// # Errors
    /// See [`Error`]. What is no file, or too long to be sent, is an answer that cannot be read.
    pub async fn contents(
        &self,
        repository: &Repository,
        path: &str,
        commit: &Commit,
    ) -> Result<Vec<u8>, Error> {
        self.file(repository, path, commit).await.map(|file| file.bytes)
    }

    /// A file as it is in a commit, to be changed: see [`Client::contents`].
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn file(&self, repository: &Repository, path: &str, commit: &Commit) -> Result<File, Error> {
        let asked = format!("/repos/{repository}/contents/{}?ref={commit}", encoded(path));
        let question = format!("GET {asked}");
        let answer: Value =
            self.ask(question.clone(), NEEDS, async || self.crab.get(&asked, None::<&()>).await).await?;
        file(answer).map_err(|why| Error { asked: question, needs: NEEDS, why: Why::Malformed(why) })
    }
}

fn file(answer: Value) -> Result<File, String> {
    if answer.is_array() {
        return Err("it is a folder and no file".to_owned());
    }
    let file: TheirFile = serde_json::from_value(answer).map_err(|error| plain(&error.to_string()))?;
    match (file.kind.as_str(), file.encoding.as_str()) {
        ("file", "base64") => {
            let plain: String = file.content.chars().filter(|c| !c.is_ascii_whitespace()).collect();
            match STANDARD.decode(plain) {
                Ok(bytes) => Ok(File { bytes, sha: file.sha }),
                Err(error) => Err(format!("its content is not base64: {error}")),
            }
        }
        ("file", _) => Err("the file is longer than GitHub sends this way (1 MiB)".to_owned()),
        ("symlink", _) => Err("it is a link to no file of this repository".to_owned()),
        (kind, _) => Err(format!("it is a {} and no file", plain(kind))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_whole_file_is_one() {
        for (answer, expected) in [
            (json!({"type": "file", "encoding": "base64", "content": "aGFs\nbG8=\n"}), Ok("hallo")),
            (json!({"type": "file", "encoding": "base64", "content": ""}), Ok("")),
            (json!([]), Err("it is a folder and no file")),
            (json!([{"type": "file", "name": "x"}]), Err("it is a folder and no file")),
            (json!({"type": "dir", "entries": []}), Err("it is a dir and no file")),
            (
                json!({"type": "submodule", "submodule_git_url": "git://x"}),
                Err("it is a submodule and no file"),
            ),
            (
                json!({"type": "symlink", "target": "/etc/passwd"}),
                Err("it is a link to no file of this repository"),
            ),
            (
                json!({"type": "file", "encoding": "none", "content": "", "size": 2_000_000}),
                Err("the file is longer than GitHub sends this way (1 MiB)"),
            ),
            (json!({"type": "file"}), Err("the file is longer than GitHub sends this way (1 MiB)")),
            (
                json!({"type": "file", "encoding": "base64", "content": "!"}),
                Err("its content is not base64: Invalid symbol 33, offset 0."),
            ),
            (json!({"content": "x"}), Err("missing field `type`")),
            (json!(null), Err("invalid type: null, expected struct TheirFile")),
        ] {
            let found = file(answer.clone());
            let found = found.as_ref().map(|file| std::str::from_utf8(&file.bytes).unwrap());
            assert_eq!(found.map_err(String::as_str), expected, "{answer}");
        }
    }
}
