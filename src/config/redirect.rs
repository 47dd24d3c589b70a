use url::Url;

use super::credential::userinfo;
use super::target::Target;
use crate::cli::RedirectArgs;
use crate::ontop::signalr::negotiation::REDIRECTIONS;
use crate::session::{Follow, Place};

pub(super) fn follow(args: &RedirectArgs) -> Option<Follow> {
    let is_wanted = args.location || args.location_trusted;
    is_wanted.then_some(Follow {
        limit: args.max_redirs,
        trusted: args.location_trusted,
        place,
    })
}

/// How to follow where a negotiation of `SignalR` leads, with or without `--location`.
pub(super) fn negotiation(args: &RedirectArgs) -> Follow {
    Follow {
        limit: REDIRECTIONS,
        trusted: args.location_trusted,
        place,
    }
}

fn place(url: &Url) -> Result<Place, String> {
    let target = Target::parse(url.as_str()).map_err(|error| error.to_string())?;
    let authorization = userinfo(&target).map_err(|error| error.to_string())?;
    Ok(Place {
        url: without_userinfo(&target.url),
        target: target.dial,
        authorization,
        host: target.host_header,
        request_target: target.request_target,
    })
}

pub(super) fn without_userinfo(url: &Url) -> Url {
    let mut url = url.clone();
    // These fail only for a URL without a host.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}
