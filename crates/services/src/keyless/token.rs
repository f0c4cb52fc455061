//! The runner's OIDC token: asked for when it is needed, because it holds for some minutes only, and never shown.

use std::fmt;

use anyhow::{Context as _, Result, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use runner::{Context, Secret};
use serde::Deserialize;
use signers::{Claims, Identity};
use sigstore_sign::oidc::IdentityToken;
use sigstore_sign::reqwest::Client;
use url::Url;

use crate::background::Background;
use crate::http;

/// Whom a token for signing is for.
const AUDIENCE: &str = "sigstore";
const MAX_ANSWER: usize = 64 << 10;
const ATTEMPTS: u32 = 3;

/// Where tokens come from.
#[derive(Clone)]
pub(super) struct Source {
    url: Url,
    audience: &'static str,
    bearer: Secret,
    server: String,
    client: Client,
}

/// What a token is wanted for, in an error's words.
pub(super) struct Purpose {
    /// Whom the token is for.
    audience: &'static str,
    /// What cannot be done without it.
    what: &'static str,
    /// What to do where there is no runner.
    otherwise: &'static str,
}

/// Signing.
pub(super) const SIGNING: Purpose = Purpose {
    audience: AUDIENCE,
    what: "`keyless` signs",
    otherwise: "give a key here (a file, or awskms:///alias/NAME)",
};

/// Being somebody for AWS.
const AWS: Purpose = Purpose {
    audience: "sts.amazonaws.com",
    what: "`aws-role` is assumed",
    otherwise: "leave it out here, and credentials come from the usual variables",
};

/// The runner's OIDC tokens for AWS: each holds for some minutes only, so there is a next one whenever it is asked for.
#[derive(Clone, Debug)]
pub struct AwsTokens(Source);

impl AwsTokens {
    /// By what the runner gives a job with the permission `id-token: write`.
    ///
    /// # Errors
    /// It gives none, or there is no runner.
    pub fn of_runner(ctx: &mut Context) -> Result<Self> {
        let client = http::client()?;
        Source::of_runner(ctx, client, &AWS).map(Self)
    }

    /// Asks for a token.
    ///
    /// # Errors
    /// The runner gives none, or one for somebody else.
    pub async fn ask(&self) -> Result<Secret> {
        let text = self.0.fetch().await.context("the runner gave no OIDC token")?;
        self.0.check(&text)?;
        Ok(Secret::new(text))
    }
}

/// A token, and what it announces.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) token: IdentityToken,
    pub(super) identity: Identity,
}

impl Source {
    /// By what the runner gives a job with the permission `id-token: write`.
    pub(super) fn of_runner(ctx: &mut Context, client: Client, purpose: &Purpose) -> Result<Self> {
        let Purpose { audience, what, otherwise } = *purpose;
        let (Some(url), Some(bearer)) =
            (ctx.env("ACTIONS_ID_TOKEN_REQUEST_URL"), ctx.env("ACTIONS_ID_TOKEN_REQUEST_TOKEN"))
        else {
            ensure!(
                ctx.github().on_runner,
                "{what} by the OIDC token of a job on a GitHub runner, and this is none: {otherwise}"
            );
            bail!(
                "{what} by the job's OIDC token, and the runner gives none: set `permissions: id-token: write` for the job \
                 (a workflow of a fork's pull request gets none)"
            )
        };
        let mut url = http::private_url(url).context("ACTIONS_ID_TOKEN_REQUEST_URL")?;
        url.query_pairs_mut().append_pair("audience", audience);
        let bearer = Secret::new(bearer);
        ctx.mask(&bearer);
        let server = ctx.github().server_url.clone().unwrap_or_else(|| "https://github.com".to_owned());
        Ok(Self { url, audience, bearer, server: server.trim_end_matches('/').to_owned(), client })
    }

    /// Asks for a token.
    pub(super) fn ask(&self, background: &Background) -> Result<Token> {
        let source = self.clone();
        let answer = background.run(async move { source.fetch().await });
        let text = answer.context("the client ended")?.context("the runner gave no OIDC token")?;
        let token = self.check(&text)?;
        let identity = identity(&text, &self.server).context("the OIDC token names nobody")?;
        Ok(Token { token, identity })
    }

    /// That it is a token, and for whom it was asked for.
    fn check(&self, text: &str) -> Result<IdentityToken> {
        let token = IdentityToken::from_jwt(text).ok().context("what the runner gave is no OIDC token")?;
        let audience = self.audience;
        ensure!(
            token.claims().aud.contains(audience),
            "the OIDC token that the runner gave is not for the audience `{audience}`"
        );
        Ok(token)
    }

    async fn fetch(&self) -> Result<String> {
        let mut last = None;
        for _ in 0..ATTEMPTS {
            match self.fetch_once().await {
                Ok(token) => return Ok(token),
                Err(error) => last = Some(error),
            }
        }
        Err(last.context("it was not asked")?)
    }

    async fn fetch_once(&self) -> Result<String> {
        #[derive(Deserialize)]
        struct Answer {
            value: String,
        }
        let request = self.client.get(self.url.clone()).bearer_auth(self.bearer.expose());
        // An error of the client names the URL, which is the runner's business.
        let mut answer = request.send().await.map_err(|error| error.without_url())?;
        let status = answer.status();
        ensure!(status.is_success(), "it answers {status}");
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| error.without_url())? {
            ensure!(body.len() + chunk.len() <= MAX_ANSWER, "its answer is too long");
            body.extend_from_slice(&chunk);
        }
        // What does not read is not repeated: it may hold the token.
        let answer: Answer = serde_json::from_slice(&body).ok().context("its answer does not read")?;
        Ok(answer.value)
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("host", &self.url.host_str()).finish_non_exhaustive()
    }
}

/// What Fulcio will put into the certificate, by the token's own words.
/// <https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md>
fn identity(token: &str, server: &str) -> Option<Identity> {
    #[derive(Deserialize)]
    struct Said {
        iss: String,
        sub: String,
        email: Option<String>,
        job_workflow_ref: Option<String>,
        repository: Option<String>,
        repository_id: Option<String>,
        r#ref: Option<String>,
        sha: Option<String>,
        runner_environment: Option<String>,
        event_name: Option<String>,
        run_id: Option<String>,
        run_attempt: Option<String>,
        environment: Option<String>,
    }
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let said: Said = serde_json::from_slice(&payload).ok()?;
    let url = |path: &String| format!("{server}/{path}");
    let Some(workflow) = said.job_workflow_ref.as_ref().map(url) else {
        let subject = said.email.unwrap_or(said.sub);
        let named = !subject.is_empty() && !said.iss.is_empty();
        return named.then_some(Identity { issuer: said.iss, subject, claims: Claims::default() });
    };
    let repository = said.repository.as_ref().map(url);
    let run = match (&repository, &said.run_id, &said.run_attempt) {
        (Some(repository), Some(id), Some(attempt)) => {
            Some(format!("{repository}/actions/runs/{id}/attempts/{attempt}"))
        }
        _ => None,
    };
    Some(Identity {
        issuer: said.iss,
        subject: workflow.clone(),
        claims: Claims {
            workflow: Some(workflow),
            repository,
            repository_id: said.repository_id,
            git_ref: said.r#ref,
            commit: said.sha,
            runner_environment: said.runner_environment,
            trigger: said.event_name,
            run,
            environment: said.environment,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jwt(claims: &serde_json::Value) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()))
    }

    #[test]
    fn a_workflows_token_announces_what_fulcio_writes() {
        let claims = serde_json::json!({
            "iss": "https://token.actions.githubusercontent.com",
            "sub": "repo:acme/images:environment:release",
            "job_workflow_ref": "acme/images/.github/workflows/bake.yml@refs/heads/main",
            "repository": "acme/images", "repository_id": "7", "ref": "refs/heads/main", "sha": "abc",
            "runner_environment": "github-hosted", "event_name": "push", "run_id": "12", "run_attempt": "1",
            "environment": "release",
        });
        let found = identity(&jwt(&claims), "https://github.com").unwrap();
        let workflow = "https://github.com/acme/images/.github/workflows/bake.yml@refs/heads/main";
        assert_eq!((found.subject.as_str(), found.claims.workflow.as_deref()), (workflow, Some(workflow)));
        assert_eq!(found.issuer, signers::GITHUB_ISSUER);
        assert_eq!(found.claims.repository.as_deref(), Some("https://github.com/acme/images"));
        assert_eq!(found.claims.environment.as_deref(), Some("release"));
        assert_eq!(
            found.claims.run.as_deref(),
            Some("https://github.com/acme/images/actions/runs/12/attempts/1")
        );
    }

    #[test]
    fn others_are_named_by_email_or_subject() {
        let token = jwt(&serde_json::json!({"iss": "https://i", "sub": "s", "email": "a@b"}));
        assert_eq!(identity(&token, "x").unwrap().subject, "a@b");
        let token = jwt(&serde_json::json!({"iss": "https://i", "sub": "s"}));
        assert_eq!(identity(&token, "x").unwrap().subject, "s");
        for nobody in [serde_json::json!({"iss": "https://i", "sub": ""}), serde_json::json!({"sub": "s"})] {
            assert!(identity(&jwt(&nobody), "x").is_none(), "{nobody}");
        }
        assert!(identity("no token", "x").is_none());
    }
}
