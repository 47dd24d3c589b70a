//! Phoenix: the path and the version that its servers need.

use super::query::{add, has_key};
use crate::config::target::Target;
use crate::ontop::phoenix::Options;

/// The last segment of the path of every socket.
const TRANSPORT: &str = "/websocket";
/// What `Endpoint.socket` is given in the documentation.
const SOCKET: &str = "/socket/websocket";
const SUPABASE: &str = "/realtime/v1/websocket";

/// Adds what is missing of path and version, as the official clients do; a URL with a version is whole.
pub(super) fn complete(target: &mut Target) -> (Options, Option<String>) {
    let typed = target.request_target.clone();
    if !has_key(target, "vsn") {
        let path = typed.split('?').next().unwrap_or_default();
        let host = target.url.host_str().unwrap_or_default();
        let is_supabase = host.ends_with(".supabase.co") || path.starts_with("/realtime/v1");
        let filled = match path {
            "/" if is_supabase => SUPABASE.to_owned(),
            "/" => SOCKET.to_owned(),
            path if path.ends_with(TRANSPORT) => path.to_owned(),
            path => format!("{}{TRANSPORT}", path.trim_end_matches('/')),
        };
        target.request_target.replace_range(..path.len(), &filled);
        let version = if is_supabase { "1.0.0" } else { "2.0.0" };
        add(target, &format!("vsn={version}"));
    }
    let filled = &target.request_target;
    let mut options = Options::default();
    options.follow(filled);
    // The query may hold a key.
    let asked = filled.split('?').next().unwrap_or_default();
    let version = options.version.number();
    let note = (*filled != typed).then(|| format!("--as phoenix asks for {asked}, vsn={version}"));
    (options, note)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_and_version_are_filled_in_as_the_official_clients_do() {
        for (url, expected) in [
            ("ws://h", "/socket/websocket?vsn=2.0.0"),
            ("ws://h/live?token=a", "/live/websocket?token=a&vsn=2.0.0"),
            ("ws://h/socket/websocket", "/socket/websocket?vsn=2.0.0"),
            ("ws://h/custom?vsn=1.0.0", "/custom?vsn=1.0.0"),
            (
                "wss://a.supabase.co/?apikey=k",
                "/realtime/v1/websocket?apikey=k&vsn=1.0.0",
            ),
        ] {
            let mut target = Target::parse(url).expect(url);
            let (options, note) = complete(&mut target);
            assert_eq!(target.request_target, expected);
            assert!(expected.ends_with(options.version.number()));
            assert!(!note.unwrap_or_default().contains("apikey"));
        }
    }
}
