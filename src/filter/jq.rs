//! A jq filter: compiled once, run on every message.

use std::borrow::Cow;
use std::fmt;

use jaq_core::box_iter::box_once;
use jaq_core::load::parse::Def;
use jaq_core::load::{self, Arena, File, Loader};
use jaq_core::native::{self, Fun};
use jaq_core::{Compiler, Ctx, Exn, Vars, compile};
use jaq_json::Val;
use jaq_std::ValT as _;

use super::budget::{self, Budget, Data, Effort, Run};
use super::error::CompileProblem;
use super::{CompileError, FilterError, read};

/// Its work for one message has a [limit](FilterError::TooLong). It has jq's standard library except what
/// reaches out of the filter: the environment (`env`), standard error (`debug`, `stderr`), other inputs (`input`), the process (`halt`) and modules.
pub struct Jq {
    source: String,
    filter: jaq_core::Filter<Data>,
    effort: Effort,
    budget: Budget,
}

/// What the whole filter is defined as; it may call itself, as any definition.
const MAIN: &str = "main_filter";
/// Functions, and definitions that use them, that a filter does not get.
const LEFT_OUT: [&str; 8] = [
    "env",
    "halt",
    "halt_error",
    "debug",
    "debug_empty",
    "stderr",
    "stderr_empty",
    // Replaced by one that limits what it reads.
    "fromjson",
];

impl Jq {
    pub fn compile(source: &str) -> Result<Self, CompileError> {
        let defs = jaq_core::defs()
            .chain(jaq_std::defs())
            .chain(jaq_json::defs())
            .filter(|def| !LEFT_OUT.contains(&def.name));
        let funs = jaq_core::funs()
            .chain(jaq_std::funs())
            .chain(jaq_json::funs())
            .filter(|(name, ..)| !LEFT_OUT.contains(name))
            .chain([from_json()]);
        let arena = Arena::default();
        let file = |code| File { code, path: () };
        // Only the loader reports errors, but its result cannot be changed, so the source is parsed again.
        Loader::new([])
            .load(&arena, file(source))
            .map_err(|errors| load_error(source, &errors))?;
        let main = Def {
            name: MAIN,
            args: Vec::new(),
            body: load::parse(source, |parser| parser.term()).unwrap_or_default(),
        };
        let modules = Loader::new(budget::definitions(defs, main))
            .load(&arena, file(MAIN))
            .map_err(|errors| load_error(source, &errors))?;
        let filter = Compiler::default()
            .with_funs(budget::natives(funs))
            .compile(modules)
            .map_err(|errors| undefined(source, &errors))?;
        Ok(Self {
            source: source.to_owned(),
            filter,
            effort: Effort::default(),
            budget: Budget::default(),
        })
    }

    /// The same, with this limit.
    #[must_use]
    pub fn with(self, effort: Effort) -> Self {
        Self { effort, ..self }
    }

    pub fn source(&self) -> &str {
        &self.source
    }

    /// The outputs for the message `text`; an error ends them.
    pub fn run(
        &self,
        text: &[u8],
    ) -> Result<impl Iterator<Item = Result<Output, FilterError>>, FilterError> {
        let input = read::value(text)?;
        let budget = &self.budget;
        budget.start(self.effort, text.len());
        let run = Run {
            lut: &self.filter.lut,
            budget,
        };
        let context = Ctx::<Data>::new(run, Vars::new([]));
        let outputs = self.filter.id.run((context, input));
        let failed = |error| run_error(error, budget);
        Ok(outputs.map(move |output| output.map(Output).map_err(failed)))
    }
}

impl fmt::Debug for Jq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Jq").field(&self.source).finish()
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Output(Val);

impl Output {
    /// The value as JSON on one line, numbers as received. Not escaped for a terminal.
    pub fn json(&self) -> String {
        self.0.to_string()
    }

    /// The bytes of a string, as `jq -r` prints them; the JSON of any other value.
    pub fn raw(&self) -> Cow<'_, [u8]> {
        match self.0.as_utf8_bytes().or_else(|| self.0.as_bytes()) {
            Some(bytes) => Cow::Borrowed(bytes),
            None => Cow::Owned(self.json().into_bytes()),
        }
    }

    pub fn is_truthy(&self) -> bool {
        !matches!(self.0, Val::Null | Val::Bool(false))
    }
}

/// `fromjson` on strings that the peer sent.
fn from_json() -> Fun<Data> {
    native::run::<Data>(("fromjson", native::v(0), |(_, value): (_, Val)| {
        box_once(parse_string(&value).map_err(Exn::from))
    }))
}

fn parse_string(value: &Val) -> Result<Val, jaq_json::Error> {
    let text = value.try_as_bytes()?;
    read::value(text).map_err(jaq_core::Error::str)
}

fn run_error(error: Exn<'_, Val>, budget: &Budget) -> FilterError {
    match error.get_err() {
        Ok(error) => FilterError::Run(error.to_string()),
        // A filter has no `halt` of its own, and breaks do not leave it.
        Err(exception) => budget.halted(exception.get_halt().unwrap_or_default()),
    }
}

fn load_error(source: &str, errors: &load::Errors<&str, ()>) -> CompileError {
    let (at, problem) = match errors.first().map(|(_, error)| error) {
        Some(load::Error::Lex(errors)) => match errors.first() {
            Some((expected, at)) => (Some(*at), expectation(expected.as_str(), at)),
            None => (None, expectation("a filter", "")),
        },
        Some(load::Error::Parse(errors)) => match errors.first() {
            Some((expected, at)) => (Some(*at), expectation(expected.as_str(), at)),
            None => (None, expectation("a filter", "")),
        },
        Some(load::Error::Io(errors)) => {
            (errors.first().map(|(at, _)| *at), CompileProblem::Module)
        }
        None => (None, expectation("a filter", "")),
    };
    CompileError {
        column: column(source, at),
        problem,
    }
}

fn expectation(expected: &str, found: &str) -> CompileProblem {
    let expected = match expected {
        "term" => "a value or a filter".to_owned(),
        "nothing" => "the end or an operator".to_owned(),
        other => other.to_owned(),
    };
    let found = match found.split_whitespace().next() {
        Some(word) => format!("{word:?}"),
        None => "the end".to_owned(),
    };
    CompileProblem::Expected { expected, found }
}

fn undefined(source: &str, errors: &compile::Errors<&str, ()>) -> CompileError {
    let first = errors.first().and_then(|(_, errors)| errors.first());
    let Some((name, symbol)) = first else {
        return CompileError {
            column: 1,
            problem: expectation("a filter", ""),
        };
    };
    let written = match symbol {
        compile::Undefined::Filter(arity) => format!("{name}/{arity}"),
        _ => (*name).to_owned(),
    };
    CompileError {
        column: column(source, Some(name)),
        problem: CompileProblem::Undefined {
            kind: symbol.as_str(),
            name: written,
        },
    }
}

/// Where `part`, a slice of `source`, begins, in characters from 1; after the end if it is not a slice of it.
fn column(source: &str, part: Option<&str>) -> usize {
    let start = source.as_ptr() as usize;
    let at = part
        .and_then(|part| (part.as_ptr() as usize).checked_sub(start))
        .filter(|at| *at <= source.len())
        .unwrap_or(source.len());
    source
        .char_indices()
        .take_while(|(index, _)| *index < at)
        .count()
        + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn outputs(filter: &str, text: &str) -> Vec<String> {
        let filter = Jq::compile(filter).unwrap_or_else(|error| panic!("{filter}: {error}"));
        let outputs = filter.run(text.as_bytes()).expect("JSON");
        outputs
            .map(|output| output.expect("an output").json())
            .collect()
    }

    #[track_caller]
    fn compile_error(filter: &str) -> String {
        let error = Jq::compile(filter).expect_err(filter).to_string();
        error
            .strip_prefix("jq filter, ")
            .expect("a place")
            .to_owned()
    }

    #[track_caller]
    fn failure(filter: &str, text: &str) -> String {
        let filter = Jq::compile(filter).expect("a filter");
        let mut outputs = filter.run(text.as_bytes()).expect("JSON");
        let failure = outputs.find_map(Result::err);
        failure.expect("a failure").to_string()
    }

    #[test]
    fn gives_every_output_in_order() {
        assert_eq!(outputs(".[]", "[1, \"a\", null]"), ["1", "\"a\"", "null"]);
        assert_eq!(outputs("empty", "1"), [""; 0]);
        assert_eq!(
            outputs("map(select(.a > 1)) | length", r#"[{"a":1},{"a":2}]"#),
            ["1"]
        );
    }

    #[test]
    fn numbers_stay_as_they_were_received() {
        let text = "[2.50,1E+5,12345678901234567890123]";
        assert_eq!(outputs(".", text), [text]);
    }

    #[test]
    fn a_string_is_printed_raw_and_a_value_as_json() {
        let filter = Jq::compile(".[]").unwrap();
        let outputs = filter.run(br#"["a\"b", {"c": 1}]"#).unwrap();
        let raw: Vec<Vec<u8>> = outputs
            .map(|output| output.unwrap().raw().into_owned())
            .collect();
        assert_eq!(raw, [b"a\"b".to_vec(), br#"{"c":1}"#.to_vec()]);
    }

    #[test]
    fn only_false_and_null_are_not_truthy() {
        let filter = Jq::compile(".[]").unwrap();
        let outputs = filter.run(br#"[true, 0, "", false, null]"#).unwrap();
        let truthy: Vec<bool> = outputs.map(|output| output.unwrap().is_truthy()).collect();
        assert_eq!(truthy, [true, true, true, false, false]);
    }

    #[test]
    fn runs_on_one_message_after_another() {
        let filter = Jq::compile(".a").unwrap();
        for n in 0..3 {
            let text = format!("{{\"a\": {n}}}");
            let outputs = filter.run(text.as_bytes()).unwrap();
            let outputs: Vec<String> = outputs.map(|output| output.unwrap().json()).collect();
            assert_eq!(outputs, [n.to_string()]);
        }
    }

    #[test]
    fn names_the_column_of_what_cannot_be_compiled() {
        assert_eq!(
            compile_error("\"é\" | nosuch(1)"),
            "column 7: there is no filter nosuch/1"
        );
        assert_eq!(
            compile_error(".a | $x"),
            "column 6: there is no variable $x"
        );
        assert_eq!(
            compile_error(".a |"),
            "column 5: expected a value or a filter, found the end"
        );
        assert_eq!(
            compile_error(".a = = 1"),
            "column 6: expected a value or a filter, found \"=\""
        );
        assert_eq!(
            compile_error("(.a"),
            "column 4: expected closing parenthesis, found the end"
        );
        assert_eq!(
            compile_error("import \"m\" as m; ."),
            "column 9: modules cannot be imported; write the definition into the filter"
        );
    }

    #[test]
    fn no_text_makes_the_compiler_panic() {
        let parts = [
            "(", ")", "[", "]", "{", "}", "\"", "\\", ".", "|", "$", "@", "a", "é", " ", ":", ";",
            "1", "e", "def", "if", "as", "?", "//", "#", "-",
        ];
        let mut state = 7_usize;
        for _ in 0..600 {
            let mut text = String::new();
            for _ in 0..6 {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                text.push_str(parts[(state >> 33) % parts.len()]);
            }
            // Most are wrong, and the place is inside of the text.
            if let Err(error) = Jq::compile(&text) {
                assert!(
                    error.column <= text.chars().count() + 1,
                    "{text:?}: {error}"
                );
            }
        }
    }

    #[test]
    fn a_filter_cannot_reach_out() {
        for name in LEFT_OUT.iter().filter(|name| **name != "fromjson") {
            assert!(Jq::compile(name).is_err(), "{name}");
        }
        for filter in [
            "input",
            "inputs",
            "$ENV",
            "input_filename",
            "halt(1)",
            "debug(1)",
        ] {
            assert!(Jq::compile(filter).is_err(), "{filter}");
        }
    }

    #[test]
    fn says_why_a_message_has_no_output() {
        assert_eq!(failure(".a", "[1]"), "jq: cannot index [1] with \"a\"");
        assert_eq!(failure("error(\"no\")", "1"), "jq: \"no\"");
        let filter = Jq::compile(".").unwrap();
        let error = filter.run(b"hello").err().expect("no JSON").to_string();
        assert!(error.starts_with("not JSON: "), "{error}");
    }

    #[test]
    fn json_in_a_string_is_read_with_the_same_limits() {
        assert_eq!(outputs("fromjson | .a", r#""{\"a\": 1}""#), ["1"]);
        let deep = format!("\"{}{}\"", "[".repeat(100_000), "]".repeat(100_000));
        assert!(failure("fromjson", &deep).contains("nested deeper"));
    }

    #[test]
    fn a_filter_that_never_ends_is_ended() {
        for filter in [
            "def f: f; f",
            "last(range(infinite))",
            "range(infinite) | empty",
            "[repeat(.)] | length",
            "reduce range(infinite) as $x (0; . + 1)",
            "until(false; .)",
        ] {
            let error = failure(filter, "[[1,{}]]");
            assert!(error.contains("steps for one message"), "{filter}: {error}");
        }
    }

    #[test]
    fn where_others_wait_a_filter_ends_sooner_unless_the_message_is_long() {
        let endless = Jq::compile("def f: f; f")
            .expect("a filter")
            .with(Effort::Shared);
        let steps = |text: &str| {
            let mut outputs = endless.run(text.as_bytes()).expect("JSON");
            outputs.find_map(Result::err)
        };
        assert_eq!(steps("1"), Some(FilterError::TooLong(100_001)));
        let long = format!("\"{}\"", "a".repeat(998));
        assert_eq!(steps(&long), Some(FilterError::TooLong(101_000)));
    }

    #[test]
    fn a_recursion_that_never_ends_is_ended() {
        for filter in [
            "def f: 1 + f; f",
            "def f: [f]; f",
            "def f: f | f; f",
            "def f: try f catch f; f",
            ".[0] |= (def f: f; f)",
            "path(def f: f; f)",
            "{a: 1} as {(def g: g; g): $b} | 1",
            "\"\\(def f: f; f)\"",
        ] {
            let error = failure(filter, "[1]");
            let is_ended = error.contains("nested too deep") || error.contains("steps");
            assert!(is_ended, "{filter}: {error}");
        }
    }

    #[test]
    fn steps_are_counted_for_each_message_and_change_no_output() {
        let filter = Jq::compile("[range(3; 0; -1), limit(3; repeat(7))] | tojson").unwrap();
        for _ in 0..3 {
            let outputs = filter.run(b"null").unwrap();
            let outputs: Vec<String> = outputs.map(|output| output.unwrap().json()).collect();
            assert_eq!(outputs, ["\"[3,2,1,7,7,7]\""]);
        }
        assert_eq!(outputs("[paths]", r#"{"a":[1]}"#), ["[[\"a\"],[\"a\",0]]"]);
        assert_eq!(outputs("map_values(. + 1)", r#"{"a":1}"#), ["{\"a\":2}"]);
    }
}
