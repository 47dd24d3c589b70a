//! All checks, and the choice of those that run.

use super::check::{Check, Group};
use super::options::{Level, Options};
use super::{credential, frame, handshake, leak, liveness, origin, transport};

/// In the order in which they run: what may end a server comes last.
pub const GROUPS: &[Group] = &[
    origin::GROUP,
    credential::GROUP,
    transport::GROUP,
    handshake::GROUP,
    liveness::GROUP,
    leak::GROUP,
    frame::GROUP,
];

/// The most connections of the polite level, whatever its checks would like.
const POLITE: u32 = 30;

pub fn checks() -> impl Iterator<Item = &'static Check> + Clone {
    GROUPS.iter().flat_map(|group| group.checks)
}

/// Whether `word` names a check, a group or a level.
pub fn is_known(word: &str) -> bool {
    checks().any(|check| is_named(check, word))
}

pub fn is_named(check: &Check, word: &str) -> bool {
    let group = GROUPS
        .iter()
        .find(|group| group.checks.iter().any(|own| own.id == check.id));
    check.id == word || group.is_some_and(|group| group.name == word)
}

/// The words that name checks, for an unknown one.
pub fn words() -> impl Iterator<Item = &'static str> + Clone {
    let groups = GROUPS.iter().map(|group| group.name);
    groups.chain(checks().map(|check| check.id))
}

/// Why a check does not run; `None` if it does.
pub fn left_out(check: &Check, options: &Options) -> Option<String> {
    let is_one_of = |words: &[String]| words.iter().any(|word| is_named(check, word));
    if !options.only.is_empty() && !is_one_of(&options.only) {
        return Some("left out by --only".to_owned());
    }
    if is_one_of(&options.skip) {
        return Some("left out by --skip".to_owned());
    }
    (!options.runs(check.level)).then(|| "needs --probe".to_owned())
}

/// The most connections of the checks that run, with the first one.
pub fn connections(options: &Options) -> u32 {
    let runs = || checks().filter(|check| left_out(check, options).is_none());
    let sum = |is: fn(Level) -> bool| -> u32 {
        runs()
            .filter(|check| is(check.level))
            .map(|check| check.connections)
            .sum()
    };
    // The first connection may need an Origin, and is then made twice; a URL with a query is asked for once more.
    let polite = (3 + sum(|level| level == Level::Polite)).min(POLITE);
    polite + sum(|level| level != Level::Polite)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_check_is_named_after_its_group_and_explained() {
        let mut ids = HashSet::new();
        for group in GROUPS {
            for check in group.checks {
                assert!(ids.insert(check.id), "{} twice", check.id);
                assert!(check.id.starts_with(group.name), "{}", check.id);
                assert!(
                    check.about.ends_with('.') && check.about.len() > 25,
                    "{}",
                    check.id
                );
                assert!(!check.title.ends_with('.'), "{}", check.id);
                assert!(
                    !check.rule.is_empty() && !check.cures.is_empty(),
                    "{}",
                    check.id
                );
            }
        }
    }
}
