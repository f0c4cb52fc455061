//! Which of the files that a build made are disks, and moving them to where they stay.

use anyhow::{Context as _, Result, bail, ensure};
use rustix::fs::{SeekFrom, ftruncate, seek};
use std::{
    fs::{self, File},
    io::{self, Read as _, Seek as _},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
};

/// No disk is smaller: what is, is some other file.
const SMALLEST: u64 = 1 << 20;

/// Formats that are disks, but not raw ones, by their first bytes.
const OTHER_FORMATS: &[(&[u8], &str)] = &[
    (b"QFI\xfb", "qcow2"),
    (b"KDMV", "vmdk"),
    (b"# Disk DescriptorFile", "vmdk"),
    (b"vhdxfile", "vhdx"),
    (b"conectix", "vhd"),
    (b"<<< Oracle VM VirtualBox", "vdi"),
    (b"<<< QEMU VM Virtual", "vdi"),
    (b"\x1f\x8b", "gzip"),
    (b"\xfd7zXZ", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
];

/// The files of one artifact, told apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Picked {
    /// Raw disks, in the build's order.
    pub(crate) disks: Vec<PathBuf>,
    /// Everything else.
    pub(crate) others: Vec<PathBuf>,
}

#[derive(Debug, PartialEq, Eq)]
enum Looks {
    Raw,
    OtherFormat(&'static str),
    NoDisk,
}

/// Tells disks from other files. No disk at all is an error that says why.
pub(crate) fn pick(files: &[PathBuf]) -> Result<Picked> {
    let mut picked = Picked::default();
    let mut foreign = None;
    for file in files {
        let looks = look(file).with_context(|| format!("the build says that it made {}", file.display()))?;
        match looks {
            Looks::Raw => picked.disks.push(file.clone()),
            Looks::OtherFormat(format) => {
                foreign = foreign.or(Some((file, format)));
                picked.others.push(file.clone());
            }
            Looks::NoDisk => picked.others.push(file.clone()),
        }
    }
    match (picked.disks.is_empty(), foreign) {
        (false, _) => Ok(picked),
        (true, Some((file, format))) => bail!(
            "the build made {}, which is {format}; a raw disk is wanted: set the builder's format to raw, or end the \
             template with `qemu-img convert -O raw` and the artifice post-processor",
            file.display()
        ),
        (true, None) => bail!(
            "the build made no raw disk: its files are {}",
            files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ")
        ),
    }
}

fn look(path: &Path) -> Result<Looks> {
    let metadata = fs::symlink_metadata(path).context("it is not there")?;
    if !metadata.is_file() {
        ensure!(!metadata.is_symlink(), "it is a symbolic link: name the file itself");
        return Ok(Looks::NoDisk);
    }
    let mut head = Vec::new();
    let mut file = File::open(path).context("it cannot be read")?;
    file.by_ref().take(1024).read_to_end(&mut head).context("it cannot be read")?;
    if let Some((_, format)) = OTHER_FORMATS.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Ok(Looks::OtherFormat(format));
    }
    let name = path.extension().and_then(|extension| extension.to_str());
    let called_a_disk = matches!(name, Some("raw" | "img" | "disk"));
    let partitioned = head.get(510..512) == Some(&[0x55, 0xaa]) || head.get(512..520) == Some(b"EFI PART");
    let sized = metadata.len() >= SMALLEST && metadata.len().is_multiple_of(512);
    Ok(if sized && (called_a_disk || partitioned) { Looks::Raw } else { Looks::NoDisk })
}

/// Moves a file. Onto another file system it is copied, its holes kept, and then removed.
pub(crate) fn move_file(from: &Path, to: &Path) -> Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            copy_sparse(from, to).and_then(|()| fs::remove_file(from))
        }
        other => other,
    }
    .with_context(|| format!("cannot move {} to {}", from.display(), to.display()))
}

fn copy_sparse(from: &Path, to: &Path) -> io::Result<()> {
    let mut source = File::open(from)?;
    match fs::remove_file(to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let target = File::create_new(to)?;
    let size = source.metadata()?.len();
    ftruncate(&target, size)?;
    let mut buffer = vec![0; 1 << 20];
    let mut at = 0;
    loop {
        at = match seek(&source, SeekFrom::Data(at)) {
            Ok(data) => data,
            Err(rustix::io::Errno::NXIO) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let end = seek(&source, SeekFrom::Hole(at))?;
        source.seek(io::SeekFrom::Start(at))?;
        while at < end {
            let wanted = buffer.len().min(usize::try_from(end - at).unwrap_or(usize::MAX));
            source.read_exact(&mut buffer[..wanted])?;
            target.write_all_at(&buffer[..wanted], at)?;
            at += wanted as u64;
        }
    }
}

/// The device of disk `index` (from 0) when the first is `root`: after `/dev/xvda` comes `/dev/xvdb`.
pub(crate) fn device(root: &str, index: usize) -> Result<String> {
    if index == 0 {
        return Ok(root.to_owned());
    }
    let (head, letter) = root.split_at(root.len().saturating_sub(1));
    let letter = letter.bytes().next().filter(u8::is_ascii_lowercase);
    let next = letter
        .and_then(|letter| letter.checked_add(u8::try_from(index).ok()?))
        .filter(u8::is_ascii_lowercase);
    let next = next.with_context(|| {
        format!("the image has several disks, and there is no device {index} after `root-device` {root}")
    })?;
    Ok(format!("{head}{}", char::from(next)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt as _, symlink};

    fn file(folder: &Path, name: &str, head: &[u8], size: u64) -> PathBuf {
        let path = folder.join(name);
        fs::write(&path, head).unwrap();
        File::options().write(true).open(&path).unwrap().set_len(size).unwrap();
        path
    }

    #[test]
    fn disks_and_other_files() {
        let folder = tempfile::tempdir().unwrap();
        let mut partitioned = [0; 520];
        partitioned[510..512].copy_from_slice(&[0x55, 0xaa]);
        let mut gpt = [0; 520];
        gpt[512..].copy_from_slice(b"EFI PART");
        for (name, head, size, expected) in [
            ("a.raw", b"".as_slice(), 1 << 20, Looks::Raw),
            ("a.img", b"", 1 << 30, Looks::Raw),
            ("a.disk", b"", 1 << 20, Looks::Raw),
            ("packer-x", &partitioned, 1 << 20, Looks::Raw),
            ("packer-y", &gpt, 1 << 20, Looks::Raw),
            ("packer-z", b"", 1 << 20, Looks::NoDisk),
            ("empty.raw", b"", 0, Looks::NoDisk),
            ("small.raw", b"", (1 << 20) - 512, Looks::NoDisk),
            ("odd.raw", b"", (1 << 20) + 1, Looks::NoDisk),
            ("q.raw", b"QFI\xfb", 1 << 20, Looks::OtherFormat("qcow2")),
            ("v.vmdk", b"KDMV", 1 << 20, Looks::OtherFormat("vmdk")),
            ("z.raw.gz", b"\x1f\x8b", 100, Looks::OtherFormat("gzip")),
            ("manifest.json", b"{}", 2, Looks::NoDisk),
        ] {
            assert_eq!(look(&file(folder.path(), name, head, size)).unwrap(), expected, "{name}");
        }
        symlink("a.raw", folder.path().join("link.raw")).unwrap();
        assert!(look(&folder.path().join("link.raw")).is_err());
        assert!(look(&folder.path().join("none.raw")).is_err());
    }

    #[test]
    fn picking_says_why_there_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let raw = file(folder.path(), "a.raw", b"", 1 << 20);
        let note = file(folder.path(), "note.txt", b"x", 1);
        let foreign = file(folder.path(), "a.qcow2", b"QFI\xfb", 1 << 20);
        let picked = pick(&[note.clone(), raw.clone(), foreign.clone()]).unwrap();
        assert_eq!(picked, Picked { disks: vec![raw], others: vec![note.clone(), foreign.clone()] });
        for (files, says) in [
            (vec![], "made no raw disk"),
            (vec![note], "note.txt"),
            (vec![foreign], "which is qcow2; a raw disk is wanted"),
        ] {
            let error = pick(&files).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn a_copy_keeps_bytes_and_holes() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        for pieces in [&[][..], &[(0u64, 5usize)], &[(0, 1), (3 << 20, 1 << 20)], &[(7 << 20, 1 << 20)]] {
            let source = File::create(&from).unwrap();
            source.set_len(8 << 20).unwrap();
            for (at, size) in pieces {
                source.write_all_at(&vec![7; *size], *at).unwrap();
            }
            copy_sparse(&from, &to).unwrap();
            assert!(fs::read(&from).unwrap() == fs::read(&to).unwrap(), "{pieces:?}");
            assert!(to.metadata().unwrap().blocks() <= from.metadata().unwrap().blocks() + 8, "{pieces:?}");
        }
    }

    #[test]
    fn devices() {
        for (root, index, expected) in [
            ("/dev/xvda", 0, Some("/dev/xvda")),
            ("/dev/xvda", 2, Some("/dev/xvdc")),
            ("/dev/sdy", 1, Some("/dev/sdz")),
            ("/dev/sdz", 1, None),
            ("/dev/xvda", 26, None),
            ("/dev/nvme0n1", 0, Some("/dev/nvme0n1")),
            ("/dev/nvme0n1", 1, None),
            ("", 1, None),
            ("/dev/xvda", 300, None),
        ] {
            assert_eq!(device(root, index).ok().as_deref(), expected, "{root} {index}");
        }
    }
}
