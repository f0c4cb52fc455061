//! The kernel, initrd and command line that an image's own `grub.cfg` starts.

/// What a boot loader's entry says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Entry {
    /// The kernel's path, in the boot loader's root.
    pub(crate) kernel: String,
    /// The initrd's path.
    pub(crate) initrd: String,
    /// The command line, without what only GRUB could expand.
    pub(crate) arguments: Vec<String>,
}

/// The first entry that has a kernel and an initrd, which is GRUB's default.
///
/// It is a script in a language of its own; only the two commands that matter are read, and a
/// variable is left out rather than guessed.
pub(crate) fn first_entry(config: &str) -> Option<Entry> {
    let mut kernel: Option<(String, Vec<String>)> = None;
    for line in config.lines() {
        let mut words = words(line).into_iter();
        match words.next().as_deref() {
            Some("linux" | "linuxefi" | "linux16") if kernel.is_none() => {
                let path = words.next()?;
                kernel = Some((path, words.filter(|word| !word.contains('$')).collect()));
            }
            Some("initrd" | "initrdefi" | "initrd16") => {
                if let Some((kernel, arguments)) = kernel {
                    return Some(Entry { kernel, initrd: words.last()?, arguments });
                }
            }
            _ => {}
        }
    }
    None
}

/// A line's words; quotes keep blanks together.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote, mut any) = (Vec::new(), String::new(), None, false);
    for char in line.chars() {
        match (char, quote) {
            ('"' | '\'', None) => (quote, any) = (Some(char), true),
            (char, Some(open)) if char == open => quote = None,
            (char, None) if char.is_whitespace() => {
                if any || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                any = false;
            }
            ('#', None) if word.is_empty() => break,
            _ => word.push(char),
        }
    }
    if any || !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries() {
        let entry = |kernel: &str, initrd: &str, arguments: &[&str]| {
            Some(Entry {
                kernel: kernel.into(),
                initrd: initrd.into(),
                arguments: arguments.iter().map(|word| (*word).to_owned()).collect(),
            })
        };
        for (config, expected) in [
            ("", None),
            ("set timeout=0\nboot", None),
            ("linux /vmlinuz root=/dev/vda1", None),
            ("initrd /initrd.img", None),
            ("linux", None),
            ("linux /vmlinuz ro\ninitrd /initrd.img\nboot\n", entry("/vmlinuz", "/initrd.img", &["ro"])),
            (
                "menuentry 'A' {\n\tlinux\t/boot/vmlinuz-1 root=UUID=x ro  quiet $vt_handoff\n\tinitrd /boot/ucode.img /boot/initrd-1\n}\nmenuentry 'B' {\n linux /boot/vmlinuz-0\n initrd /boot/initrd-0\n}",
                entry("/boot/vmlinuz-1", "/boot/initrd-1", &["root=UUID=x", "ro", "quiet"]),
            ),
            (
                "# linux /no\nlinux /k dyndbg=\"file a +p\" 'b c'\ninitrd /i",
                entry("/k", "/i", &["dyndbg=file a +p", "b c"]),
            ),
        ] {
            assert_eq!(first_entry(config), expected, "{config:?}");
        }
    }
}
