//! Every call in a module, looked at before it runs: what is not there is told with its place, and not
//! when some image is the first to reach it.

use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::{Expr, Literal, LiteralStmt, Module, Query, Rule, RuleAssign, RuleHead, Span};

use super::builtins;
use super::order::{MAX_DEPTH, Order, Wrong};
use crate::problem::nearest;

/// A call that cannot be.
pub(super) struct Mistake {
    pub(super) span: Span,
    pub(super) what: String,
    pub(super) mend: String,
}

pub(super) fn mistakes(module: &Module) -> Vec<Mistake> {
    let mut walk = Walk {
        own: functions(module),
        allowed: builtins::allowed(),
        rule: String::new(),
        order: Order::default(),
        mistakes: Vec::new(),
    };
    for rule in &module.policy {
        super::root(super::head(rule).0.span().text()).clone_into(&mut walk.rule);
        walk.order.rule(&walk.rule);
        walk.rule(rule);
    }
    if let Err(wrong) = walk.order.check() {
        walk.mistakes.push(out_of_order(module, wrong));
    }
    walk.mistakes
}

fn out_of_order(module: &Module, wrong: Wrong) -> Mistake {
    match wrong {
        Wrong::Circle(name) => {
            let mut heads = module.policy.iter().map(|rule| super::head(rule).0.span());
            let span = heads.find(|span| super::root(span.text()) == name);
            Mistake {
                span: span.unwrap_or(&module.package.span).clone(),
                what: format!("`{}` builds on itself", name.escape_debug()),
                mend: "no rule may, over others or through all of `data`; a variable needs another name than a rule".into(),
            }
        }
        Wrong::Deep => Mistake {
            span: module.package.span.clone(),
            what: format!("more than {MAX_DEPTH} rules build on one another"),
            mend: "put some of them together".into(),
        },
    }
}

/// The functions that the module has itself, by both of their names.
fn functions(module: &Module) -> BTreeSet<String> {
    let named = |rule: &Rule| match rule {
        Rule::Default { refr, args, .. } if !args.is_empty() => Some(refr.span().text().to_owned()),
        Rule::Spec { head: RuleHead::Func { refr, .. }, .. } => Some(refr.span().text().to_owned()),
        Rule::Default { .. } | Rule::Spec { .. } => None,
    };
    let short: Vec<String> = module.policy.iter().filter_map(|rule| named(rule)).collect();
    short.iter().map(|name| format!("{}.{name}", super::PACKAGE)).chain(short.iter().cloned()).collect()
}

/// The engine bounds how deep expressions nest, and so how deep this goes.
struct Walk {
    own: BTreeSet<String>,
    allowed: BTreeSet<&'static str>,
    /// The first part of the name of the rule that is looked at.
    rule: String,
    order: Order,
    mistakes: Vec<Mistake>,
}

impl Walk {
    fn rule(&mut self, rule: &Rule) {
        match rule {
            Rule::Default { args, value, .. } => {
                self.exprs(args);
                self.expr(value);
            }
            Rule::Spec { head, bodies, .. } => {
                match head {
                    RuleHead::Compr { refr, assign, .. } => {
                        self.path(refr);
                        self.assign(assign.as_ref());
                    }
                    RuleHead::Set { refr, key, .. } => {
                        self.path(refr);
                        self.exprs(key);
                    }
                    RuleHead::Func { args, assign, .. } => {
                        self.exprs(args);
                        self.assign(assign.as_ref());
                    }
                }
                for body in bodies {
                    self.assign(body.assign.as_ref());
                    self.query(&body.query);
                }
            }
        }
    }

    /// What stands in brackets in a rule's own name.
    fn path(&mut self, refr: &Expr) {
        match refr {
            Expr::RefDot { refr, .. } => self.path(refr),
            Expr::RefBrack { refr, index, .. } => {
                self.path(refr);
                self.expr(index);
            }
            _ => {}
        }
    }

    fn assign(&mut self, assign: Option<&RuleAssign>) {
        if let Some(assign) = assign {
            self.expr(&assign.value);
        }
    }

    fn query(&mut self, query: &Query) {
        for statement in &query.stmts {
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &LiteralStmt) {
        match &statement.literal {
            Literal::SomeVars { .. } => {}
            Literal::SomeIn { key, value, collection, .. } => {
                self.exprs(key);
                self.expr(value);
                self.expr(collection);
            }
            Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => self.expr(expr),
            Literal::Every { domain, query, .. } => {
                self.expr(domain);
                self.query(query);
            }
        }
        for with in &statement.with_mods {
            let target = with.refr.span().text();
            if super::root(target) != "input" && super::root(target) != "data" || self.own.contains(target) {
                self.mistakes.push(Mistake {
                    span: with.refr.span().clone(),
                    what: format!("`{}` cannot be replaced with `with`", target.escape_debug()),
                    mend: "`with` is for `input` and for values under `data.hallmark`".into(),
                });
            }
            self.expr(&with.refr);
            self.expr(&with.r#as);
        }
    }

    fn exprs<'e, E: std::ops::Deref<Target = Expr> + 'e>(&mut self, exprs: impl IntoIterator<Item = &'e E>) {
        for expr in exprs {
            self.expr(expr);
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::String { .. }
            | Expr::RawString { .. }
            | Expr::Number { .. }
            | Expr::Bool { .. }
            | Expr::Null { .. } => {}
            Expr::Var { span, .. } => match span.text() {
                "data" => self.order.builds_on_all(&self.rule),
                name => self.order.builds_on(&self.rule, name),
            },
            Expr::Array { items, .. } | Expr::Set { items, .. } => self.exprs(items),
            Expr::Object { fields, .. } => {
                for (_, key, value) in fields {
                    self.expr(key);
                    self.expr(value);
                }
            }
            Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
                self.expr(term);
                self.query(query);
            }
            Expr::ObjectCompr { key, value, query, .. } => {
                self.expr(key);
                self.expr(value);
                self.query(query);
            }
            Expr::Call { fcn, params, .. } => {
                self.call(fcn, params.len());
                self.expr(fcn);
                self.exprs(params);
            }
            Expr::UnaryExpr { expr, .. } => self.expr(expr),
            Expr::RefDot { refr, field, .. } if refr.span().text() == super::PACKAGE => {
                self.order.builds_on(&self.rule, field.0.text());
            }
            Expr::RefDot { refr, .. } => self.expr(refr),
            Expr::RefBrack { refr, index, .. } => {
                self.expr(refr);
                self.expr(index);
            }
            Expr::BinExpr { lhs, rhs, .. }
            | Expr::BoolExpr { lhs, rhs, .. }
            | Expr::ArithExpr { lhs, rhs, .. }
            | Expr::AssignExpr { lhs, rhs, .. } => {
                self.expr(lhs);
                self.expr(rhs);
            }
            Expr::Membership { key, value, collection, .. } => {
                self.exprs(key);
                self.expr(value);
                self.expr(collection);
            }
        }
    }

    fn call(&mut self, function: &Expr, arguments: usize) {
        let span = function.span();
        let name = span.text();
        // With one the engine gives all pairs as one value, and `opa` each of them.
        if name == "walk" && arguments != 2 && !self.own.contains(name) {
            let what = "`walk` wants two arguments".to_owned();
            let mend = "write `walk(input, [path, value])`".to_owned();
            self.mistakes.push(Mistake { span: span.clone(), what, mend });
        }
        if self.own.contains(name) || self.allowed.contains(name) {
            return;
        }
        let outside: BTreeMap<&str, &str> = BTreeMap::from([
            ("http", "nothing reaches outside"),
            ("net", "nothing reaches outside"),
            ("opa", "nothing tells of the machine"),
            ("rand", "nothing is random"),
            ("uuid", "nothing is random"),
            ("print", "nothing is printed"),
            ("trace", "nothing is printed"),
            ("time", "`input.now` and `input.nowUnix` are the clock, `time.parse_rfc3339_ns` reads a time"),
        ]);
        let mend = match outside.get(super::root(name)) {
            Some(why) => format!("decide by `input` alone: {why}"),
            None => match nearest(name, self.allowed.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "policies/rego.md lists what a module may call".to_owned(),
            },
        };
        let what = format!("a module cannot call `{}`", name.escape_debug());
        self.mistakes.push(Mistake { span: span.clone(), what, mend });
    }
}
