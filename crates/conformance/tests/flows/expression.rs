//! The part of GitHub's expressions that the conditions of jobs are written in: literals, contexts, `==`, `!=`, `&&`, `||`, `!`,
//! and the functions that ask how the run stands.

use std::collections::BTreeMap;

/// How GitHub compares: texts without regard to capitals, everything else as numbers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Text(String),
}

impl Value {
    pub(crate) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    pub(crate) fn holds(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(value) => *value,
            Self::Text(text) => !text.is_empty(),
        }
    }

    fn number(&self) -> f64 {
        match self {
            Self::Null => 0.0,
            Self::Bool(value) => f64::from(*value),
            Self::Text(text) if text.trim().is_empty() => 0.0,
            Self::Text(text) => text.trim().parse().unwrap_or(f64::NAN),
        }
    }

    fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(one), Self::Text(two)) => one.eq_ignore_ascii_case(two),
            (Self::Null, Self::Null) => true,
            (Self::Bool(one), Self::Bool(two)) => one == two,
            (one, two) => one.number() == two.number(),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expression {
    Literal(Value),
    /// `needs.assay.outputs.verdict`
    Context(String),
    /// `always()` and the like, none of which takes anything here.
    Status(String),
    Not(Box<Self>),
    Equal(Box<Self>, Box<Self>, bool),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
}

/// What a condition sees.
#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    pub(crate) contexts: BTreeMap<String, Value>,
    /// Whether the run was cancelled.
    pub(crate) cancelled: bool,
    /// Whether everything that is needed ended in success.
    pub(crate) all_succeeded: bool,
}

impl Expression {
    /// A condition as a workflow has it.
    pub(crate) fn condition(text: &str) -> Self {
        let inner = text.trim();
        let inner = inner.strip_prefix("${{").map_or(inner, |rest| rest.strip_suffix("}}").unwrap());
        let mut parser = Parser { tokens: tokens(inner), at: 0 };
        let expression = parser.or();
        assert_eq!(parser.at, parser.tokens.len(), "left over in {text}");
        expression
    }

    /// Whether a job with this condition runs. Without a word about the run, everything before has to have succeeded.
    pub(crate) fn opens(&self, state: &State) -> bool {
        (self.asks() || (state.all_succeeded && !state.cancelled)) && self.value(state).holds()
    }

    /// The same, with nothing added: what a condition says that no longer asks about the run.
    pub(crate) fn says(&self, state: &State) -> bool {
        self.value(state).holds()
    }

    fn asks(&self) -> bool {
        match self {
            Self::Status(_) => true,
            Self::Literal(_) | Self::Context(_) => false,
            Self::Not(inner) => inner.asks(),
            Self::Equal(one, two, _) | Self::And(one, two) | Self::Or(one, two) => one.asks() || two.asks(),
        }
    }

    fn value(&self, state: &State) -> Value {
        match self {
            Self::Literal(value) => value.clone(),
            Self::Context(path) => state.contexts.get(path).cloned().unwrap_or(Value::Null),
            Self::Status(name) => Value::Bool(match name.as_str() {
                "always" => true,
                "cancelled" => state.cancelled,
                "success" => state.all_succeeded && !state.cancelled,
                other => panic!("{other}() is not understood here"),
            }),
            Self::Not(inner) => Value::Bool(!inner.value(state).holds()),
            Self::Equal(one, two, equal) => Value::Bool(one.value(state).equals(&two.value(state)) == *equal),
            Self::And(one, two) => {
                let one = one.value(state);
                if one.holds() { two.value(state) } else { one }
            }
            Self::Or(one, two) => {
                let one = one.value(state);
                if one.holds() { one } else { two.value(state) }
            }
        }
    }

    /// Every context that it names.
    pub(crate) fn contexts(&self) -> Vec<&str> {
        match self {
            Self::Context(path) => vec![path],
            Self::Literal(_) | Self::Status(_) => vec![],
            Self::Not(inner) => inner.contexts(),
            Self::Equal(one, two, _) | Self::And(one, two) | Self::Or(one, two) => {
                let mut all = one.contexts();
                all.extend(two.contexts());
                all
            }
        }
    }

    /// The same with one thing about it changed, each way there is: a part left out, turned round, or always true.
    pub(crate) fn mutants(&self) -> Vec<Self> {
        let boxed = |one: &Self| Box::new(one.clone());
        let mut all = vec![Self::Literal(Value::Bool(true))];
        match self {
            Self::Literal(_) | Self::Context(_) => {}
            Self::Status(name) => {
                let other = if name == "always" { "success" } else { "always" };
                all.push(Self::Status(other.to_owned()));
            }
            Self::Not(inner) => {
                all.push((**inner).clone());
                all.extend(inner.mutants().into_iter().map(|inner| Self::Not(Box::new(inner))));
            }
            Self::Equal(one, two, equal) => all.push(Self::Equal(boxed(one), boxed(two), !equal)),
            Self::And(one, two) => {
                all.extend([(**one).clone(), (**two).clone(), Self::Or(boxed(one), boxed(two))]);
                all.extend(one.mutants().into_iter().map(|one| Self::And(Box::new(one), boxed(two))));
                all.extend(two.mutants().into_iter().map(|two| Self::And(boxed(one), Box::new(two))));
            }
            Self::Or(one, two) => {
                all.extend([(**one).clone(), (**two).clone(), Self::And(boxed(one), boxed(two))]);
                all.extend(one.mutants().into_iter().map(|one| Self::Or(Box::new(one), boxed(two))));
                all.extend(two.mutants().into_iter().map(|two| Self::Or(boxed(one), Box::new(two))));
            }
        }
        all
    }
}

fn tokens(text: &str) -> Vec<String> {
    let mut found = vec![];
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' => rest[1..].find('\'').unwrap() + 2,
            '(' | ')' => 1,
            '!' if !rest.starts_with("!=") => 1,
            '=' | '!' | '&' | '|' => 2,
            _ => rest.find(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c))).unwrap_or(rest.len()),
        };
        assert!(length > 0, "what is {rest}");
        found.push(rest[..length].to_owned());
        rest = rest[length..].trim_start();
    }
    found
}

struct Parser {
    tokens: Vec<String>,
    at: usize,
}

impl Parser {
    fn peek(&self) -> Option<&str> {
        self.tokens.get(self.at).map(String::as_str)
    }

    fn take(&mut self, token: &str) -> bool {
        let there = self.peek() == Some(token);
        self.at += usize::from(there);
        there
    }

    fn or(&mut self) -> Expression {
        let mut left = self.and();
        while self.take("||") {
            left = Expression::Or(Box::new(left), Box::new(self.and()));
        }
        left
    }

    fn and(&mut self) -> Expression {
        let mut left = self.equal();
        while self.take("&&") {
            left = Expression::And(Box::new(left), Box::new(self.equal()));
        }
        left
    }

    fn equal(&mut self) -> Expression {
        let left = self.not();
        match self.peek() {
            Some(operator @ ("==" | "!=")) => {
                let equal = operator == "==";
                self.at += 1;
                Expression::Equal(Box::new(left), Box::new(self.not()), equal)
            }
            _ => left,
        }
    }

    fn not(&mut self) -> Expression {
        if self.take("!") { Expression::Not(Box::new(self.not())) } else { self.one() }
    }

    fn one(&mut self) -> Expression {
        if self.take("(") {
            let inner = self.or();
            assert!(self.take(")"), "a bracket is not closed");
            return inner;
        }
        let token = self.peek().unwrap().to_owned();
        self.at += 1;
        if let Some(text) = token.strip_prefix('\'') {
            return Expression::Literal(Value::text(text.trim_end_matches('\'')));
        }
        if self.take("(") {
            assert!(self.take(")"), "{token} takes nothing here");
            return Expression::Status(token);
        }
        match token.as_str() {
            "true" => Expression::Literal(Value::Bool(true)),
            "false" => Expression::Literal(Value::Bool(false)),
            "null" => Expression::Literal(Value::Null),
            _ => Expression::Context(token),
        }
    }
}
