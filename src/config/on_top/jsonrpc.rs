//! JSON-RPC: whether a browser is at the other end.

use crate::config::target::Target;
use crate::ontop::jsonrpc::Options;
use crate::session::Browser;

/// The usual ports of a browser and of Node, at which an URL without a page leads nowhere.
const PORTS: [u16; 2] = [9222, 9229];

pub(super) fn options(target: &Target) -> Options {
    // The path of a browser's pages, to which Chrome and others speak without the version.
    let is_bare = target.request_target.starts_with("/devtools/");
    Options { is_bare }
}

/// Where a browser would list its pages, unless the URL says that it is none.
pub(super) fn browser(target: &Target) -> Option<Browser> {
    let path = target.request_target.as_str();
    let is_likely = target.is_http || PORTS.contains(&target.dial.port);
    match path {
        "/json" | "/json/list" | "/json/version" => Some(Browser::List(path.to_owned())),
        "/" if is_likely => Some(Browser::List("/json/list".to_owned())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_asked_for_its_pages_where_one_may_be() {
        for (url, list) in [
            ("http://h:9000", Some("/json/list")),
            ("localhost:9222", Some("/json/list")),
            ("ws://h/json/version", Some("/json/version")),
            ("ws://h:8546", None),
            ("http://h/rpc", None),
            ("ws://h:9222/devtools/page/A", None),
        ] {
            let target = Target::parse(url).expect(url);
            let list = list.map(|list| Browser::List(list.to_owned()));
            assert_eq!(browser(&target), list, "{url}");
        }
    }
}
