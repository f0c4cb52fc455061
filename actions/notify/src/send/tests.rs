//! Against a server on this machine: what is tried again, after how long, and what is not.

use std::net::TcpListener;
use std::time::Instant;

use super::*;

#[path = "../../tests/common/server.rs"]
mod server;

use server::{Answer, Server};

const PATH: &str = "/services/T0/B0/s3cr3ts3cr3t";
/// Enough on a busy machine: who answers has time for it.
const LIMITS: Limits = Limits {
    connect: Duration::from_secs(60),
    answer: Duration::from_secs(60),
    whole: Duration::from_secs(60),
    attempts: 3,
    pause: Duration::from_millis(50),
    longest_pause: Duration::from_secs(2),
};

/// Where no answer comes, or not all of it: longer than the server takes to begin.
const SHORT: Limits = Limits { answer: Duration::from_secs(2), whole: Duration::from_secs(3), ..LIMITS };

fn delivery(address: &str, format: &str) -> Delivery {
    let found = crate::address::webhooks(&format!("{address}{PATH}?sig=s3cr3tq"), format).unwrap();
    Delivery {
        webhook: found[0].0.clone(),
        headers: vec![("x-hallmark-event", "decision".to_owned())],
        body: b"{\"a\":1}".to_vec(),
    }
}

fn send(server: &Server, format: &str) -> Result<(), String> {
    send_within(server, format, &LIMITS)
}

fn send_within(server: &Server, format: &str, limits: &Limits) -> Result<(), String> {
    let end = deliver(&delivery(&server.address, format), limits);
    if let Err(why) = &end {
        assert!(!why.contains("s3cr3t") && !why.contains("127.0.0.1"), "{why}");
    }
    end
}

fn status(status: u16) -> Answer {
    Answer::Status(status, vec![], "")
}

#[test]
fn it_is_posted_as_it_is() {
    let server = Server::ok();
    assert_eq!(send(&server, "generic"), Ok(()));
    let sent = server.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].line, format!("POST {PATH}?sig=s3cr3tq HTTP/1.1"));
    assert_eq!(sent[0].body, b"{\"a\":1}");
    assert_eq!(sent[0].headers["content-type"], "application/json");
    assert_eq!(sent[0].headers["x-hallmark-event"], "decision");
    assert!(sent[0].headers["user-agent"].starts_with("hallmark/"));
}

#[test]
fn what_is_tried_again_and_what_is_not() {
    for (first, tries, why) in [
        (status(200), 1, None),
        (status(202), 1, None),
        (status(204), 1, None),
        (status(301), 1, Some("the answer was 301: a redirect, which is not followed")),
        (status(307), 1, Some("the answer was 307: a redirect, which is not followed")),
        (status(400), 1, Some("the answer was 400")),
        (status(401), 1, Some("the answer was 401")),
        (status(403), 1, Some("the answer was 403")),
        (status(404), 1, Some("the answer was 404: the webhook is not there")),
        (status(408), 1, Some("the answer was 408")),
        (status(410), 1, Some("the answer was 410")),
        (status(413), 1, Some("the answer was 413: it is too long")),
        (status(418), 1, Some("the answer was 418")),
        (status(429), 2, None),
        (status(500), 2, None),
        (status(502), 2, None),
        (status(503), 2, None),
        (status(599), 2, None),
        (Answer::Silence, 1, Some("no answer came in time")),
        (Answer::Hangup, 1, Some("the connection broke off")),
        (Answer::Noise, 1, Some("what it answers is no HTTP")),
        // That it was taken in is known already.
        (Answer::HalfABody(200), 1, None),
    ] {
        let is_short = matches!(first, Answer::Silence | Answer::HalfABody(_));
        let server = Server::new(&[first, status(200)]);
        let end = send_within(&server, "generic", if is_short { &SHORT } else { &LIMITS });
        match why {
            None => assert_eq!(end, Ok(())),
            Some(why) => assert!(end.as_ref().is_err_and(|said| said.contains(why)), "{why}: {end:?}"),
        }
        assert_eq!(server.count(), tries, "{why:?}: {end:?}");
    }
}

#[test]
fn a_redirect_leads_nowhere() {
    let other = Server::ok();
    for status in [301, 302, 303, 307, 308] {
        let location = vec![("location", format!("{}/elsewhere", other.address))];
        let server = Server::new(&[Answer::Status(status, location, "")]);
        assert!(send(&server, "slack").unwrap_err().contains("redirect"));
    }
    assert_eq!(other.count(), 0);
}

#[test]
fn it_is_not_tried_for_ever_and_each_time_later() {
    let server = Server::new(&[status(503)]);
    let why = send(&server, "generic").unwrap_err();
    assert_eq!(why, "the answer was 503; it was tried 3 times");
    let sent = server.sent();
    let pauses: Vec<Duration> = sent.windows(2).map(|two| two[1].at - two[0].at).collect();
    assert!(pauses[0] >= LIMITS.pause && pauses[1] >= LIMITS.pause * 2, "{pauses:?}");
}

#[test]
fn a_service_says_how_long_to_wait() {
    let date = |at: &str| format!("Thu, 26 Nov 2026 05:00:{at} GMT");
    for (headers, least) in [
        (vec![("retry-after", "1".to_owned())], 1000),
        (vec![("retry-after", date("02")), ("date", date("01"))], 1000),
        // In the past, or nothing that can be read.
        (vec![("retry-after", date("00")), ("date", date("01"))], 0),
        (vec![("retry-after", "soon".to_owned())], 50),
        (vec![("retry-after", "-1".to_owned())], 50),
    ] {
        let server = Server::new(&[Answer::Status(429, headers.clone(), ""), status(200)]);
        assert_eq!(send(&server, "generic"), Ok(()));
        let sent = server.sent();
        let pause = sent[1].at - sent[0].at;
        assert!(pause >= Duration::from_millis(least), "{headers:?}: {pause:?}");
    }
    for after in ["3", "99999999999"] {
        let server = Server::new(&[Answer::Status(429, vec![("retry-after", after.to_owned())], "")]);
        let why = send(&server, "generic").unwrap_err();
        assert!(
            why.contains(&format!("it asks to wait {after} s, and no more than 2 s are waited")),
            "{why}"
        );
        assert_eq!(server.count(), 1);
    }
}

#[test]
fn slack_says_why_in_a_word_and_nothing_else_of_an_answer_is_repeated() {
    for (format, body, word) in [
        ("slack", "invalid_payload", Some("invalid_payload")),
        ("slack", " channel_is_archived\n", Some("channel_is_archived")),
        ("slack", "s3cr3ts3cr3t", None),
        ("slack", "<b>s3cr3ts3cr3t</b>", None),
        ("slack", "::error::x", None),
        ("slack", "services", None),
        ("generic", "invalid_payload", None),
        ("teams", "invalid_payload", None),
    ] {
        let server = Server::new(&[Answer::Status(403, vec![], body)]);
        let why = send(&server, format).unwrap_err();
        let expected = word.map(|word| format!(", {word}")).unwrap_or_default();
        assert_eq!(
            why,
            format!("the answer was 403{expected}: the address is no longer allowed to post there"),
            "{body}"
        );
    }
}

#[test]
fn nobody_there_is_tried_again_and_told() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let why = deliver(&delivery(&format!("http://{gone}"), "generic"), &LIMITS).unwrap_err();
    assert_eq!(why, "it cannot be reached: the connection is refused; it was tried 3 times");
    let why = deliver(&delivery("https://no-such-host.invalid", "generic"), &LIMITS).unwrap_err();
    assert!(why.ends_with("it was tried 3 times") && !why.contains("invalid"), "{why}");
}

#[test]
fn a_server_without_tls_is_told_nothing() {
    let server = Server::ok();
    let address = server.address.replace("http://", "https://");
    let why = deliver(&delivery(&address, "generic"), &SHORT).unwrap_err();
    assert!(why.contains("TLS") || why.contains("broke off") || why.contains("in time"), "{why}");
    assert_eq!(server.count(), 0);
}

#[test]
fn each_time_out_ends_it() {
    let server = Server::new(&[Answer::Silence]);
    let (short, long) = (Duration::from_millis(500), Duration::from_secs(60));
    for (answer, whole) in [(short, long), (long, short)] {
        let begun = Instant::now();
        let limits = Limits { answer, whole, ..LIMITS };
        let why = deliver(&delivery(&server.address, "generic"), &limits).unwrap_err();
        assert_eq!(why, "no answer came in time: it may have been taken in");
        assert!(begun.elapsed() < Duration::from_secs(25), "{:?}", begun.elapsed());
    }
}
