//! The language of scenario files (`*.wsee`): what is sent to a server, and what must come back.
//!
//! A file is read line by line. [`parse()`] keeps every line, comments and blank lines too, so that
//! [`format`](mod@format) can write the file again; [`cases`] sorts the lines into what runs.
//! The language is described in the manual page wsee-scenario(5).

pub mod argument;
pub mod ast;
pub mod case;
pub mod error;
pub mod folder;
pub mod format;
pub mod include;
pub mod known;
pub mod parse;
pub mod passing;
pub mod pattern;
pub mod rule;
pub mod rules;
mod scan;
mod secrecy;
pub mod span;
pub mod template;
pub mod typed;
mod value;

pub use ast::{Action, Expect, File, Line, Match, Pattern, Statement};
pub use case::{Case, Step, cases};
pub use error::{Mistake, Problem};
pub use format::format;
pub use known::Known;
pub use parse::parse;
pub use rules::{Rules, rules};
pub use template::{Form, Template, Variable};

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    use super::ast::Content;
    use super::{
        Action, Case, File, Known, Mistake, Pattern, Statement, Template, cases, format, parse,
    };

    /// Every statement, in its canonical form.
    const ALL: &str = include_str!("tests/all.wsee");

    #[track_caller]
    fn parsed(text: &str) -> File {
        parse(text).unwrap_or_else(|mistakes| panic!("{text}\n{}", reports(&mistakes)))
    }

    fn reports(mistakes: &[Mistake]) -> String {
        mistakes
            .iter()
            .map(|mistake| mistake.report("t.wsee"))
            .collect()
    }

    fn known() -> Known {
        Known {
            variables: ["host".to_owned(), "path".to_owned()].into(),
            environment: ["TOKEN".to_owned()].into(),
            is_open: false,
        }
    }

    fn cases_of(text: &str) -> Result<Vec<Case>, String> {
        let file = parse(text).map_err(|mistakes| reports(&mistakes))?;
        cases(file, "t", &known()).map_err(|mistakes| reports(&mistakes))
    }

    /// The first line of the report for a text with a mistake.
    #[track_caller]
    fn mistake(text: &str) -> String {
        let report = cases_of(text).expect_err(text);
        report.lines().next().unwrap_or_default().to_owned()
    }

    /// What a step is read as.
    #[track_caller]
    fn action(line: &str) -> Action {
        let file = parsed(line);
        match &file.lines[0].statement {
            Statement::Action { action, .. } => action.clone(),
            other => panic!("{line}: {other:?}"),
        }
    }

    fn statements(file: &File) -> Vec<&Statement> {
        let all = file.lines.iter().map(|line| &line.statement);
        all.filter(|statement| **statement != Statement::Blank)
            .collect()
    }

    #[test]
    fn the_canonical_form_is_its_own() {
        assert_eq!(format(&parsed(ALL)), ALL);
        cases_of(ALL).unwrap_or_else(|report| panic!("{report}"));
    }

    #[test]
    fn formatting_keeps_the_meaning() {
        let mut rng = StdRng::seed_from_u64(11);
        let pieces = pieces();
        let mut right = 0;
        for _ in 0..20_000 {
            let mut text = String::new();
            for _ in 0..rng.random_range(1..6) {
                text.push_str(&line(&mut rng, &pieces));
                text.push_str(["\n", "\n", "\n\n", "\n \n\n"][rng.random_range(0..4)]);
            }
            let Ok(file) = parse(&text) else { continue };
            right += 1;
            let formatted = format(&file);
            let again = parsed(&formatted);
            assert_eq!(
                statements(&again),
                statements(&file),
                "{text}\n=>\n{formatted}"
            );
            assert_eq!(format(&again), formatted, "{text}");
        }
        assert!(right > 1_000, "only {right} of the texts are scenarios");
    }

    #[test]
    fn no_text_makes_the_parser_panic() {
        let mut rng = StdRng::seed_from_u64(5);
        let characters: Vec<char> = "<>!b#-\"@{}: \t\nétextjsonrewithincapture=1\\\r"
            .chars()
            .collect();
        for _ in 0..50_000 {
            let len = rng.random_range(0..24);
            let text: String = (0..len)
                .map(|_| characters[rng.random_range(0..characters.len())])
                .collect();
            if let Err(report) = cases_of(&text) {
                assert!(!report.is_empty(), "{text:?}");
            }
        }
    }

    /// Parts of lines, right and wrong.
    fn pieces() -> Vec<&'static str> {
        let lines = ALL.split('\n').filter(|line| !line.is_empty());
        let words = ALL.split_whitespace();
        lines
            .chain(words)
            .chain([
                "\"", "\"\"\"", "  ", "within", "a\"b", "{{", "##", "@@", "=", "",
            ])
            .collect()
    }

    fn line(rng: &mut StdRng, pieces: &[&str]) -> String {
        let mut piece = || pieces[rng.random_range(0..pieces.len())].to_owned();
        match piece().len() % 8 {
            0 => format!("{} {}", piece(), piece()),
            1 => format!("{}  {} {}", piece(), piece(), piece()),
            _ => piece(),
        }
    }

    #[test]
    fn a_message_is_all_that_follows_the_arrow_and_one_blank() {
        for (line, text) in [
            (">", ""),
            ("> ", ""),
            ("> hi", "hi"),
            (">  hi ", " hi "),
            ("> @@file", "@file"),
            ("> # no comment", "# no comment"),
            ("> \"\"\"one line\"\"\"", "one line"),
            ("> \"\"\"\ntwo\n lines\n\"\"\"", "two\n lines"),
            ("> \"\"\"\"\n\"\"\"\n\"\"\"\"", "\"\"\""),
            ("> \"\"\"\n\"\"\"", ""),
        ] {
            match action(line) {
                Action::Send(Content::Text(template)) => {
                    assert_eq!(template.as_literal(), Some(text), "{line}");
                }
                other => panic!("{line}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_carriage_return_is_data_unless_every_line_ends_with_it() {
        let Action::Send(Content::Text(text)) = action("> a\r\n> b\n") else {
            panic!("not a text");
        };
        assert_eq!(text.as_literal(), Some("a\r"));
        let Action::Send(Content::Text(text)) = action("> a\r\n> b\r\n") else {
            panic!("not a text");
        };
        assert_eq!(text.as_literal(), Some("a"));
    }

    #[test]
    fn mistakes_in_a_line_have_a_place_and_a_hint() {
        hold(&[
            (
                "conect ws://h",
                "1:1: unknown word \"conect\"; did you mean connect?",
            ),
            (
                "connect ws://h\n-u me:secret",
                "2:1: unknown word \"-u\"; flags have their long names here, such as --user",
            ),
            (
                "connect ws://h\n\n< txt hi",
                "3:3: \"txt\" is not a kind of message; did you mean text?",
            ),
            (
                "connect ws://h\n\n<text hi",
                "3:2: put a blank between the arrow and what follows it",
            ),
            (
                "connect ws://h\n\n< text hi within soon",
                "3:18: \"soon\" is not a time, such as 500ms, 2s or 1m30s",
            ),
            (
                "connect ws://h\n\n< json {\"a\":} within 2s",
                "3:13: not JSON: expected value",
            ),
            (
                "connect ws://h\n\n< re \"(\"",
                "3:6: regular expression: unclosed group",
            ),
            (
                "connect ws://h\n\n< jq .a | nosuch",
                "3:11: jq filter, column 6: there is no filter nosuch/0",
            ),
            (
                "connect ws://h\n\n>b 00 0g",
                "3:8: 'g' is not a hex digit; write bytes as de ad be ef",
            ),
            (
                "connect ws://h\n\n!< any",
                "3:4: expected for TIME at the end, as in for 1s",
            ),
            (
                "connect ws://h\n\n> {{a b}}",
                "3:3: \"a b\" is not a variable; for literal braces write {{\"{{\"}}",
            ),
            (
                "connect ws://h\n\n> \"\"\"\nx",
                "3:3: the text that begins here has no end; end it with a line of \"\"\"",
            ),
        ]);
    }

    #[test]
    fn a_mistyped_modifier_is_never_part_of_a_text() {
        for (line, column, word) in [
            ("< text hello withn 1s", 14, "withn"),
            ("< text hello Within 1s", 14, "Within"),
            ("< text hello within=1s", 14, "within=1s"),
            ("< text hello for 1s", 18, "1s"),
            ("< text hello witin 1s capture a = .a", 14, "witin"),
            ("< text hello catpure a = .a", 14, "catpure"),
            ("<! text hello in 500ms", 18, "500ms"),
            ("!< text hello within 1s for 1s", 15, "within"),
            ("ping hello withn 1s", 12, "withn"),
            ("pong hello within 1s", 12, "within"),
            ("< ping hello withn 1s", 14, "withn"),
            ("close 1000 bye withn 1s", 16, "withn"),
        ] {
            let report = mistake(&format!("connect ws://h\n{line}"));
            let start = format!("t.wsee:2:{column}: is {word:?} part of the text?");
            assert!(report.starts_with(&start), "{line}: {report}");
        }
        for line in [
            "< json {} withn 1s",
            "< jq .a withn 1s",
            "< hex 00 withn 1s",
            "< any withn 1s",
            "< re \"a\" withn 1s",
            "< text \"a\" withn 1s",
            "< close 1000 withn 1s",
            "< close 1000 \"a\" withn 1s",
            "close 1000 withn",
            "wait 1s withn 1s",
            "< any capture a = .a withn 1s",
            "!< any fro 1s",
        ] {
            mistake(&format!("connect ws://h\n{line}"));
        }
    }

    #[test]
    fn a_modifier_is_named_where_a_word_is_close_to_it_or_for_another_arrow() {
        for (line, report) in [
            (
                "< json {\"a\":1} whitin 2s",
                "16: unknown word \"whitin\"; did you mean within?",
            ),
            (
                "< jq .a catpure b = .a",
                "9: unknown word \"catpure\"; did you mean capture?",
            ),
            (
                "< hex 00 whitin 2s",
                "10: unknown word \"whitin\"; did you mean within?",
            ),
            (
                "< any withn 2s",
                "7: unknown word \"withn\"; did you mean within?",
            ),
            (
                "< re \"a\" whitin 2s",
                "10: unknown word \"whitin\"; did you mean within?",
            ),
            (
                "!< json {} fro 2s",
                "12: unknown word \"fro\"; did you mean for?",
            ),
            (
                "< json {\"a\":\"x whitin y\" 1}",
                "26: not JSON: expected `,` or `}`",
            ),
            (
                "!< text hi within 1s",
                "12: !< takes \"for TIME\", not \"within\"",
            ),
            (
                "!< any within 1s",
                "8: !< takes \"for TIME\", not \"within\"",
            ),
            (
                "!< json {} within 1s",
                "12: !< takes \"for TIME\", not \"within\"",
            ),
        ] {
            let wanted = format!("t.wsee:2:{report}");
            assert_eq!(
                mistake(&format!("connect ws://h\n{line}")),
                wanted,
                "{line}"
            );
        }
    }

    #[test]
    fn in_quotes_a_text_may_look_like_a_modifier() {
        for text in ["done in 5s", "image captured", "within 1s", "a capture b"] {
            let line = format!("< text \"{text}\" within 2s");
            let Action::Expect(expect) = action(&line) else {
                panic!("{line}");
            };
            assert_eq!(expect.pattern, Pattern::Text(Template::literal(text)));
            assert_eq!(format(&parsed(&line)), format!("{line}\n"));
        }
        for text in ["5s", "hello for ever", "without end"] {
            assert!(matches!(
                action(&format!("< text {text}")),
                Action::Expect(_)
            ));
        }
    }

    #[test]
    fn the_reason_of_a_close_is_a_text_like_others() {
        for (line, text) in [
            ("close 1000 bye", "bye"),
            ("close 1000 \"bye\"", "bye"),
            ("close 1000 \"within 1s\" within 2s", "within 1s"),
            ("close 1000", ""),
            ("close", ""),
        ] {
            let Action::Close { reason, .. } = action(line) else {
                panic!("{line}");
            };
            assert_eq!(reason.as_literal(), Some(text), "{line}");
        }
        let long = format!("close 1000 {}", "a".repeat(124));
        assert!(mistake(&format!("connect ws://h\n{long}")).contains("124 bytes"));
    }

    #[test]
    fn variables_work_in_everything_that_is_sent() {
        for line in [
            "fragment 2 a {{x}}",
            "frame \"{{x}}\"",
            "raw {{x}}",
            "close 1000 {{x}}",
            "ping {{x}}",
        ] {
            let report = mistake(&format!("connect ws://h\n{line}"));
            assert!(report.contains("the variable x has no value"), "{report}");
        }
        assert!(mistake("connect ws://h\nraw 0g").contains("2:6: 'g' is not a hex digit"));
    }

    #[test]
    fn mistakes_in_the_order_of_lines_have_a_hint() {
        hold(&[
            (
                "connect ws://h\n\n> {{me}}",
                "3:3: the variable me has no value here; capture it first, or give it with --var me=…",
            ),
            (
                "connect ws://{{env.HOME}}/",
                "1:14: the environment variable HOME may not be read; allow it with --allow-env HOME",
            ),
            (
                "> hi",
                "1:1: no connection yet; begin the case with: connect URL",
            ),
            (
                "X-A: b",
                "1:1: a header field belongs directly under connect, or under the expected status",
            ),
            (
                "connect ws://h\n> hi\n\nX-A: b",
                "4:1: a header field belongs directly under connect, or under the expected status",
            ),
            (
                "connect ws://h\n999",
                "2:1: \"999\" is not a status; use three digits from 100 to 599, such as 101",
            ),
            (
                "connect ws://h\n401\n> hi",
                "3:1: no step can follow a refused upgrade",
            ),
            (
                "connect ws://h\n\nclose\n> hi",
                "4:1: no step can follow the end of its connection",
            ),
            (
                "connect a ws://h\nconnect b ws://h\n> hi",
                "3:1: the case has several connections; name one of a, b",
            ),
            (
                "connect alice ws://h\nalcie> hi",
                "2:1: no connection is called \"alcie\"; did you mean alice?",
            ),
            (
                "connect alice ws://h\nbob> hi",
                "2:1: no connection is called \"bob\"; this case has alice",
            ),
            (
                "connect ws://h\nbob> hi",
                "2:1: no connection is called \"bob\"; that of this case has no name, so write none",
            ),
            (
                "connect ws://h\nconnect ws://h",
                "2:1: the connection is still open; close it first, or name both: connect NAME URL",
            ),
            (
                "### a\nconnect ws://h\n### a\nconnect ws://h",
                "3:1: the case on line 1 has the same name",
            ),
            (
                "connect ws://h\n### t\nconnect ws://h",
                "2:1: the case on line 1 has the same name, which is that of the file; \
                 begin it with ### NAME",
            ),
            (
                "connect ws://h\nwait 1 sec",
                "2:6: \"1 sec\" is not a time, such as 500ms, 2s or 1m30s",
            ),
            (
                "### a\n# nothing",
                "1:1: the case is empty; begin it with: connect URL",
            ),
            (
                "connect ws://h\n< close 999",
                "2:9: \"999\" is not a close code; use 1000 to 4999, separated by commas",
            ),
            (
                "connect ping ws://h",
                "1:9: \"ping\" is a word of the language; give the connection another name",
            ),
            (
                "connect ws://h\nframe fin=2 00",
                "2:7: \"fin=2\" is not known to frame; use 0 or 1",
            ),
            (
                "connect ws://h\n< any capture 2x = .a",
                "2:15: \"2x\" is not a variable name; use a letter, then letters, digits and _",
            ),
        ]);
    }

    #[test]
    fn a_blank_line_between_connect_and_its_lines_is_named() {
        hold(&[
            (
                "connect ws://h\n\n# why\nX-A: b",
                "4:1: a header field belongs directly under connect, or under the expected status; \
                 remove the blank line above it",
            ),
            (
                "connect ws://h\n101\n\nServer: *",
                "4:1: a header field belongs directly under connect, or under the expected status; \
                 remove the blank line above it",
            ),
            (
                "connect ws://h\n\n--insecure",
                "3:1: a flag belongs directly under connect; remove the blank line above it",
            ),
        ]);
    }

    #[test]
    fn what_other_languages_write_is_answered_with_the_line_to_write() {
        for (line, write) in [
            ("< {\"a\":1}", "< json {\"a\":1}"),
            ("<! [1] within 2s", "<! json [1] within 2s"),
            ("< welcome", "< text welcome"),
            ("!< 42 for 1s", "!< text 42 for 1s"),
            ("sleep 1s", "wait 1s"),
            ("sleep", "wait TIME"),
            ("send {\"a\":1}", "> {\"a\":1}"),
            ("expect {\"a\":1}", "< json {\"a\":1}"),
            ("receive hi", "< text hi"),
            ("ws://h/x", "connect ws://h/x"),
        ] {
            let report = mistake(&format!("# case\n\n{line}"));
            assert!(report.ends_with(&format!("; write: {write}")), "{report}");
        }
    }

    #[test]
    fn a_bare_number_is_seconds() {
        let Action::Expect(expect) = action("< text hi within 1") else {
            panic!("no expectation");
        };
        assert_eq!(expect.within, Some(std::time::Duration::from_secs(1)));
        assert!(matches!(action("< text room 5"), Action::Expect(_)));
    }

    #[test]
    fn one_mistake_gives_one_error() {
        for text in [
            "connect ws://h\n> \"\"\"\nline one\nline two\n",
            "> a\n> b\n< any\n",
            "connect ws://{{a}}/{{a}}\nX: {{a}}\n\n> {{a}}\n\n### b\nconnect ws://{{a}}\n",
            "connect alice ws://h\nbob> a\nbob> b\n",
        ] {
            let report = cases_of(text).expect_err(text);
            assert_eq!(report.matches("t.wsee:").count(), 1, "{report}");
        }
        let report = cases_of("connect ws://{{a}}/{{b}}\n").expect_err("two variables");
        assert_eq!(report.matches("t.wsee:").count(), 2, "{report}");
    }

    #[test]
    fn a_variable_without_a_value_is_marked() {
        let report = cases_of("connect ws://h\n\n> a {{ me }}\n").expect_err("a mistake");
        assert!(
            report.ends_with("| > a {{ me }}\n   |     ^^^^^^^^\n"),
            "{report}"
        );
    }

    #[test]
    fn variables_that_need_a_value_are_listed_if_none_is_wanted() {
        let file = parsed("connect ws://{{a}}/{{env.B}}\n\n< any capture c = .c\n> {{c}}\n");
        let known = Known {
            is_open: true,
            ..Known::default()
        };
        let cases = cases(file, "t", &known).expect("a case");
        let needs: Vec<String> = cases[0].needs.iter().map(ToString::to_string).collect();
        assert_eq!(needs, ["a", "env.B"]);
    }

    #[track_caller]
    fn hold(mistakes: &[(&str, &str)]) {
        for (text, report) in mistakes {
            assert_eq!(mistake(text), format!("t.wsee:{report}"), "{text}");
        }
    }

    #[test]
    fn a_report_shows_the_line_and_marks_the_place() {
        let mistakes = parse("connect ws://h\n\n\t< txt hi").expect_err("a mistake");
        assert_eq!(
            mistakes[0].report("a.wsee"),
            "a.wsee:3:4: \"txt\" is not a kind of message; did you mean text?\n \
         3 | \t< txt hi\n   | \t  ^^^\n"
        );
    }

    #[test]
    fn a_long_line_is_shown_around_the_place() {
        let (left, right) = ("é".repeat(10_000), "x".repeat(10_000));
        let text = format!("connect ws://h\n> {left}{{{{a b}}}}{right}");
        let report = parse(&text).expect_err("a mistake")[0].report("a.wsee");
        let lines: Vec<&str> = report.lines().collect();
        assert!(lines[0].starts_with("a.wsee:2:10003: \"a b\" is not a variable"));
        let place = lines[2].find('^').map(|at| lines[2][..at].chars().count());
        let shown: String = lines[1].chars().skip(place.expect("a mark")).collect();
        assert!(
            shown.starts_with("{{a b}}xxx") && shown.ends_with('…'),
            "{shown}"
        );
        assert!(lines[1].chars().count() < 420);
    }

    #[test]
    fn every_line_with_a_mistake_is_reported() {
        let mistakes = parse("foo\n> ok\nbar baz\n").expect_err("mistakes");
        let lines: Vec<usize> = mistakes.iter().map(|mistake| mistake.line).collect();
        assert_eq!(lines, [1, 3]);
    }

    #[test]
    fn a_variable_without_a_value_is_the_only_mistake_of_its_connection() {
        let text = "connect ws://{{env.HOME}}\nA: {{env.HOME}}\n101\n> hi\n";
        let report = cases_of(text).expect_err("mistakes");
        assert_eq!(report.matches("t.wsee:").count(), 1, "{report}");
        assert!(report.contains("t.wsee:1:14: the environment variable HOME"));
    }

    #[test]
    fn a_case_without_a_name_is_called_like_its_file() {
        let cases = cases_of("connect ws://h\n### second\nconnect ws://h\n").unwrap();
        let names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
        assert_eq!(names, ["t", "second"]);
    }

    #[test]
    fn a_connection_takes_its_flags_fields_and_answer() {
        let cases =
            cases_of("connect ws://h\n--insecure\n# why\nX-A: b\n\n401\nServer: *\n").unwrap();
        let connect = &cases[0].steps[0];
        assert_eq!(connect.status(), 401);
        let below = connect.below.iter().map(|line| line.source.as_str());
        let below: Vec<&str> = below.collect();
        assert_eq!(below, ["--insecure", "X-A: b", "401", "Server: *"]);
    }

    #[test]
    fn steps_act_on_the_connection_they_name() {
        let text = "connect a ws://h\nconnect b ws://h\na> 1\nb< any\na ping x\na close\nconnect a ws://h\n";
        let cases = cases_of(text).unwrap_or_else(|report| panic!("{report}"));
        let on: Vec<usize> = cases[0].steps.iter().map(|step| step.on).collect();
        assert_eq!(on, [0, 1, 0, 1, 0, 0, 0]);
    }
}
