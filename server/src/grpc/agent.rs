//! What an agent is told, and says of itself, on the wire.

use tacit_proto::v1;
use tacit_proto::v1::server_message::Message as Down;

use crate::app::agents::Known;
use crate::config::{AgentSettings, Privacy};
use crate::domain::SessionId;
use crate::domain::capture::Capture;

/// Messages that bring an agent from what it was told to what it is to know; the first time the configuration comes first.
pub(super) fn news(settings: AgentSettings, told: Option<&Known>, known: &Known) -> Vec<Down> {
    let mut news = Vec::new();
    if told.is_none_or(|told| told.longest_pause_minutes != known.longest_pause_minutes) {
        news.push(Down::Configuration(v1::Configuration {
            window_keystrokes: settings.window_keystrokes,
            window_strokes: settings.window_strokes,
            window_active_ms: settings.window_active_ms,
            heartbeat_ms: settings.heartbeat_ms,
            privacy: settings.privacy.map_or(v1::Privacy::Unspecified, level).into(),
            longest_pause_minutes: known.longest_pause_minutes,
        }));
    }
    let before = told.map(|told| &told.restricted).into_iter().flatten();
    let restriction = |session: &SessionId, restricted| {
        Down::Restriction(v1::Restriction { session_id: session.0.as_bytes().to_vec(), restricted })
    };
    let lifted = before.clone().filter(|id| !known.restricted.contains(id)).map(|id| restriction(id, false));
    let made = known
        .restricted
        .iter()
        .filter(|id| !before.clone().any(|of| of == *id))
        .map(|id| restriction(id, true));
    news.extend(lifted.chain(made));
    news
}

fn level(privacy: Privacy) -> v1::Privacy {
    match privacy {
        Privacy::Plain => v1::Privacy::Plain,
        Privacy::Standard => v1::Privacy::Standard,
        Privacy::Strict => v1::Privacy::Strict,
    }
}

/// Whether it sees input, if it says so.
pub(super) fn capture(heartbeat: &v1::Heartbeat) -> Option<Capture> {
    match heartbeat.capture() {
        v1::Capture::Unspecified => None,
        v1::Capture::Running => Some(Capture::Running),
        v1::Capture::Failed => Some(Capture::Failed),
        v1::Capture::Paused => Some(Capture::Paused),
        v1::Capture::Off => Some(Capture::Off),
    }
}
