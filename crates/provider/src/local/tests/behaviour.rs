//! What the store does, step by step, and what it refuses.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::{ChannelName, ImageId, State, Step};

fn here() -> (tempfile::TempDir, Local) {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder.path().join("store"));
    (folder, store)
}

fn image_id(new: &NewImage) -> ImageId {
    ImageId::new(new.release.content_digest.sha256().to_string())
}

#[test]
fn an_image_is_created_once_and_then_adopted() {
    let (folder, store) = here();
    let new = image(folder.path(), "one");
    assert_eq!(wait(store.find(&new.release.name, &id(&new))).unwrap(), None);

    let created = wait(store.create(&new)).unwrap();
    assert!(!created.adopted && !created.released_before);
    assert_eq!(created.image.id, image_id(&new));
    assert_eq!(created.image.state, State::Available);
    assert_eq!(created.image.releases.len(), 1);

    let before = tree(&store.layout.root);
    let again = wait(store.create(&NewImage { at: at(99), ..new.clone() })).unwrap();
    assert!(again.adopted && again.released_before);
    assert_eq!(again.image, created.image);
    assert_eq!(tree(&store.layout.root), before, "nothing twice");

    assert_eq!(wait(store.find(&new.release.name, &id(&new))).unwrap(), Some(created.image));
    assert_eq!(wait(store.find(&"another".parse().unwrap(), &id(&new))).unwrap(), None);

    let adopt = NewImage { source: Source::Adopt(image_id(&new)), ..new };
    assert!(wait(store.create(&adopt)).unwrap().adopted);
    let absent = NewImage { source: Source::Adopt(image_id(&adopt)), ..image(folder.path(), "two") };
    assert_eq!(wait(store.create(&absent)).unwrap_err().code(), "no-such-image");
}

#[test]
fn a_stored_disk_that_became_a_link_is_not_adopted() {
    let (folder, store) = here();
    let new = image(folder.path(), "one");
    wait(store.create(&new)).unwrap();
    let disk = store.folder(&image_id(&new)).unwrap().join(&new.manifest.disks[0].file);
    let elsewhere = folder.path().join("elsewhere");
    fs::rename(&disk, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &disk).unwrap();
    assert_eq!(wait(store.create(&new)).unwrap_err().code(), "stored-image-damaged");
}

/// A channel is pointed at a release, so a record that was changed to show another image points at nothing.
#[test]
fn a_release_is_the_image_that_it_was_published_as() {
    let (folder, store) = here();
    let (one, two) = (image(folder.path(), "one"), image(folder.path(), "two"));
    wait(store.create(&one)).unwrap();
    wait(store.create(&two)).unwrap();
    let path = store.layout.release(&id(&one));
    let text = fs::read_to_string(&path).unwrap();
    let (mine, theirs) = (one.release.content_digest.sha256(), two.release.content_digest.sha256());
    let image_only = text.replace(&format!("\"{mine}\""), &format!("\"{theirs}\""));
    for changed in [image_only, text.replace(&mine.to_string(), &theirs.to_string())] {
        assert_ne!(changed, text);
        fs::write(&path, changed).unwrap();
        assert_eq!(
            wait(store.set_channel(&stable(), &id(&one), at(9))).unwrap_err().code(),
            "store-malformed"
        );
        assert_eq!(wait(store.create(&one)).unwrap_err().code(), "store-malformed");
    }
    fs::write(&path, text).unwrap();
    wait(store.set_channel(&stable(), &id(&one), at(9))).unwrap();
}

#[test]
fn the_same_content_can_have_two_names() {
    let (folder, store) = here();
    let one = image(folder.path(), "one");
    let mut two = one.clone();
    two.release.name = "another".parse().unwrap();
    wait(store.create(&one)).unwrap();
    let created = wait(store.create(&two)).unwrap();
    assert!(created.adopted && !created.released_before);
    assert_eq!(created.image.releases.len(), 2);
}

#[test]
fn a_manifest_that_tells_another_history_is_kept_and_one_of_another_machine_is_refused() {
    let (folder, store) = here();
    let one = image(folder.path(), "one");
    wait(store.create(&one)).unwrap();

    let mut rebaked = one.clone();
    rebaked.manifest.layers.push(model::Layer { name: "l".into(), bake_id: Sha256::of(b"another bake") });
    let created = wait(store.create(&rebaked)).unwrap();
    assert!(created.adopted && created.released_before);
    assert_eq!(created.image.manifest, one.manifest);
    let manifests = store.folder(&image_id(&one)).unwrap().join("manifests");
    assert_eq!(fs::read_dir(manifests).unwrap().count(), 2);

    let mut bios = one.clone();
    bios.manifest.boot_mode = BootMode::LegacyBios;
    let mut device = one;
    device.manifest.root_device = "/dev/sda".into();
    device.manifest.disks[0].device = "/dev/sda".into();
    for other in [bios, device] {
        let before = tree(&store.layout.root);
        assert_eq!(wait(store.create(&other)).unwrap_err().code(), "manifest-conflict");
        assert_eq!(tree(&store.layout.root), before);
    }
}

#[test]
fn what_is_stored_is_hashed_again_and_a_difference_leaves_nothing() {
    let (folder, store) = here();
    let new = image(folder.path(), "one");
    fs::write(folder.path().join("one.raw"), "changed after it was hashed").unwrap();
    assert_eq!(wait(store.create(&new)).unwrap_err().code(), "content-changed");
    for left in ["images", "releases", "staging"] {
        assert_eq!(fs::read_dir(store.layout.root.join(left)).unwrap().count(), 0, "{left}");
    }
    assert!(!store.layout.change().exists());
}

#[test]
fn a_stored_image_that_was_changed_is_neither_adopted_nor_gone_back_to() {
    let (folder, store) = here();
    let (one, two) = (image(folder.path(), "one"), image(folder.path(), "two"));
    publish(&store, &one, 1);
    publish(&store, &two, 2);
    let disk = store.folder(&image_id(&one)).unwrap().join("disk.raw");
    assert_eq!(fs::metadata(&disk).unwrap().permissions().mode() & 0o777, 0o444);
    fs::set_permissions(&disk, fs::Permissions::from_mode(0o644)).unwrap();
    fs::write(&disk, "tampered").unwrap();

    assert!(wait(store.describe(&image_id(&one), false)).is_ok());
    assert_eq!(wait(store.describe(&image_id(&one), true)).unwrap_err().code(), "stored-image-damaged");
    assert_eq!(wait(store.create(&one)).unwrap_err().code(), "stored-image-damaged");
    let before = tree(&store.layout.root);
    let error = wait(store.restore_channel(&stable(), &id(&two), at(3))).unwrap_err();
    assert_eq!(error.code(), "prior-image-unavailable");
    assert_eq!(tree(&store.layout.root), before);
}

#[test]
fn a_channel_goes_forward_and_back_and_remembers() {
    let (folder, store) = here();
    let images: Vec<_> = ["one", "two", "three"].map(|content| image(folder.path(), content)).into();
    assert_eq!(wait(store.channel(&stable())).unwrap(), None);
    for (second, new) in (1..).zip(&images) {
        publish(&store, new, second);
    }
    let shown = wait(store.channel(&stable())).unwrap().unwrap();
    assert_eq!(shown.current.release_id, id(&images[2]));
    let prior: Vec<_> = shown.prior.iter().map(|entry| entry.release_id).collect();
    assert_eq!(prior, [id(&images[1]), id(&images[0])]);

    // Pointing it where it points changes nothing, and still says where it came from.
    let again = wait(store.set_channel(&stable(), &id(&images[2]), at(9))).unwrap();
    assert!(!again.changed);
    assert_eq!(again.from.unwrap().release_id, id(&images[1]));
    assert_eq!(again.channel, shown);

    let back = wait(store.restore_channel(&stable(), &id(&images[2]), at(4))).unwrap();
    assert!(back.changed);
    assert_eq!(back.channel.current.release_id, id(&images[1]));
    let repeated = wait(store.restore_channel(&stable(), &id(&images[2]), at(5))).unwrap();
    assert!(!repeated.changed);
    assert_eq!((repeated.channel, repeated.from), (back.channel, back.from));

    wait(store.restore_channel(&stable(), &id(&images[1]), at(6))).unwrap();
    let error = wait(store.restore_channel(&stable(), &id(&images[0]), at(7))).unwrap_err();
    assert_eq!(error.code(), "no-prior-image");
    let error = wait(store.restore_channel(&stable(), &id(&images[2]), at(7))).unwrap_err();
    assert_eq!(error.code(), "channel-superseded");
    let steps: Vec<_> =
        wait(store.channel(&stable())).unwrap().unwrap().history.iter().map(|step| step.step).collect();
    assert_eq!(steps, [Step::Set, Step::Set, Step::Set, Step::Restore, Step::Restore]);
}

#[test]
fn a_channel_shows_only_what_is_published_and_allowed() {
    let (folder, store) = here();
    let (one, two) = (image(folder.path(), "one"), image(folder.path(), "two"));
    assert_eq!(wait(store.set_channel(&stable(), &id(&one), at(1))).unwrap_err().code(), "no-such-image");
    assert_eq!(
        wait(store.restore_channel(&stable(), &id(&one), at(1))).unwrap_err().code(),
        "no-such-channel"
    );
    publish(&store, &one, 1);
    publish(&store, &two, 2);
    assert_eq!(wait(store.deprecate(&image_id(&one), at(3))).unwrap().state, State::Deprecated);
    assert_eq!(wait(store.disable(&image_id(&one), at(4))).unwrap().state, State::Disabled);
    assert_eq!(wait(store.deprecate(&image_id(&one), at(5))).unwrap_err().code(), "image-disabled");
    assert_eq!(wait(store.create(&one)).unwrap_err().code(), "image-disabled");
    assert_eq!(wait(store.set_channel(&stable(), &id(&one), at(6))).unwrap_err().code(), "image-disabled");
    let error = wait(store.restore_channel(&stable(), &id(&two), at(7))).unwrap_err();
    assert_eq!(error.code(), "prior-image-unavailable");
}

#[test]
fn an_image_is_removed_unless_a_channel_needs_it() {
    let (folder, store) = here();
    let images: Vec<_> = ["one", "two", "three"].map(|content| image(folder.path(), content)).into();
    for (second, new) in (1..).zip(&images) {
        publish(&store, new, second);
    }
    for needed in [&images[1], &images[2]] {
        assert_eq!(wait(store.delete(&image_id(needed), at(9))).unwrap_err().code(), "image-in-use");
    }
    assert!(wait(store.delete(&image_id(&images[0]), at(9))).unwrap());
    assert!(!wait(store.delete(&image_id(&images[0]), at(9))).unwrap());
    assert_eq!(wait(store.find(&images[0].release.name, &id(&images[0]))).unwrap(), None);
    assert_eq!(wait(store.describe(&image_id(&images[0]), false)).unwrap_err().code(), "no-such-image");
}

#[test]
fn a_disk_can_be_read_back() {
    let (folder, store) = here();
    let new = image(folder.path(), "one");
    wait(store.create(&new)).unwrap();
    let mut bytes = Vec::new();
    wait(store.read_disk(&image_id(&new), "/dev/xvda")).unwrap().read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes, fs::read(folder.path().join("one.raw")).unwrap());
    assert_eq!(wait(store.read_disk(&image_id(&new), "/dev/xvdb")).err().unwrap().code(), "disk-missing");
}

#[test]
fn an_image_of_several_disks_keeps_them_all() {
    let (folder, store) = here();
    let mut new = image(folder.path(), "root");
    let data = image(folder.path(), "data");
    new.manifest.disks.push(Disk {
        device: "/dev/xvdb".into(),
        file: "data.raw".into(),
        ..data.manifest.disks[0].clone()
    });
    new.release.content_digest = new.manifest.content_digest();
    assert_eq!(wait(store.create(&new)).unwrap_err().code(), "disk-missing");
    let (Source::Raw(disks), Source::Raw(more)) = (&mut new.source, data.source) else { panic!() };
    disks.extend(more.into_iter().map(|disk| RawDisk { device: "/dev/xvdb".into(), ..disk }));
    let created = wait(store.create(&new)).unwrap();
    assert!(wait(store.describe(&created.image.id, true)).is_ok());

    new.manifest.disks[1].file = "disk.raw".into();
    assert_eq!(wait(store.create(&new)).unwrap_err().code(), "store-malformed");
}

#[test]
fn hostile_names_lead_nowhere() {
    let (folder, store) = here();
    let new = image(folder.path(), "one");
    wait(store.create(&new)).unwrap();
    let before = tree(folder.path());
    for hostile in
        ["..", "../../etc", "/etc", "", "a\0b", "images", "store.json", &"0".repeat(63), &"A".repeat(64)]
    {
        let image = ImageId::new(hostile);
        assert_eq!(wait(store.describe(&image, false)).unwrap_err().code(), "no-such-image", "{hostile:?}");
        assert!(!wait(store.delete(&image, at(1))).unwrap(), "{hostile:?}");
        assert!(ChannelName::new(hostile, "..").is_err());
    }
    for file in ["image.json", "tags.json", "manifests", "..", "a/b", "-x", ".x"] {
        let mut hostile = new.clone();
        hostile.manifest.disks[0].file = file.into();
        assert!(wait(store.create(&hostile)).is_err(), "{file}");
    }
    let mut empty = new.clone();
    empty.manifest.disks.clear();
    let mut other = new;
    other.release.architecture = Architecture::Arm64;
    for refused in [empty, other] {
        assert_eq!(wait(store.create(&refused)).unwrap_err().code(), "store-malformed");
    }
    assert_eq!(tree(folder.path()), before);
}

#[test]
fn a_folder_of_something_else_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let new = image(folder.path(), "one");
    let before = tree(folder.path());
    assert_eq!(wait(store(folder.path()).create(&new)).unwrap_err().code(), "not-a-store");
    assert_eq!(wait(store(&folder.path().join("one.raw")).create(&new)).unwrap_err().code(), "not-a-store");
    assert_eq!(tree(folder.path()), before);

    let later = folder.path().join("later");
    fs::create_dir(&later).unwrap();
    fs::write(later.join("store.json"), r#"{"schema": 2, "kind": "hallmark-image-store"}"#).unwrap();
    assert_eq!(wait(store(&later).create(&new)).unwrap_err().code(), "not-a-store");
}

#[test]
fn records_that_were_changed_are_refused() {
    let (folder, store) = here();
    let (one, two) = (image(folder.path(), "one"), image(folder.path(), "two"));
    publish(&store, &one, 1);
    publish(&store, &two, 2);
    fs::copy(store.layout.release(&id(&one)), store.layout.release(&id(&two))).unwrap();
    assert_eq!(wait(store.find(&two.release.name, &id(&two))).unwrap_err().code(), "store-malformed");
    fs::write(store.layout.channel(&stable()), "{}").unwrap();
    assert_eq!(wait(store.channel(&stable())).unwrap_err().code(), "store-malformed");
    let manifest = store.folder(&image_id(&one)).unwrap().join("image.json");
    fs::write(manifest, two.manifest.to_bytes().unwrap()).unwrap();
    assert_eq!(wait(store.describe(&image_id(&one), false)).unwrap_err().code(), "stored-image-damaged");
}
