//! GitHub's token service for tests: an OIDC issuer on this machine whose tokens Fulcio verifies.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// What the runner holds, to ask for tokens with.
pub(crate) const BEARER: &str = "runner-bearer-9f2c6b1d";
/// The workflow file that the tokens are of.
pub(crate) const WORKFLOW: &str = "acme/images/.github/workflows/bake.yml@refs/heads/main";

/// The issuer: its clients are Fulcio, which reads its key, and the runner's steps, which ask for tokens.
pub(crate) struct Issuer {
    pub(crate) url: String,
    shared: Arc<Shared>,
}

struct Shared {
    url: String,
    key: EcdsaKeyPair,
    /// The tokens that were given out.
    tokens: Mutex<Vec<String>>,
    /// How long each holds, in seconds.
    holds: Mutex<i64>,
    /// The workflow of the tokens from now on.
    workflow: Mutex<String>,
}

impl Issuer {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            url: url.clone(),
            key: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
            tokens: Mutex::default(),
            holds: Mutex::new(300),
            workflow: Mutex::new(WORKFLOW.to_owned()),
        });
        let served = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&served);
                std::thread::spawn(move || shared.serve(stream));
            }
        });
        Self { url, shared }
    }

    /// What the runner gives a job with `id-token: write`.
    pub(crate) fn env(&self) -> [(&'static str, String); 2] {
        let url = format!("{}/token?run=1", self.url);
        [("ACTIONS_ID_TOKEN_REQUEST_URL", url), ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", BEARER.to_owned())]
    }

    pub(crate) fn tokens(&self) -> Vec<String> {
        self.shared.tokens.lock().unwrap().clone()
    }

    pub(crate) fn hold(&self, seconds: i64) {
        *self.shared.holds.lock().unwrap() = seconds;
    }

    pub(crate) fn workflow(&self, workflow: &str) {
        workflow.clone_into(&mut self.shared.workflow.lock().unwrap());
    }
}

impl Shared {
    fn serve(&self, mut stream: TcpStream) -> Option<()> {
        let mut lines = BufReader::new(stream.try_clone().ok()?).lines().map_while(Result::ok);
        let request = lines.next()?;
        let path = request.split(' ').nth(1)?.to_owned();
        let headers: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
        let bearer = format!("authorization: bearer {}", BEARER.to_lowercase());
        let known = headers.iter().any(|header| header.to_lowercase() == bearer);
        let (status, body) = match path.split('?').next()? {
            "/.well-known/openid-configuration" => ("200 OK", self.configuration()),
            "/keys" => ("200 OK", self.keys()),
            "/token" if known && path == "/token?run=1&audience=sigstore" => {
                let token = self.token();
                self.tokens.lock().unwrap().push(token.clone());
                ("200 OK", json!({"count": 1, "value": token}))
            }
            "/token" => ("401 Unauthorized", json!({})),
            _ => ("404 Not Found", json!({})),
        };
        let body = body.to_string();
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).ok()
    }

    fn configuration(&self) -> Value {
        json!({
            "issuer": self.url, "jwks_uri": format!("{}/keys", self.url),
            "authorization_endpoint": format!("{}/none", self.url), "token_endpoint": format!("{}/none", self.url),
            "response_types_supported": ["id_token"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
        })
    }

    fn keys(&self) -> Value {
        // 4, then both coordinates.
        let point = self.key.public_key().as_ref();
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let key = json!({
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "1",
            "x": part(&point[1..33]), "y": part(&point[33..65]),
        });
        json!({"keys": [key]})
    }

    #[allow(clippy::disallowed_methods, reason = "Fulcio goes by this machine's clock")]
    fn token(&self) -> String {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let claims = json!({
            "iss": self.url, "aud": "sigstore", "sub": "repo:acme/images:environment:release",
            "iat": now, "nbf": now, "exp": now.cast_signed() + *self.holds.lock().unwrap(),
            "job_workflow_ref": *self.workflow.lock().unwrap(),
            "repository": "acme/images", "repository_id": "7", "ref": "refs/heads/main",
            "sha": "0123456789abcdef0123456789abcdef01234567", "event_name": "push",
            "runner_environment": "github-hosted", "run_id": "12", "run_attempt": "1", "environment": "release",
        });
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(json!({"alg": "ES256", "kid": "1", "typ": "JWT"})), part(claims));
        let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }
}
