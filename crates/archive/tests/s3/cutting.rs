//! A server's answers that are lost on the way: the call has happened, and whoever asked cannot know.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use archive::{Archive, Keeping};

use crate::common::{Server, Work, env, place, wait};
use crate::scripted::whole;

/// Hands on to a server, and hangs up instead of answering the write with this number, once.
struct Cutting {
    endpoint: String,
    writes: Arc<AtomicUsize>,
}

impl Cutting {
    fn start(upstream: &str, cut: usize) -> Self {
        let upstream = upstream.strip_prefix("http://").unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let writes = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&writes);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let Some(request) = whole(&stream) else { continue };
                let is_write = request.starts_with(b"PUT ");
                let answer = asked(&upstream, &request);
                if is_write && count.fetch_add(1, Ordering::SeqCst) == cut {
                    continue;
                }
                (&stream).write_all(&answer).ok();
            }
        });
        Self { endpoint, writes }
    }
}

/// Asks the server; its answer ends the connection.
fn asked(upstream: &str, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(upstream).unwrap();
    let text = request.windows(2).position(|two| two == b"\r\n").unwrap();
    // A header that is not signed: both connections are for one request.
    let close: &[u8] = b"\r\nconnection: close";
    stream.write_all(&[&request[..text], close, &request[text..]].concat()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    answer
}

#[test]
fn a_write_whose_answer_is_lost_is_looked_for() {
    let server = Server::s3s();
    let work = Work::new();
    let mut cut = 0;
    loop {
        for key in server.keys() {
            server.delete(&key);
        }
        let between = Cutting::start(&server.endpoint, cut);
        let stored = wait(async {
            let archive =
                Archive::open_to_put(&place(), &env(&between.endpoint), Keeping::default()).await.unwrap();
            archive.put(&work.draft("1")).await
        })
        .unwrap_or_else(|error| panic!("write {cut}: {error}"));
        let archive = server.open().unwrap();
        assert_eq!(
            wait(archive.entries_of(&work.content)).unwrap(),
            std::slice::from_ref(&stored.entry),
            "write {cut}"
        );
        let shown = wait(archive.channel("debian-app", "stable")).unwrap().unwrap();
        assert_eq!((shown.entry, shown.before.len()), (stored.entry.id, 0), "write {cut}");
        assert_eq!(server.keys().len(), 7, "write {cut}");
        // Marker, 4 objects, entry, pointer; then nothing was left to cut.
        if between.writes.load(Ordering::SeqCst) == 7 {
            break;
        }
        cut += 1;
    }
    assert_eq!(cut, 7, "each write was cut once");
}
