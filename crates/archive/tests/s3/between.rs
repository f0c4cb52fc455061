//! What happens on the way: a write's answer is lost, so that whoever asked cannot know; somebody else was faster.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use archive::{Archive, Draft, Keeping, Stored};

use crate::common::{Server, Work, env, place, wait};
use crate::scripted::whole;

/// Hands requests on to a server, and answers back.
struct Between {
    endpoint: String,
    writes: Arc<AtomicUsize>,
}

impl Between {
    /// Before each write, by its number and path, is asked whether its answer may come back.
    fn start(upstream: &str, mut before: impl FnMut(usize, &str) -> bool + Send + 'static) -> Self {
        let upstream = upstream.strip_prefix("http://").unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let writes = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&writes);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let Some(request) = whole(&stream) else { continue };
                let head = String::from_utf8_lossy(&request[..request.len().min(4096)]).into_owned();
                let write = head.strip_prefix("PUT ").and_then(|rest| rest.split(' ').next());
                let back = write.is_none_or(|path| before(count.fetch_add(1, Ordering::SeqCst), path));
                let answer = asked(&upstream, &request);
                if back {
                    (&stream).write_all(&answer).ok();
                }
            }
        });
        Self { endpoint, writes }
    }
}

/// Asks the server. One that refuses before it has read the body may end the connection, and its answer is then lost
/// with it or not, by chance: that is no cut of this test's, so it is asked again.
fn asked(upstream: &str, request: &[u8]) -> Vec<u8> {
    let text = request.windows(2).position(|two| two == b"\r\n").unwrap();
    // A header that is not signed: the answer ends the connection.
    let close: &[u8] = b"\r\nconnection: close";
    let request = [&request[..text], close, &request[text..]].concat();
    (0..10)
        .find_map(|_| {
            let mut stream = TcpStream::connect(upstream).unwrap();
            stream.write_all(&request).ok();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).ok();
            (!answer.is_empty()).then_some(answer)
        })
        .expect("an answer of the server")
}

fn put(endpoint: &str, draft: &Draft) -> Stored {
    wait(async {
        let archive = Archive::open_to_put(&place(), &env(endpoint), Keeping::default()).await.unwrap();
        archive.put(draft).await.unwrap()
    })
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
        let between = Between::start(&server.endpoint, move |number, _| number != cut);
        let stored = put(&between.endpoint, &work.draft("1"));
        let archive = server.open().unwrap();
        let entries = wait(archive.entries_of(&work.content)).unwrap();
        assert_eq!(entries, std::slice::from_ref(&stored.entry), "write {cut}");
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

/// Both servers look and then write, which is no condition for two at the very same time: so the other one comes in
/// between here, each time.
#[test]
fn whoever_is_faster_loses_nothing_and_nothing_is_lost() {
    for start in [Server::s3s, || Server::moto(false)] {
        for (part, other) in [
            ("/channels/", "2"),
            ("/images/images/", "1"),
            ("/objects/", "1"),
            ("hallmark-archive.json", "2"),
        ] {
            let (server, work) = (start(), Work::new());
            let (upstream, faster) = (server.endpoint.clone(), work.draft(other));
            let done = Arc::new(AtomicBool::new(false));
            let once = Arc::clone(&done);
            let between = Between::start(&server.endpoint, move |_, path| {
                if path.contains(part) && !once.swap(true, Ordering::SeqCst) {
                    put(&upstream, &faster);
                }
                true
            });
            let stored = put(&between.endpoint, &work.draft("1"));
            assert!(done.load(Ordering::SeqCst), "{part}");
            let archive = server.open().unwrap();
            let entries = wait(archive.entries_of(&work.content)).unwrap();
            let count = if other == "2" { 2 } else { 1 };
            assert_eq!(entries.len(), count, "{part}");
            let shown = wait(archive.channel("debian-app", "stable")).unwrap().unwrap();
            assert_eq!((shown.entry, shown.before.len()), (stored.entry.id, count - 1), "{part}");
            // Again, and with nobody in between: nothing is left to do.
            assert_eq!(put(&server.endpoint, &work.draft("1")).uploaded, 0, "{part}");
        }
    }
}
