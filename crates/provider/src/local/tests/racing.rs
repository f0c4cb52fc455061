//! Two publishers at once: one waits, or stops and says why; the channel's history stays one chain.

use std::fs::{self, File};

use rustix::fs::{FlockOperation, flock};

use super::*;

#[test]
fn publishers_take_turns_and_the_history_is_one_chain() {
    let folder = tempfile::tempdir().unwrap();
    let (root, disks) = (folder.path().join("store"), folder.path());
    std::thread::scope(|scope| {
        for publisher in 0..4 {
            let root = &root;
            scope.spawn(move || {
                let store = store(root);
                for round in 0..5 {
                    publish(&store, &image(disks, &format!("{publisher}-{round}-")), round);
                }
            });
        }
    });
    let store = store(&root);
    let shown = wait(store.channel(&stable())).unwrap().unwrap();
    assert_eq!(shown.history.len(), 20);
    assert_eq!(shown.history[0].from, None);
    for pair in shown.history.windows(2) {
        assert_eq!(pair[1].from.as_ref(), Some(&pair[0].to));
    }
    assert_eq!(shown.history.last().unwrap().to, shown.current);
    assert_eq!(fs::read_dir(store.layout.images()).unwrap().count(), 20);
    assert_eq!(fs::read_dir(store.layout.releases()).unwrap().count(), 20);
    assert_eq!(fs::read_dir(store.layout.staging("")).unwrap().count(), 0);
}

#[test]
fn the_same_image_published_twice_at_once_is_stored_once() {
    let folder = tempfile::tempdir().unwrap();
    let (root, disks) = (folder.path().join("store"), folder.path());
    drop(image(disks, "same"));
    let adopted: Vec<bool> = std::thread::scope(|scope| {
        let publishers: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| wait(store(&root).create(&image(disks, "same"))).unwrap().adopted))
            .collect();
        publishers.into_iter().map(|publisher| publisher.join().unwrap()).collect()
    });
    assert_eq!(adopted.iter().filter(|adopted| !**adopted).count(), 1, "{adopted:?}");
}

#[test]
fn a_store_that_stays_held_is_given_up_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("store");
    publish(&store(&root), &image(folder.path(), "one"), 1);
    let before = tree(&root);
    let holder = File::open(root.join("lock")).unwrap();
    flock(&holder, FlockOperation::LockExclusive).unwrap();

    let impatient = Local::new(&root, Settings { lock_timeout: Duration::ZERO }, digester);
    let error = wait(impatient.create(&image(folder.path(), "two"))).unwrap_err();
    assert_eq!(error.code(), "store-locked");
    assert_eq!(tree(&root), before);
    // Reading waits for nobody.
    assert!(wait(impatient.channel(&stable())).unwrap().is_some());

    drop(holder);
    assert!(!wait(impatient.create(&image(folder.path(), "two"))).unwrap().adopted);
}
