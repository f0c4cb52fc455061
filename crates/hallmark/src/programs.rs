//! The programs of the machine that a bake or a test calls, and the Debian packages that have them.

/// One program.
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) package: &'static str,
    pub(crate) when: When,
}

/// What calls a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// Every use of Hallmark, or what surrounds it.
    Always,
    /// `goss-test`, which starts a machine.
    Boots,
    /// The same, where the image is for this processor.
    BootsOn(&'static str),
    /// A template whose files name it.
    Named,
}

const fn program(name: &'static str, package: &'static str, when: When) -> Program {
    Program { name, package, when }
}

/// All of them.
pub(crate) const PROGRAMS: &[Program] = &[
    program("git", "git", When::Always),
    program("tar", "tar", When::Always),
    program("zstd", "zstd", When::Named),
    program("qemu-system-x86_64", "qemu-system-x86", When::BootsOn("amd64")),
    program("qemu-system-aarch64", "qemu-system-arm", When::BootsOn("arm64")),
    program("qemu-img", "qemu-utils", When::Boots),
    program("mke2fs", "e2fsprogs", When::Boots),
    program("debugfs", "e2fsprogs", When::Named),
    program("mmdebstrap", "mmdebstrap", When::Named),
    program("debootstrap", "debootstrap", When::Named),
    program("sfdisk", "fdisk", When::Named),
    program("mkfs.vfat", "dosfstools", When::Named),
    program("mcopy", "mtools", When::Named),
    program("ansible-playbook", "ansible-core", When::Named),
    program("unshare", "util-linux", When::Named),
    program("newuidmap", "uidmap", When::Named),
    program("setfattr", "attr", When::Named),
    program("xorriso", "xorriso", When::Named),
];

/// Programs that make user name spaces for whoever is not root.
pub(crate) const NAME_SPACES: &[&str] = &["mmdebstrap", "unshare"];
