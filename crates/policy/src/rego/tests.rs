//! Modules: what is refused before it runs, and what answers mean.

use model::Weight;
use regorus::Value;

use super::{Module, denial, reasons};

fn module(body: &str) -> String {
    format!("package hallmark\n\nimport rego.v1\n\n{body}\n")
}

fn answer(body: &str, input: &str) -> Result<Vec<denial::Denial>, String> {
    let module = Module::parse("extra.rego", &module(body)).unwrap_or_else(|problems| panic!("{problems}"));
    module.evaluate(Value::from_json_str(input).unwrap())
}

fn mistake(text: &str) -> String {
    Module::parse("extra.rego", text).err().map_or_else(|| "none".into(), |problems| problems.to_string())
}

/// Every way of reaching out of the document, and of not being the same tomorrow.
#[test]
fn what_reaches_outside_is_refused_where_it_stands() {
    for call in [
        "http.send({\"method\": \"get\", \"url\": \"http://x\"})",
        "time.now_ns()",
        "rand.intn(\"x\", 10)",
        "uuid.rfc4122(\"x\")",
        "opa.runtime()",
        "net.lookup_ip_addr(\"x\")",
        "net.cidr_contains(\"10.0.0.0/8\", \"10.0.0.1\")",
        "print(\"x\")",
        "trace(\"x\")",
        "io.jwt.decode(\"x\")",
        "crypto.sha256(\"x\")",
        "data.other.f(1)",
        "no_such(1)",
    ] {
        let name = call.split('(').next().unwrap();
        // Behind a condition that never holds, in a function, in a comprehension: it never has to run.
        for body in [
            format!("deny contains \"x\" if {{ false; {call} }}"),
            format!("f(x) := y if {{ y := [{call}, x] }}\ndeny contains \"x\" if {{ input.never; f(1) }}"),
            format!("deny contains \"x\" if {{ input.never; count([1 | {call}]) > 0 }}"),
            format!("deny contains {{\"msg\": {call}}} if input.never"),
            format!("deny contains \"x\" if {{ every x in input.y {{ x; {call} }} }}"),
            format!("deny contains \"x\" if {{ 1 == 1 with input as {call} }}"),
            format!("default g(_) := false\ng(x) if {{ x; {call} }}\ndeny contains \"x\" if g(1)"),
            format!("y := 1 if {{ false }} else := {call}\ndeny contains \"x\" if y == 1"),
        ] {
            let said = mistake(&module(&body));
            assert!(said.contains(&format!("a module cannot call `{name}`: ")), "{body}\n{said}");
            assert!(said.starts_with("extra.rego:"), "{said}");
        }
    }
}

/// The engine gives all pairs at once where `opa` gives one after another: denials would get lost.
#[test]
fn walk_has_two_arguments() {
    let said = mistake(&module("deny contains p if { [p, _] := walk(input) }"));
    assert_eq!(said, "extra.rego:5:32: `walk` wants two arguments: write `walk(input, [path, value])`");
}

#[test]
fn a_function_cannot_be_replaced() {
    let said = mistake(&module("deny contains \"x\" if { count([1]) == 2 with count as startswith }"));
    assert_eq!(
        said,
        "extra.rego:5:45: `count` cannot be replaced with `with`: `with` is for `input` and for values under \
         `data.hallmark`"
    );
    let own = "f(x) := x\ng(x) := x\ndeny contains \"x\" if { f(1) == 1 with data.hallmark.f as g }";
    assert!(mistake(&module(own)).contains("cannot be replaced"));
}

#[test]
fn mistakes_have_a_place_and_say_how_to_mend() {
    for (text, said) in [
        ("", "extra.rego:"),
        (
            "package other\ndeny contains \"x\" if true\n",
            "extra.rego:1:9: the package is `other`: write `package hallmark`",
        ),
        (
            "package hallmark\n",
            "extra.rego:1:1: there is no rule `deny`: write `deny contains message if { … }`",
        ),
        ("package hallmark\ndeny := true\n", "extra.rego:2:1: `deny` is no set here: write"),
        ("package hallmark\ndeny(x) := x\n", "extra.rego:2:1: `deny` is no set here: write"),
        ("package hallmark\ndefault deny := false\n", "extra.rego:2:9: `deny` is no set here: write"),
        ("package hallmark\ndeny[\"x\"] := 1\n", "extra.rego:2:5: `deny` is no set here: write"),
        ("package hallmark\ndeny.x contains 1 if true\n", "extra.rego:2:5: `deny` is no set here: write"),
        ("package hallmark\ndeny contains x if { y == 1 }\n", "extra.rego:2:"),
        ("package hallmark\ndeny contains \"x\" if {\n  1 +\n}\n", "extra.rego:4:1: "),
        (
            "package hallmark\nimport data.secrets\ndeny contains \"x\" if true\n",
            "extra.rego:2:12: `data.secrets` cannot be imported: ",
        ),
        (
            "package hallmark\ndeny contains \"x\" if { cuont([1]) > 0 }\n",
            "extra.rego:2:24: a module cannot call `cuont`: did you mean `count`?",
        ),
        // Rego v0: no `if`, no `contains`.
        ("package hallmark\ndeny[msg] { msg := \"x\" }\n", "extra.rego:2:"),
    ] {
        let found = mistake(text);
        assert!(found.contains(said), "{text:?}\nfound {found}\nwant  {said}");
        assert!(!found.contains('\n') || text.is_empty(), "one line each: {found}");
    }
}

/// What recurses never ends, and what nests without end takes the whole stack.
#[test]
fn what_never_ends_is_refused() {
    for body in [
        "f(x) := f(x)\ndeny contains \"x\" if f(1)",
        "f(x) := g(x)\ng(x) := data.hallmark.f(x)\ndeny contains \"x\" if f(1)",
        "a if b\nb if a\ndeny contains \"x\" if a",
        "deny contains \"x\" if not deny.x",
        "a := data.hallmark[input.x]\ndeny contains \"x\" if a",
        "a := data\ndeny contains \"x\" if a",
        "f(x) := [y | y := data[\"hallmark\"].f(x)]\ndeny contains \"x\" if f(1)",
        "deny contains \"x\" if count(deny) == 0",
    ] {
        let said = mistake(&module(body));
        assert!(said.contains(" builds on itself: "), "{body}: {said}");
    }
    let chain = |depth: usize| {
        let nested = |name: String| format!("{}{name}{}", "[".repeat(8), "]".repeat(8));
        let rules: Vec<_> =
            (0..depth).map(|at| format!("r{at} := {}", nested(format!("r{}", at + 1)))).collect();
        format!("{}\nr{depth} := 1\ndeny contains \"x\" if r0", rules.join("\n"))
    };
    assert_eq!(answer(&chain(98), "{}").unwrap().len(), 1);
    assert!(mistake(&module(&chain(99))).contains("more than 100 rules build on one another"));
    let functions: Vec<_> =
        (0..98).map(|at| format!("f{at}(x) := y if {{ y := f{}(x) + 1 }}", at + 1)).collect();
    let functions = format!("{}\nf98(x) := x\ndeny contains sprintf(\"%d\", [f0(1)])", functions.join("\n"));
    assert_eq!(answer(&functions, "{}").unwrap()[0].message, "99");
    let deep = format!("deny contains \"x\" if {{ {}1{} }}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(
        mistake(&module(&deep)),
        "extra.rego:5:33: brackets nest more than 10 deep: give what is inside a rule of its own"
    );
    let text =
        "deny contains \"[[[[[[[[[[[[[[[[ \\\" [[[\" if { `[[[[[[[[[[[[[[` == `x` } # [[[[[[[[[[[[[[[[[";
    assert_eq!(mistake(&module(text)), "none");
}

#[test]
fn a_denial_is_a_sentence_or_an_object() {
    let body = r#"
deny contains "plain"
deny contains {"msg": "asked", "weight": "review", "code": "ask-first", "clears": "Ask."}
deny contains {"msg": "noted", "weight": "note"}
deny contains {"msg": "failed"} if input.bad"#;
    let all = answer(body, r#"{"bad": true}"#).unwrap();
    let said: Vec<_> = all.iter().map(|one| (one.message.as_str(), one.weight)).collect();
    assert_eq!(
        said,
        [
            ("failed", Weight::Fail),
            ("plain", Weight::Fail),
            ("asked", Weight::Review),
            ("noted", Weight::Note)
        ]
    );
    let reasons = reasons(Ok(all));
    let codes: Vec<_> = reasons.iter().map(|reason| (reason.code.as_str(), reason.clears.as_str())).collect();
    assert_eq!(codes[2], ("rego:ask-first", "Ask."));
    assert_eq!(codes[0], ("rego-denied", "Do what the module's message says."));
    assert_eq!(answer(body, "{}").unwrap().len(), 3);
    assert_eq!(answer("deny contains x if some x in input.none", "{}").unwrap(), []);
}

/// An answer that is not understood fails: a slip of the pen must not open the gate.
#[test]
fn what_is_no_denial_is_an_error() {
    for (element, why) in [
        ("1", "an element of `deny` is neither a string nor an object: 1"),
        ("null", "an element of `deny` is neither"),
        ("[\"x\"]", "an element of `deny` is neither"),
        ("\"\"", "a denial says nothing"),
        ("\"  \"", "a denial says nothing"),
        ("{}", "a denial has no `msg`"),
        (
            "{\"message\": \"x\"}",
            "a denial has the key \"message\", and may have `msg`, `code`, `weight`, `clears`",
        ),
        ("{\"msg\": 1}", "a denial's `msg` is no string: 1"),
        (
            "{\"msg\": \"x\", \"weight\": \"ignore\"}",
            "a denial's weight is `ignore`: `fail`, `review` or `note` is wanted",
        ),
        ("{\"msg\": \"x\", \"weight\": true}", "a denial's `weight` is no string"),
        ("{\"msg\": \"x\", \"code\": \"Bad Code\"}", "a denial's code is `Bad Code`: small letters"),
        ("{\"msg\": \"x\", \"code\": \"\"}", "a denial's code is ``"),
        ("{\"msg\": \"x\", \"clears\": \"\"}", "a denial says nothing"),
    ] {
        let body = format!("deny contains {element}\ndeny contains \"beside it\"");
        let found = answer(&body, "{}").unwrap_err();
        assert!(found.starts_with(why), "{element}: {found}");
        let reasons = reasons(Err(found));
        assert_eq!(
            (reasons.len(), reasons[0].code.as_str(), reasons[0].weight),
            (1, "rego-error", Weight::Fail)
        );
    }
}

/// A builtin that fails, and two values of one rule: no answer, not fewer denials.
#[test]
fn what_cannot_be_computed_is_an_error_with_its_place() {
    for (body, why) in [
        ("deny contains \"x\" if to_number(input.text) > 1", "line 5"),
        ("deny contains \"x\" if time.parse_rfc3339_ns(input.text) > 1", "is no time as RFC 3339 writes it"),
        ("a := 1 if input.text\na := 2 if input.text\ndeny contains \"x\" if a == 1", "line"),
        ("deny contains \"x\" if regex.match(\"(\", input.text)", "line 5"),
    ] {
        let found = answer(body, r#"{"text": "abc"}"#).unwrap_err();
        assert!(found.contains(why) && !found.contains('\n'), "{body}: {found}");
    }
}

#[test]
fn there_is_an_end_to_what_is_shown_and_the_rest_still_counts() {
    let body = r#"
deny contains {"msg": sprintf("n %d", [n]), "weight": "review"} if some n in numbers.range(1, 300)
deny contains {"msg": sprintf("m %d", [n]), "weight": "note"} if some n in numbers.range(1, 300)"#;
    let reasons = reasons(answer(body, "{}"));
    assert_eq!(reasons.len(), 201);
    let last = reasons.last().unwrap();
    assert_eq!(last.weight, Weight::Review, "the heaviest of the rest");
    assert_eq!(last.message, "The policy's Rego module has 400 more denials, which are not shown.");
    let long =
        answer("deny contains concat(\"\", [sprintf(\"%d\", [n]) | some n in numbers.range(1, 5000)])", "{}");
    assert_eq!(long.unwrap()[0].message.chars().count(), 1001);
}

/// The page for authors names every function and every field, and the example beside it reads.
#[test]
fn the_page_says_what_there_is() {
    let page = include_str!("../../../../policies/rego.md");
    for name in super::builtins::allowed() {
        let said = page.contains(&format!("`{name}`")) || page.contains(&format!("`{name}("));
        assert!(said, "policies/rego.md does not name `{name}`");
    }
    let fields = include_str!("input.rs").split("(\"").skip(1).filter_map(|rest| rest.split_once("\", |"));
    let fields: Vec<&str> = fields.map(|(name, _)| name).collect();
    assert!(fields.len() > 70, "{fields:?}");
    for name in fields {
        assert!(page.contains(&format!("`{name}`")), "policies/rego.md does not name the field `{name}`");
    }
    Module::parse("extra.rego", include_str!("../../../../policies/examples/extra.rego")).unwrap();
}
