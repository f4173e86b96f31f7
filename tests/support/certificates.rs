//! Certificates for a server of a test, made by openssl.

use std::path::Path;
use std::process::{Command, Stdio};

/// A certificate authority and a certificate for `localhost`: `ca.pem`, `cert.pem` and `key.pem` in the folder. `None` without openssl.
pub fn certificates(folder: &Path) -> Option<()> {
    let openssl = |arguments: &str| {
        let mut command = Command::new("openssl");
        command.args(arguments.split(' ')).current_dir(folder).stderr(Stdio::null()).stdout(Stdio::null());
        command.status().ok().filter(|status| status.success()).map(|_| ())
    };
    let new = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2";
    openssl(&format!("{new} -subj /CN=test-authority -keyout ca-key.pem -out ca.pem"))?;
    let leaf = "-addext basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:localhost";
    openssl(&format!("{new} -subj /CN=localhost {leaf} -CA ca.pem -CAkey ca-key.pem -keyout key.pem -out cert.pem"))
}
