//! How lists are read to their end, and how something is changed: once.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Why, plain};
use crate::{Client, Error};

/// More pages than anything here has; a server that never ends is not followed for ever.
const MOST_PAGES: usize = 50;

/// As many as GitHub gives at once.
pub(crate) const PAGE: usize = 100;

/// How often something is sent that may be sent again.
const SENT: u32 = 4;

/// The longest that a server's wish to wait is heard.
const LONGEST_WAIT: Duration = Duration::from_secs(120);

/// What a change is made of.
pub(crate) enum Change<'b, B: Serialize + ?Sized> {
    Post(&'b B),
    Put(&'b B),
    Patch(&'b B),
    Delete,
    /// A call that says all by its path.
    PostNothing,
}

impl<B: Serialize + ?Sized> Change<'_, B> {
    const fn method(&self) -> &'static str {
        match self {
            Self::Post(_) | Self::PostNothing => "POST",
            Self::Put(_) => "PUT",
            Self::Patch(_) => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl Client {
    /// Every page of a list that says how many there are: `items` takes a page apart into that number, and those in it.
    /// The path may have a query.
    pub(crate) async fn pages<P: DeserializeOwned, T>(
        &self,
        path: &str,
        per_page: usize,
        needs: &'static str,
        items: impl Fn(P) -> (i64, Vec<T>),
    ) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        for page in 1..=MOST_PAGES {
            let path = paged(path, per_page, page);
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

    /// Every page of a list that does not say how many there are: it ends with the first page that is not full.
    pub(crate) async fn pages_until_short<T: DeserializeOwned>(
        &self,
        path: &str,
        needs: &'static str,
    ) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        for page in 1..=MOST_PAGES {
            let path = paged(path, PAGE, page);
            let mut found: Vec<T> = self
                .ask(format!("GET {path}"), needs, async || self.crab.get(&path, None::<&()>).await)
                .await?;
            let is_last = found.len() < PAGE;
            all.append(&mut found);
            if is_last {
                return Ok(all);
            }
        }
        let why = Why::Malformed(format!("there are more than the {} entries that are read", all.len()));
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
        self.sent_once(path, needs, change).await.map(drop)
    }

    /// As [`Client::changed_once`], and reads what GitHub made of it. A call whose answer cannot be read was done.
    pub(crate) async fn made_once<B: Serialize + ?Sized, T: DeserializeOwned>(
        &self,
        path: &str,
        needs: &'static str,
        change: Change<'_, B>,
    ) -> Result<T, Error> {
        let asked = format!("{} {path}", change.method());
        let answer = self.sent_once(path, needs, change).await?;
        serde_json::from_str(&answer).map_err(|error| Error {
            asked,
            needs,
            why: Why::Malformed(plain(&error.to_string())),
        })
    }

    /// Sends what takes the place of the same sent before, so that it can be sent again: while the server is in trouble, or
    /// asks to wait and says for how long. Reads what GitHub made of it.
    pub(crate) async fn replaced<B: Serialize + ?Sized, T: DeserializeOwned>(
        &self,
        path: &str,
        needs: &'static str,
        body: &B,
    ) -> Result<T, Error> {
        let mut pause = self.limits().pause;
        let mut attempt = 1;
        loop {
            let error = match self.made_once(path, needs, Change::Post(body)).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let wait = match &error.why {
                // GitHub asks for a minute where it does not say for how long.
                Why::RateLimited(wait) => wait.unwrap_or(self.limits().pause * 60),
                Why::TimedOut(_) => pause,
                why if why.is_passing() => pause,
                _ => return Err(error),
            };
            if attempt >= SENT || wait > LONGEST_WAIT {
                return Err(error);
            }
            tokio::time::sleep(wait).await;
            attempt += 1;
            pause *= 2;
        }
    }

    async fn sent_once<B: Serialize + ?Sized>(
        &self,
        path: &str,
        needs: &'static str,
        change: Change<'_, B>,
    ) -> Result<String, Error> {
        let method = change.method();
        let sent = match change {
            Change::Post(body) => self.crab._post(path, Some(body)).await,
            Change::Put(body) => self.crab._put(path, Some(body)).await,
            Change::Patch(body) => self.crab._patch(path, Some(body)).await,
            Change::PostNothing => self.crab._post(path, None::<&()>).await,
            Change::Delete => self.crab._delete(path, None::<&()>).await,
        };
        let done = match sent {
            Ok(answer) => octocrab::map_github_error(answer).await,
            Err(error) => Err(error),
        };
        let answer =
            done.map_err(|error| Error { asked: format!("{method} {path}"), needs, why: Why::of(&error) })?;
        // The status says that it was done. What cannot be read besides is missed by whoever wants to read it.
        Ok(self.crab.body_to_string(answer).await.unwrap_or_default())
    }
}

fn paged(path: &str, per_page: usize, page: usize) -> String {
    let joint = if path.contains('?') { '&' } else { '?' };
    format!("{path}{joint}per_page={per_page}&page={page}")
}
