//! What a killed client handed over may be stored a moment later.

use std::time::Duration;

use crate::support::SmtpServer;

/// Waits until no more letters come.
pub fn settled(server: &SmtpServer) {
    let mut before = usize::MAX;
    loop {
        let now = server.letters().len();
        if now == before {
            return;
        }
        before = now;
        std::thread::sleep(Duration::from_secs(1));
    }
}
