//! How lists are read to their end, and how something is changed: once.

use octocrab::{FromResponse as _, OctoBody};
use serde::Serialize;
use serde::de::DeserializeOwned;

use ureq::http::Response;

use crate::error::Why;
use crate::{Client, Error};

/// More pages than any environment has; a server that never ends is not followed for ever.
const MOST_PAGES: usize = 50;

/// What a change is made of.
pub(crate) enum Change<'b, B: Serialize + ?Sized> {
    Post(&'b B),
    Put(&'b B),
    Patch(&'b B),
    Delete,
}

impl<B: Serialize + ?Sized> Change<'_, B> {
    const fn method(&self) -> &'static str {
        match self {
            Self::Post(_) => "POST",
            Self::Put(_) => "PUT",
            Self::Patch(_) => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl Client {
    /// Every page of a list: `items` takes a page apart into how many there are in all, and those in it.
    pub(crate) async fn pages<P: DeserializeOwned, T>(
        &self,
        path: &str,
        per_page: usize,
        needs: &'static str,
        items: impl Fn(P) -> (i64, Vec<T>),
    ) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        for page in 1..=MOST_PAGES {
            let path = format!("{path}?per_page={per_page}&page={page}");
            let answer: P = self
                .ask(format!("GET {path}"), needs, async || self.crab.get(&path, None::<&()>).await)
                .await?;
            let (total, mut found) = items(answer);
            let is_last = found.is_empty();
            all.append(&mut found);
            if i64::try_from(all.len()).unwrap_or(i64::MAX) >= total {
                return Ok(all);
            }
            // Half of a list would look like a list from which things are to be deleted, or missing.
            if is_last {
                break;
            }
        }
        let why =
            Why::Malformed(format!("it ends after {} entries, and says that there are more", all.len()));
        Err(Error { asked: format!("GET {path}"), needs, why })
    }

    /// Changes something, and does not try again: whether a call that broke off was done, nobody knows. What
    /// the answer says besides is not looked at.
    pub(crate) async fn changed_once<B: Serialize + ?Sized>(
        &self,
        path: &str,
        needs: &'static str,
        change: Change<'_, B>,
    ) -> Result<(), Error> {
        self.changed(path, needs, change, async |_| Ok(())).await
    }

    /// The same where the answer says what came of it. One that cannot be read is an error, and the change was
    /// made all the same.
    pub(crate) async fn changed_to<T: DeserializeOwned, B: Serialize + ?Sized>(
        &self,
        path: &str,
        needs: &'static str,
        change: Change<'_, B>,
    ) -> Result<T, Error> {
        self.changed(path, needs, change, async |answer| T::from_response(answer).await).await
    }

    async fn changed<T, B: Serialize + ?Sized>(
        &self,
        path: &str,
        needs: &'static str,
        change: Change<'_, B>,
        read: impl AsyncFnOnce(Response<OctoBody>) -> octocrab::Result<T>,
    ) -> Result<T, Error> {
        let method = change.method();
        let sent = match change {
            Change::Post(body) => self.crab._post(path, Some(body)).await,
            Change::Put(body) => self.crab._put(path, Some(body)).await,
            Change::Patch(body) => self.crab._patch(path, Some(body)).await,
            Change::Delete => self.crab._delete(path, None::<&()>).await,
        };
        let done = match sent {
            Ok(answer) => octocrab::map_github_error(answer).await,
            Err(error) => Err(error),
        };
        let done = match done {
            Ok(answer) => read(answer.map(OctoBody::new)).await,
            Err(error) => Err(error),
        };
        done.map_err(|error| Error { asked: format!("{method} {path}"), needs, why: Why::of(&error) })
    }
}
