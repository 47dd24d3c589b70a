//! The query of a request, in pairs.

use crate::config::target::Target;

pub(super) fn add(target: &mut Target, pair: &str) {
    let joint = if target.request_target.contains('?') {
        '&'
    } else {
        '?'
    };
    target.request_target.push(joint);
    target.request_target.push_str(pair);
}

pub(super) fn has(target: &Target, pair: &str) -> bool {
    pairs(target).any(|it| it == pair)
}

pub(super) fn has_key(target: &Target, key: &str) -> bool {
    pairs(target).any(|it| it.split('=').next() == Some(key))
}

fn pairs(target: &Target) -> impl Iterator<Item = &str> {
    let query = target.request_target.split_once('?');
    query.map_or("", |(_, query)| query).split('&')
}
