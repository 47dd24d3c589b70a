//! A limit on the work of a filter for one message.
//!
//! jq's language has endless loops, and jaq cannot be interrupted. So every definition, of the
//! library's and of the filter's own, begins with a step that is counted, and so does every output of
//! `range`; nothing else can run forever. A step also checks how much of the stack is in use, which
//! a recursion would exhaust.

use std::cell::Cell;
use std::ptr;

use jaq_core::box_iter::box_once;
use jaq_core::compile::Lut;
use jaq_core::data::{DataT, HasLut};
use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::native::{self, Fun};
use jaq_core::path::{Part, Path};
use jaq_core::{Cv, Exn, Native};
use jaq_json::Val;

use super::FilterError;

/// What native functions of a filter get: the filter, and its remaining budget.
pub(super) struct Data;

#[derive(Clone, Copy)]
pub(super) struct Run<'a> {
    pub(super) lut: &'a Lut<Native<Data>>,
    pub(super) budget: &'a Budget,
}

impl DataT for Data {
    type V<'a> = Val;
    type Data<'a> = Run<'a>;
}

impl<'a> HasLut<'a, Data> for Run<'a> {
    fn lut(&self) -> &'a Lut<Native<Data>> {
        self.lut
    }
}

#[derive(Debug, Default)]
pub(super) struct Budget {
    steps: Cell<u64>,
    limit: Cell<u64>,
    /// Where the stack was when the filter began.
    stack: Cell<usize>,
}

/// How much work one message may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Effort {
    /// Nobody else waits for the filter.
    #[default]
    Alone,
    /// The clients of a server wait for each other's messages.
    Shared,
}

impl Effort {
    fn steps(self, len: usize) -> u64 {
        let len = len as u64;
        match self {
            Self::Alone => STEPS + STEPS_PER_BYTE * len,
            Self::Shared => (SHARED_STEPS + len).min(STEPS),
        }
    }
}

/// Steps for one message, however short; they take less than a second.
const STEPS: u64 = 1_000_000;
/// Further steps for each of its bytes.
const STEPS_PER_BYTE: u64 = 10;
/// Steps for a short message on which others wait; they take some tens of milliseconds.
const SHARED_STEPS: u64 = 100_000;
/// The stack that a filter may use, in bytes: half of a thread's stack; the main thread has more.
const STACK: usize = 1 << 20;
/// The name of the step, which no filter can call.
const STEP: &str = "a step";
/// The name of the `range` that is not counted.
const RANGE: &str = "range itself";
/// Ends a run by a halt, which no `try` catches.
const TOO_LONG: i32 = 1;
const TOO_DEEP: i32 = 2;

impl Budget {
    pub(super) fn start(&self, effort: Effort, len: usize) {
        let limit = effort.steps(len);
        self.limit.set(limit);
        self.steps.set(limit);
        self.stack.set(stack());
    }

    pub(super) fn halted(&self, code: i32) -> FilterError {
        match code {
            TOO_DEEP => FilterError::TooDeep,
            _ => FilterError::TooLong(self.limit.get()),
        }
    }

    fn step(&self) -> Result<(), Exn<'static, Val>> {
        let Some(left) = self.steps.get().checked_sub(1) else {
            return Err(Exn::halt(TOO_LONG));
        };
        self.steps.set(left);
        if self.stack.get().abs_diff(stack()) > STACK {
            return Err(Exn::halt(TOO_DEEP));
        }
        Ok(())
    }
}

fn stack() -> usize {
    let here = 0_u8;
    ptr::from_ref(&here).addr()
}

/// The native filters, with the step and a `range` that is called by another name.
pub(super) fn natives(funs: impl Iterator<Item = Fun<Data>>) -> impl Iterator<Item = Fun<Data>> {
    let hidden = |(name, args, native): Fun<Data>| match (name, args.len()) {
        ("range", 3) => (RANGE, args, native),
        _ => (name, args, native),
    };
    let step = Native::new(|cv: Cv<'_, Data>| {
        let step = cv.0.data().budget.step();
        box_once(step.map(|()| cv.1))
    });
    let step = step
        .with_paths(|cv| {
            let step = cv.0.data().budget.step();
            box_once(step.map(|()| cv.1))
        })
        .with_update(|cv, update| match cv.0.data().budget.step() {
            Ok(()) => update(cv.1),
            Err(error) => box_once(Err(error)),
        });
    funs.map(hidden).chain([(STEP, native::v(0), step)])
}

/// The definitions of the library and the one of the filter, with steps, and one of `range`.
pub(super) fn definitions<'s>(
    library: impl Iterator<Item = Def<&'static str>>,
    main: Def<&'s str>,
) -> impl Iterator<Item = Def<&'s str>> {
    let args = ["$from", "$to", "$by"];
    let range = Term::Call(RANGE, args.map(Term::Var).into());
    let range = Def {
        name: "range",
        args: args.into(),
        body: then(range, Term::Call(STEP, Vec::new())),
    };
    let library = library.map(|def| -> Def<&'s str> { definition(def) });
    [range].into_iter().chain(library).chain([definition(main)])
}

fn then<'s>(first: Term<&'s str>, second: Term<&'s str>) -> Term<&'s str> {
    Term::BinOp(Box::new(first), BinaryOp::Pipe(None), Box::new(second))
}

fn definition(def: Def<&str>) -> Def<&str> {
    Def {
        body: then(Term::Call(STEP, Vec::new()), term(def.body)),
        ..def
    }
}

/// The term, with steps in all definitions in it.
pub(super) fn term(it: Term<&str>) -> Term<&str> {
    match it {
        Term::Def(defs, rest) => Term::Def(defs.into_iter().map(definition).collect(), boxed(rest)),
        Term::Str(format, parts) => Term::Str(format, parts.into_iter().map(string_part).collect()),
        Term::Arr(items) => Term::Arr(items.map(boxed)),
        Term::Obj(entries) => Term::Obj(
            entries
                .into_iter()
                .map(|(key, value)| (term(key), value.map(term)))
                .collect(),
        ),
        Term::Neg(it) => Term::Neg(boxed(it)),
        Term::BinOp(left, op, right) => {
            let op = match op {
                BinaryOp::Pipe(bound) => BinaryOp::Pipe(bound.map(pattern)),
                op => op,
            };
            Term::BinOp(boxed(left), op, boxed(right))
        }
        Term::Label(name, it) => Term::Label(name, boxed(it)),
        Term::Fold(name, over, bound, rest) => {
            Term::Fold(name, boxed(over), pattern(bound), terms(rest))
        }
        Term::TryCatch(it, caught) => Term::TryCatch(boxed(it), caught.map(boxed)),
        Term::IfThenElse(cases, otherwise) => Term::IfThenElse(
            cases
                .into_iter()
                .map(|(condition, it)| (term(condition), term(it)))
                .collect(),
            otherwise.map(boxed),
        ),
        Term::Call(name, args) => Term::Call(name, terms(args)),
        Term::Path(it, Path(parts)) => {
            let parts = parts.into_iter();
            let parts = parts.map(|(part, opt)| (path_part(part), opt));
            Term::Path(boxed(it), Path(parts.collect()))
        }
        leaf @ (Term::Id | Term::Recurse | Term::Num(_) | Term::Break(_) | Term::Var(_)) => leaf,
    }
}

#[expect(clippy::boxed_local, reason = "that is how terms hold each other")]
fn boxed(it: Box<Term<&str>>) -> Box<Term<&str>> {
    Box::new(term(*it))
}

fn terms(them: Vec<Term<&str>>) -> Vec<Term<&str>> {
    them.into_iter().map(term).collect()
}

fn string_part<'s>(part: StrPart<&'s str, Term<&'s str>>) -> StrPart<&'s str, Term<&'s str>> {
    match part {
        StrPart::Term(it) => StrPart::Term(term(it)),
        part => part,
    }
}

fn pattern(it: Pattern<&str>) -> Pattern<&str> {
    match it {
        Pattern::Arr(items) => Pattern::Arr(items.into_iter().map(pattern).collect()),
        Pattern::Obj(entries) => Pattern::Obj(
            entries
                .into_iter()
                .map(|(key, value)| (term(key), pattern(value)))
                .collect(),
        ),
        Pattern::Var(name) => Pattern::Var(name),
    }
}

fn path_part(part: Part<Term<&str>>) -> Part<Term<&str>> {
    match part {
        Part::Index(at) => Part::Index(term(at)),
        Part::Range(from, to) => Part::Range(from.map(term), to.map(term)),
    }
}
