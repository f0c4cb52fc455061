//! Objects of the input document, each made by a list of its fields. What is not known is left out:
//! in Rego, what is not there is undefined, and no comparison with it holds.

use std::collections::BTreeMap;

use regorus::Value;
use regorus::value::Object;

/// What a field says; none where it says nothing.
type Get<T> = fn(&T) -> Option<Value>;

/// A field's name, and its value if there is one.
pub(super) type Field<T> = (&'static str, Get<T>);

/// The fields of one kind of object. Their names are made once: there are many findings.
pub(super) struct Table<T> {
    fields: Vec<(Value, Get<T>)>,
}

impl<T> Table<T> {
    pub(super) fn new(fields: &[Field<T>]) -> Self {
        let mut fields: Vec<_> = fields.iter().map(|(name, value)| (Value::from(*name), *value)).collect();
        fields.sort_by(|a, b| a.0.cmp(&b.0));
        Self { fields }
    }

    pub(super) fn object(&self, of: &T) -> Value {
        // Of a list in order a tree is made at once; one field after another it takes far longer, and so does a
        // list that grows.
        let mut present = Vec::with_capacity(self.fields.len());
        present.extend(self.fields.iter().filter_map(|(name, value)| Some((name.clone(), value(of)?))));
        Value::from(Object::from(present.into_iter().collect::<BTreeMap<_, _>>()))
    }

    pub(super) fn objects<'t>(&self, all: impl IntoIterator<Item = &'t T>) -> Value
    where
        T: 't,
    {
        Value::from(all.into_iter().map(|one| self.object(one)).collect::<Vec<_>>())
    }
}

pub(super) fn text(text: &str) -> Option<Value> {
    Some(Value::from(text))
}

/// A text that may be missing, or empty, which says as much.
pub(super) fn some(text: Option<&str>) -> Option<Value> {
    text.filter(|text| !text.is_empty()).map(Value::from)
}

pub(super) fn texts<'t>(list: impl IntoIterator<Item = &'t str>) -> Option<Value> {
    Some(Value::from(list.into_iter().map(Value::from).collect::<Vec<_>>()))
}

/// A list that is left out where it is empty.
pub(super) fn some_texts<'t>(list: impl IntoIterator<Item = &'t str>) -> Option<Value> {
    texts(list).filter(|value| value.as_array().is_ok_and(|array| !array.is_empty()))
}

pub(super) fn count(number: usize) -> Option<Value> {
    Some(Value::from(number))
}
