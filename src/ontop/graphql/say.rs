//! What a person types.

use super::document::{OperationKind, Request, request};
use crate::ontop::verb::usage;
use crate::ontop::{Lines, SayError, Verb};

pub const VERBS: &[Verb] = &[
    Verb {
        name: "query",
        args: "DOCUMENT [VARIABLES]",
        help: "run a query or a mutation",
        example: "/query query Q($id: ID!) { user(id: $id) { name } } {\"id\":\"7\"}",
        lines: Lines::Graphql,
        check: |args| query(args).map(drop),
    },
    Verb {
        name: "subscribe",
        args: "DOCUMENT [VARIABLES]",
        help: "start a subscription",
        example: "/subscribe { ticks { at } }",
        lines: Lines::Graphql,
        check: |args| subscribe(args).map(drop),
    },
    Verb {
        name: "stop",
        args: "[N]",
        help: "stop operation N, or the newest",
        example: "/stop 2",
        lines: Lines::No,
        check: |args| stop(args).map(drop),
    },
];

pub(super) fn query(args: &str) -> Result<Request, SayError> {
    needed("query", args)?;
    request(args, OperationKind::Query)
}

pub(super) fn subscribe(args: &str) -> Result<Request, SayError> {
    needed("subscribe", args)?;
    request(args, OperationKind::Subscription)
}

fn needed(verb: &str, args: &str) -> Result<(), SayError> {
    if args.trim().is_empty() {
        return Err(usage(VERBS, verb));
    }
    Ok(())
}

pub(super) fn stop(args: &str) -> Result<Option<u64>, SayError> {
    match args.trim() {
        "" => Ok(None),
        number => number.parse().map(Some).map_err(|_| usage(VERBS, "stop")),
    }
}
