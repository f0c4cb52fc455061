//! What a policy file is made of, and what becomes of each section where a child or an override has it
//! too. One list: the reader, the merge, the schema and the explanation go by it.

/// What becomes of a section that is there twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Merge {
    /// It speaks about its own file, and is not handed down.
    Own,
    /// The later one counts.
    Whole,
    /// Key by key, so many mappings deep: the later value of a key counts.
    Keys(usize),
    /// Both lists hold.
    Added,
    /// A second one is a mistake, unless `replace` names it.
    Once,
}

/// A section of a policy file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Section {
    pub(crate) name: &'static str,
    pub(crate) merge: Merge,
    /// Whether an override may have it.
    pub(crate) in_overrides: bool,
}

const fn section(name: &'static str, merge: Merge, in_overrides: bool) -> Section {
    Section { name, merge, in_overrides }
}

/// Every section, in the order in which a policy reads best.
pub(crate) const SECTIONS: [Section; 21] = [
    section("version", Merge::Own, false),
    section("name", Merge::Own, false),
    section("description", Merge::Own, false),
    section("environment", Merge::Own, false),
    section("extends", Merge::Own, false),
    section("replace", Merge::Own, true),
    section("mode", Merge::Whole, true),
    section("signers", Merge::Keys(1), false),
    section("evidence", Merge::Keys(2), true),
    section("vulnerabilities", Merge::Added, true),
    section("secrets", Merge::Added, true),
    section("licenses", Merge::Added, true),
    section("misconfigurations", Merge::Added, true),
    section("weaknesses", Merge::Added, true),
    section("feeds", Merge::Keys(2), true),
    section("reasons", Merge::Keys(1), true),
    section("exceptions", Merge::Keys(1), true),
    section("approval", Merge::Keys(1), true),
    section("auto-approve", Merge::Added, true),
    section("rego", Merge::Once, false),
    section("overrides", Merge::Own, false),
];

/// The keys of a policy file.
pub(crate) const KEYS: [&str; SECTIONS.len()] = {
    let mut keys = [""; SECTIONS.len()];
    let mut at = 0;
    while at < SECTIONS.len() {
        keys[at] = SECTIONS[at].name;
        at += 1;
    }
    keys
};

/// What says for which images an override is.
pub(crate) const SCOPE_KEYS: [&str; 2] = ["images", "environments"];

impl Section {
    pub(crate) fn of(name: &str) -> Option<&'static Self> {
        SECTIONS.iter().find(|section| section.name == name)
    }

    /// Whether it can begin anew in a file that extends another, or in an override.
    pub(crate) const fn replaceable(&self, in_override: bool) -> bool {
        match self.merge {
            Merge::Own | Merge::Whole => false,
            // An override that began `evidence` anew would have to say who signs, and has no say in that.
            Merge::Keys(2..) => !in_override,
            Merge::Keys(_) | Merge::Added | Merge::Once => !in_override || self.in_overrides,
        }
    }
}

/// The sections that `replace` may name.
pub(crate) fn replaceable(in_override: bool) -> Vec<&'static str> {
    SECTIONS.iter().filter(|section| section.replaceable(in_override)).map(|section| section.name).collect()
}

/// The keys of an override.
pub(crate) fn override_keys() -> Vec<&'static str> {
    let sections = SECTIONS.iter().filter(|section| section.in_overrides).map(|section| section.name);
    SCOPE_KEYS.into_iter().chain(sections).collect()
}
