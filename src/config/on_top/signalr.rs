//! `SignalR`: whether a negotiation comes first.

use crate::cli::RedirectArgs;
use crate::config::redirect;
use crate::config::target::Target;
use crate::ontop::signalr::negotiation::is_over;
use crate::session::Negotiation;

/// The official clients negotiate at a URL of HTTP; one of WebSocket says where the WebSocket is.
pub(super) fn negotiation(target: &Target, args: &RedirectArgs) -> Option<Negotiation> {
    let is_wanted = target.is_http && !is_over(&target.request_target);
    is_wanted.then(|| Negotiation::First(redirect::negotiation(args)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_of_http_is_negotiated_unless_it_names_a_connection() {
        for (url, is_wanted) in [
            ("http://h/hub", true),
            ("HTTPS://h/hub?a=b", true),
            ("http://h/hub?id=7", false),
            ("ws://h/hub", false),
            ("wss://h/hub", false),
            (":5000/hub", false),
            ("httpd.example/hub", false),
        ] {
            let target = Target::parse(url).expect(url);
            let args = RedirectArgs {
                location: false,
                location_trusted: false,
                max_redirs: 0,
            };
            let negotiation = negotiation(&target, &args);
            assert_eq!(negotiation.is_some(), is_wanted, "{url}");
        }
    }
}
