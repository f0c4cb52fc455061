//! The client: one question at a time, each with what it needs of the token.

use octocrab::{AuthState, Octocrab, OctocrabBuilder};
use runner::Secret;

use crate::error::Why;
use crate::transport::Transport;
use crate::{ApiUrl, Error, Limits};

/// Asks one GitHub, with one token or with none.
pub struct Client {
    pub(crate) crab: Octocrab,
    transport: Transport,
    limits: Limits,
}

impl Client {
    /// A client with the usual bounds. Nothing is sent yet.
    ///
    /// # Errors
    /// Outside of a tokio runtime.
    pub fn new(address: &ApiUrl, token: Option<Secret>) -> Result<Self, Error> {
        Self::with_limits(address, token, Limits::default())
    }

    /// A client with these bounds.
    ///
    /// # Errors
    /// Outside of a tokio runtime.
    pub fn with_limits(address: &ApiUrl, token: Option<Secret>, limits: Limits) -> Result<Self, Error> {
        // octocrab starts a task of its own as soon as it is made, and panics where it cannot.
        if tokio::runtime::Handle::try_current().is_err() {
            let why = Why::Unreachable("there is no async runtime to ask it in".to_owned());
            return Err(Error { asked: address.to_string(), needs: "", why });
        }
        let transport = Transport::new(address, token, limits);
        let sender = transport.clone();
        let service = tower::service_fn(move |request| sender.clone().send(request));
        match OctocrabBuilder::new_empty().with_service(service).with_auth(AuthState::None).build() {
            Ok(crab) => Ok(Self { crab, transport, limits }),
            Err(never) => match never {},
        }
    }

    /// What carries requests, for what is no JSON.
    pub(crate) const fn transport(&self) -> &Transport {
        &self.transport
    }

    /// The bounds on a question.
    pub(crate) const fn limits(&self) -> Limits {
        self.limits
    }

    /// Asks until there is an answer or no hope of one. Only for questions: what changes something
    /// is not asked twice.
    pub(crate) async fn ask<T>(
        &self,
        asked: String,
        needs: &'static str,
        question: impl AsyncFn() -> octocrab::Result<T>,
    ) -> Result<T, Error> {
        let mut attempt = 1;
        loop {
            let why = match question().await {
                Ok(answer) => return Ok(answer),
                Err(error) => Why::of(&error),
            };
            if attempt >= self.limits.attempts || !why.is_passing() {
                return Err(Error { asked, needs, why });
            }
            attempt += 1;
            tokio::time::sleep(self.limits.pause).await;
        }
    }
}
