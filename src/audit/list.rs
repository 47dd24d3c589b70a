//! All checks, and the choice of those that run.

use super::check::{Check, Group};
use super::options::{Level, Options};
use super::request::{has_credentials, has_origin, has_query};
use super::{credential, frame, handshake, leak, limit, liveness, origin, transport};
use crate::session;

/// In the order in which they run: what may end a server comes last.
pub const GROUPS: &[Group] = &[
    origin::GROUP,
    credential::GROUP,
    transport::GROUP,
    handshake::GROUP,
    liveness::GROUP,
    leak::GROUP,
    frame::GROUP,
    limit::GROUP,
];

/// The most connections of the polite level, whatever its checks would like.
const POLITE: u32 = 30;

pub fn checks() -> impl Iterator<Item = &'static Check> + Clone {
    GROUPS.iter().flat_map(|group| group.checks)
}

/// Whether `word` names a check or a group.
pub fn is_known(word: &str) -> bool {
    checks().any(|check| is_named(check, word))
}

fn is_named(check: &Check, word: &str) -> bool {
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

/// Why a check does not run that --only does not name.
pub const UNNAMED: &str = "left out by --only";

/// Why a check does not run; `None` if it does.
pub fn left_out(check: &Check, options: &Options) -> Option<String> {
    if !options.only.is_empty() && !is_one_of(check, &options.only) {
        return Some(UNNAMED.to_owned());
    }
    if is_one_of(check, &options.skip) {
        return Some("left out by --skip".to_owned());
    }
    (!options.runs(check.level)).then(|| format!("needs {}", check.level.flags()))
}

/// Whether --only names a check, or its group.
pub fn is_asked_for(check: &Check, options: &Options) -> bool {
    is_one_of(check, &options.only) && !is_one_of(check, &options.skip)
}

fn is_one_of(check: &Check, words: &[String]) -> bool {
    words.iter().any(|word| is_named(check, word))
}

/// The most connections of the checks that run, with the first one.
pub fn connections(options: &Options) -> u32 {
    let runs = || checks().filter(|check| left_out(check, options).is_none());
    let sum = |is: fn(Level) -> bool| -> u32 {
        runs()
            .filter(|check| is(check.level))
            .map(|check| needed(check, options))
            .sum()
    };
    let polite = (first(&options.open) + sum(|level| level == Level::Polite)).min(POLITE);
    polite.saturating_add(sum(|level| level != Level::Polite))
}

/// Whether a check of this level runs.
pub fn has(level: Level, options: &Options) -> bool {
    checks().any(|check| check.level == level && left_out(check, options).is_none())
}

/// The most connections before the checks.
fn first(open: &session::Options) -> u32 {
    // The first one is made again if it may need an Origin, and a URL with a query is asked for once more.
    1 + u32::from(!has_origin(open)) + u32::from(has_query(open)) + redirections(open)
}

/// A server redirects once or twice; those of a longer chain are missing for the checks.
fn redirections(open: &session::Options) -> u32 {
    open.follow
        .as_ref()
        .map_or(0, |follow| follow.limit.min(2).into())
}

/// The most connections of a check, as far as the URL and the flags say.
fn needed(check: &Check, options: &Options) -> u32 {
    let open = &options.open;
    // A redirection may lead to a server with TLS.
    let has_tls = open.target.tls || open.follow.is_some();
    match check.id {
        limit::CROWD => check.connections.saturating_add(options.idle_connections),
        "transport-plain" | "transport-version" | "transport-http2" | "origin-scheme"
            if !has_tls =>
        {
            0
        }
        "credential-none" | "credential-query" if !has_credentials(open) => 0,
        _ => check.connections,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::audit::severity::Severity;

    #[test]
    fn every_fault_has_a_fix_for_each_kind_of_server() {
        for check in checks() {
            let servers: Vec<&str> = check.cures.iter().map(|(server, _)| server).collect();
            let mut needed = vec!["Node ws", "Python websockets", "Spring"];
            // It passes frames as they come.
            let is_frame = ["frame", "liveness", "limit-fragments"];
            if !is_frame.iter().any(|start| check.id.starts_with(start)) {
                needed.push("nginx");
            }
            if check.severity == Severity::Info {
                needed.clear();
            }
            let has = |server: &&str| servers.contains(server);
            assert!(needed.iter().all(has), "{}: {servers:?}", check.id);
            assert!(!servers.is_empty(), "{}", check.id);
        }
    }

    #[test]
    fn every_check_is_named_after_its_group_and_explained() {
        let mut ids = HashSet::new();
        for group in GROUPS {
            assert!(!group.about.ends_with('.'), "{}", group.name);
            for check in group.checks {
                assert!(ids.insert(check.id), "{} twice", check.id);
                assert!(check.id.starts_with(group.name), "{}", check.id);
                assert!(
                    check.about.ends_with('.') && check.about.len() > 25,
                    "{}",
                    check.id
                );
                assert!(!check.title.ends_with('.'), "{}", check.id);
                assert!(!check.rule.is_empty(), "{}", check.id);
                // One sentence.
                assert!(
                    check.risk.ends_with('.') && !check.risk.contains(". "),
                    "{}",
                    check.id
                );
            }
        }
    }
}
