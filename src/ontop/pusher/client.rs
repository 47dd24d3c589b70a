//! The client's half: subscribes, signs what is private, triggers events, and pings after a silence.

mod hear;

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::say::{self, Trigger};
use super::signature::signature;
use super::{code, see, wire};
use crate::exit::Exit;
use crate::ontop::calls::Calls;
use crate::ontop::channels::{Channel, Channels};
use crate::ontop::names::Names;
use crate::ontop::record::is_json;
use crate::ontop::{Actions, Name, Opening, Protocol, Refusal, SayError, SayResult, Seen};
use crate::proto::message::Kind;
use crate::render::quantity;
use crate::secret::Secret;

/// How long the welcome may take, as in the official client.
const WELCOME: Duration = Duration::from_secs(10);
/// After which silence of the server this side pings, unless the server asks for less.
const ACTIVITY: Duration = Duration::from_mins(2);
/// How long the answer may take, as in the official client.
const PONG: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The key of the app, which is in the path of the URL.
    pub key: String,
    /// What private channels are signed with.
    pub secret: Option<Secret<String>>,
}

#[derive(Debug)]
pub struct Client {
    options: Options,
    session: Session,
    socket_id: String,
    activity: Duration,
    channels: Channels,
    calls: Calls,
    events: Names,
    pings: [u64; 2],
}

#[derive(Debug, Default)]
enum Session {
    /// There was no connection yet.
    #[default]
    None,
    /// Until then the server has to send its welcome.
    Greeted(Instant),
    Open {
        heard: Instant,
        /// When the ping was sent that waits for its answer.
        pinged: Option<Instant>,
    },
}

impl Client {
    pub fn new(options: Options) -> Self {
        Self {
            options,
            session: Session::None,
            socket_id: String::new(),
            activity: ACTIVITY,
            channels: Channels::default(),
            calls: Calls::default(),
            events: Names::default(),
            pings: [0; 2],
        }
    }

    fn is_open(&self) -> bool {
        matches!(self.session, Session::Open { .. })
    }

    /// The session is open from now on.
    fn open(&mut self, now: Instant) {
        self.session = Session::Open {
            heard: now,
            pinged: None,
        };
    }

    fn add(&mut self, args: &str, is_greeting: bool, now: Instant) -> SayResult {
        say::check(args, self.options.secret.is_some())?;
        let subscription = say::subscription(args)?;
        let channel = subscription.channel;
        self.channels
            .add(&channel, &channel, subscription.data, is_greeting, now);
        Ok(())
    }

    /// Subscribes to what is to be subscribed to by now.
    fn subscribe_due(&mut self, now: Instant, actions: &mut Actions) {
        if !self.is_open() {
            return;
        }
        while let Some(channel) = self.channels.due(now) {
            let (data, is_signed) = request(channel, &self.options, &self.socket_id);
            self.calls.begin(&channel.name, "subscribe", now);
            let mut shown = data.clone();
            if is_signed {
                shown["auth"] = format!("{}:***", self.options.key).into();
            }
            let name = &channel.name;
            let seen = see::seen("subscribe", format!("subscribe {name}"))
                .with("channel", name.as_str())
                .noting(if is_signed { "signed" } else { "" });
            let masked = is_signed.then(|| wire::encode(SUBSCRIBE, None, &shown));
            let payload = wire::encode(SUBSCRIBE, None, &data);
            actions.send_masked(Kind::Text, payload, masked, Some(seen));
        }
    }

    fn unsubscribe(&mut self, args: &str, actions: &mut Actions) -> SayResult {
        let channel = say::unsubscription(args)?;
        if self.channels.remove(channel).is_none() {
            let text = format!("{channel} is not subscribed to");
            return Err(SayError::new(text, "/status lists the channels"));
        }
        let seen =
            see::seen("unsubscribe", format!("unsubscribe {channel}")).with("channel", channel);
        let payload = wire::encode("pusher:unsubscribe", None, &json!({"channel": channel}));
        actions.send(Kind::Text, payload, Some(seen));
        Ok(())
    }

    fn trigger(&mut self, trigger: &Trigger, actions: &mut Actions) -> SayResult {
        if !self.is_open() {
            let text = "the server has not opened the session yet";
            return Err(SayError::new(text, None));
        }
        let Trigger {
            channel,
            event,
            data,
        } = trigger;
        if !trigger.is_internal() {
            let name = channel.as_deref().unwrap_or_default();
            if !self.channels.joined().any(|it| it == name) {
                let text = format!("{name} is not subscribed to");
                return Err(SayError::new(
                    text,
                    "/subscribe CHANNEL or --subscribe subscribes",
                ));
            }
            self.events.remember(event);
        }
        let label = match channel {
            Some(channel) => format!("trigger {channel} {event}"),
            None => event.clone(),
        };
        let mut seen = see::seen("trigger", label)
            .with("event", event.as_str())
            .with("data", data.clone())
            .carrying(data.to_string());
        if let Some(channel) = channel {
            seen = seen.with("channel", channel.as_str());
        }
        let payload = wire::encode(event, channel.as_deref(), data);
        actions.send(Kind::Text, payload, Some(seen));
        Ok(())
    }
}

const SUBSCRIBE: &str = "pusher:subscribe";

/// The data of a request for a channel, and whether wsee has signed it.
fn request(channel: &Channel, options: &Options, socket_id: &str) -> (Value, bool) {
    let mut data = json!({"channel": channel.name});
    let given = &channel.data;
    if given.get("auth").is_some() {
        for key in ["auth", "channel_data"] {
            if let Some(value) = given.get(key) {
                data[key] = value.clone();
            }
        }
        return (data, false);
    }
    let Some(secret) = options
        .secret
        .as_ref()
        .filter(|_| say::is_private(&channel.name))
    else {
        return (data, false);
    };
    let user = say::is_presence(&channel.name).then(|| match given {
        Value::Null => json!({"user_id": "wsee"}).to_string(),
        user => user.to_string(),
    });
    let auth = signature(
        &options.key,
        secret.expose(),
        socket_id,
        &channel.name,
        user.as_deref(),
    );
    data["auth"] = auth.into();
    if let Some(user) = user {
        data["channel_data"] = user.into();
    }
    (data, true)
}

impl Protocol for Client {
    fn name(&self) -> Name {
        Name::Pusher
    }

    fn opened(&mut self, _: Opening<'_>, now: Instant, actions: &mut Actions) {
        self.calls.restart(actions);
        self.session = Session::Greeted(now + WELCOME);
        self.activity = ACTIVITY;
        self.channels.restart(now);
    }

    fn adopt(&mut self, now: Instant, _actions: &mut Actions) {
        self.open(now);
    }

    fn is_ready(&self) -> bool {
        self.is_open() && self.channels.are_settled()
    }

    fn received(&mut self, kind: Kind, payload: &[u8], now: Instant, actions: &mut Actions) {
        if let Session::Open { heard, pinged } = &mut self.session {
            (*heard, *pinged) = (now, None);
        }
        match wire::decode(kind, payload) {
            Ok(packet) => self.packet(&packet, now, actions),
            Err(reason) => actions.see(Seen::unreadable(Name::Pusher, "Pusher", &reason, payload)),
        }
    }

    fn closing(&mut self, code: u16, reason: &str) -> Option<Refusal> {
        let code = u64::from(code);
        (4000..4300)
            .contains(&code)
            .then(|| code::refusal(code, reason))
    }

    fn unanswered(&self) -> Option<String> {
        self.channels.unanswered()
    }

    fn line_help(&self) -> &'static str {
        "a line CHANNEL client-EVENT [JSON] is triggered"
    }

    fn subscribe(&mut self, args: &str, now: Instant, actions: &mut Actions) -> SayResult {
        self.add(args, true, now)?;
        self.subscribe_due(now, actions);
        Ok(())
    }

    fn forget(&mut self, args: &str) -> bool {
        self.channels.remove(args).is_some()
    }

    fn say(&mut self, verb: &str, args: &str, now: Instant, actions: &mut Actions) -> SayResult {
        match verb {
            "subscribe" => self.add(args, false, now)?,
            "unsubscribe" => return self.unsubscribe(args, actions),
            _ => return self.trigger(&say::trigger(args)?, actions),
        }
        self.subscribe_due(now, actions);
        Ok(())
    }

    fn line(&mut self, line: &str, _now: Instant, actions: &mut Actions) -> SayResult {
        let trigger = if is_json(line) {
            say::record(line)?
        } else {
            say::trigger(line)?
        };
        self.trigger(&trigger, actions)
    }

    fn deadline(&self) -> Option<Instant> {
        match self.session {
            Session::None => None,
            Session::Greeted(until) => Some(until),
            Session::Open { heard, pinged } => {
                let ping = pinged.map_or(heard + self.activity, |pinged| pinged + PONG);
                let deadlines = [Some(ping), self.channels.deadline()];
                deadlines.into_iter().flatten().min()
            }
        }
    }

    fn tick(&mut self, now: Instant, actions: &mut Actions) {
        match &mut self.session {
            Session::Greeted(until) if *until <= now => {
                let patience = quantity::duration(WELCOME);
                let text = format!("the server sent no welcome within {patience}");
                let hint = "check that it is Pusher, whose path is /app/KEY";
                return actions.end(Refusal::silent(text, hint));
            }
            Session::Open {
                pinged: Some(pinged),
                ..
            } if *pinged + PONG <= now => {
                let patience = quantity::duration(PONG);
                return actions.end(Refusal {
                    text: format!("the server did not answer a ping within {patience}"),
                    hint: None,
                    exit: Exit::NoPong,
                    may_pass: true,
                });
            }
            Session::Open {
                heard,
                pinged: pinged @ None,
            } if *heard + self.activity <= now => {
                *pinged = Some(now);
                self.pings[0] += 1;
                let payload = wire::encode("pusher:ping", None, &json!({}));
                actions.send(Kind::Text, payload, Some(see::keepalive("ping")));
            }
            _ => {}
        }
        self.subscribe_due(now, actions);
        self.channels.end_overdue(now, actions);
    }

    fn pause(&mut self, now: Instant) {
        if let Session::Open { heard, pinged } = &mut self.session {
            *heard = (*heard).max(now);
            *pinged = pinged.map(|pinged| pinged.max(now));
        }
    }

    fn names(&self, verb: &str) -> Vec<String> {
        let channels = self.channels.names().map(str::to_owned);
        match verb {
            "unsubscribe" => channels.collect(),
            "trigger" => channels
                .filter(|name| say::is_private(name))
                .chain(self.events.list())
                .collect(),
            _ => Vec::new(),
        }
    }

    fn status(&self, _now: Instant) -> Vec<(&'static str, String)> {
        let [sent, received] = self.pings;
        vec![
            ("on top", "Pusher Channels 7".to_owned()),
            ("socket id", self.socket_id.clone()),
            ("pings", format!("{sent} sent, {received} received")),
            ("channels", self.channels.status()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ontop::Action;

    fn welcome(socket_id: &str) -> Vec<u8> {
        let data = json!({"socket_id": socket_id, "activity_timeout": 30}).to_string();
        json!({"event": "pusher:connection_established", "data": data})
            .to_string()
            .into_bytes()
    }

    fn client() -> Client {
        Client::new(Options {
            key: "k3y".to_owned(),
            secret: Some(Secret::new("s3cret".to_owned())),
        })
    }

    #[test]
    fn the_signature_is_sent_and_not_shown() {
        let (mut client, now) = (client(), Instant::now());
        let mut actions = Actions::default();
        client.opened(Opening::default(), now, &mut actions);
        client.received(Kind::Text, &welcome("1.2"), now, &mut actions);
        actions.list.clear();
        client
            .subscribe("presence-a {\"user_id\":7}", now, &mut actions)
            .expect("a channel");
        let Some(Action::Send {
            payload, masked, ..
        }) = actions.list.first()
        else {
            panic!("nothing sent");
        };
        let sent: Value = serde_json::from_slice(payload).expect("JSON");
        let user = "{\"user_id\":7}";
        let auth = signature("k3y", "s3cret", "1.2", "presence-a", Some(user));
        assert_eq!(sent["data"]["auth"], auth.as_str());
        assert_eq!(sent["data"]["channel_data"], user);
        let masked = String::from_utf8_lossy(masked.as_deref().expect("masked"));
        assert!(masked.contains("\"auth\":\"k3y:***\""), "{masked}");
        assert!(!client.is_ready());
    }

    #[test]
    fn a_server_does_not_choose_the_text_that_is_signed() {
        let (mut client, now) = (client(), Instant::now());
        let mut actions = Actions::default();
        client.opened(Opening::default(), now, &mut actions);
        client.received(Kind::Text, &welcome("POST\n/apps/1"), now, &mut actions);
        let is_end = |action: &Action| matches!(action, Action::End(_));
        assert!(actions.list.iter().any(is_end) && !client.is_ready());
    }

    #[test]
    fn a_ping_follows_a_silence_and_its_answer_has_a_limit() {
        let (mut client, now) = (client(), Instant::now());
        let mut actions = Actions::default();
        client.opened(Opening::default(), now, &mut actions);
        client.received(Kind::Text, &welcome("1.2"), now, &mut actions);
        let ping = now + Duration::from_secs(30);
        assert_eq!(client.deadline(), Some(ping));
        client.tick(ping, &mut actions);
        assert_eq!(client.deadline(), Some(ping + PONG));
        actions.list.clear();
        client.tick(ping + PONG, &mut actions);
        assert!(matches!(
            actions.list.first(),
            Some(Action::End(Refusal {
                exit: Exit::NoPong,
                ..
            }))
        ));
    }
}
