//! Killed before, after, or in the middle of every single change to the files: what can be seen is the old state or
//! the new one, and the same operation run again ends where it would have ended, with nothing left over.

use std::cell::Cell;
use std::fs;
use std::io;

use super::*;
use crate::{Begun, Intent, Operation};

/// Where in a change the process dies.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Death {
    Before,
    Halfway,
    After,
}

/// Does `left` changes, dies at the next, and does nothing ever after.
struct Mortal {
    left: Rc<Cell<usize>>,
    dead: Cell<bool>,
    death: Death,
}

impl Mortal {
    fn go(
        &self,
        whole: impl FnOnce() -> io::Result<()>,
        half: impl FnOnce() -> io::Result<()>,
    ) -> io::Result<()> {
        if !self.dead.get() && self.left.get() > 0 {
            self.left.set(self.left.get() - 1);
            return whole();
        }
        if !self.dead.replace(true) {
            match self.death {
                Death::Before => {}
                Death::Halfway => half()?,
                Death::After => whole()?,
            }
        }
        Err(io::Error::other("killed"))
    }
}

impl Effects for Mortal {
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        self.go(|| RealEffects.create_folder(path), || Ok(()))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.go(|| RealEffects.write(path, bytes), || fs::write(path, &bytes[..bytes.len() / 2]))
    }

    fn copy_disk(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.go(|| RealEffects.copy_disk(from, to), || fs::write(to, &fs::read(from)?[..100]))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.go(|| RealEffects.rename(from, to), || Ok(()))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.go(
            || RealEffects.remove(path),
            || match fs::read_dir(path) {
                Ok(mut entries) => entries.next().map_or(Ok(()), |entry| RealEffects.remove(&entry?.path())),
                Err(_) => Ok(()),
            },
        )
    }
}

/// One operation: what the store holds before it, and what is done.
struct Case {
    what: &'static str,
    before: fn(&Local, &Path),
    operation: fn(&Local, &Path) -> Result<(), Error>,
}

const CASES: [Case; 9] = [
    Case {
        what: "the first image",
        before: |_, _| {},
        operation: |store, disks| wait(store.create(&image(disks, "one"))).map(drop),
    },
    Case {
        what: "the second image",
        before: |store, disks| publish(store, &image(disks, "one"), 1),
        operation: |store, disks| wait(store.create(&image(disks, "two"))).map(drop),
    },
    Case {
        what: "the same content by another name",
        before: |store, disks| publish(store, &image(disks, "one"), 1),
        operation: |store, disks| {
            let mut new = image(disks, "one");
            new.release.name = "another".parse().unwrap();
            wait(store.create(&new)).map(drop)
        },
    },
    Case {
        what: "a channel's first value",
        before: |store, disks| drop(wait(store.create(&image(disks, "one"))).unwrap()),
        operation: |store, disks| {
            wait(store.set_channel(&stable(), &id(&image(disks, "one")), at(1))).map(drop)
        },
    },
    Case {
        what: "a channel's second value",
        before: |store, disks| {
            publish(store, &image(disks, "one"), 1);
            wait(store.create(&image(disks, "two"))).unwrap();
        },
        operation: |store, disks| {
            wait(store.set_channel(&stable(), &id(&image(disks, "two")), at(2))).map(drop)
        },
    },
    Case {
        what: "a rollback",
        before: |store, disks| {
            publish(store, &image(disks, "one"), 1);
            publish(store, &image(disks, "two"), 2);
            publish(store, &image(disks, "three"), 3);
        },
        operation: |store, disks| roll_back(store, &id(&image(disks, "three"))),
    },
    Case {
        what: "disabling",
        before: |store, disks| publish(store, &image(disks, "one"), 1),
        operation: |store, disks| {
            let image = store.image_id(&image(disks, "one").release.content_digest).unwrap();
            wait(store.disable(&image, at(5))).map(drop)
        },
    },
    Case {
        what: "removal",
        before: |store, disks| {
            publish(store, &image(disks, "one"), 1);
            let mut other = image(disks, "two");
            wait(store.create(&other)).unwrap();
            other.release.name = "another".parse().unwrap();
            wait(store.create(&other)).unwrap();
        },
        operation: |store, disks| {
            let image = store.image_id(&image(disks, "two").release.content_digest).unwrap();
            wait(store.delete(&image, at(5))).map(drop)
        },
    },
    Case {
        what: "a whole publish",
        before: |store, disks| publish(store, &image(disks, "one"), 1),
        operation: |store, disks| {
            let new = image(disks, "two");
            let intent = Intent {
                operation: Operation::Publish,
                release_id: id(&new),
                channel: Some(stable()),
                begun_on: at(2),
            };
            wait(store.begin(&intent))?;
            wait(store.create(&new))?;
            wait(store.set_channel(&stable(), &id(&new), at(2)))?;
            wait(store.finish(&intent))
        },
    },
];

/// A rollback as a caller does it: it leaves whatever the channel shows, unless one was begun before.
fn roll_back(store: &Local, shown_at_first: &ReleaseId) -> Result<(), Error> {
    let shown = wait(store.channel(&stable()))?.unwrap().current.release_id;
    let mut intent = Intent {
        operation: Operation::Rollback,
        release_id: shown,
        channel: Some(stable()),
        begun_on: at(4),
    };
    if let Begun::Before(before) = wait(store.begin(&intent))? {
        intent = before;
    }
    assert_eq!(intent.release_id, *shown_at_first, "only one step back, however often it is run");
    wait(store.restore_channel(&stable(), &intent.release_id, at(4)))?;
    wait(store.finish(&intent))
}

#[test]
fn killed_at_any_change_and_run_again_it_ends_in_the_same_state() {
    for case in CASES {
        let folder = tempfile::tempdir().unwrap();
        let disks = folder.path();
        let before = folder.path().join("before");
        (case.before)(&store(&before), disks);
        fs::create_dir_all(&before).unwrap();
        let expected = folder.path().join("expected");
        copy_tree(&before, &expected);
        (case.operation)(&store(&expected), disks).unwrap();
        let expected = tree(&expected);

        let mut deaths = 0;
        for death in [Death::Before, Death::Halfway, Death::After] {
            for change in 0.. {
                let root = folder.path().join(format!("{death:?}-{change}"));
                copy_tree(&before, &root);
                let left = Rc::new(Cell::new(change));
                let mortal = Mortal { left: left.clone(), dead: Cell::new(false), death };
                if (case.operation)(&store_with(&root, mortal), disks).is_ok() {
                    assert!(change > 0, "{}: an operation that changes nothing", case.what);
                    break;
                }
                deaths += 1;
                let place = format!("{}, killed {death:?} change {change}", case.what);
                assert_readable(&root, &place);
                // Only a rollback that its caller finished may be asked for again: it would be another one.
                let over = tree(&root) == expected;
                if !(over && case.what == "a rollback") {
                    (case.operation)(&store(&root), disks).unwrap_or_else(|error| panic!("{place}: {error}"));
                }
                assert_same(&tree(&root), &expected, &place);
                fs::remove_dir_all(&root).unwrap();
            }
        }
        assert!(deaths > 8, "{}: only {deaths} deaths", case.what);
    }
}

#[test]
fn a_removal_that_was_begun_is_completed_by_whoever_comes_next() {
    let folder = tempfile::tempdir().unwrap();
    let disks = folder.path();
    let removal = CASES.iter().find(|case| case.what == "removal").unwrap();
    let doomed = image(disks, "two");
    let mut completed = 0;
    for change in 0.. {
        let root = folder.path().join(format!("store-{change}"));
        (removal.before)(&store(&root), disks);
        let left = Rc::new(Cell::new(change));
        let mortal = Mortal { left, dead: Cell::new(false), death: Death::After };
        if (removal.operation)(&store_with(&root, mortal), disks).is_ok() {
            break;
        }
        let store = store(&root);
        wait(store.create(&image(disks, "three"))).unwrap();
        let image = store.image_id(&doomed.release.content_digest).unwrap();
        match wait(store.describe(&image, true)) {
            Ok(whole) => assert_eq!(whole.releases.len(), 2, "change {change}"),
            Err(error) => {
                assert_eq!(error.code(), "no-such-image", "change {change}");
                assert_eq!(wait(store.find(&doomed.release.name, &id(&doomed))).unwrap(), None);
                completed += 1;
            }
        }
        assert_eq!(fs::read_dir(store.layout.staging("")).unwrap().count(), 0);
    }
    assert!(completed > 4, "{completed}");
}

/// Whatever a reader sees is whole: each release's image verifies, each channel's release is there.
fn assert_readable(root: &Path, place: &str) {
    let store = store(root);
    for channel in store.all_channels().unwrap_or_else(|error| panic!("{place}: {error}")) {
        let shown = store.release(&channel.current.release_id).unwrap();
        assert!(shown.is_some(), "{place}: a channel shows what is not there");
    }
    for path in super::super::read::entries(&store.layout.releases()).unwrap() {
        let record: super::super::records::ReleaseRecord =
            super::super::read::record(&path).unwrap().unwrap();
        wait(store.describe(&record.image_id, true)).unwrap_or_else(|error| panic!("{place}: {error}"));
    }
}

fn assert_same(
    found: &BTreeMap<PathBuf, Option<(u32, Vec<u8>)>>,
    expected: &BTreeMap<PathBuf, Option<(u32, Vec<u8>)>>,
    place: &str,
) {
    let names: Vec<_> = found.keys().collect();
    assert_eq!(names, expected.keys().collect::<Vec<_>>(), "{place}");
    for (name, file) in found {
        let text = |file: &Option<(u32, Vec<u8>)>| {
            file.as_ref().map(|(mode, bytes)| format!("{mode:o} {}", String::from_utf8_lossy(bytes)))
        };
        assert_eq!(text(file), text(&expected[name]), "{place}: {}", name.display());
    }
}
