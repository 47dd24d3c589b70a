//! The namespaces of a session: which are joined, and what is needed to recover them.

use std::time::Instant;

use serde_json::{Value, json};

use super::packet::MAIN;

#[derive(Debug)]
pub(super) struct Namespaces {
    /// In the order in which they were asked for.
    list: Vec<Namespace>,
    /// There was more than one from the start.
    are_several: bool,
}

#[derive(Debug)]
pub(super) struct Namespace {
    pub name: String,
    pub state: State,
    /// What `/join` was given; otherwise `--auth` applies.
    pub auth: Option<Value>,
    /// Identifies the session for its recovery; the server sends it if it can recover.
    pid: Option<String>,
    /// The last string argument of the newest event: the server continues after it.
    offset: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Not asked for on this connection yet.
    Wanted,
    /// Asked for, as part of the greeting or by `/join`.
    Joining {
        since: Instant,
        is_greeting: bool,
    },
    Joined,
    /// Left, refused or disconnected.
    Out,
}

/// Whether the server kept what was sent in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Recovery {
    /// The first connection, or a server that does not recover.
    None,
    Recovered,
    Lost,
}

impl Namespaces {
    pub(super) fn new(names: &[String]) -> Self {
        let mut namespaces = Self {
            list: Vec::new(),
            are_several: false,
        };
        for name in names {
            namespaces.add(name);
        }
        if namespaces.list.is_empty() {
            namespaces.add(MAIN);
        }
        namespaces.are_several = namespaces.list.len() > 1;
        namespaces
    }

    pub(super) fn add(&mut self, name: &str) -> &mut Namespace {
        let at = self.list.iter().position(|it| it.name == name);
        let at = at.unwrap_or_else(|| {
            self.list.push(Namespace {
                name: name.to_owned(),
                state: State::Wanted,
                auth: None,
                pid: None,
                offset: None,
            });
            self.list.len() - 1
        });
        &mut self.list[at]
    }

    pub(super) fn get(&mut self, name: &str) -> Option<&mut Namespace> {
        self.list.iter_mut().find(|it| it.name == name)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Namespace> {
        self.list.iter()
    }

    /// A connection is open again: what was joined or asked for is to be joined again.
    pub(super) fn restart(&mut self) {
        let are_out = self.are_out();
        for namespace in &mut self.list {
            if are_out || namespace.state != State::Out {
                namespace.state = State::Wanted;
            }
        }
    }

    /// There is no connection, and so none is joined; those that were are joined again on the next one.
    pub(super) fn disconnected(&mut self) {
        for namespace in &mut self.list {
            if namespace.state != State::Out {
                namespace.state = State::Wanted;
            }
        }
    }

    /// Where events go that name no namespace: always the first, as another one that takes its place after it
    /// was left would get what was typed for the first.
    pub(super) fn usual(&self) -> &str {
        self.list.first().map_or(MAIN, |it| &it.name)
    }

    /// One that events can go to if they name it.
    pub(super) fn first_joined(&self) -> Option<&str> {
        let mut joined = self.list.iter().filter(|it| it.state == State::Joined);
        joined.next().map(|it| it.name.as_str())
    }

    pub(super) fn is_joined(&self, name: &str) -> bool {
        let mut list = self.list.iter();
        list.any(|it| it.name == name && it.state == State::Joined)
    }

    /// Whether a request to join it has no answer yet.
    pub(super) fn is_joining(&self, name: &str) -> bool {
        let mut list = self.list.iter();
        list.any(|it| it.name == name && matches!(it.state, State::Joining { .. }))
    }

    /// Whether outputs name them all: a filter for the first one must not change its meaning with /join.
    pub(super) fn are_several(&self) -> bool {
        self.are_several
    }

    /// Whether all are left, refused or disconnected.
    pub(super) fn are_out(&self) -> bool {
        self.list.iter().all(|it| it.state == State::Out)
    }

    /// Whether the greeting is over.
    pub(super) fn are_settled(&self) -> bool {
        !self.list.iter().any(|it| {
            let state = it.state;
            matches!(
                state,
                State::Wanted
                    | State::Joining {
                        is_greeting: true,
                        ..
                    }
            )
        })
    }

    /// When the oldest request to join was sent, and for which namespace.
    pub(super) fn oldest(&self) -> Option<(Instant, &str)> {
        let joining = self.list.iter().filter_map(|it| match it.state {
            State::Joining { since, .. } => Some((since, it.name.as_str())),
            _ => None,
        });
        joining.min_by_key(|(since, _)| *since)
    }
}

impl Namespace {
    /// The payload of CONNECT: the credentials, and what recovers the session.
    pub(super) fn greeting(&self, auth: Option<&Value>) -> Option<Value> {
        let auth = self.auth.as_ref().or(auth);
        let Some(pid) = &self.pid else {
            return auth.cloned();
        };
        let mut greeting = json!({"pid": pid});
        if let Some(offset) = &self.offset {
            greeting["offset"] = offset.as_str().into();
        }
        // As in the reference client, a key of the credentials wins.
        if let Some(Value::Object(auth)) = auth {
            for (key, value) in auth {
                greeting[key] = value.clone();
            }
        }
        Some(greeting)
    }

    pub(super) fn joined(&mut self, data: Option<&Value>) -> Recovery {
        let pid = data.and_then(|it| it.get("pid")).and_then(Value::as_str);
        let recovery = match (&self.pid, pid) {
            (Some(old), Some(new)) if old == new => Recovery::Recovered,
            (Some(_), _) => Recovery::Lost,
            (None, _) => Recovery::None,
        };
        self.pid = pid.map(str::to_owned);
        if recovery != Recovery::Recovered {
            self.offset = None;
        }
        self.state = State::Joined;
        recovery
    }

    /// Notes the arguments of an event, the last of which is its offset if the session can be recovered.
    pub(super) fn received(&mut self, arguments: &[Value]) {
        if self.pid.is_some()
            && let Some(offset) = arguments.last().and_then(Value::as_str)
        {
            self.offset = Some(offset.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_recovered_with_its_pid_and_offset() {
        let mut namespaces = Namespaces::new(&[]);
        let main = namespaces.get(MAIN).expect("the main namespace");
        assert_eq!(main.greeting(None), None);
        let auth = json!({"token": "t"});
        assert_eq!(main.greeting(Some(&auth)), Some(auth.clone()));
        let data = json!({"sid": "s", "pid": "p"});
        assert_eq!(main.joined(Some(&data)), Recovery::None);
        main.received(&[json!(1), json!("o1")]);
        main.received(&[json!(2)]);
        let greeting = json!({"pid": "p", "offset": "o1", "token": "t"});
        assert_eq!(main.greeting(Some(&auth)), Some(greeting));
        assert_eq!(main.joined(Some(&data)), Recovery::Recovered);
        let other = json!({"sid": "s", "pid": "q"});
        assert_eq!(main.joined(Some(&other)), Recovery::Lost);
        assert_eq!(main.greeting(None), Some(json!({"pid": "q"})));
    }

    #[test]
    fn without_a_pid_no_argument_is_an_offset() {
        let mut namespaces = Namespaces::new(&["/fx".to_owned()]);
        let fx = namespaces.get("/fx").expect("a namespace");
        fx.joined(Some(&json!({"sid": "s"})));
        fx.received(&[json!("text")]);
        assert_eq!(fx.greeting(None), None);
    }

    #[test]
    fn a_namespace_that_was_left_is_not_joined_again() {
        let mut namespaces = Namespaces::new(&["/a".to_owned(), "/b".to_owned()]);
        namespaces.add("/a").state = State::Out;
        namespaces.add("/b").state = State::Joined;
        assert_eq!(namespaces.usual(), "/a");
        assert_eq!(namespaces.first_joined(), Some("/b"));
        namespaces.restart();
        let states: Vec<State> = namespaces.iter().map(|it| it.state).collect();
        assert_eq!(states, [State::Out, State::Wanted]);
    }
}
