use url::Url;

use crate::cookie::Jar;
use crate::proto::http1::Head;
use crate::secret::{Login, Secret};

/// Credentials for the URL's origin, and cookies, which follow their own rules.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    pub authorization: Option<Secret<String>>,
    /// What the protocol on top sends in the place of HTTP.
    pub login: Option<Login>,
    /// Cookies from the command line, sent as they are.
    pub cookies: Option<Secret<String>>,
    /// Cookies that are sent where they belong; servers may set more.
    pub jar: Option<Jar>,
}

impl Credentials {
    pub fn fields(&self, url: &Url) -> Vec<(String, String)> {
        let authorization = self.authorization.as_ref();
        let authorization = authorization.map(|value| value.expose().clone());
        let fields = [
            ("Authorization", authorization),
            ("Cookie", self.cookie(url)),
        ];
        fields
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect()
    }

    pub(super) fn cookie(&self, url: &Url) -> Option<String> {
        let jar = self.jar.as_ref().and_then(|jar| jar.header(url));
        let typed = self.cookies.as_ref().map(|it| it.expose().clone());
        let cookies: Vec<String> = [jar, typed].into_iter().flatten().collect();
        (!cookies.is_empty()).then(|| cookies.join("; "))
    }

    pub(super) fn learn(&self, response: &Head, url: &Url) {
        if let Some(jar) = &self.jar {
            jar.store(response.values("Set-Cookie"), url);
        }
    }
}

pub(super) fn has_credentials(request: &Head) -> bool {
    ["Authorization", "Cookie", "Proxy-Authorization"]
        .iter()
        .any(|name| request.values(name).next().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url() -> Url {
        Url::parse("ws://a.example/").expect("a URL")
    }

    #[test]
    fn cookies_of_the_jar_precede_those_given() {
        let mut credentials = Credentials {
            authorization: Some(Secret::new("Bearer t".to_owned())),
            login: None,
            cookies: Some(Secret::new("b=2".to_owned())),
            jar: Some(Jar::default()),
        };
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let authorization = field("Authorization", "Bearer t");
        let fields = credentials.fields(&url());
        assert_eq!(fields, [authorization.clone(), field("Cookie", "b=2")]);

        let response = Head::encode("HTTP/1.1 101 OK", [("set-cookie", "a=1; Path=/")]);
        credentials.learn(&response, &url());
        let fields = credentials.fields(&url());
        assert_eq!(fields, [authorization, field("Cookie", "a=1; b=2")]);

        credentials.jar = None;
        credentials.learn(&response, &url());
        assert_eq!(credentials.cookie(&url()).as_deref(), Some("b=2"));
    }

    #[test]
    fn debug_output_hides_values() {
        let credentials = Credentials {
            authorization: Some(Secret::new("s3cret".to_owned())),
            login: None,
            cookies: Some(Secret::new("s3cret".to_owned())),
            jar: None,
        };
        assert!(!format!("{credentials:?}").contains("s3cret"));
    }
}
