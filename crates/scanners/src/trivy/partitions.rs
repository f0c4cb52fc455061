//! Which partitions of a disk Trivy would pass over, in silence.
//!
//! `trivy vm` (0.69, `pkg/fanal/walker/vm.go`) looks only into partitions whose GPT name is one of a
//! short list, or that have none and lie among the first four entries. A root partition that is
//! called `root` is not looked into, and the report then says that there is no operating system; a
//! `/var` that is called `var` would even leave a report that looks whole. So the table is read here first.

/// The names that Trivy looks into.
const NAMES: [&str; 3] = ["Linux", "p.lxroot", "primary"];
/// Entries without a name go by their index: the first four are looked into.
const UNNAMED: usize = 4;

const SECTOR: usize = 512;
const ENTRY: usize = 128;

/// Types that hold no packages: EFI system, BIOS boot, an MBR scheme, swap, extended boot loader.
const WITHOUT_PACKAGES: [[u8; 16]; 5] = [
    guid("C12A7328F81F11D2BA4B00A0C93EC93B"),
    guid("2168614864496E6F744E656564454649"),
    guid("024DEE4133E711D39D690008C781F39F"),
    guid("0657FD6DA4AB43C484E50933C84B4F4F"),
    guid("BC13C2FF59E64262A352B275FD6F7172"),
];

/// A sentence for each partition that may hold packages and is not looked into.
pub(super) fn unseen(disk: &[u8]) -> Vec<String> {
    let Some(header) = disk.get(SECTOR..2 * SECTOR).filter(|header| header.starts_with(b"EFI PART")) else {
        // No GPT: partitions of an MBR go by their index, and there are four.
        return Vec::new();
    };
    // Trivy reads 128-byte entries right behind the header, wherever the header says they are.
    let count = u32::from_le_bytes([header[80], header[81], header[82], header[83]]) as usize;
    let entries = disk.get(2 * SECTOR..).unwrap_or_default().chunks_exact(ENTRY);
    entries
        .take(count)
        .enumerate()
        .filter_map(|(index, entry)| {
            let kind = &entry[..16];
            let used = kind.iter().any(|byte| *byte != 0);
            if !used || WITHOUT_PACKAGES.iter().any(|other| other == kind) {
                return None;
            }
            let name = name(&entry[56..ENTRY]);
            let seen = if name.is_empty() { index < UNNAMED } else { seen_by_name(&name) };
            (!seen).then(|| {
                format!(
                    "Trivy does not look into partition {} (\"{}\"): it reads only partitions named {} or, \
                     among the first four, without a name. Rename it, for example with `sgdisk --change-name={}:Linux`",
                    index + 1,
                    name.escape_default(),
                    NAMES.join(", "),
                    index + 1,
                )
            })
        })
        .collect()
}

/// The digits are what Trivy calls unnamed partitions, and a partition may really be called so.
fn seen_by_name(name: &str) -> bool {
    NAMES.contains(&name) || ["0", "1", "2", "3"].contains(&name)
}

/// UTF-16, little-endian, up to the first zero.
fn name(bytes: &[u8]) -> String {
    let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    char::decode_utf16(units.take_while(|unit| *unit != 0)).map(|c| c.unwrap_or('\u{fffd}')).collect()
}

/// A type's GUID as it lies on the disk: the first three groups are little-endian.
const fn guid(text: &str) -> [u8; 16] {
    let text = text.as_bytes();
    let order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
    let mut bytes = [0; 16];
    let mut at = 0;
    while at < 16 {
        bytes[order[at]] = digit(text[2 * at]) << 4 | digit(text[2 * at + 1]);
        at += 1;
    }
    bytes
}

const fn digit(character: u8) -> u8 {
    match character {
        b'0'..=b'9' => character - b'0',
        _ => character - b'A' + 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Index, type and name.
    type Partition = (usize, [u8; 16], &'static str);

    const ROOT: [u8; 16] = guid("4F68BCE3E8CD4DB196E7FBCAF984B709");
    const EFI: [u8; 16] = WITHOUT_PACKAGES[0];

    fn disk(partitions: &[Partition]) -> Vec<u8> {
        let mut disk = vec![0; 34 * SECTOR];
        disk[SECTOR..SECTOR + 8].copy_from_slice(b"EFI PART");
        disk[SECTOR + 80] = 128;
        for (index, kind, name) in partitions {
            let entry = &mut disk[2 * SECTOR + index * ENTRY..][..ENTRY];
            entry[..16].copy_from_slice(kind);
            for (at, unit) in name.encode_utf16().enumerate() {
                entry[56 + 2 * at..58 + 2 * at].copy_from_slice(&unit.to_le_bytes());
            }
        }
        disk
    }

    #[test]
    fn a_guid_lies_on_the_disk_in_its_own_order() {
        assert_eq!(ROOT[..8], [0xe3, 0xbc, 0x68, 0x4f, 0xcd, 0xe8, 0xb1, 0x4d]);
    }

    #[test]
    fn what_is_passed_over() {
        let table: [(&[Partition], usize); 8] = [
            (&[], 0),
            (&[(0, EFI, "esp"), (1, ROOT, "Linux")], 0),
            (&[(0, EFI, "esp"), (1, ROOT, "root")], 1),
            (&[(0, ROOT, ""), (13, EFI, ""), (14, EFI, "")], 0),
            (&[(4, ROOT, "")], 1),
            (&[(0, ROOT, "primary"), (1, ROOT, "var")], 1),
            (&[(0, ROOT, "linux")], 1),
            (&[(0, ROOT, "3")], 0),
        ];
        for (partitions, wanted) in table {
            assert_eq!(unseen(&disk(partitions)).len(), wanted, "{partitions:?}");
        }
    }

    #[test]
    fn what_is_no_gpt_is_not_judged_here() {
        for disk in [&b""[..], b"EFI PART", &[0; 1024]] {
            assert!(unseen(disk).is_empty());
        }
        // A table that ends early: as far as it goes.
        assert!(unseen(&disk(&[(9, ROOT, "root")])[..2 * SECTOR + ENTRY + 3]).is_empty());
    }

    #[test]
    fn a_hostile_name_is_inert() {
        let says = unseen(&disk(&[(0, ROOT, "\u{1b}[2J\n::error::x")]));
        assert!(!says[0].contains(['\u{1b}', '\n']), "{says:?}");
    }
}
