//! A put that ends at every operation, before it or just after it: nothing half, and run again the same end.

use std::cell::Cell;
use std::io;
use std::path::Path;
use std::rc::Rc;

use super::{Work, open, to_put, tree, wait};
use crate::objects::{Answer, Content, Found, Got, Objects, Put, Replaced, Standing};
use crate::{Archive, Error};

/// A place that stops to answer after so many operations.
struct Failing {
    inner: Box<dyn Objects>,
    left: Rc<Cell<usize>>,
    /// Whether the operation at which it ends is still done.
    done: bool,
}

impl Failing {
    fn gone() -> Error {
        Error::Io {
            what: "was cut off at",
            path: "here".into(),
            source: io::ErrorKind::ConnectionReset.into(),
        }
    }

    fn pass<'a, T: 'a>(&'a self, work: Answer<'a, T>) -> Answer<'a, T> {
        Box::pin(async move {
            match self.left.get() {
                usize::MAX => Err(Self::gone()),
                0 => {
                    self.left.set(usize::MAX);
                    if self.done {
                        work.await?;
                    }
                    Err(Self::gone())
                }
                left => {
                    self.left.set(left - 1);
                    work.await
                }
            }
        })
    }
}

impl Objects for Failing {
    fn place(&self, key: &str) -> String {
        self.inner.place(key)
    }
    fn ready(&self) -> Answer<'_, ()> {
        self.pass(self.inner.ready())
    }
    fn look<'a>(&'a self, key: &'a str) -> Answer<'a, Found<Standing>> {
        self.pass(self.inner.look(key))
    }
    fn read<'a>(&'a self, key: &'a str, limit: u64) -> Answer<'a, Found<Got>> {
        self.pass(self.inner.read(key, limit))
    }
    fn put_new<'a>(&'a self, key: &'a str, content: Content<'a>) -> Answer<'a, Put> {
        self.pass(self.inner.put_new(key, content))
    }
    fn keep<'a>(&'a self, key: &'a str) -> Answer<'a, ()> {
        self.pass(self.inner.keep(key))
    }
    fn replace<'a>(
        &'a self,
        key: &'a str,
        content: Content<'a>,
        seen: Option<&'a str>,
    ) -> Answer<'a, Replaced> {
        self.pass(self.inner.replace(key, content, seen))
    }
    fn list<'a>(&'a self, prefix: &'a str, deep: bool) -> Answer<'a, Vec<String>> {
        self.pass(self.inner.list(prefix, deep))
    }
}

fn failing(root: &Path, left: usize, done: bool) -> (Archive, Rc<Cell<usize>>) {
    let Archive { objects, location } = to_put(root);
    let left = Rc::new(Cell::new(left));
    let objects = Box::new(Failing { inner: objects, left: Rc::clone(&left), done });
    (Archive { objects, location }, left)
}

#[test]
fn killed_at_every_operation_and_run_again() {
    let work = Work::new("web");
    let wanted = {
        let place = tempfile::tempdir().unwrap();
        wait(to_put(place.path()).put(&work.draft())).unwrap();
        tree(place.path())
    };
    for done in [false, true] {
        let mut operations = 0;
        loop {
            let place = tempfile::tempdir().unwrap();
            let (archive, left) = failing(place.path(), operations, done);
            let ended = wait(archive.put(&work.draft()));
            if ended.is_ok() {
                assert!(left.get() != usize::MAX);
                break;
            }
            // What a reader sees meanwhile: no archive, no entry, or one that is whole.
            if let Ok(archive) = open(place.path()) {
                for entry in wait(archive.entries_of(&work.content)).unwrap() {
                    let target = tempfile::tempdir().unwrap();
                    wait(archive.restore(&entry, target.path())).unwrap();
                }
                for channel in wait(archive.channels()).unwrap() {
                    wait(archive.entry(&channel.content_digest, &channel.entry)).unwrap();
                }
            }
            wait(to_put(place.path()).put(&work.draft())).unwrap();
            assert_eq!(tree(place.path()), wanted, "ended at operation {operations}, done: {done}");
            operations += 1;
        }
        // Marker, a look and a write for each of 8 objects and the entry, the pointer.
        assert_eq!(operations, 2 + 2 * 9 + 2);
    }
}
