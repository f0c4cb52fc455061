//! The features of Rego, each in a module of its own.

/// What it is about, the module, and whether it denies anything.
pub(crate) const SAME: &[(&str, &str, bool)] = &[
    ("a sentence", r#"deny contains "x""#, true),
    ("nothing", r#"deny contains "x" if false"#, false),
    ("an object", r#"deny contains {"msg": "m", "code": "a-b", "weight": "review", "clears": "c"}"#, true),
    ("the whole document", r"deny contains json.marshal(input.findings[0])", true),
    ("every finding", r"deny contains json.marshal(finding) if some finding in input.findings", true),
    ("every exception", r"deny contains json.marshal(one) if some one in input.exceptions", true),
    (
        "packages, evidence, reasons",
        r"deny contains json.marshal([input.packages, input.evidence, input.reasons])",
        true,
    ),
    ("changes", r"deny contains json.marshal(input.changes)", true),
    (
        "image and clock",
        r"deny contains json.marshal([input.image, input.now, input.nowUnix, input.version])",
        true,
    ),
    (
        "every kind of value",
        r#"deny contains sprintf("%v %v", [p, v]) if { walk(input.evidence, [p, v]); not is_object(v); not is_array(v) }"#,
        true,
    ),
    ("some in", r#"deny contains f.id if { some f in input.findings; f.severity == "critical" }"#, true),
    ("some key, value", r#"deny contains sprintf("%d %s", [i, f.id]) if some i, f in input.findings"#, true),
    (
        "some without in",
        r#"deny contains input.findings[i].id if { some i; input.findings[i].cvss > 9 }"#,
        true,
    ),
    ("wildcard", r"deny contains input.findings[_].id", true),
    ("every", r#"deny contains "x" if every f in input.findings { f.scanner == "trivy" }"#, true),
    ("every, of nothing", r#"deny contains "x" if every f in [] { f == 1 }"#, true),
    ("every, not", r#"deny contains "x" if every f in input.findings { f.cvss > 1 }"#, false),
    ("not", r"deny contains f.id if { some f in input.findings; not f.cvss }", true),
    (
        "what is missing compares to nothing",
        r"deny contains f.id if { some f in input.findings; f.epss < 1 }",
        true,
    ),
    ("set comprehension", r#"deny contains concat(",", {f.severity | some f in input.findings})"#, true),
    (
        "array comprehension",
        r#"deny contains concat(",", [f.id | some f in input.findings; f.suppressed])"#,
        true,
    ),
    (
        "object comprehension",
        r#"by := {f.id: f.severity | some f in input.findings}
deny contains sprintf("%s %s", [id, by[id]]) if some id, _ in by"#,
        true,
    ),
    (
        "nested comprehension",
        r#"deny contains sprintf("%v", [{s: n | some s in {f.severity | some f in input.findings}; n := count([1 | some f in input.findings; f.severity == s])}])"#,
        true,
    ),
    (
        "sets",
        r#"a := {"x", "y"}
b := {"y", "z"}
deny contains sprintf("%v %v %v", [a & b, a | b, a - b])"#,
        true,
    ),
    ("membership", r#"deny contains "x" if "curl" in {p.name | some p in input.packages}"#, true),
    (
        "partial set",
        r#"names contains p.name if some p in input.packages
deny contains name if some name in names"#,
        true,
    ),
    (
        "partial object",
        r#"named[p.name] := p.version if some p in input.packages
deny contains sprintf("%s=%s", [n, v]) if some n, v in named"#,
        true,
    ),
    (
        "partial object of sets",
        r#"ids[f.severity] contains f.id if some f in input.findings
deny contains sprintf("%s %d", [s, count(i)]) if some s, i in ids"#,
        true,
    ),
    (
        "default",
        r#"default limit := 3
limit := 5 if input.environment == "dev"
deny contains sprintf("%d", [limit])"#,
        true,
    ),
    (
        "else",
        r#"level := "high" if { input.environment == "dev" } else := "low" if { input.environment == "prod" } else := "none"
deny contains level"#,
        true,
    ),
    (
        "function",
        r#"double(x) := x * 2
deny contains sprintf("%d", [double(21)])"#,
        true,
    ),
    (
        "function of patterns",
        r#"word("prod") := "hard"
word("dev") := "soft"
deny contains word(input.environment)"#,
        true,
    ),
    (
        "function with else",
        r#"size(n) := "big" if n > 5 else := "small"
deny contains size(count(input.findings))"#,
        true,
    ),
    (
        "default function",
        r#"default rated(_) := false
rated(f) if f.cvss >= 7
deny contains f.id if { some f in input.findings; not rated(f) }"#,
        true,
    ),
    (
        "with input",
        r#"bad if input.environment == "dev"
deny contains "x" if bad with input as {"environment": "dev"}"#,
        true,
    ),
    (
        "with a part of input",
        r#"deny contains "x" if input.image.name == "other" with input.image.name as "other""#,
        true,
    ),
    (
        "with data",
        r#"limit := 1
deny contains "x" if data.hallmark.limit == 2 with data.hallmark.limit as 2"#,
        true,
    ),
    ("import of input", r#"deny contains "x" if input["image"]["name"] == "web""#, true),
    ("numbers", r#"deny contains sprintf("%v %v %v %v %v", [1 + 2, 7 - 9, 2.5 * 2, 7 / 2, 7 % 3])"#, true),
    ("numbers that are large", r#"deny contains sprintf("%v", [9007199254740993 + 1])"#, true),
    (
        "scores",
        r#"deny contains sprintf("%v %v", [f.cvss, f.epss]) if { some f in input.findings; f.cvss; f.epss }"#,
        true,
    ),
    (
        "rounding",
        r#"deny contains sprintf("%v %v %v %v", [round(2.5), ceil(2.1), floor(2.9), abs(-3)])"#,
        true,
    ),
    (
        "count, sum, max, min, product",
        r#"deny contains sprintf("%v %v %v %v %v", [count([1, 2]), sum([1, 2.5]), max([1, 3, 2]), min({4, 2}), product([2, 3])])"#,
        true,
    ),
    ("sort", r#"deny contains concat(",", sort(["b", "a", "ä", "B"]))"#, true),
    ("range", r#"deny contains sprintf("%v", [numbers.range(3, 6)])"#, true),
    ("range, downwards", r#"deny contains sprintf("%v", [numbers.range(3, 1)])"#, true),
    ("sprintf of objects", r#"deny contains sprintf("%v", [{"b": 1, "a": [null, true, 1.5, "x"]}])"#, true),
    (
        "strings",
        r#"deny contains sprintf("%v", [[upper("aß"), lower("ÄB"), trim(" a ", " "), trim_prefix("vx", "v"), trim_suffix("a.b", ".b"), replace("aXa", "X", "-"), substring("abcdef", 2, 3), indexof("abc", "c"), split("a/b", "/")]])"#,
        true,
    ),
    (
        "startswith and the like",
        r#"deny contains "x" if { startswith("abc", "a"); endswith("abc", "c"); contains("abc", "b"); not contains("abc", "z") }"#,
        true,
    ),
    (
        "unicode",
        r#"deny contains sprintf("%d %s %s", [count("🔑ü"), substring("🔑ü", 1, 1), strings.reverse("aü🔑")])"#,
        true,
    ),
    ("hostile text", r"deny contains f.title if { some f in input.findings; f.title }", true),
    ("escapes", r#"deny contains "tab\t newline\n quote\" ü \u00fc""#, true),
    ("raw text", "deny contains `raw \\n \\d`", true),
    (
        "regex",
        r#"deny contains f.id if { some f in input.findings; regex.match(`^CVE-\d{4}-1\d+$`, f.id) }"#,
        true,
    ),
    (
        "regex, others",
        r#"deny contains sprintf("%v %v %v", [regex.replace("a1b22", `\d+`, "-"), regex.split(`,\s*`, "a, b,c"), regex.find_n(`\w`, "abc", 2)])"#,
        true,
    ),
    (
        "semver",
        r#"deny contains p.name if { some p in input.packages; semver.is_valid(p.version); semver.compare(p.version, "6.13.0") < 0 }"#,
        true,
    ),
    (
        "time",
        r#"deny contains sprintf("%d", [time.parse_rfc3339_ns("2026-01-02T03:04:05.678+02:00")])"#,
        true,
    ),
    (
        "age by the clock",
        r"deny contains f.id if { some f in input.findings; time.parse_rfc3339_ns(input.now) - time.parse_rfc3339_ns(f.published) > 86400000000000 }",
        true,
    ),
    (
        "age by days",
        r#"deny contains sprintf("%d", [f.ageDays]) if { some f in input.findings; f.ageDays > 30 }"#,
        true,
    ),
    (
        "objects",
        r#"o := object.union({"a": 1}, {"b": 2})
deny contains sprintf("%v %v %v %v", [o, object.get(o, "z", "none"), object.remove(o, ["a"]), object.keys(o)])"#,
        true,
    ),
    ("object.get by path", r#"deny contains object.get(input, ["image", "name"], "none")"#, true),
    (
        "arrays",
        r#"deny contains sprintf("%v %v %v", [array.concat([1], [2]), array.slice([1, 2, 3], 1, 3), array.reverse([1, 2])])"#,
        true,
    ),
    (
        "types",
        r#"deny contains sprintf("%v", [[type_name(1), type_name("a"), type_name(null), type_name({1}), type_name({}), type_name([])]])"#,
        true,
    ),
    ("to_number", r#"deny contains sprintf("%v", [to_number("2.5") + to_number(true)])"#, true),
    ("fractions", r#"deny contains "x" if 0.5 + 0.25 == 0.75"#, true),
    ("comparison of kinds", r#"deny contains sprintf("%v", [sort([[1], "s", 1, true, null])])"#, true),
    ("sprintf", r#"deny contains sprintf("%s|%d|%v|%x|%%|%5d", ["a", 1, [1, "b"], 255, 42])"#, true),
    ("json", r#"deny contains sprintf("%v", [json.unmarshal("{\"a\": [1, 2.5, null]}")])"#, true),
    ("membership by key", r#"deny contains "x" if { "a", 1 in {"a": 1} }"#, true),
    ("what a function gives, as an argument", r#"deny contains n if { concat(",", ["a", "b"], n) }"#, true),
    (
        "what our function gives, as an argument",
        r#"f(x) := x
deny contains n if { f("a", n) }"#,
        true,
    ),
    ("some with an index of text", r#"deny contains k if { some k; input.image[k] == "web" }"#, true),
    (
        "a rule as a key",
        r#"wanted := {"prod", "dev"}
deny contains input.environment if wanted[input.environment]"#,
        true,
    ),
    (
        "negation of a rule",
        r#"good if input.environment == "dev"
deny contains "x" if not good"#,
        true,
    ),
    ("double negation", r#"deny contains "x" if not input.nothing.there"#, true),
    ("chained references", r#"deny contains input.findings[i].exceptions[_] if { some i; false }"#, false),
    (
        "a cross product",
        r#"deny contains sprintf("%s %s", [a.name, b.name]) if { some a in input.packages; some b in input.packages; a.name < b.name }"#,
        true,
    ),
    (
        "exceptions by their place",
        r#"deny contains sprintf("%s %s", [f.id, input.exceptions[i].owner]) if { some f in input.findings; some i in f.exceptions }"#,
        true,
    ),
    (
        "a set of objects",
        r#"deny contains sprintf("%d", [count({{"a": f.severity} | some f in input.findings})])"#,
        true,
    ),
    (
        "reachability",
        r#"deny contains sprintf("%v", [graph.reachable({"a": ["b"], "b": [], "c": []}, {"a"})])"#,
        true,
    ),
    (
        "more bits",
        r#"deny contains sprintf("%v", [[bits.negate(5), bits.or(6, 3), bits.rsh(16, 2), bits.xor(6, 3)]])"#,
        true,
    ),
    (
        "kinds",
        r#"deny contains sprintf("%v", [[is_boolean(true), is_null(null), is_number(1), is_set({1}), is_string("a"), is_array([1]), is_object({})]])"#,
        true,
    ),
    (
        "more strings",
        r#"deny contains sprintf("%v", [[format_int(255, 16), indexof_n("abcb", "b"), strings.any_suffix_match("a.b", [".b"]), strings.count("abab", "a"), strings.replace_n({"a": "1", "b": "2"}, "abc"), trim_left("xxa", "x"), trim_right("axx", "x"), trim_space(" a ")]])"#,
        true,
    ),
    (
        "json's parts",
        r#"deny contains sprintf("%v", [[json.filter({"a": {"b": 1, "c": 2}}, ["a/b"]), json.remove({"a": {"b": 1, "c": 2}}, ["a/b"]), json.is_valid("{")]])"#,
        true,
    ),
    (
        "json, written wide",
        r#"deny contains sprintf("%v", [[json.marshal_with_options({"a": [1, 2]}, {"pretty": true, "indent": "  "})]])"#,
        true,
    ),
    (
        "object's parts",
        r#"deny contains sprintf("%v", [[object.filter({"a": 1, "b": 2}, ["a"]), object.subset({"a": 1, "b": 2}, {"a": 1}), object.union_n([{"a": 1}, {"b": 2}])]])"#,
        true,
    ),
    (
        "more regex",
        r#"deny contains sprintf("%v", [[regex.find_all_string_submatch_n("a(.)", "abac", -1), regex.is_valid("(")]])"#,
        true,
    ),
    (
        "a template",
        r#"deny contains sprintf("%v", [[regex.template_match("urn:{.*}", "urn:a", "{", "}")]])"#,
        true,
    ),
    ("ways", r#"deny contains sprintf("%v", [[graph.reachable_paths({"a": ["b"], "b": []}, {"a"})]])"#, true),
    ("steps", r#"deny contains sprintf("%v", [[numbers.range_step(1, 7, 3)]])"#, true),
    (
        "units of two kinds",
        r#"deny contains sprintf("%v", [[units.parse("10K"), units.parse_bytes("1MB")]])"#,
        true,
    ),
    ("unification", r#"deny contains x if { [x, "b"] = ["a", "b"] }"#, true),
    ("object patterns", r#"deny contains id if { {"a": id} = {"a": "x"} }"#, true),
    (
        "functions that fail to match",
        r#"f(x) := y if { x > 1; y := x }
deny contains "x" if not f(1)"#,
        true,
    ),
    (
        "functions that give false",
        r#"f(x) := x == 2
deny contains "x" if not f(1)"#,
        true,
    ),
    (
        "several bodies",
        r#"bad if input.environment == "dev"
bad if input.environment == "prod"
deny contains "x" if bad"#,
        true,
    ),
    ("bits", r#"deny contains sprintf("%d %d", [bits.and(6, 3), bits.lsh(1, 4)])"#, true),
    ("units", r#"deny contains sprintf("%v", [units.parse_bytes("10Ki")])"#, true),
    (
        "any prefix",
        r#"deny contains p.name if { some p in input.packages; strings.any_prefix_match(p.name, ["linux-", "cu"]) }"#,
        true,
    ),
    (
        "intersection and union",
        r#"deny contains sprintf("%v %v", [intersection({{1, 2}, {2}}), union({{1}, {2}})])"#,
        true,
    ),
];

/// Errors in both.
pub(crate) const ERRORS: &[(&str, &str)] = &[
    ("two values of one rule", "a := 1 if input.image\na := 2 if input.image\ndeny contains \"x\" if a == 1"),
    ("two values of one key", "o[\"k\"] := f.id if some f in input.findings\ndeny contains \"x\" if o.k"),
    ("no number", r#"deny contains "x" if to_number(input.image.name) > 1"#),
    ("no time", r#"deny contains "x" if time.parse_rfc3339_ns("2026-01-02") > 1"#),
    ("no time either", r#"deny contains "x" if time.parse_rfc3339_ns("2026-01-02 03:04:05Z") > 1"#),
    ("no pattern", r#"deny contains "x" if regex.match("(", input.image.name)"#),
    ("by nothing", r#"deny contains "x" if input.version / 0 > 1"#),
    ("a sum of text", r#"deny contains "x" if sum(["a", input.image.name]) > 1"#),
];

/// A call, and its name.
pub(crate) const REFUSED: &[(&str, &str)] = &[
    ("http.send", r#"http.send({"method": "get", "url": "http://localhost"})"#),
    ("time.now_ns", "time.now_ns() > 0"),
    ("rand.intn", r#"rand.intn("x", 10) > 0"#),
    ("uuid.rfc4122", r#"uuid.rfc4122("x")"#),
    ("opa.runtime", "opa.runtime()"),
    ("net.lookup_ip_addr", r#"net.lookup_ip_addr("localhost")"#),
    ("glob.match", r#"glob.match("a*", [], "ab")"#),
    ("yaml.unmarshal", r#"yaml.unmarshal("a: 1")"#),
    ("crypto.sha256", r#"crypto.sha256("x")"#),
    ("io.jwt.decode", r#"io.jwt.decode("x")"#),
    ("time.parse_ns", r#"time.parse_ns("2006", "2026") > 0"#),
    ("print", r#"print("x")"#),
];

/// Known to differ: what `opa` says, and what is said here. None of them loses a denial; policies/rego.md tells of them.
pub(crate) const DIFFERENT: &[(&str, &str, &str, &str)] = &[
    (
        "fractions add up in binary",
        r#"deny contains sprintf("%v", [0.1 + 0.2])"#,
        "0.3",
        "0.30000000000000004",
    ),
    (
        "a number forgets how it was written",
        r#"deny contains json.marshal(json.unmarshal("{\"a\": 2.50}"))"#,
        "{\"a\":2.50}",
        "{\"a\":2.5}",
    ),
    (
        "a set comes before an object",
        r#"deny contains sprintf("%v", [sort([{"a": 1}, {1}])])"#,
        r#"[{"a": 1}, {1}]"#,
        r#"[{1}, {"a": 1}]"#,
    ),
    ("`%t` is an error", r#"deny contains sprintf("%t", [true])"#, "%!t(string=true)", "rego-error"),
    (
        "so are a width and digits of a fraction",
        r#"deny contains sprintf("%05.2f", [3.14159])"#,
        "03.14",
        "rego-error",
    ),
    ("left-hand widths are not known", r#"deny contains sprintf("%-5s|", ["c"])"#, "c    |", "5s|"),
];
