//! What a client has to bring, if anything.

use serde_json::{Map, Value};

use crate::secret::{Login, Secret};

/// Without any, everybody is let in.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    pub login: Option<Login>,
    /// Members of what the client sends as it begins.
    pub members: Option<Map<String, Value>>,
    /// What signatures are made with.
    pub secret: Option<Secret<String>>,
}

impl Credentials {
    pub(in crate::ontop) fn admit_login(
        &self,
        user: Option<&str>,
        password: Option<&[u8]>,
    ) -> bool {
        self.login.as_ref().is_none_or(|login| {
            user == Some(&*login.user) && password == Some(login.password.expose().as_bytes())
        })
    }

    /// Whether these have all the members; they may have others.
    pub(in crate::ontop) fn admit(&self, brought: &Value) -> bool {
        let mut wanted = self.members.iter().flatten();
        wanted.all(|(name, value)| brought.get(name) == Some(value))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_are_wanted_and_others_are_allowed() {
        let members = json!({"token": "a", "as": {"b": 1}}).as_object().cloned();
        let credentials = Credentials {
            members,
            ..Credentials::default()
        };
        for (brought, is_admitted) in [
            (json!({"token": "a", "as": {"b": 1}, "more": 1}), true),
            (json!({"token": "a"}), false),
            (json!({"token": "b", "as": {"b": 1}}), false),
            (Value::Null, false),
        ] {
            assert_eq!(credentials.admit(&brought), is_admitted, "{brought}");
            assert!(Credentials::default().admit(&brought));
        }
    }

    #[test]
    fn a_login_is_a_user_and_a_password() {
        let login = Some(Login {
            user: "me".to_owned(),
            password: Secret::new("s".to_owned()),
        });
        let credentials = Credentials {
            login,
            ..Credentials::default()
        };
        assert!(credentials.admit_login(Some("me"), Some(b"s")));
        for (user, password) in [
            (Some("me"), Some(&b"t"[..])),
            (Some("you"), Some(b"s")),
            (Some("me"), None),
            (None, None),
        ] {
            assert!(!credentials.admit_login(user, password));
            assert!(Credentials::default().admit_login(user, password));
        }
    }
}
