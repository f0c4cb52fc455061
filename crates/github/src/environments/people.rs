//! Who may agree, by the number that GitHub knows them by: names can be given to somebody else.

use serde::Deserialize;

use crate::error::plain;
use crate::repository::encoded;
use crate::{Client, Error, Why};

/// The number of a person or of a team.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PersonId {
    /// A person's account.
    User(i64),
    /// A team of the repository's organisation.
    Team(i64),
}

/// Somebody who may agree.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Person {
    /// By number.
    pub id: PersonId,
    /// By login, or by slug.
    pub name: String,
}

#[derive(Deserialize)]
struct TheirUser {
    id: i64,
    login: String,
    #[serde(rename = "type", default)]
    kind: String,
}

#[derive(Deserialize)]
struct TheirTeam {
    id: i64,
    slug: String,
}

impl Client {
    /// A person's account.
    ///
    /// # Errors
    /// See [`Error`]. An organisation or an app is no person.
    pub async fn user(&self, login: &str) -> Result<Person, Error> {
        let path = format!("/users/{}", encoded(login));
        let needs = "metadata: read";
        let asked = format!("GET {path}");
        let found: TheirUser =
            self.ask(asked.clone(), needs, async || self.crab.get(&path, None::<&()>).await).await?;
        if matches!(found.kind.as_str(), "Organization" | "Bot") {
            let why = Why::Malformed(format!("it is of kind {}, and no person", plain(&found.kind)));
            return Err(Error { asked, needs, why });
        }
        Ok(Person { id: PersonId::User(found.id), name: plain(&found.login) })
    }

    /// A team of an organisation, by its slug.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn team(&self, organisation: &str, slug: &str) -> Result<Person, Error> {
        let path = format!("/orgs/{}/teams/{}", encoded(organisation), encoded(slug));
        let needs = "members: read";
        let found: TheirTeam =
            self.ask(format!("GET {path}"), needs, async || self.crab.get(&path, None::<&()>).await).await?;
        Ok(Person { id: PersonId::Team(found.id), name: plain(&found.slug) })
    }
}
