//! Locks and encryption, on moto.
use crate::common::{BUCKET, Server, Work, object, wait};
use archive::{Keeping, Lock, LockMode};
use aws_sdk_s3::types::{ObjectLockMode, ServerSideEncryption};
use jiff::Timestamp;

const SOON: &str = "2055-01-01T00:00:00Z";
const LATE: &str = "2066-01-01T00:00:00Z";

fn locked(mode: LockMode, until: &str) -> Keeping {
    Keeping { kms_key: None, lock: Some(Lock { mode, until: until.parse().unwrap() }) }
}

/// Mode and end of an object's lock.
fn lock_of(server: &Server, key: &str) -> (Option<ObjectLockMode>, Option<Timestamp>) {
    let head = wait(server.client.head_object().bucket(BUCKET).key(key).send()).unwrap();
    let until = head.object_lock_retain_until_date().map(|at| Timestamp::from_second(at.secs()).unwrap());
    (head.object_lock_mode().cloned(), until)
}

#[test]
fn a_lock_is_asked_for_only_where_there_is_one() {
    let server = Server::moto(false);
    let error = server.to_put(locked(LockMode::Governance, SOON)).unwrap_err().to_string();
    assert!(error.contains("the bucket golden-archive has no object lock"), "{error}");
    assert!(server.keys().is_empty(), "nothing was written");
}

#[test]
fn what_is_put_is_locked_and_a_lock_only_grows() {
    let server = Server::moto(true);
    let work = Work::new();
    let put =
        |keeping: Keeping, run: &str| wait(server.to_put(keeping).unwrap().put(&work.draft(run))).unwrap();
    let stored = put(locked(LockMode::Governance, SOON), "1");
    assert_eq!(stored.uploaded, 4);
    let brief = object(b"a brief");
    let entry = format!("team/images/images/{}/{}.json", work.content.sha256(), stored.entry.id);
    let (governance, compliance) = (Some(ObjectLockMode::Governance), Some(ObjectLockMode::Compliance));
    let at = |text: &str| Some(text.parse::<Timestamp>().unwrap());
    for key in [&brief, &entry, "team/images/hallmark-archive.json"] {
        assert_eq!(lock_of(&server, key), (governance.clone(), at(SOON)), "{key}");
    }
    assert_eq!(lock_of(&server, "team/images/channels/debian-app/stable.json"), (None, None));

    // What another entry shares is kept as long as that one asks for; no less and no weaker ever.
    let steps: [(Keeping, &Option<ObjectLockMode>, &str); 5] = [
        (Keeping::default(), &governance, SOON),
        (locked(LockMode::Governance, LATE), &governance, LATE),
        (locked(LockMode::Governance, SOON), &governance, LATE),
        (locked(LockMode::Compliance, SOON), &compliance, LATE),
        (locked(LockMode::Governance, LATE), &compliance, LATE),
    ];
    for (keeping, mode, until) in steps {
        let again = put(keeping.clone(), "1");
        assert_eq!(again.uploaded, 0, "{keeping:?}");
        for key in [&brief, &entry] {
            assert_eq!(lock_of(&server, key), (mode.clone(), at(until)), "{keeping:?}");
        }
    }
    // A delete marker hides it, and its version cannot be deleted.
    let head = wait(server.client.head_object().bucket(BUCKET).key(&brief).send()).unwrap();
    let delete = server.client.delete_object().bucket(BUCKET).key(&brief);
    let version = head.version_id().unwrap();
    assert!(wait(delete.version_id(version).send()).is_err(), "a locked version stays");
    server.delete(&brief);
    let target = tempfile::tempdir().unwrap();
    let error = wait(server.open().unwrap().restore(&stored.entry, target.path())).unwrap_err().to_string();
    assert!(error.contains("was deleted: its earlier versions are still in the bucket"), "{error}");
}

#[test]
fn what_is_put_is_encrypted_with_the_key() {
    let server = Server::moto(false);
    let keeping = Keeping { kms_key: Some(server.key()), lock: None };
    wait(server.to_put(keeping).unwrap().put(&Work::new().draft("1"))).unwrap();
    for key in server.keys() {
        let head = wait(server.client.head_object().bucket(BUCKET).key(&key).send()).unwrap();
        assert_eq!(head.server_side_encryption(), Some(&ServerSideEncryption::AwsKms), "{key}");
        assert_eq!(head.ssekms_key_id(), Some(server.key().as_str()), "{key}");
    }
}
