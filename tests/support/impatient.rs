//! Time-outs for a server that will say nothing.

use std::time::Duration;

use convened::post::Timeouts;

/// Waits but briefly where a server that does this step is silent: in that phase only, for a busy machine is slow in all of them.
pub fn impatient(step: &str, times: &mut Timeouts, brief: Duration) {
    let Some((phase, "silent" | "mute" | "slow:60")) = step.split_once('=') else { return };
    let waits = match phase {
        "connect" => vec![&mut times.connect],
        "greeting" | "ehlo" => vec![&mut times.greeting, &mut times.ehlo],
        "starttls" | "handshake" => vec![&mut times.starttls],
        "auth" => vec![&mut times.auth],
        "mail" => vec![&mut times.mail],
        "rcpt" => vec![&mut times.rcpt],
        "data" => vec![&mut times.data],
        "dot" => vec![&mut times.body, &mut times.dot],
        _ => panic!("no such phase: {phase}"),
    };
    waits.into_iter().for_each(|time| *time = brief);
}
