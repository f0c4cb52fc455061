//! Puts, gets and faults, on a folder: everything above the seam is the same for S3.

mod faults;
mod killed;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use model::{Architecture, BootMode, ContentDigest, Disk, ImageManifest, SCHEMA_VERSION, Sha256};

use crate::{Archive, Draft, Error, Keeping, Location, Role, Run};

/// What somebody wants to put.
struct Work {
    folder: tempfile::TempDir,
    content: ContentDigest,
}

impl Work {
    fn new(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let content = ContentDigest::new(Sha256::of(name.as_bytes()));
        let manifest = ImageManifest {
            schema: SCHEMA_VERSION,
            name: name.into(),
            family: "debian-app".into(),
            architecture: Architecture::Amd64,
            boot_mode: BootMode::Uefi,
            root_device: "/dev/xvda".into(),
            disks: vec![Disk {
                device: "/dev/xvda".into(),
                file: "disk.raw".into(),
                size_bytes: 1 << 30,
                content_digest: content,
            }],
            os: None,
            base: None,
            layers: vec![],
        };
        let work = Self { folder, content };
        work.file("image.json", &manifest.to_bytes().unwrap());
        work
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    /// One file of each role, two of the same bytes, and a channel.
    fn draft(&self) -> Draft {
        self.draft_of("1")
    }

    /// The same, by another run.
    fn draft_of(&self, id: &str) -> Draft {
        let mut draft = Draft::new(&self.folder.path().join("image.json"), Some(run(id))).unwrap();
        let files = [
            (Role::Evidence, "verdict.0123456789ab.sigstore.json"),
            (Role::Report, "report.json"),
            (Role::Brief, "web.md"),
            (Role::Page, "web.html"),
            (Role::Json, "web.json"),
            (Role::Replay, "0123456789ab.json"),
            (Role::Replay, "sha256/0123"),
        ];
        for (role, name) in files {
            let path = self.file(&name.replace('/', "-"), name.as_bytes());
            draft.add(role, name, &path).unwrap();
        }
        let same = self.file("same", b"report.json");
        draft.add(Role::Replay, "sha256/4567", &same).unwrap();
        draft.show_in("debian-app", "stable").unwrap();
        draft
    }
}

fn run(id: &str) -> Run {
    Run { repository: "acme/images".into(), id: id.into(), attempt: "1".into() }
}

fn nothing(_: &str) -> Option<String> {
    None
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

fn to_put(root: &Path) -> Archive {
    wait(Archive::open_to_put(&Location::Folder(root.into()), &nothing, Keeping::default())).unwrap()
}

fn open(root: &Path) -> Result<Archive, Error> {
    wait(Archive::open(&Location::Folder(root.into()), &nothing))
}

/// Every file with its bytes, but for the archive's own helpers.
fn tree(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for path in entries.map(|entry| entry.unwrap().path()) {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            if name.starts_with('.') {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

#[test]
fn what_is_put_comes_back_and_twice_is_once() {
    let (work, place) = (Work::new("web"), tempfile::tempdir().unwrap());
    let root = place.path().join("archive");
    assert!(matches!(open(&root), Err(Error::NoArchive(_))));
    let stored = wait(to_put(&root).put(&work.draft())).unwrap();
    assert_eq!((stored.uploaded, stored.objects, stored.entry_is_new), (8, 8, true));
    assert_eq!(stored.channels[0].moved, crate::Moved::Moved);
    let before = tree(&root);

    let again = wait(to_put(&root).put(&work.draft())).unwrap();
    assert_eq!((again.uploaded, again.entry_is_new), (0, false));
    assert_eq!((again.entry, again.channels[0].moved), (stored.entry.clone(), crate::Moved::Already));
    assert_eq!(tree(&root), before, "nothing is written twice");

    let archive = open(&root).unwrap();
    assert!(Archive::is_folder(&root));
    assert_eq!(wait(archive.images()).unwrap(), [work.content]);
    assert_eq!(wait(archive.entries_of(&work.content)).unwrap(), std::slice::from_ref(&stored.entry));
    assert!(wait(archive.entries_of(&ContentDigest::new(Sha256::of(b"other")))).unwrap().is_empty());
    let channels = wait(archive.channels()).unwrap();
    assert_eq!(channels.len(), 1);
    assert_eq!((channels[0].entry, channels[0].content_digest), (stored.entry.id, work.content));

    let target = place.path().join("deep/back");
    let back = wait(archive.restore(&stored.entry, &target)).unwrap();
    assert_eq!(back.files, 9);
    let names: Vec<String> = tree(&target).into_keys().collect();
    assert_eq!(
        names,
        [
            "evidence/reports/report.json",
            "evidence/verdict.0123456789ab.sigstore.json",
            "image.json",
            "replay/0123456789ab.json",
            "replay/sha256/0123",
            "replay/sha256/4567",
            "report/web.html",
            "report/web.json",
            "report/web.md",
        ]
    );
    assert_eq!(fs::read(back.image).unwrap(), fs::read(work.folder.path().join("image.json")).unwrap());
    assert_eq!(tree(&target)["replay/sha256/4567"], b"report.json");
    assert_eq!(tree(&root), before, "reading writes nothing");
}

#[test]
fn another_run_is_another_entry_of_the_same_objects_and_no_old_one_turns_a_channel_back() {
    let (work, place) = (Work::new("web"), tempfile::tempdir().unwrap());
    let root = place.path().join("archive");
    let first = wait(to_put(&root).put(&work.draft())).unwrap();
    let second = wait(to_put(&root).put(&work.draft_of("2"))).unwrap();
    assert_eq!((second.uploaded, second.entry_is_new), (0, true));
    assert_ne!(second.entry.id, first.entry.id);
    let archive = open(&root).unwrap();
    assert_eq!(wait(archive.entries_of(&work.content)).unwrap().len(), 2);
    let shown = |archive: &Archive| wait(archive.channel("debian-app", "stable")).unwrap().unwrap().entry;
    assert_eq!(shown(&archive), second.entry.id);
    let again = wait(to_put(&root).put(&work.draft())).unwrap();
    assert_eq!(again.channels[0].moved, crate::Moved::Later);
    assert_eq!(shown(&archive), second.entry.id);
}

#[test]
fn two_who_put_at_once_end_as_one() {
    let (work, place) = (Work::new("web"), tempfile::tempdir().unwrap());
    let root = place.path().join("archive");
    // All before the first one begins: a draft writes the files that are put.
    let drafts = ["1", "2", "3", "4"].map(|id| work.draft_of(id));
    std::thread::scope(|scope| {
        for draft in drafts {
            let root = &root;
            scope.spawn(move || wait(to_put(root).put(&draft)).unwrap());
        }
    });
    let archive = open(&root).unwrap();
    let entries = wait(archive.entries_of(&work.content)).unwrap();
    let shown = wait(archive.channel("debian-app", "stable")).unwrap().unwrap();
    assert_eq!(entries.len(), 4);
    assert_eq!(shown.before.len(), 3, "each was shown once");
    for entry in &entries {
        assert!(shown.entry == entry.id || shown.before.contains(&entry.id));
    }
}
