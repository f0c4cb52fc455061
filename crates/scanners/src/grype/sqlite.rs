//! A SQLite database file, as far as the sample needs one: tables without indexes, written in one go.
//!
//! SQLite itself is a megabyte of C in the executable and stamps its own version into what it writes. The sample needs
//! a few small tables that are written once and always give the same bytes. The format is
//! <https://sqlite.org/fileformat2.html>; numbers are big-endian. A row lies in one page (overflow pages are not
//! written: a longer row is an error), and a table has one page of rows, or one root above several.

/// The size of a page. The longest row is a little shorter.
const PAGE: usize = 16 << 10;
/// The file's header, at the begin of the first page.
const FILE_HEADER: usize = 100;
const LEAF_HEADER: usize = 8;
const INTERIOR_HEADER: usize = 12;
const LEAF: u8 = 0x0d;
const INTERIOR: u8 = 0x05;
/// The version of SQLite that this could be by, as the header wants one: 3.45.0.
const SQLITE_VERSION: u32 = 3_045_000;

/// A value of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// Nothing. Also what an `integer primary key` is written as: it is the row's number.
    Null,
    /// A number.
    Integer(i64),
    /// A text.
    Text(String),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

/// A table and all of its rows, which are numbered from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    /// Its name, a plain word.
    pub(super) name: &'static str,
    /// What stands between the brackets of `CREATE TABLE`. No unique columns: those would want an index.
    pub(super) columns: &'static str,
    /// The rows.
    pub(super) rows: Vec<Vec<Value>>,
}

/// The file; none where something is longer than what is written here.
pub(super) fn file(tables: &[Table]) -> Option<Vec<u8>> {
    // The first page is that of the list of tables, and is written last: it says where the others begin.
    let mut pages = vec![Vec::new()];
    let mut list = Vec::new();
    for table in tables {
        let cells = cells(&table.rows)?;
        let root = tree(&cells, &mut pages)?;
        list.push(vec![
            "table".into(),
            table.name.into(),
            table.name.into(),
            i64::from(root).into(),
            format!("CREATE TABLE {} ({})", table.name, table.columns).into(),
        ]);
    }
    let list = cells(&list)?;
    let list: Vec<&[u8]> = list.iter().map(Vec::as_slice).collect();
    let mut first = leaf(&list, FILE_HEADER)?;
    first[..FILE_HEADER].copy_from_slice(&header(u32::try_from(pages.len()).ok()?)?);
    pages[0] = first;
    Some(pages.concat())
}

/// Puts the rows of a table into pages. Returns the number of its root.
fn tree(cells: &[Vec<u8>], pages: &mut Vec<Vec<u8>>) -> Option<u32> {
    let mut leaves: Vec<(Vec<&[u8]>, usize)> = vec![(Vec::new(), LEAF_HEADER)];
    for cell in cells {
        let size = cell.len() + 2;
        let last = leaves.last_mut()?;
        if last.1 + size <= PAGE {
            last.0.push(cell);
            last.1 += size;
        } else {
            leaves.push((vec![cell.as_slice()], LEAF_HEADER + size));
        }
    }
    let mut children = Vec::new();
    let mut row = 0_u64;
    for (cells, _) in leaves {
        row += cells.len() as u64;
        pages.push(leaf(&cells, 0)?);
        children.push((u32::try_from(pages.len()).ok()?, row));
    }
    let (last, before) = children.split_last()?;
    if before.is_empty() {
        return Some(last.0);
    }
    pages.push(interior(before, last.0)?);
    u32::try_from(pages.len()).ok()
}

/// A page of rows, which begins so far into the page.
fn leaf(cells: &[&[u8]], begin: usize) -> Option<Vec<u8>> {
    let mut page = vec![0; PAGE];
    page[begin] = LEAF;
    fill(&mut page, begin, LEAF_HEADER, cells)?;
    Some(page)
}

/// A page of pages: each with the number of its last row, and the one behind them.
fn interior(children: &[(u32, u64)], last: u32) -> Option<Vec<u8>> {
    let mut page = vec![0; PAGE];
    page[0] = INTERIOR;
    page[8..12].copy_from_slice(&last.to_be_bytes());
    let cells: Vec<Vec<u8>> = children
        .iter()
        .map(|(child, row)| {
            let mut cell = child.to_be_bytes().to_vec();
            varint(*row, &mut cell);
            cell
        })
        .collect();
    let cells: Vec<&[u8]> = cells.iter().map(Vec::as_slice).collect();
    fill(&mut page, 0, INTERIOR_HEADER, &cells)?;
    Some(page)
}

/// Cells lie at the end of a page, and where each begins stands in order behind the header.
fn fill(page: &mut [u8], begin: usize, header: usize, cells: &[&[u8]]) -> Option<()> {
    let mut pointer = begin + header;
    let mut content = PAGE;
    for cell in cells {
        content = content.checked_sub(cell.len()).filter(|start| *start >= pointer + 2)?;
        page[content..content + cell.len()].copy_from_slice(cell);
        page[pointer..pointer + 2].copy_from_slice(&u16::try_from(content).ok()?.to_be_bytes());
        pointer += 2;
    }
    page[begin + 3..begin + 5].copy_from_slice(&u16::try_from(cells.len()).ok()?.to_be_bytes());
    page[begin + 5..begin + 7].copy_from_slice(&u16::try_from(content).ok()?.to_be_bytes());
    Some(())
}

/// The rows as cells: length, number, and the values behind their types.
fn cells(rows: &[Vec<Value>]) -> Option<Vec<Vec<u8>>> {
    let cell = |(index, row): (usize, &Vec<Value>)| {
        let mut types = Vec::new();
        let mut values = Vec::new();
        for value in row {
            match value {
                Value::Null => varint(0, &mut types),
                Value::Integer(number) => {
                    varint(6, &mut types);
                    values.extend(number.to_be_bytes());
                }
                Value::Text(text) => {
                    varint(text.len() as u64 * 2 + 13, &mut types);
                    values.extend(text.as_bytes());
                }
            }
        }
        // The length of the types counts itself: one byte, or two.
        let length = if types.len() < 127 { types.len() + 1 } else { types.len() + 2 };
        let mut payload = Vec::new();
        varint(length as u64, &mut payload);
        payload.extend(types);
        payload.extend(values);
        let mut cell = Vec::new();
        varint(payload.len() as u64, &mut cell);
        varint(index as u64 + 1, &mut cell);
        cell.extend(&payload);
        // A longer one would go on in another page.
        (payload.len() <= PAGE - 35).then_some(cell)
    };
    rows.iter().enumerate().map(cell).collect()
}

/// Seven bits a byte, the highest first, and a bit that says that more follow. (The ninth byte of longer numbers is
/// not needed: none here is that large.)
fn varint(number: u64, to: &mut Vec<u8>) {
    let mut shift = 49;
    while shift > 0 && number >> shift == 0 {
        shift -= 7;
    }
    while shift > 0 {
        to.push(u8::try_from((number >> shift) & 0x7f).unwrap_or_default() | 0x80);
        shift -= 7;
    }
    to.push(u8::try_from(number & 0x7f).unwrap_or_default());
}

fn header(pages: u32) -> Option<[u8; FILE_HEADER]> {
    let mut header = [0; FILE_HEADER];
    header[..16].copy_from_slice(b"SQLite format 3\0");
    header[16..18].copy_from_slice(&u16::try_from(PAGE).ok()?.to_be_bytes());
    // Formats for writing and reading, nothing reserved, and the three fractions, which are always these.
    header[18..24].copy_from_slice(&[1, 1, 0, 64, 32, 32]);
    let mut put = |at: usize, number: u32| header[at..at + 4].copy_from_slice(&number.to_be_bytes());
    put(24, 1); // how often it was changed
    put(28, pages);
    put(40, 1); // how often the list of tables was
    put(44, 4); // the format of that list
    put(56, 1); // UTF-8
    put(92, 1); // as at 24: what stands at 28 is right
    put(96, SQLITE_VERSION);
    Some(header)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn varint_of(number: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        varint(number, &mut bytes);
        bytes
    }

    #[test]
    fn numbers_of_any_length() {
        assert_eq!(varint_of(0), [0]);
        assert_eq!(varint_of(127), [127]);
        assert_eq!(varint_of(128), [0x81, 0]);
        assert_eq!(varint_of(240), [0x81, 0x70]);
        assert_eq!(varint_of((1 << 49) - 1), [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]);
    }

    fn table(rows: usize, length: usize) -> Table {
        let row = |n: usize| vec![Value::Null, "x".repeat(length).into(), Value::Integer(n as i64 - 2)];
        Table {
            name: "t",
            columns: "id integer PRIMARY KEY, a text, b integer",
            rows: (0..rows).map(row).collect(),
        }
    }

    #[test]
    fn a_table_is_one_page_or_a_root_above_some() {
        assert_eq!(file(&[]).unwrap().len(), PAGE);
        for (rows, pages) in [(0, 2), (1, 2), (100, 2), (1_000, 10)] {
            assert_eq!(file(&[table(rows, 100)]).unwrap().len(), pages * PAGE, "{rows}");
        }
    }

    #[test]
    fn what_does_not_fit_is_none() {
        assert!(file(&[table(1, PAGE - 60)]).is_some());
        assert!(file(&[table(1, PAGE)]).is_none());
        assert!(file(&vec![table(0, 0); 500]).is_none());
    }

    /// SQLite's own check of a file, by Python's module.
    #[test]
    fn sqlite_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        for rows in [0, 1, 200, 5_000] {
            let path = folder.path().join("t.db");
            std::fs::write(&path, file(&[table(rows, 100), table_two()]).unwrap()).unwrap();
            let says = python(&path);
            let sum: i64 = (0..rows as i64).map(|n| n - 2).sum();
            assert_eq!(says, format!("ok {rows} {sum} {} ä\n", rows * (rows + 1) / 2));
        }
    }

    fn table_two() -> Table {
        Table { name: "u", columns: "v text", rows: vec![vec!["ä".into()]] }
    }

    #[expect(clippy::disallowed_methods, reason = "tests may start programs")]
    fn python(path: &std::path::Path) -> String {
        let script = "import sqlite3, sys\n\
            db = sqlite3.connect(sys.argv[1])\n\
            one = lambda sql: db.execute(sql).fetchone()[0]\n\
            print(one('pragma integrity_check'), one('select count(*) from t'), one('select coalesce(sum(b), 0) from t'), \
            one('select coalesce(sum(id), 0) from t'), one('select v from u'))";
        let ran = std::process::Command::new("python3").args(["-c", script]).arg(path).output();
        let ran = ran.expect("python3: `make test` provides it");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).unwrap()
    }
}
