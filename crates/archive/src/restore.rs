//! Bringing back what an entry names, as the actions look for it.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use model::{ImageManifest, Sha256};

use crate::Error;
use crate::archive::Archive;
use crate::entry::{Entry, IMAGE_JSON, Image, Role};
use crate::error::io;

/// What was brought back. A folder is made only where there is something for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The folder.
    pub folder: PathBuf,
    /// The image's manifest.
    pub image: PathBuf,
    /// The statements, with full reports in `reports`.
    pub evidence: PathBuf,
    /// Page, brief and JSON.
    pub report: PathBuf,
    /// What a replay needs.
    pub replay: PathBuf,
    /// How many files there are.
    pub files: usize,
}

impl Archive {
    /// Brings back all files of an entry into a folder, which is empty or not there yet. Every one is checked; the
    /// folder appears when all are there, or not at all.
    ///
    /// # Errors
    /// Something is in the way, a file is missing or was changed, or cannot be written.
    pub async fn restore(&self, entry: &Entry, folder: &Path) -> Result<Restored, Error> {
        // What is to be restored is checked again: an entry is plain data that anybody can make.
        let (checked, _) = Entry::new(entry.image.clone(), entry.files.clone(), entry.run.clone())?;
        is_free(folder)?;
        let above = folder.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::create_dir_all(above).map_err(io("cannot make the folder", above))?;
        let partial = tempfile::Builder::new()
            .prefix(".partial-")
            .tempdir_in(above)
            .map_err(io("cannot write into", above))?;
        for file in &checked.files {
            let bytes = self.read(&checked, file).await?;
            if file.role == Role::Image {
                self.check_manifest(&checked.image, &bytes)?;
            }
            write(partial.path(), &file.path(), &bytes)?;
        }
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(partial.path(), fs::Permissions::from_mode(0o755))
            .map_err(io("cannot write into", partial.path()))?;
        // An empty folder is replaced; one that was filled meanwhile is not.
        fs::rename(partial.path(), folder).map_err(|error| match error.kind() {
            io::ErrorKind::DirectoryNotEmpty
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::AlreadyExists => Error::InTheWay(folder.to_owned()),
            _ => io("cannot write", folder)(error),
        })?;
        drop(partial.keep());
        Ok(Restored {
            folder: folder.to_owned(),
            image: folder.join(IMAGE_JSON),
            evidence: folder.join("evidence"),
            report: folder.join("report"),
            replay: folder.join("replay"),
            files: checked.files.len(),
        })
    }

    /// What an entry says of its image has to be what the image's own manifest says.
    fn check_manifest(&self, image: &Image, bytes: &[u8]) -> Result<(), Error> {
        let place = || format!("the image.json of an entry in {}", self.location);
        let manifest =
            ImageManifest::parse(bytes).map_err(|source| Error::Manifest { place: place(), source })?;
        match Image::of(&manifest, Sha256::of(bytes)) == *image {
            true => Ok(()),
            false => Err(Error::malformed(place(), "it is another image's than the entry says")),
        }
    }
}

fn is_free(folder: &Path) -> Result<(), Error> {
    match fs::symlink_metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(io("cannot look at", folder)(error)),
        Ok(found) if found.is_dir() => {
            match fs::read_dir(folder).map_err(io("cannot list", folder))?.next() {
                None => Ok(()),
                Some(_) => Err(Error::InTheWay(folder.to_owned())),
            }
        }
        Ok(_) => Err(Error::InTheWay(folder.to_owned())),
    }
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Error> {
    let path = folder.join(name);
    if let Some(above) = path.parent() {
        fs::create_dir_all(above).map_err(io("cannot make the folder", above))?;
    }
    let mut file =
        OpenOptions::new().write(true).create_new(true).open(&path).map_err(io("cannot write", &path))?;
    file.write_all(bytes).map_err(io("cannot write", &path))
}
