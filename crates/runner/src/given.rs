//! The inputs as an action reads them: typed, checked at the start.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;

use crate::Result;
use crate::context::Context;
use crate::input;
use crate::secret::Secret;
use crate::value::Value;

impl Context {
    /// A text or a choice that is required or has a default; of any other kind but a secret, what
    /// was given as it was written.
    ///
    /// # Errors
    /// If it was not given, is not declared, or is a secret.
    pub fn text(&self, name: &str) -> Result<String> {
        self.opt_text(name)?.with_context(|| self.not_given(name))
    }

    /// The same, if given.
    ///
    /// # Errors
    /// If it is not declared, or is a secret.
    pub fn opt_text(&self, name: &str) -> Result<Option<String>> {
        Ok(self.inputs.raw(name)?.map(str::to_owned))
    }

    /// A path, absolute: relative ones are taken from the working directory.
    ///
    /// # Errors
    /// If it was not given, or is not declared as a path.
    pub fn path(&self, name: &str) -> Result<PathBuf> {
        self.opt_path(name)?.with_context(|| self.not_given(name))
    }

    /// The same, if given.
    ///
    /// # Errors
    /// If it is not declared as a path.
    pub fn opt_path(&self, name: &str) -> Result<Option<PathBuf>> {
        self.typed(
            name,
            "a path",
            |value| if let Value::Path(path) = value { Some(path.clone()) } else { None },
        )
    }

    /// A boolean; not given is false.
    ///
    /// # Errors
    /// If it is not declared as a boolean.
    pub fn flag(&self, name: &str) -> Result<bool> {
        let flag =
            self.typed(name, "a boolean", |v| if let Value::Bool(flag) = v { Some(*flag) } else { None })?;
        Ok(flag.unwrap_or(false))
    }

    /// A whole number.
    ///
    /// # Errors
    /// If it was not given, or is not declared as a number.
    pub fn integer(&self, name: &str) -> Result<u64> {
        self.opt_integer(name)?.with_context(|| self.not_given(name))
    }

    /// The same, if given.
    ///
    /// # Errors
    /// If it is not declared as a number.
    pub fn opt_integer(&self, name: &str) -> Result<Option<u64>> {
        self.typed(
            name,
            "a number",
            |value| if let Value::Integer(number) = value { Some(*number) } else { None },
        )
    }

    /// A duration.
    ///
    /// # Errors
    /// If it was not given, or is not declared as a duration.
    pub fn duration(&self, name: &str) -> Result<Duration> {
        self.opt_duration(name)?.with_context(|| self.not_given(name))
    }

    /// The same, if given.
    ///
    /// # Errors
    /// If it is not declared as a duration.
    pub fn opt_duration(&self, name: &str) -> Result<Option<Duration>> {
        self.typed(
            name,
            "a duration",
            |value| if let Value::Duration(time) = value { Some(*time) } else { None },
        )
    }

    /// A list by line or comma; not given is empty.
    ///
    /// # Errors
    /// If it is not declared as a list.
    pub fn list(&self, name: &str) -> Result<Vec<String>> {
        let items = self
            .typed(name, "a list", |v| if let Value::List(items) = v { Some(items.clone()) } else { None })?;
        Ok(items.unwrap_or_default())
    }

    /// A list by line only; not given is empty.
    ///
    /// # Errors
    /// If it is not declared as a list.
    pub fn lines(&self, name: &str) -> Result<Vec<String>> {
        self.list(name)
    }

    /// A secret, if given. It was masked when it was read, at the start.
    ///
    /// # Errors
    /// If it is not declared as a secret.
    pub fn secret(&self, name: &str) -> Result<Option<Secret>> {
        self.typed(name, "a secret", |value| {
            if let Value::Secret(secret) = value { Some(secret.clone()) } else { None }
        })
    }

    fn typed<T>(&self, name: &str, kind: &str, take: impl Fn(&Value) -> Option<T>) -> Result<Option<T>> {
        let Some(value) = self.inputs.value(name)? else { return Ok(None) };
        let taken = take(value)
            .with_context(|| format!("input `{name}` is read as {kind}, but declared otherwise"))?;
        Ok(Some(taken))
    }

    /// What an input that is required only in some cases lacks, in the words of one that always is.
    fn not_given(&self, name: &str) -> String {
        let input = self.action.inputs.iter().find(|input| input.name == name);
        input.map_or_else(|| format!("input `{name}` was not given"), input::missing)
    }
}
