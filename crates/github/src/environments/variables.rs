//! An environment's variables, and the names of its secrets: values of secrets GitHub tells nobody.

use serde::Deserialize;
use serde_json::json;

use crate::call::Change;
use crate::repository::encoded;
use crate::{Client, Error, Repository, Why};

const READ: &str = "environments: read";
const WRITE: &str = "environments: write";

/// A variable.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Variable {
    /// Its name, which GitHub keeps in capitals.
    pub name: String,
    /// Its value.
    pub value: String,
}

#[derive(Deserialize)]
struct TheirVariables {
    total_count: i64,
    variables: Vec<Variable>,
}

#[derive(Deserialize)]
struct TheirSecrets {
    total_count: i64,
    secrets: Vec<TheirSecret>,
}

#[derive(Deserialize)]
struct TheirSecret {
    name: String,
}

impl Client {
    /// Every variable of an environment.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn variables(
        &self,
        repository: &Repository,
        environment: &str,
    ) -> Result<Vec<Variable>, Error> {
        let path = variables(repository, environment);
        // GitHub gives 30 at most, unlike elsewhere.
        self.pages(&path, 30, READ, |list: TheirVariables| (list.total_count, list.variables)).await
    }

    /// The names of an environment's secrets.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn secret_names(
        &self,
        repository: &Repository,
        environment: &str,
    ) -> Result<Vec<String>, Error> {
        let path = format!("/repos/{repository}/environments/{}/secrets", encoded(environment));
        self.pages(&path, 100, READ, |list: TheirSecrets| {
            (list.total_count, list.secrets.into_iter().map(|secret| secret.name).collect())
        })
        .await
    }

    /// Makes a variable that is not there.
    ///
    /// # Errors
    /// See [`Error`]. 409 where it is there by now.
    pub async fn add_variable(
        &self,
        repository: &Repository,
        environment: &str,
        variable: &Variable,
    ) -> Result<(), Error> {
        let body = json!({"name": variable.name, "value": variable.value});
        self.changed_once(&variables(repository, environment), WRITE, Change::Post(&body)).await
    }

    /// Gives a variable another value.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn set_variable(
        &self,
        repository: &Repository,
        environment: &str,
        variable: &Variable,
    ) -> Result<(), Error> {
        let path = format!("{}/{}", variables(repository, environment), encoded(&variable.name));
        let body = json!({"name": variable.name, "value": variable.value});
        self.changed_once(&path, WRITE, Change::Patch(&body)).await
    }

    /// Takes a variable away. That it is gone already is all right.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn remove_variable(
        &self,
        repository: &Repository,
        environment: &str,
        name: &str,
    ) -> Result<(), Error> {
        let path = format!("{}/{}", variables(repository, environment), encoded(name));
        match self.changed_once(&path, WRITE, Change::<()>::Delete).await {
            Err(Error { why: Why::NotFound, .. }) => Ok(()),
            other => other,
        }
    }
}

fn variables(repository: &Repository, environment: &str) -> String {
    format!("/repos/{repository}/environments/{}/variables", encoded(environment))
}
