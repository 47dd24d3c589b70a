//! Pusher: the key in the path, the version in the query, and what signs private channels.

use super::OnTopError;
use super::query::{add, has_key};
use super::source::Source;
use crate::cli::OnTopArgs;
use crate::config::Environment;
use crate::config::target::Target;
use crate::ontop::pusher::{Options, check};
use crate::secret::Secret;

/// Adds what is missing of the query, as the official client does, and finds the key.
pub(super) fn complete(
    args: &OnTopArgs,
    target: &mut Target,
    environment: &Environment,
) -> Result<(Options, Option<String>), OnTopError> {
    let key = key(target).ok_or(OnTopError::AppKey)?;
    let secret = args.pusher_secret.as_ref().map(|given| {
        let source = Source::of("--pusher-secret", given.expose(), environment);
        source.text().map(Secret::new)
    });
    let secret = secret.transpose()?;
    for arguments in &args.subscribe {
        let checked = check(arguments, secret.is_some());
        checked.map_err(|error| OnTopError::Subscribe(arguments.clone(), error))?;
    }
    Ok((Options { key, secret }, fill(target)))
}

fn fill(target: &mut Target) -> Option<String> {
    (!has_key(target, "protocol")).then(|| {
        let version = env!("CARGO_PKG_VERSION");
        add(target, &format!("protocol=7&client=wsee&version={version}"));
        "--as pusher adds protocol=7 to the query".to_owned()
    })
}

/// The segment of the path after `/app/`.
fn key(target: &Target) -> Option<String> {
    let path = target.request_target.split('?').next()?;
    let (_, key) = path.rsplit_once("/app/")?;
    let key = key.split('/').next()?;
    (!key.is_empty()).then(|| key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_in_the_path_and_the_version_is_filled_in() {
        for (url, expected) in [
            ("ws://h/app/k3y", Some("k3y")),
            ("wss://h/prefix/app/k3y?protocol=7", Some("k3y")),
            ("ws://h/app/", None),
            ("ws://h/", None),
            ("ws://h/apps/k3y", None),
        ] {
            let mut target = Target::parse(url).expect(url);
            assert_eq!(key(&target).as_deref(), expected, "{url}");
            fill(&mut target);
            assert_eq!(target.request_target.matches("protocol=7").count(), 1);
        }
    }
}
