//! Action Cable: the path and the Origin that its servers need.

use crate::config::target::Target;

/// Where Rails mounts it.
const PATH: &str = "/cable";

/// Adds the path if there is none, and finds the Origin to send in the place of none, which Rails refuses with
/// 404.
pub(super) fn complete(target: &mut Target) -> (String, Option<String>) {
    let typed = target.request_target.clone();
    if typed == "/" || typed.starts_with("/?") {
        target.request_target.replace_range(..1, PATH);
    }
    let scheme = if target.url.scheme() == "wss" {
        "https"
    } else {
        "http"
    };
    let origin = format!("{scheme}://{}", target.host_header);
    let is_filled = target.request_target != typed;
    let note = is_filled.then(|| format!("--as actioncable asks for {PATH}"));
    (origin, note)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_and_the_origin_of_a_page_on_the_same_host_are_filled_in() {
        for (url, path, origin) in [
            ("ws://h:3000", "/cable", "http://h:3000"),
            ("wss://h/?token=a", "/cable?token=a", "https://h"),
            ("wss://h/ws", "/ws", "https://h"),
        ] {
            let mut target = Target::parse(url).expect(url);
            let (filled, note) = complete(&mut target);
            assert_eq!(
                (target.request_target.as_str(), filled.as_str()),
                (path, origin)
            );
            assert_eq!(note.is_some(), path.starts_with("/cable"));
        }
    }
}
