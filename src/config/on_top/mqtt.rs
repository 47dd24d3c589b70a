//! MQTT: the version, and the name of the client.

use super::OnTopError;
use crate::cli::{MqttVersion, OnTopArgs};
use crate::ontop::mqtt::{Options, Version};

pub(super) fn options(args: &OnTopArgs, limit: usize) -> Result<Options, OnTopError> {
    let client_id = args.client_id.clone().unwrap_or_default();
    if u16::try_from(client_id.len()).is_err() {
        return Err(OnTopError::ClientId(client_id.len()));
    }
    Ok(Options {
        version: match args.mqtt_version {
            Some(MqttVersion::V3) => Version::V3,
            Some(MqttVersion::V5) | None => Version::V5,
        },
        client_id,
        limit,
    })
}
