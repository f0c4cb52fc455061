//! The comment: one of an image's, written anew each time.

use github::{Author, Client, Comment, Error, Person, Repository};

/// What came of it.
pub(crate) enum Came {
    /// It is there.
    Shown { url: String, note: Option<String> },
    /// There is nowhere to show it.
    Nowhere(String),
    /// The token may not.
    NotAllowed(String),
    /// It is not known to be there.
    Failed(String),
}

impl Came {
    pub(crate) fn of(error: Error) -> Self {
        if error.why.is_not_allowed() {
            Self::NotAllowed(error.to_string())
        } else {
            Self::Failed(error.to_string())
        }
    }
}

/// Writes the comment of an image, or writes it anew.
pub(crate) async fn comment(
    client: &Client,
    repository: &Repository,
    number: i64,
    author: &str,
    marker: &str,
    body: &str,
) -> Came {
    match write(client, repository, number, author, marker, body).await {
        Ok(came) => came,
        Err(error) => Came::of(error),
    }
}

async fn write(
    client: &Client,
    repository: &Repository,
    number: i64,
    author: &str,
    marker: &str,
    body: &str,
) -> Result<Came, Error> {
    let account = client.own_account().await?;
    let own = |comment: &Comment| {
        comment.body.starts_with(marker)
            && comment.by.as_ref().is_some_and(|by| is_own(by, account.as_ref(), author))
    };
    let found: Vec<Comment> = client.comments(repository, number).await?.into_iter().filter(own).collect();
    let written = match found.first() {
        Some(comment) => client.change_comment(repository, comment.id, body).await,
        None => client.add_comment(repository, number, body).await,
    };
    let comment = match written {
        Ok(comment) => comment,
        // The call may have been done: what is there by now tells, and it is not made again.
        Err(error) if error.why.may_have_been_done() => {
            let there = client.comments(repository, number).await?;
            match there.into_iter().find(|comment| own(comment) && comment.body == body) {
                Some(comment) => comment,
                None => return Err(error),
            }
        }
        Err(error) => return Err(error),
    };
    let note = match (found.len(), &comment.by) {
        (2.., _) => Some(
            "there are several comments of this image: the oldest one is kept up to date, delete the others"
                .to_owned(),
        ),
        (0, Some(by)) if !is_own(by, account.as_ref(), author) => Some(format!(
            "the comment was written as `{}`, and `author` says `{author}`: give that name, or the next run writes another comment",
            by.account.login
        )),
        _ => None,
    };
    Ok(Came::Shown { url: comment.url, note })
}

/// Whether a comment is of whoever's token this is. GitHub tells that to a person, and not to an app: there the account's name
/// counts, which no person can have.
fn is_own(by: &Author, account: Option<&Person>, author: &str) -> bool {
    match account {
        Some(account) => by.account.id == account.id,
        None => by.is_bot && by.account.login == author,
    }
}
