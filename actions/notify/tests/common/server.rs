//! A server on this machine that answers as it is told, and remembers what it was sent.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// What is answered.
#[derive(Clone)]
pub(crate) enum Answer {
    /// A status, headers, a body.
    Status(u16, Vec<(&'static str, String)>, &'static str),
    /// Nothing, while the connection stays.
    Silence,
    /// A head that promises a body, which does not come.
    HalfABody(u16),
    /// The end of the connection.
    Hangup,
    /// Something that is no HTTP.
    Noise,
}

/// What was sent.
pub(crate) struct Sent {
    /// `POST /path HTTP/1.1`.
    pub(crate) line: String,
    /// By name in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
    pub(crate) at: Instant,
}

pub(crate) struct Server {
    pub(crate) address: String,
    sent: Arc<Mutex<Vec<Sent>>>,
}

impl Server {
    /// Answers with these, one after the other; then always with the last.
    pub(crate) fn new(answers: &[Answer]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let sent = Arc::new(Mutex::new(Vec::new()));
        let (heard, left) = (Arc::clone(&sent), Arc::new(Mutex::new(VecDeque::from(answers.to_vec()))));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (heard, left) = (Arc::clone(&heard), Arc::clone(&left));
                thread::spawn(move || {
                    let Some(request) = read(&stream) else { return };
                    heard.lock().unwrap().push(request);
                    let answer = {
                        let mut left = left.lock().unwrap();
                        if left.len() > 1 { left.pop_front() } else { left.front().cloned() }
                    };
                    say(stream, &answer.unwrap());
                });
            }
        });
        Self { address, sent }
    }

    pub(crate) fn ok() -> Self {
        Self::new(&[Answer::Status(200, vec![], "ok")])
    }

    /// What was sent so far.
    pub(crate) fn sent(&self) -> std::sync::MutexGuard<'_, Vec<Sent>> {
        self.sent.lock().unwrap()
    }

    pub(crate) fn count(&self) -> usize {
        self.sent().len()
    }
}

fn read(stream: &TcpStream) -> Option<Sent> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut headers = BTreeMap::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        match header.trim_end().split_once(':') {
            Some((name, value)) => headers.insert(name.to_lowercase(), value.trim().to_owned()),
            None => break,
        };
    }
    let length = headers.get("content-length")?.parse().ok()?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Sent { line: line.trim_end().to_owned(), headers, body, at: Instant::now() })
}

fn say(mut stream: TcpStream, answer: &Answer) {
    let text = match answer {
        Answer::Status(status, headers, body) => {
            let headers: String =
                headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            format!(
                "HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            )
        }
        Answer::HalfABody(status) => format!("HTTP/1.1 {status} X\r\ncontent-length: 100\r\n\r\nhalf"),
        Answer::Noise => "what?\r\n\r\n".to_owned(),
        Answer::Hangup => return,
        Answer::Silence => String::new(),
    };
    stream.write_all(text.as_bytes()).ok();
    if matches!(answer, Answer::Silence | Answer::HalfABody(_)) {
        thread::sleep(Duration::from_secs(30));
    }
}
