//! A server that answers what a test says.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

pub(crate) struct Scripted {
    pub(crate) endpoint: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    /// Answers each request, by its method and path, with these bytes, and then hangs up.
    pub(crate) fn start(answer: impl Fn(&str, &str) -> Vec<u8> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let Some((method, path)) = request(&stream) else { continue };
                all.lock().unwrap().push(format!("{method} {path}"));
                (&stream).write_all(&answer(&method, &path)).ok();
            }
        });
        Self { endpoint, asked }
    }

    /// What was asked so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// An error as S3 writes it.
pub(crate) fn error(status: u16, code: &str) -> Vec<u8> {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>the server's own words</Message></Error>"
    );
    format!(
        "HTTP/1.1 {status} X\r\nx-amz-request-id: REQ42\r\ncontent-type: application/xml\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// The method and the path of a request, which is read to its end.
fn request(stream: &TcpStream) -> Option<(String, String)> {
    let request = whole(stream)?;
    let head = String::from_utf8_lossy(&request[..request.len().min(4096)]).into_owned();
    let mut words = head.split(' ');
    Some((words.next()?.to_owned(), words.next()?.to_owned()))
}

/// All bytes of a request.
pub(crate) fn whole(mut stream: &TcpStream) -> Option<Vec<u8>> {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        request.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&request).to_ascii_lowercase();
    if head.contains("expect: 100-continue") {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").ok()?;
    }
    let length =
        head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<u64>().ok());
    stream.take(length.unwrap_or_default()).read_to_end(&mut request).ok()?;
    Some(request)
}
