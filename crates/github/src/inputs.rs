//! The inputs that every action which talks to GitHub has: which server, and whose repository.

use anyhow::{Context as _, Result, anyhow};
use runner::{Context, Input, Kind};

use crate::{ApiUrl, Client, Repository};

/// Whose repository.
pub const REPOSITORY: Input =
    Input::new("repository", Kind::Text, "Whose, as owner/name; by default the job's repository");

/// Which server.
pub const API_URL: Input =
    Input::new("api-url", Kind::Text, "The API's address; by default the job's GitHub, or api.github.com");

/// The client and the repository, by `token`, `repository` and `api-url`. Nothing is sent yet.
///
/// # Errors
/// There is no token or no repository, or an input is not what it says.
pub fn open(ctx: &Context) -> Result<(Client, Repository)> {
    open_by(ctx, "give `token: ${{ github.token }}`, with the permissions that the README lists")
}

/// The same where the job's own token will not do as it is: what is wanted, for whoever gave none.
///
/// # Errors
/// As [`open`].
pub fn open_by(ctx: &Context, wanted: &str) -> Result<(Client, Repository)> {
    let token = ctx.secret("token")?.with_context(|| format!("input `token` was not given: {wanted}"))?;
    let text = match ctx.opt_text(REPOSITORY.name)? {
        Some(text) => text,
        None => ctx.github().repository.clone().context("input `repository` was not given: whose?")?,
    };
    let repository = text.parse().map_err(|error| anyhow!("input `repository`: {error}"))?;
    let given = ctx.opt_text(API_URL.name)?.or_else(|| ctx.github().api_url.clone());
    let address = ApiUrl::parse(given.as_deref().unwrap_or("https://api.github.com"))
        .map_err(|error| anyhow!("input `api-url`: {error}"))?;
    Ok((Client::new(&address, Some(token))?, repository))
}

/// Where people look at repositories: the job's GitHub, or the one that belongs to `api-url`.
///
/// # Errors
/// `api-url` is no address.
pub fn server(ctx: &Context) -> Result<String> {
    if let Some(server) = ctx.github().server_url.clone() {
        return Ok(server);
    }
    let given = ctx.opt_text(API_URL.name)?;
    let address = ApiUrl::parse(given.as_deref().unwrap_or("https://api.github.com"))
        .map_err(|error| anyhow!("input `api-url`: {error}"))?;
    Ok(address.server())
}
