//! The manual page that explains the findings of `wsee audit`, from the table of checks.

use clap_mangen::roff::{Roff, bold, italic, roman};

use super::page::{body, describe};
use crate::audit::Level;
use crate::audit::check::{Check, Group};
use crate::audit::list::GROUPS;

const SEVERITIES: &[(&str, &str)] = &[
    (
        "high",
        "Somebody else acts as a user, or ends the service. Fix it now.",
    ),
    (
        "medium",
        "Data, users or the service are in danger under some condition, or clients fail. Fix it.",
    ),
    (
        "low",
        "A rule is broken or a protection is missing, which alone harms nobody.",
    ),
    (
        "info",
        "Nothing is wrong by itself; whether it is intended is for you to say.",
    ),
];

const SURE: &[(&str, &str)] = &[
    (
        "certain",
        "The bytes prove it. -v shows them: what was sent after >, what came back after <.",
    ),
    (
        "likely",
        "It depends on something that cannot be seen from outside, which the evidence names after 'unless' or 'only'. Look there before you change anything.",
    ),
];

const RESULTS: &[(&str, &str)] = &[
    ("passed", "The check was made, and found nothing."),
    (
        "not tested",
        "There is no verdict, for the reason in brackets: the limits of the run, a refusal, something that the check depends on, or a flag. It is never a pass.",
    ),
    (
        "known",
        "The finding is in the --baseline, and not more severe than there.",
    ),
    (
        "new",
        "There is a --baseline, and the finding is not in it.",
    ),
    (
        "worse than known",
        "The finding is in the --baseline, where it is less severe.",
    ),
];

const LEVELS: &[(Level, &str)] = &[
    (
        Level::Polite,
        "Well-formed requests, and not many; always made.",
    ),
    (
        Level::Probe,
        "Malformed handshakes and frames, each on a connection of its own. Needs --probe.",
    ),
    (
        Level::Stress,
        "Long requests and messages, unfinished ones, and many connections. Needs --stress.",
    ),
    (
        Level::Bomb,
        "A compressed message that inflates to megabytes. Needs --stress and --bomb.",
    ),
];

/// The page without its title.
pub(in crate::cli) fn findings() -> String {
    let mut roff = Roff::new();
    roff.control("SH", ["NAME"]);
    roff.text([roman(
        "wsee-audit - findings of wsee audit, what they mean and how to fix them",
    )]);
    roff.control("SH", ["DESCRIPTION"]);
    roff.text([
        roman("What each check of "),
        bold("wsee-audit"),
        roman("(1) does, when it is a finding, what somebody gains from the fault, and how common servers are fixed. "),
        roman("The same, without this introduction, is printed by "),
        bold("wsee audit --list"),
        roman("."),
    ]);
    section(&mut roff, "Severity", SEVERITIES);
    section(&mut roff, "How sure", SURE);
    section(&mut roff, "Results", RESULTS);
    roff.control("SS", ["Levels"]);
    for (level, meaning) in LEVELS {
        describe(&mut roff, level.name(), meaning);
    }
    for group in GROUPS {
        roff.control("SH", [group.name.to_uppercase().as_str()]);
        explain_all(&mut roff, group);
    }
    roff.control("SH", ["SEE ALSO"]);
    roff.text([
        bold("wsee-audit"),
        roman("(1), RFC 6455 (WebSocket), RFC 7692 (permessage-deflate), CWE, OWASP Web Security Testing Guide (WSTG)"),
    ]);
    body(&roff)
}

fn section(roff: &mut Roff, name: &str, terms: &[(&str, &str)]) {
    roff.control("SS", [name]);
    for (term, meaning) in terms {
        describe(roff, term, meaning);
    }
}

fn explain_all(roff: &mut Roff, group: &Group) {
    roff.text([roman(format!("{}.", group.about))]);
    for check in group.checks {
        explain(roff, check);
    }
}

fn explain(roff: &mut Roff, check: &Check) {
    roff.control("SS", [check.id]);
    roff.text([
        roman(format!("{}. At most ", check.title)),
        bold(check.severity.name()),
        roman("; "),
        italic(check.level.name()),
        roman("."),
    ]);
    for (term, meaning) in [
        ("Check", check.about),
        ("Risk", check.risk),
        ("Rule", check.rule),
    ] {
        describe(roff, term, meaning);
    }
    for (server, text) in check.cures.iter() {
        describe(roff, &format!("Fix, {server}"), text);
    }
}
