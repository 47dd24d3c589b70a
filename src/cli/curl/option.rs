//! curl's options, and their meaning for a WebSocket.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// wsee has the same, under this long name.
    Same(&'static str),
    /// wsee has a flag of this long name for it, with this value.
    Fixed(&'static str, &'static str),
    Field,
    /// Cookies, or the file they are in.
    Cookie,
    Referer,
    /// The method, which can only be GET.
    Method,
    Url,
    /// A proxy without its scheme, which is this.
    Proxy(&'static str),
    /// A body, or an option that implies one.
    Body,
    /// A file to write to: standard output can be redirected.
    Output,
    /// It has no effect on an opening handshake, or wsee does it anyway.
    Ignored,
    /// It has an effect that wsee lacks, and the connection is useful without it.
    Unsupported,
    Refused(&'static str),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    pub(super) long: &'static str,
    pub(super) takes_value: bool,
    pub(super) meaning: Meaning,
}

pub(super) fn by_long(name: &str) -> Option<Known> {
    let row = TABLE.iter().find(|row| row.0 == name);
    row.copied().map(known).or_else(|| ignored(name))
}

pub(super) fn by_short(letter: char) -> Option<Known> {
    let row = TABLE.iter().find(|row| row.1 == Some(letter));
    row.copied().map(known).or_else(|| {
        let (_, long) = IGNORED_LETTERS.iter().find(|(it, _)| *it == letter)?;
        ignored(long)
    })
}

fn known((long, _, takes_value, meaning): Row) -> Known {
    Known {
        long,
        takes_value,
        meaning,
    }
}

fn ignored(name: &str) -> Option<Known> {
    let lists = [
        (IGNORED_SWITCHES, false, Meaning::Ignored),
        (IGNORED_WITH_VALUE, true, Meaning::Ignored),
        (UNSUPPORTED_SWITCHES, false, Meaning::Unsupported),
        (UNSUPPORTED_WITH_VALUE, true, Meaning::Unsupported),
    ];
    lists.into_iter().find_map(|(names, takes_value, meaning)| {
        let long = names.split_whitespace().find(|it| *it == name)?;
        Some(known((long, None, takes_value, meaning)))
    })
}

type Row = (&'static str, Option<char>, bool, Meaning);

const UNABLE: &str = "wsee cannot do that; remove it";
const HTTP: &str = "a WebSocket's opening handshake needs HTTP/1.1 (RFC 6455 §4.1); remove it";
const PROXY_LOGIN: &str = "wsee logs in at a proxy with -U USER:PASS only";
const LOGIN: &str = "wsee logs in with Basic (-u) or a bearer token (--bearer) only";

#[rustfmt::skip]
const TABLE: &[Row] = {
    use Meaning::{Body, Cookie, Field, Fixed, Method, Output, Proxy, Referer, Refused, Same, Unsupported, Url};
    &[
        ("header", Some('H'), true, Field),
        ("cookie", Some('b'), true, Cookie),
        ("user-agent", Some('A'), true, Same("user-agent")),
        ("referer", Some('e'), true, Referer),
        ("request", Some('X'), true, Method),
        ("url", None, true, Url),
        ("user", Some('u'), true, Same("user")),
        ("oauth2-bearer", None, true, Same("bearer")),
        ("insecure", Some('k'), false, Same("insecure")),
        ("cacert", None, true, Same("cacert")),
        ("cert", Some('E'), true, Same("cert")),
        ("key", None, true, Same("key")),
        ("pass", None, true, Refused("do not put a password on the command line; without it, wsee asks for the password of --cert")),
        ("pinnedpubkey", None, true, Same("pinnedpubkey")),
        ("tls-max", None, true, Same("tls-max")),
        ("tlsv1.2", None, false, Fixed("tls-min", "1.2")),
        ("tlsv1.3", None, false, Fixed("tls-min", "1.3")),
        ("max-time", Some('m'), true, Same("max-time")),
        ("connect-timeout", None, true, Same("connect-timeout")),
        ("verbose", Some('v'), false, Same("verbose")),
        ("cookie-jar", Some('c'), true, Same("cookie-jar")),
        ("netrc", Some('n'), false, Same("netrc")),
        ("netrc-file", None, true, Same("netrc-file")),
        ("netrc-optional", None, false, Same("netrc")),
        ("location", Some('L'), false, Same("location")),
        ("location-trusted", None, false, Same("location-trusted")),
        ("max-redirs", None, true, Same("max-redirs")),
        ("proxy", Some('x'), true, Same("proxy")),
        ("proxy1.0", None, true, Proxy("http://")),
        ("socks5", None, true, Proxy("socks5://")),
        ("socks5-hostname", None, true, Proxy("socks5h://")),
        ("proxy-user", Some('U'), true, Same("proxy-user")),
        ("noproxy", None, true, Same("noproxy")),
        ("proxy-header", None, true, Same("proxy-header")),
        ("proxy-cacert", None, true, Same("proxy-cacert")),
        ("proxy-insecure", None, false, Same("proxy-insecure")),
        ("resolve", None, true, Same("resolve")),
        ("connect-to", None, true, Same("connect-to")),
        ("unix-socket", None, true, Same("unix-socket")),
        ("ipv4", Some('4'), false, Same("ipv4")),
        ("ipv6", Some('6'), false, Same("ipv6")),
        ("interface", None, true, Same("interface")),
        ("keepalive-time", None, true, Same("keepalive-time")),
        ("write-out", Some('w'), true, Same("write-out")),
        ("disable", Some('q'), false, Same("no-config")),
        ("path-as-is", None, false, Same("path-as-is")),

        ("output", Some('o'), true, Output),
        ("remote-name", Some('O'), false, Output),
        ("dump-header", Some('D'), true, Unsupported),

        ("data", Some('d'), true, Body),
        ("data-ascii", None, true, Body),
        ("data-binary", None, true, Body),
        ("data-raw", None, true, Body),
        ("data-urlencode", None, true, Body),
        ("json", None, true, Body),
        ("form", Some('F'), true, Body),
        ("form-string", None, true, Body),
        ("upload-file", Some('T'), true, Body),
        ("url-query", None, true, Refused("write the query into the URL")),

        ("head", Some('I'), false, Refused("it asks for HEAD, and the opening handshake is a GET (RFC 6455 §4.1); remove it")),
        ("http1.0", Some('0'), false, Refused(HTTP)),
        ("http1.1", None, false, Fixed("http", "1.1")),
        ("http2", None, false, Fixed("http", "auto")),
        ("http2-prior-knowledge", None, false, Same("http2-prior-knowledge")),
        ("http3-only", None, false, Refused(HTTP)),
        ("next", Some(':'), false, Refused("only one request can become a connection; paste one")),
        ("config", Some('K'), true, Refused("a file of curl's options is not read; paste them instead")),
        ("request-target", None, true, Refused("write the path into the URL")),
        ("anyauth", None, false, Refused(LOGIN)),
        ("digest", None, false, Refused(LOGIN)),
        ("ntlm", None, false, Refused(LOGIN)),
        ("ntlm-wb", None, false, Refused(LOGIN)),
        ("negotiate", None, false, Refused(LOGIN)),
        ("aws-sigv4", None, true, Refused(LOGIN)),
        ("abstract-unix-socket", None, true, Refused(UNABLE)),
        ("cert-status", None, false, Refused(UNABLE)),
        ("crlfile", None, true, Refused(UNABLE)),
        ("dns-interface", None, true, Refused(UNABLE)),
        ("dns-ipv4-addr", None, true, Refused(UNABLE)),
        ("dns-ipv6-addr", None, true, Refused(UNABLE)),
        ("dns-servers", None, true, Refused(UNABLE)),
        ("doh-url", None, true, Refused(UNABLE)),
        ("haproxy-protocol", None, false, Refused(UNABLE)),
        ("local-port", None, true, Refused(UNABLE)),
        ("preproxy", None, true, Refused(UNABLE)),
        ("socks4", None, true, Proxy("socks4://")),
        ("socks4a", None, true, Proxy("socks4a://")),
        ("proxy-anyauth", None, false, Refused(PROXY_LOGIN)),
        ("proxy-digest", None, false, Refused(PROXY_LOGIN)),
        ("proxy-ntlm", None, false, Refused(PROXY_LOGIN)),
        ("proxy-negotiate", None, false, Refused(PROXY_LOGIN)),
        ("proxy-cert", None, true, Refused(UNABLE)),
        ("proxy-crlfile", None, true, Refused(UNABLE)),
        ("proxy-pinnedpubkey", None, true, Refused(UNABLE)),
        ("haproxy-clientip", None, true, Refused(UNABLE)),
        ("proxy-key", None, true, Refused(UNABLE)),
    ]
};

const IGNORED_LETTERS: &[(char, &str)] = &[
    ('#', "progress-bar"),
    ('1', "tlsv1"),
    ('2', "sslv2"),
    ('3', "sslv3"),
    ('B', "use-ascii"),
    ('C', "continue-at"),
    ('G', "get"),
    ('J', "remote-header-name"),
    ('N', "no-buffer"),
    ('P', "ftp-port"),
    ('Q', "quote"),
    ('R', "remote-time"),
    ('S', "show-error"),
    ('Y', "speed-limit"),
    ('Z', "parallel"),
    ('a', "append"),
    ('f', "fail"),
    ('g', "globoff"),
    ('i', "include"),
    ('j', "junk-session-cookies"),
    ('l', "list-only"),
    ('p', "proxytunnel"),
    ('r', "range"),
    ('s', "silent"),
    ('t', "telnet-option"),
    ('y', "speed-time"),
    ('z', "time-cond"),
];

const IGNORED_SWITCHES: &str = "append basic ca-native compressed compressed-ssh create-dirs crlf disable-eprt \
    disable-epsv fail fail-early fail-with-body form-escape get globoff \
    http0.9 http3 ignore-content-length list-only \
    buffer keepalive clobber npn sessionid no-buffer parallel parallel-immediate post301 post302 \
    post303 progress-bar progress-meter proxy-basic proxy-ca-native proxytunnel socks5-basic raw remote-header-name \
    remote-name-all remote-time remove-on-error show-error silent skip-existing ssl ssl-reqd ssl-allow-beast \
    ssl-no-revoke sslv2 sslv3 styled-output suppress-connect-headers tcp-nodelay tlsv1 \
    tlsv1.0 tlsv1.1 tr-encoding use-ascii xattr \
    doh-cert-status doh-insecure ftp-create-dirs ftp-pasv ftp-pret ftp-skip-pasv-ip ftp-ssl-ccc ftp-ssl-control \
    mail-rcpt-allowfails metalink proxy-ssl-allow-beast proxy-ssl-auto-client-cert proxy-tlsv1 sasl-ir \
    ssl-auto-client-cert ssl-revoke-best-effort tftp-no-options";

const IGNORED_WITH_VALUE: &str = "alt-svc continue-at create-file-mode etag-compare etag-save \
    expect100-timeout ftp-port libcurl output-dir parallel-max quote random-file range telnet-option time-cond \
    egd-file ftp-account ftp-alternative-to-user ftp-method ftp-ssl-ccc-mode hostpubmd5 hostpubsha256 ipfs-gateway \
    krb login-options mail-auth mail-from mail-rcpt pubkey sasl-authzid service-name tftp-blksize";

/// What they do in curl would have an effect on a WebSocket as well.
const UNSUPPORTED_SWITCHES: &str = "alpn disallow-username-in-url false-start include junk-session-cookies mptcp \
    retry-all-errors retry-connrefused socks5-gssapi socks5-gssapi-nec tcp-fastopen tls-earlydata trace-ids trace-time";

const UNSUPPORTED_WITH_VALUE: &str = "capath cert-type ciphers curves happy-eyeballs-timeout-ms hsts ip-tos \
    key-type limit-rate max-filesize proto proto-default proto-redir proxy-capath proxy-ciphers \
    proxy-tls13-ciphers rate retry retry-delay retry-max-time signature-algorithms speed-limit speed-time stderr \
    tls13-ciphers trace trace-ascii trace-config vlan-priority delegation ech engine proxy-cert-type proxy-key-type \
    proxy-pass proxy-service-name proxy-tlsauthtype proxy-tlspassword proxy-tlsuser socks5-gssapi-service \
    tlsauthtype tlspassword tlsuser";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn every_name_and_letter_appears_once() {
        let ignored = || {
            [
                IGNORED_SWITCHES,
                IGNORED_WITH_VALUE,
                UNSUPPORTED_SWITCHES,
                UNSUPPORTED_WITH_VALUE,
            ]
            .into_iter()
            .flat_map(str::split_whitespace)
        };
        let mut names: Vec<&str> = TABLE.iter().map(|row| row.0).chain(ignored()).collect();
        let mut letters: Vec<char> = TABLE.iter().filter_map(|row| row.1).collect();
        letters.extend(IGNORED_LETTERS.iter().map(|(letter, _)| letter));
        let (all_names, all_letters) = (names.len(), letters.len());
        names.sort_unstable();
        names.dedup();
        letters.sort_unstable();
        letters.dedup();
        assert_eq!(names.len(), all_names, "{names:?}");
        assert_eq!(letters.len(), all_letters, "{letters:?}");
    }

    #[test]
    fn every_letter_has_an_option() {
        for (letter, long) in IGNORED_LETTERS {
            assert_eq!(by_short(*letter).map(|known| known.long), Some(*long));
        }
    }

    #[test]
    fn equivalent_flags_exist_and_take_a_value_alike() {
        let command = Cli::command();
        for (long, _, takes_value, meaning) in TABLE {
            if let Meaning::Same(name) = meaning {
                let arg = command
                    .get_arguments()
                    .find(|arg| arg.get_long() == Some(name));
                let arg = arg.unwrap_or_else(|| panic!("wsee has no --{name} for {long}"));
                assert_eq!(arg.get_action().takes_values(), *takes_value, "{long}");
            }
        }
    }
}
