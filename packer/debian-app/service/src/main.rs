//! A tiny HTTP service that says that it is well: `GET /healthz` answers with its name and version.
//!
//! Whoever connects is unknown. So a request is read up to a limit and for a time, there is one answer to a connection, and only
//! so many connections at once; nothing of a request is repeated in an answer or a log.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const ADDRESS: &str = "[::]:8080";
const MOST_CONNECTIONS: usize = 64;
const LONGEST_HEAD: usize = 8 * 1024;
const LONGEST_WAIT: Duration = Duration::from_secs(5);
const HEALTH: &str = concat!(
    "{\"name\":\"",
    env!("CARGO_PKG_NAME"),
    "\",\"version\":\"",
    env!("CARGO_PKG_VERSION"),
    "\",\"status\":\"ok\"}\n"
);

fn main() -> io::Result<()> {
    serve(&TcpListener::bind(ADDRESS)?);
    Ok(())
}

fn serve(listener: &TcpListener) {
    let open = Arc::new(AtomicUsize::new(0));
    for connection in listener.incoming() {
        // A connection that broke while it was accepted is its client's trouble; out of descriptors is ours, and passes.
        let Ok(stream) = connection else {
            thread::sleep(Duration::from_millis(20));
            continue;
        };
        let Some(place) = Place::take(&open) else {
            let _ = respond(&stream, Status::Busy, false);
            continue;
        };
        let started = thread::Builder::new().stack_size(128 * 1024).spawn(move || {
            let _place = place;
            let _ = answer(&stream);
        });
        drop(started);
    }
}

/// One of the connections that may be open at once; given back when it is dropped.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(open: &Arc<AtomicUsize>) -> Option<Self> {
        let place = Self(Arc::clone(open));
        (open.fetch_add(1, Ordering::Relaxed) < MOST_CONNECTIONS).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    Healthy,
    BadRequest,
    NotFound,
    NotAllowed,
    TimedOut,
    TooLarge,
    Busy,
}

impl Status {
    const fn line(self) -> &'static str {
        match self {
            Self::Healthy => "200 OK",
            Self::BadRequest => "400 Bad Request",
            Self::NotFound => "404 Not Found",
            Self::NotAllowed => "405 Method Not Allowed",
            Self::TimedOut => "408 Request Timeout",
            Self::TooLarge => "431 Request Header Fields Too Large",
            Self::Busy => "503 Service Unavailable",
        }
    }

    const fn body(self) -> &'static str {
        match self {
            Self::Healthy => HEALTH,
            _ => "",
        }
    }
}

fn answer(stream: &TcpStream) -> io::Result<()> {
    let mut head = Vec::with_capacity(1024);
    let (status, head_only) = match read_head(stream, &mut head) {
        Ok(true) => decide(&head),
        Ok(false) if head.len() >= LONGEST_HEAD => (Status::TooLarge, false),
        Ok(false) => return Ok(()), // closed before it asked anything
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            (Status::TimedOut, false)
        }
        Err(error) => return Err(error),
    };
    respond(stream, status, head_only)
}

/// Reads up to the empty line that ends a request's head. The time limit is on the whole of it, so that a byte now and then does
/// not hold a connection open.
fn read_head(mut stream: &TcpStream, head: &mut Vec<u8>) -> io::Result<bool> {
    let until = Instant::now() + LONGEST_WAIT;
    let mut part = [0; 1024];
    while head.len() < LONGEST_HEAD {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        let room = part.len().min(LONGEST_HEAD - head.len());
        match stream.read(&mut part[..room]) {
            Ok(0) => return Ok(false),
            Ok(count) => head.extend_from_slice(&part[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if head.windows(4).any(|four| four == b"\r\n\r\n") {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The status for a request's head, and whether only the head of the answer was asked for.
fn decide(head: &[u8]) -> (Status, bool) {
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let words: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
    let [method, target, version] = words.as_slice() else {
        return (Status::BadRequest, false);
    };
    if !version.starts_with(b"HTTP/1.") {
        return (Status::BadRequest, false);
    }
    let path = target.split(|byte| *byte == b'?').next().unwrap_or_default();
    let head_only = *method == b"HEAD";
    match (path, *method) {
        (b"/healthz", b"GET" | b"HEAD") => (Status::Healthy, head_only),
        (b"/healthz", _) => (Status::NotAllowed, false),
        _ => (Status::NotFound, head_only),
    }
}

fn respond(mut stream: &TcpStream, status: Status, head_only: bool) -> io::Result<()> {
    stream.set_write_timeout(Some(LONGEST_WAIT))?;
    let body = status.body();
    let mut text = format!(
        "HTTP/1.1 {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nCache-Control: no-store\r\nConnection: close\r\n",
        status.line(),
        body.len()
    );
    if status == Status::NotAllowed {
        text.push_str("Allow: GET, HEAD\r\n");
    }
    text.push_str("\r\n");
    if !head_only {
        text.push_str(body);
    }
    stream.write_all(text.as_bytes())?;
    stream.shutdown(Shutdown::Write)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(head: &[u8]) -> Status {
        decide(head).0
    }

    #[test]
    fn every_kind_of_request_has_its_status() {
        for (head, expected) in [
            (&b"GET /healthz HTTP/1.1\r\n\r\n"[..], Status::Healthy),
            (b"GET /healthz?x=1 HTTP/1.0\r\n\r\n", Status::Healthy),
            (b"HEAD /healthz HTTP/1.1\r\n\r\n", Status::Healthy),
            (b"POST /healthz HTTP/1.1\r\n\r\n", Status::NotAllowed),
            (b"GET / HTTP/1.1\r\n\r\n", Status::NotFound),
            (b"GET /healthz/../etc/passwd HTTP/1.1\r\n\r\n", Status::NotFound),
            (b"GET /healthz\r\n\r\n", Status::BadRequest),
            (b"GET  /healthz HTTP/1.1\r\n\r\n", Status::BadRequest),
            (b"GET /healthz HTTP/2\r\n\r\n", Status::BadRequest),
            (b"\xff\xfe\x00\r\n\r\n", Status::BadRequest),
            (b"", Status::BadRequest),
        ] {
            assert_eq!(status(head), expected, "{}", String::from_utf8_lossy(head));
        }
    }

    fn exchange(request: &[u8]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let client = thread::spawn({
            let request = request.to_vec();
            move || {
                let mut stream = TcpStream::connect(address).expect("a connection");
                let _ = stream.write_all(&request);
                let _ = stream.shutdown(Shutdown::Write);
                let mut text = String::new();
                let _ = stream.read_to_string(&mut text);
                text
            }
        });
        let (stream, _) = listener.accept().expect("the client");
        let _ = answer(&stream);
        drop(stream);
        client.join().expect("the client's text")
    }

    #[test]
    fn health_is_said_in_json() {
        let text = exchange(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
        assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
        assert!(text.ends_with(HEALTH), "{text}");
    }

    #[test]
    fn a_head_has_no_body() {
        let text = exchange(b"HEAD /healthz HTTP/1.1\r\n\r\n");
        assert!(text.contains(&format!("Content-Length: {}", HEALTH.len())), "{text}");
        assert!(text.ends_with("\r\n\r\n"), "{text}");
    }

    #[test]
    fn an_endless_head_is_refused() {
        let text = exchange(&vec![b'a'; LONGEST_HEAD]);
        assert!(text.starts_with("HTTP/1.1 431 "), "{text}");
    }

    #[test]
    fn places_are_given_back() {
        let open = Arc::new(AtomicUsize::new(0));
        let taken: Vec<_> = (0..MOST_CONNECTIONS).map_while(|_| Place::take(&open)).collect();
        assert_eq!(taken.len(), MOST_CONNECTIONS);
        assert!(Place::take(&open).is_none());
        drop(taken);
        assert_eq!(open.load(Ordering::Relaxed), 0);
        assert!(Place::take(&open).is_some());
    }
}
