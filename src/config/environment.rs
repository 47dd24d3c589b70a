use std::cell::RefCell;
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::render::clock::Clock;
use crate::secret::Secret;
use crate::sys::place::{CONFIG, DATA, Folder, HOME, STATE};
use crate::sys::{process, terminal};
use crate::term::{self, PasswordError, Terminals};

#[derive(Debug, Clone)]
pub struct Environment {
    /// The clock of the run: every output takes its times from it, so that one event has one time.
    pub clock: Clock,
    pub terminals: Terminals,
    pub passwords: Passwords,
    /// `NO_COLOR` is set and not empty (no-color.org).
    pub no_color: bool,
    /// `CLICOLOR_FORCE` is set, not empty and not 0.
    pub force_color: bool,
    /// `TERM` is `dumb` or not set.
    pub dumb: bool,
    pub home: Option<PathBuf>,
    pub netrc: Option<PathBuf>,
    /// The configuration file, which may not exist, in `$XDG_CONFIG_HOME` or `~/.config`.
    pub config_file: Option<PathBuf>,
    /// The variables that were read and are set, in the order of `--debug`.
    pub decisive: Vec<(&'static str, String)>,
    /// The command of the user's editor: `$VISUAL`, `$EDITOR` or `vi`.
    pub editor: String,
    /// The command of the user's pager: `$PAGER` or `less`.
    pub pager: String,
    /// `$XDG_STATE_HOME`, or `~/.local/state`.
    pub state_dir: Option<PathBuf>,
    /// `$XDG_DATA_HOME`, or `~/.local/share`.
    pub data_dir: Option<PathBuf>,
    pub proxies: ProxyVariables,
    /// A file of trusted certificates: `SSL_CERT_FILE`.
    pub ssl_cert_file: Option<PathBuf>,
    /// Folders of trusted certificates: `SSL_CERT_DIR`, a list as in `PATH`.
    pub ssl_cert_dir: Vec<PathBuf>,
    /// A file for the secrets of TLS connections: `SSLKEYLOGFILE`.
    pub ssl_key_log_file: Option<PathBuf>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProxyVariables {
    pub ws: Option<Variable>,
    pub wss: Option<Variable>,
    pub bypass: Option<String>,
}

/// A variable that is set and not empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    pub name: &'static str,
    /// Its value, which may hold a password.
    pub value: Secret<String>,
}

impl ProxyVariables {
    /// Reads the same variables as curl, in the same order.
    ///
    /// `HTTP_PROXY` is not read: in a CGI program it is the `Proxy` field of the request.
    pub(super) fn read(set: &impl Fn(&'static str) -> Option<OsString>) -> Self {
        let first = |names: &[&'static str]| {
            names.iter().find_map(|&name| {
                let value = Secret::new(set(name)?.to_string_lossy().into_owned());
                Some(Variable { name, value })
            })
        };
        Self {
            ws: first(&[
                "ws_proxy",
                "WS_PROXY",
                "http_proxy",
                "all_proxy",
                "ALL_PROXY",
            ]),
            wss: first(&[
                "wss_proxy",
                "WSS_PROXY",
                "https_proxy",
                "HTTPS_PROXY",
                "all_proxy",
                "ALL_PROXY",
            ]),
            bypass: first(&["no_proxy", "NO_PROXY"]).map(|it| it.value.expose().clone()),
        }
    }
}

/// Where passwords come from that no flag gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passwords {
    Asked,
    /// The terminal is not free to ask.
    Written,
}

impl Environment {
    /// Asks for a password.
    pub(super) fn password(&self, prompt: &str) -> Result<String, PasswordError> {
        match self.passwords {
            Passwords::Asked => term::password(prompt),
            Passwords::Written => {
                let error = std::io::Error::other("the prompt has the terminal");
                Err(PasswordError::Io(error))
            }
        }
    }

    pub fn read(clock: Clock) -> Self {
        Self::from_variables(clock, |name| env::var_os(name))
    }

    /// The environment with the variables of `get`; an empty one counts as not set.
    fn from_variables(clock: Clock, get: impl Fn(&str) -> Option<OsString>) -> Self {
        // Every variable is read through `set`, so that `--debug` lists them all.
        let shown = RefCell::new(Vec::<(&str, String)>::new());
        let set = |name: &'static str| {
            let value = get(name).filter(|value| !value.is_empty())?;
            let mut shown = shown.borrow_mut();
            if shown.iter().all(|(known, _)| *known != name) {
                shown.push((name, value.to_string_lossy().into_owned()));
            }
            Some(value)
        };
        let home = HOME.iter().find_map(|name| set(name));
        let mut environment = Self {
            clock,
            terminals: Terminals::detect(),
            passwords: Passwords::Asked,
            netrc: set("NETRC").map(PathBuf::from).or_else(|| {
                let home = home.as_ref()?;
                Some(Path::new(home).join(".netrc"))
            }),
            config_file: base_dir(&set, "XDG_CONFIG_HOME", CONFIG, home.as_ref())
                .map(|dir| dir.join("wsee").join("config.toml")),
            state_dir: base_dir(&set, "XDG_STATE_HOME", STATE, home.as_ref()),
            data_dir: base_dir(&set, "XDG_DATA_HOME", DATA, home.as_ref()),
            home: home.map(PathBuf::from),
            dumb: !terminal::understands_escapes(set("TERM").as_deref()),
            editor: set("VISUAL")
                .or_else(|| set("EDITOR"))
                .and_then(|command| command.into_string().ok())
                .unwrap_or_else(|| process::EDITOR.to_owned()),
            pager: set("PAGER")
                .and_then(|command| command.into_string().ok())
                .unwrap_or_else(|| process::PAGER.to_owned()),
            no_color: set("NO_COLOR").is_some(),
            force_color: set("CLICOLOR_FORCE").is_some_and(|value| value != "0"),
            proxies: ProxyVariables::read(&set),
            ssl_cert_file: set("SSL_CERT_FILE").map(PathBuf::from),
            ssl_cert_dir: set("SSL_CERT_DIR").map_or_else(Vec::new, |list| {
                let folders = env::split_paths(&list);
                folders.filter(|it| !it.as_os_str().is_empty()).collect()
            }),
            ssl_key_log_file: set("SSLKEYLOGFILE").map(PathBuf::from),
            decisive: Vec::new(),
        };
        environment.decisive = shown.take();
        environment
    }

    /// The variable that the user named; `None` if it is not set or not UTF-8.
    pub fn variable(&self, name: &str) -> Option<String> {
        env::var(name).ok()
    }
}

/// The XDG base directory specification requires relative paths to be ignored.
fn base_dir(
    set: &impl Fn(&'static str) -> Option<OsString>,
    xdg: &'static str,
    folder: Folder,
    home: Option<&OsString>,
) -> Option<PathBuf> {
    let named = |name| set(name).map(PathBuf::from).filter(|it| it.is_absolute());
    let home = || home.map(|home| Path::new(home).join(folder.in_home));
    named(xdg)
        .or_else(|| folder.variable.and_then(named))
        .or_else(home)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn clock() -> Clock {
        Clock::new(Instant::now(), jiff::Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn directories_are_where_xdg_or_the_system_says() {
        let me = OsString::from("/home/me");
        let home = || Some(&me);
        let dir = |xdg: Option<&str>, own: Option<&str>, home| {
            let folder = Folder {
                variable: Some("OWN"),
                in_home: "state",
            };
            let set = |name| match name {
                "OWN" => own.map(OsString::from),
                _ => xdg.map(OsString::from),
            };
            base_dir(&set, "XDG", folder, home)
        };
        assert_eq!(dir(Some("/x"), Some("/own"), home()), Some("/x".into()));
        assert_eq!(dir(Some("x"), Some("/own"), home()), Some("/own".into()));
        let fallback = Some("/home/me/state".into());
        assert_eq!(dir(Some("x"), Some("own"), home()), fallback);
        assert_eq!(dir(None, None, home()), fallback);
        assert_eq!(dir(None, None, None), None);
    }

    #[test]
    fn every_variable_that_is_read_is_shown_once() {
        let read = RefCell::new(Vec::new());
        let environment = Environment::from_variables(clock(), |name| {
            read.borrow_mut().push(name.to_owned());
            Some(OsString::from("/x"))
        });
        let mut read = read.take();
        read.sort();
        read.dedup();
        let shown = environment.decisive.iter();
        let mut shown: Vec<_> = shown.map(|(name, _)| (*name).to_owned()).collect();
        shown.sort();
        assert_eq!(shown, read);
        for name in ["SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE"] {
            assert!(shown.iter().any(|it| it == name), "{name}");
        }
        let page = crate::cli::generate::man_page(None);
        let page = String::from_utf8_lossy(&page).replace('\\', "");
        for name in shown {
            let is_there = page.contains(&name) || page.contains(&name.to_lowercase());
            assert!(is_there, "{name} is not in wsee(1)");
        }
    }

    #[test]
    fn an_empty_variable_counts_as_not_set() {
        let environment = Environment::from_variables(clock(), |_| Some(OsString::new()));
        assert_eq!(environment.decisive, []);
        assert_eq!((environment.home, environment.no_color), (None, false));
    }
}
