//! What S3 may answer instead: each has its sentence, with the place, the call, the request's id and what helps.
use std::net::TcpListener;

use crate::common::{Work, env, place, wait};
use crate::scripted::{Scripted, error};
use archive::{Archive, Error, Keeping};

const MARKER: &str = r#"{"format":"hallmark-archive","version":1}"#;

fn open(endpoint: &str) -> String {
    wait(Archive::open(&place(), &env(endpoint))).unwrap_err().to_string()
}

#[test]
fn refusals_each_have_their_sentence() {
    for (status, code, says) in [
        (403, "AccessDenied", "needs s3:GetObject, and s3:ListBucket"),
        (403, "InvalidAccessKeyId", "the credentials are not S3's"),
        (400, "ExpiredToken", "get new ones"),
        (403, "RequestTimeTooSkewed", "clock is wrong"),
        (404, "NoSuchBucket", "make the bucket"),
        (301, "PermanentRedirect", "another region"),
        (400, "KMS.DisabledException", "mend the KMS key"),
        (409, "OperationAborted", "run it again in a moment"),
        (412, "PreconditionFailed", "changed it meanwhile"),
        (500, "InternalError", "run it again later"),
        (503, "SlowDown", "run it again later"),
        (501, "NotImplemented", "use one that does"),
        (418, "Teapot", "see what it says"),
    ] {
        let server = Scripted::start(move |_, _| error(status, code));
        let said = open(&server.endpoint);
        let words =
            format!("GetObject failed: S3 says {status} {code}: the server's own words (request REQ42); ");
        assert!(said.starts_with("s3://golden-archive/team/images/hallmark-archive.json: "), "{said}");
        assert!(said.contains(&words) && said.contains(says), "{said}");
        assert!(!server.asked().is_empty());
    }
}

#[test]
fn what_is_not_there_is_no_refusal() {
    let server = Scripted::start(|_, _| error(404, "NoSuchKey"));
    assert!(open(&server.endpoint).starts_with("there is no archive at s3://golden-archive/team/images/"));
    let marker = Scripted::start(|_, _| {
        b"HTTP/1.1 404 X\r\nx-amz-delete-marker: true\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            .to_vec()
    });
    assert!(open(&marker.endpoint).contains("was deleted"));
}

#[test]
fn a_connection_that_is_cut_is_told() {
    let cut = Scripted::start(|_, _| {
        let head = "HTTP/1.1 200 OK\r\netag: \"x\"\r\ncontent-length: 41\r\nconnection: close\r\n\r\n";
        format!("{head}{}", &MARKER[..20]).into_bytes()
    });
    let said = open(&cut.endpoint);
    assert!(said.contains("the answer broke off") && said.contains("run it again"), "{said}");
    let silent = Scripted::start(|_, _| Vec::new());
    let said = open(&silent.endpoint);
    assert!(said.contains("S3 cannot be reached") && said.contains("GetObject"), "{said}");
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let said = open(&format!("http://{nobody}"));
    assert!(said.contains("S3 cannot be reached"), "{said}");
}

#[test]
fn more_than_is_read_is_not_read() {
    let endless = Scripted::start(|_, _| {
        let head = "HTTP/1.1 200 OK\r\netag: \"x\"\r\nconnection: close\r\n\r\n";
        [head.as_bytes(), &vec![b' '; 5 << 20]].concat()
    });
    assert!(open(&endless.endpoint).contains("is longer than the 4194304 bytes"));
    let promised = Scripted::start(|_, _| {
        b"HTTP/1.1 200 OK\r\netag: \"x\"\r\ncontent-length: 99999999999\r\nconnection: close\r\n\r\n".to_vec()
    });
    assert!(open(&promised.endpoint).contains("is longer than the 4194304 bytes"));
}

fn ok(headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
        .into_bytes()
}

/// What a put ends with on a server that has a marker and nothing else, and answers writes so.
fn put(write: impl Fn(&str) -> Vec<u8> + Send + 'static, keeping: Keeping) -> (Result<usize, Error>, usize) {
    let server = Scripted::start(move |method, path| match (method, path) {
        ("PUT", path) => write(path),
        ("GET", path) if path.contains("hallmark-archive.json") => ok("etag: \"x\"\r\n", MARKER),
        _ => error(404, "NoSuchKey"),
    });
    let archive = wait(Archive::open_to_put(&place(), &env(&server.endpoint), keeping)).unwrap();
    let put = wait(archive.put(&Work::new().draft("1"))).map(|stored| stored.uploaded);
    (put, server.asked().iter().filter(|one| one.starts_with("PUT ")).count())
}

#[test]
fn writes_that_are_refused_are_told_and_not_repeated_without_end() {
    let (said, tried) = put(|_| error(403, "AccessDenied"), Keeping::default());
    let said = said.unwrap_err().to_string();
    assert!(said.contains("PutObject failed: S3 says 403") && said.contains("needs s3:PutObject"), "{said}");
    assert_eq!(tried, 1);
    // Another write of the same key is under way.
    let (said, tried) = put(|_| error(409, "ConditionalRequestConflict"), Keeping::default());
    let said = said.unwrap_err().to_string();
    assert!(said.contains("somebody else writes the same"), "{said}");
    assert_eq!(tried, 5);
    // It is there, and it is not.
    let (said, _) = put(|_| error(412, "PreconditionFailed"), Keeping::default());
    assert!(said.unwrap_err().to_string().contains("changed by somebody else again and again"));
    // A pointer that others keep changing.
    let raced = |path: &str| match path.contains("/channels/") {
        true => error(412, "PreconditionFailed"),
        false => ok("etag: \"w\"\r\n", ""),
    };
    let (said, _) = put(raced, Keeping::default());
    let said = said.unwrap_err().to_string();
    assert!(said.contains("channels/debian-app/stable.json is changed by somebody else again"), "{said}");
    let (put, tried) = put(|_| ok("etag: \"w\"\r\n", ""), Keeping::default());
    assert_eq!((put.unwrap(), tried), (4, 6));
}

#[test]
fn a_server_that_does_not_encrypt_is_told() {
    let keeping = Keeping { kms_key: Some("alias/x".into()), lock: None };
    let (said, tried) = put(|_| ok("", ""), keeping);
    assert!(said.unwrap_err().to_string().contains("did not encrypt it with the KMS key"));
    assert_eq!(tried, 1);
}
