//! A policy file and those it extends, each read once: the eldest first.

use super::Root;
use super::paths::{beside, from, normal};
use super::shipped::{SHIPPED, shipped};
use crate::fields::Fields;
use crate::problem::{At, Files, Problem, Problems, listed, nearest};
use crate::yaml::{self, Node, Value};

/// A policy that builds on more than this is one that nobody can follow.
const DEEPEST: usize = 8;

/// The files of a policy: the last is its own, each of the others is extended by the next.
#[derive(Debug, Clone)]
pub(super) struct Layers {
    pub(super) files: Files,
    pub(super) trees: Vec<Node>,
}

/// How the files are got at.
type Get<'g> = &'g mut dyn FnMut(&str) -> Result<String, String>;

/// Where a file comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    Shipped(&'static str),
    File(String),
}

impl Source {
    fn name(&self) -> &str {
        match self {
            Self::Shipped(name) => name,
            Self::File(path) => path,
        }
    }
}

pub(super) fn read(file: &str, text: &str, get: Get<'_>) -> Result<Layers, Problems> {
    let mut files = Files::one(file);
    let mut trees = vec![yaml::read(file, text)?];
    let mut chain = vec![Source::File(normal(file))];
    bring_in(&files, &mut trees[0], file, &chain[0], get)?;
    while let Some((at, extends)) = extends(&files, &trees[trees.len() - 1])? {
        let lost = |what: String, mend: String| {
            Problems(vec![Problem { file: files.name(at).to_owned(), at, what, mend }])
        };
        let child = &chain[chain.len() - 1];
        let source = source(child, &extends).map_err(|(what, mend)| lost(what, mend))?;
        if let Some(begins) = chain.iter().position(|one| *one == source) {
            let way: Vec<&str> = chain[begins..].iter().chain([&source]).map(Source::name).collect();
            let what = format!("the policy extends itself: {}", way.join(" → "));
            return Err(lost(what, "take this line out, or extend another policy".into()));
        }
        if chain.len() > DEEPEST {
            let what = format!("the policy extends more than {DEEPEST} others, one the other");
            return Err(lost(what, "extend one that is nearer to the beginning".into()));
        }
        let text = match &source {
            Source::Shipped(name) => shipped(name).unwrap_or_default().to_owned(),
            Source::File(path) => get(path).map_err(|why| {
                let what = format!("the policy `{path}` that it extends cannot be read: {why}");
                lost(what, "mend the path, which is relative to this file, or extend a shipped policy".into())
            })?,
        };
        let number = files.add(source.name());
        let mut tree = yaml::read(source.name(), &text)?;
        tree.set_file(number);
        bring_in(&files, &mut tree, file, &source, get)?;
        trees.push(tree);
        chain.push(source);
    }
    trees.reverse();
    Ok(Layers { files, trees })
}

/// What a file says that it extends.
fn extends(files: &Files, tree: &Node) -> Result<Option<(At, String)>, Problems> {
    let Some(node) = tree.get("extends") else { return Ok(None) };
    let mut fields = Fields::of(files);
    let text = match &node.value {
        Value::List(_) => {
            fields.problem(
                node.at,
                "`extends` is a list",
                "name one policy; that one may extend another in its turn",
            );
            None
        }
        _ => fields.text(node, "extends"),
    };
    fields.finish(text).map(|text| Some((node.at, text)))
}

/// A word is a shipped policy's name, everything else a path.
fn source(child: &Source, extends: &str) -> Result<Source, (String, String)> {
    if let Some((name, _)) = SHIPPED.iter().find(|(name, _)| *name == extends) {
        return Ok(Source::Shipped(name));
    }
    if !extends.contains(['/', '.', '\\']) {
        let names: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
        let what = format!("`{extends}` is no policy that ships");
        let mend = match nearest(extends, names.iter().copied()) {
            Some(near) => {
                format!("did you mean `{near}`? A file is named by its path, such as `./{extends}.yml`")
            }
            None => format!("write {}, or the path of a file, such as `./{extends}.yml`", listed(&names)),
        };
        return Err((what, mend));
    }
    let Source::File(file) = child else {
        return Err((format!("a shipped policy extends `{extends}`"), "report this".into()));
    };
    beside(file, extends).map(Source::File).ok_or_else(|| {
        let what = format!("`{}` is no path beside this file", extends.escape_debug());
        (what, "write a path relative to this file with `/`, such as `../org/policy.yml`".into())
    })
}

/// Brings in what the file names beside itself, and calls it as the first file would.
fn bring_in(files: &Files, tree: &mut Node, first: &str, own: &Source, get: Get<'_>) -> Result<(), Problems> {
    let Source::File(own) = own else { return Ok(()) };
    let mut fields = Fields::of(files);
    let Value::Map(sections) = &mut tree.value else { return Ok(()) };
    for (key, value) in sections {
        match &key.value {
            Value::Text(name) if name == "signers" => rebase_keys(value, first, own),
            Value::Text(name) if name == "rego" => module(&mut fields, value, own, get),
            _ => {}
        }
    }
    fields.finish(Some(()))
}

/// The path of a key or a trusted root is relative to the file that names it, and is handed on relative to the first.
fn rebase_keys(signers: &mut Node, first: &str, own: &str) {
    let Value::Map(signers) = &mut signers.value else { return };
    for (_, signer) in signers {
        let Value::Map(keys) = &mut signer.value else { continue };
        for (name, path) in keys {
            let is_root = |text: &str| matches!(Root::parse(text), Some(Root::File(_)));
            if let Value::Text(name) = &name.value
                && let Value::Text(text) = &mut path.value
                && (name == "key" || (name == "trusted-root" && is_root(text)))
                && let Some(there) = beside(own, text)
                && normal(first) != own
            {
                *text = from(&normal(first), &there);
            }
        }
    }
}

/// The Rego module's text takes its place beside its path.
fn module(fields: &mut Fields<'_>, rego: &mut Node, own: &str, get: Get<'_>) {
    let Some(node) = rego.get("module").cloned() else { return };
    let Some(path) = fields.text(&node, "module") else { return };
    let Some(path) = beside(own, &path) else {
        fields.problem(
            node.at,
            format!("`{}` is no path beside this file", path.escape_debug()),
            "write a path relative to this file with `/`, such as `rego/policy.rego`",
        );
        return;
    };
    let text = match get(&path) {
        Ok(text) => text,
        Err(why) => {
            let what = format!("the Rego module `{path}` cannot be read: {why}");
            fields.problem(node.at, what, "mend the path, which is relative to this file");
            return;
        }
    };
    if let Some(source) = rego.get("source") {
        fields.problem(source.at, "`rego` has a `module` and a `source`", "keep one of them");
    }
    let Value::Map(entries) = &mut rego.value else { return };
    for (key, value) in entries.iter_mut() {
        if matches!(&key.value, Value::Text(name) if name == "module") {
            value.value = Value::Text(path.clone());
        }
    }
    let here = |text: String| Node { at: node.at, value: Value::Text(text) };
    entries.push((here("source".to_owned()), here(text)));
}
