//! A GitHub of a test's own: it answers what the test says, and remembers what it was asked.
//!
//! Plain HTTP on this machine, one connection after the other. Faults are its purpose: silence, cut
//! connections, answers that are no answers.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::ApiUrl;

/// What the server does with a request.
#[derive(Debug, Clone)]
pub enum Answer {
    /// A whole answer: status, more headers, body.
    Whole(u16, Vec<(&'static str, String)>, String),
    /// A whole answer that is no text.
    Bytes(Vec<u8>),
    /// Nothing, for as long as the client likes.
    Silence,
    /// The connection is closed without a byte.
    Cut,
    /// The connection is closed in the middle of the body.
    CutShort,
}

impl Answer {
    /// JSON with status 200.
    #[must_use]
    pub fn json(body: impl Into<String>) -> Self {
        Self::Whole(200, Vec::new(), body.into())
    }

    /// An error as GitHub writes it.
    #[must_use]
    pub fn error(status: u16, message: &str) -> Self {
        let body = serde_json::json!({"message": message, "status": status.to_string()});
        Self::Whole(status, Vec::new(), body.to_string())
    }
}

/// A request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Method and path, query included.
    pub line: String,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// What was sent with it.
    pub body: String,
}

impl Asked {
    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The server. Its thread ends with the test's process.
#[derive(Debug)]
pub struct FakeGitHub {
    address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

#[expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "only tests use it; a panic is their message"
)]
impl FakeGitHub {
    /// Answers by method and path: `GET /repos/acme/images`.
    #[must_use]
    pub fn new(answer: impl Fn(&str) -> Answer + Send + 'static) -> Self {
        Self::with(move |asked| answer(&asked.line))
    }

    /// Answers by all that came, and may remember it.
    #[must_use]
    pub fn with(mut answer: impl FnMut(&Asked) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        thread::spawn(move || {
            // Silent connections are kept open here.
            let mut kept = Vec::new();
            for stream in listener.incoming().flatten() {
                let Some(request) = read(&stream) else { continue };
                let answer = answer(&request);
                log.lock().unwrap_or_else(PoisonError::into_inner).push(request);
                // A client that is gone needs no answer.
                write(&stream, &answer).ok();
                if matches!(answer, Answer::Silence) {
                    kept.push(stream);
                }
            }
        });
        Self { address, asked }
    }

    /// Its address, with a path below it if one is given: `/api/v3`.
    #[must_use]
    pub fn url(&self, path: &str) -> ApiUrl {
        ApiUrl::parse(&format!("{}{path}", self.address)).unwrap()
    }

    /// Everything that was asked so far.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Everything that was asked, once it is so much: on a busy machine, who waits for no answer is done before the
    /// question was read here.
    #[must_use]
    pub fn asked_at_least(&self, count: usize) -> Vec<Asked> {
        for _ in 0..6000 {
            if self.asked().len() >= count {
                break;
            }
            thread::sleep(Duration::from_millis(10));
        }
        self.asked()
    }
}

fn read(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let line = line.rsplit_once(' ')?.0.to_owned();
    let (mut headers, mut length) = (Vec::new(), 0);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(':') else { break };
        let (name, value) = (name.to_ascii_lowercase(), value.trim().to_owned());
        if name == "content-length" {
            length = value.parse().ok()?;
        }
        headers.push((name, value));
    }
    let mut body = String::new();
    reader.take(length).read_to_string(&mut body).ok()?;
    Some(Asked { line, headers, body })
}

fn write(mut stream: &TcpStream, answer: &Answer) -> std::io::Result<()> {
    let head = |status: u16, length: usize| {
        format!(
            "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n"
        )
    };
    match answer {
        Answer::Whole(status, headers, body) => {
            let mut text = head(*status, body.len());
            for (name, value) in headers {
                text += &format!("{name}: {value}\r\n");
            }
            stream.write_all(format!("{text}\r\n{body}").as_bytes())
        }
        Answer::Bytes(bytes) => {
            stream.write_all(format!("{}\r\n", head(200, bytes.len())).as_bytes())?;
            stream.write_all(bytes)
        }
        Answer::CutShort => stream.write_all(format!("{}\r\n{{\"name\"", head(200, 4096)).as_bytes()),
        Answer::Silence | Answer::Cut => Ok(()),
    }
}
