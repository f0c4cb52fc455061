//! A signed list of checksums: the list is verified like any file, then every file that it lists.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::Arc;

use attest::detached::{Message, MessageError};
use model::Sha256;

use super::{Checker, Good, List};
use crate::manifest::ChecksumsEntry;
use crate::path::RelPath;
use crate::reason::Code;
use crate::sums::{self, MAX_LIST, Refused};

impl Checker<'_> {
    pub(super) fn checksums(&mut self, entry: &ChecksumsEntry) {
        let Some(named) = self.named(&entry.wanted, &entry.list) else { return };
        let path = &entry.list;
        // Read once: what is verified is what is gone by.
        let bytes = match self.folder.read(path, MAX_LIST) {
            Ok(bytes) => bytes,
            Err(error) => {
                let what = format!("the list `{path}`");
                return self.checked.not_opened(Code::MissingFile, &what, error, entry.place);
            }
        };
        (self.on_file)(path);
        let list = Cursor::new(&bytes);
        let Some(good) = self.file(path, list, &entry.wanted, &named, entry.sha256, entry.place) else {
            return;
        };
        let listed = match sums::parse(&bytes) {
            Ok(listed) => listed,
            Err(Refused { code, line, what }) => {
                let message = format!("`{path}`, line {line}: {what}");
                return self.checked.against(code, message, entry.place);
            }
        };
        let signers = good.signed.iter().map(|signed| signed.name.clone()).collect();
        let list = Arc::new(List { path: path.clone(), sha256: good.sha256, signers });
        self.checked.good.push(good);
        self.listed(entry, &list, listed);
    }

    fn listed(&mut self, entry: &ChecksumsEntry, list: &Arc<List>, listed: BTreeMap<RelPath, Sha256>) {
        let wanted = |name: &RelPath| entry.only.is_empty() || entry.only.iter().any(|one| one.matches(name));
        let mut none = true;
        for (name, sha256) in listed.into_iter().filter(|(name, _)| wanted(name)) {
            none = false;
            let path = RelPath::join(list.path.folder(), name.as_str());
            (self.on_file)(&path);
            let what = format!("`{path}`, which `{}` lists,", list.path);
            let read = match self.folder.file(&path) {
                Ok(file) => Message::read(file, []),
                Err(error) => {
                    self.checked.not_opened(Code::MissingFile, &what, error, entry.place);
                    continue;
                }
            };
            match read {
                Ok(message) if message.sha256() == sha256 => self.checked.good.push(Good {
                    path,
                    sha256,
                    size: message.size(),
                    listed: Some(Arc::clone(list)),
                    signed: Vec::new(),
                    provenance: None,
                }),
                Ok(message) => {
                    let message = format!("{what} has the SHA-256 {}, not {sha256}", message.sha256());
                    self.checked.against(Code::DigestMismatch, message, entry.place);
                }
                Err(MessageError::Io(error)) => {
                    let message = format!("{what} cannot be read: {error}");
                    self.checked.unreadable(Code::MissingFile, message, entry.place);
                }
                Err(error @ MessageError::TooLongForEd25519) => {
                    self.checked.against(Code::TooLong, format!("{what}: {error}"), entry.place);
                }
            }
        }
        if none {
            let message = format!("nothing that `{}` lists matches `only`", list.path);
            self.checked.against(Code::MissingFile, message, entry.place);
        }
    }
}
