//! A writer of the Bolt file format (version 2), just enough for a database that is written once.
//!
//! Trivy reads its advisories from a Bolt file. The sample database has to be the same bytes every
//! time, because its digest is how it is recognised, so it is laid out here in one pass from sorted
//! maps: no free pages, no transactions, no clock, no file. The crate that ports Bolt to Rust
//! brings a memory map, arenas and two dozen dependencies to do what these lines do, and writes
//! through a file. `go.etcd.io/bbolt` (what Trivy uses) is the judge: the tests let it read.
//!
//! Layout: pages of 4 KiB. 0 and 1 are meta pages, 2 is an empty free list, then trees of leaf and
//! branch pages, a bucket's pages before those of the bucket that holds it. All integers are little-endian.

use std::collections::BTreeMap;

const PAGE: usize = 4096;
const MAGIC: u32 = 0xED0C_DAED;
const VERSION: u32 = 2;
const PAGE_HEADER: usize = 16;
const ELEMENT: usize = 16;

const BRANCH: u16 = 0x01;
const LEAF: u16 = 0x02;
const META: u16 = 0x04;
const FREE_LIST: u16 = 0x10;
const BUCKET_ELEMENT: u32 = 0x01;

/// A bucket: names to values and to further buckets. Where a name has both, the bucket counts.
#[derive(Debug, Clone, Default)]
pub(super) struct Bucket {
    values: BTreeMap<Vec<u8>, Vec<u8>>,
    buckets: BTreeMap<Vec<u8>, Self>,
}

impl Bucket {
    /// The bucket of that name in this one, made where there is none.
    pub(super) fn bucket(&mut self, name: &str) -> &mut Self {
        self.buckets.entry(name.into()).or_default()
    }

    /// Sets a value.
    pub(super) fn put(&mut self, key: &str, value: Vec<u8>) {
        self.values.insert(key.into(), value);
    }
}

/// The whole file for a root bucket.
pub(super) fn file(root: &Bucket) -> Vec<u8> {
    let mut file = File { bytes: vec![0; 3 * PAGE] };
    let root = file.bucket(root);
    let pages = file.next_page();
    for page in 0..2 {
        file.meta(page, root, pages);
    }
    header(&mut file.bytes[2 * PAGE..3 * PAGE], 2, FREE_LIST, 0, 0);
    file.bytes
}

struct File {
    bytes: Vec<u8>,
}

/// What a leaf page holds: flags, key, value.
struct Leaf {
    flags: u32,
    key: Vec<u8>,
    value: Vec<u8>,
}

impl File {
    const fn next_page(&self) -> u64 {
        (self.bytes.len() / PAGE) as u64
    }

    /// Writes a bucket's pages, those of its buckets first, and gives its root page.
    fn bucket(&mut self, bucket: &Bucket) -> u64 {
        let mut entries: BTreeMap<Vec<u8>, (u32, Vec<u8>)> =
            bucket.values.iter().map(|(key, value)| (key.clone(), (0, value.clone()))).collect();
        for (key, inner) in &bucket.buckets {
            // The value of a bucket element: its root page and its sequence.
            let mut value = self.bucket(inner).to_le_bytes().to_vec();
            value.extend(0_u64.to_le_bytes());
            entries.insert(key.clone(), (BUCKET_ELEMENT, value));
        }
        let leaves = entries.into_iter().map(|(key, (flags, value))| Leaf { flags, key, value }).collect();
        let mut level: Vec<(Vec<u8>, u64)> = pack(leaves, |leaf: &Leaf| leaf.key.len() + leaf.value.len())
            .into_iter()
            .map(|page| {
                (page.first().map(|leaf| leaf.key.clone()).unwrap_or_default(), self.leaf_page(&page))
            })
            .collect();
        while level.len() > 1 {
            level = pack(level, |(key, _)| key.len())
                .into_iter()
                .map(|page| {
                    (page.first().map(|(key, _)| key.clone()).unwrap_or_default(), self.branch_page(&page))
                })
                .collect();
        }
        // `pack` gives at least one page.
        level.first().map_or(0, |(_, page)| *page)
    }

    fn leaf_page(&mut self, leaves: &[Leaf]) -> u64 {
        let mut elements = Vec::new();
        let mut data = Vec::new();
        for (index, leaf) in leaves.iter().enumerate() {
            // A position counts from the element itself.
            let position = (leaves.len() - index) * ELEMENT + data.len();
            elements.extend(leaf.flags.to_le_bytes());
            elements.extend(u32_of(position).to_le_bytes());
            elements.extend(u32_of(leaf.key.len()).to_le_bytes());
            elements.extend(u32_of(leaf.value.len()).to_le_bytes());
            data.extend(&leaf.key);
            data.extend(&leaf.value);
        }
        self.page(LEAF, leaves.len(), &elements, &data)
    }

    fn branch_page(&mut self, children: &[(Vec<u8>, u64)]) -> u64 {
        let mut elements = Vec::new();
        let mut data = Vec::new();
        for (index, (key, page)) in children.iter().enumerate() {
            let position = (children.len() - index) * ELEMENT + data.len();
            elements.extend(u32_of(position).to_le_bytes());
            elements.extend(u32_of(key.len()).to_le_bytes());
            elements.extend(page.to_le_bytes());
            data.extend(key);
        }
        self.page(BRANCH, children.len(), &elements, &data)
    }

    /// Appends one page, with as many overflow pages as its content needs.
    fn page(&mut self, flags: u16, count: usize, elements: &[u8], data: &[u8]) -> u64 {
        let id = self.next_page();
        let pages = (PAGE_HEADER + elements.len() + data.len()).div_ceil(PAGE);
        let mut page = vec![0; PAGE_HEADER];
        header(&mut page, id, flags, u16::try_from(count).unwrap_or(u16::MAX), u32_of(pages - 1));
        page.extend(elements);
        page.extend(data);
        page.resize(pages * PAGE, 0);
        self.bytes.extend(page);
        id
    }

    fn meta(&mut self, page: u64, root: u64, pages: u64) {
        let mut meta = Vec::new();
        for field in [MAGIC, VERSION, u32_of(PAGE), 0] {
            meta.extend(field.to_le_bytes());
        }
        // Root page and sequence; free list; pages in all; transaction id (the higher one counts).
        for field in [root, 0, 2, pages, page] {
            meta.extend(field.to_le_bytes());
        }
        meta.extend(fnv1a(&meta).to_le_bytes());
        let at = if page == 0 { 0 } else { PAGE };
        header(&mut self.bytes[at..at + PAGE], page, META, 0, 0);
        self.bytes[at + PAGE_HEADER..at + PAGE_HEADER + meta.len()].copy_from_slice(&meta);
    }
}

/// Spreads elements over pages in order, filling each; an element larger than a page has its own.
fn pack<T>(elements: Vec<T>, size: impl Fn(&T) -> usize) -> Vec<Vec<T>> {
    let mut pages = vec![Vec::new()];
    let mut used = PAGE_HEADER;
    for element in elements {
        let needs = ELEMENT + size(&element);
        if used + needs > PAGE && used > PAGE_HEADER {
            pages.push(Vec::new());
            used = PAGE_HEADER;
        }
        used += needs;
        if let Some(page) = pages.last_mut() {
            page.push(element);
        }
    }
    pages
}

fn header(page: &mut [u8], id: u64, flags: u16, count: u16, overflow: u32) {
    page[0..8].copy_from_slice(&id.to_le_bytes());
    page[8..10].copy_from_slice(&flags.to_le_bytes());
    page[10..12].copy_from_slice(&count.to_le_bytes());
    page[12..16].copy_from_slice(&overflow.to_le_bytes());
}

/// A list of some kilobytes: its lengths fit.
fn u32_of(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// FNV-1a, 64 bits: the meta pages' checksum.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_has_its_published_values() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
    }

    #[test]
    fn an_empty_database_is_two_metas_a_free_list_and_a_leaf() {
        let file = file(&Bucket::default());
        assert_eq!(file.len(), 4 * PAGE);
        for page in 0..2 {
            let meta = &file[page * PAGE + PAGE_HEADER..];
            assert_eq!(meta[..4], MAGIC.to_le_bytes());
            assert_eq!(meta[16], 3, "the root page");
            assert_eq!(meta[56..64], fnv1a(&meta[..56]).to_le_bytes());
        }
    }

    #[test]
    fn many_and_large_entries_grow_a_tree() {
        let mut root = Bucket::default();
        for number in 0..2000 {
            root.bucket("many").put(&format!("{number:05}"), vec![b'x'; 20]);
        }
        root.put("large", vec![b'y'; 3 * PAGE]);
        let file = file(&root);
        assert_eq!(file.len() % PAGE, 0);
        let flags = |page: usize| u16::from_le_bytes([file[page * PAGE + 8], file[page * PAGE + 9]]);
        let branches = (3..file.len() / PAGE).filter(|page| flags(*page) == BRANCH).count();
        assert!(branches >= 1);
    }

    #[test]
    fn the_same_entries_give_the_same_bytes() {
        let build = |names: [&str; 2]| {
            let mut root = Bucket::default();
            for name in names {
                root.bucket(name).put("k", name.into());
            }
            file(&root)
        };
        assert_eq!(build(["a", "b"]), build(["b", "a"]));
    }
}
