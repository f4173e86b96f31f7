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

/// Another certificate of the same authority: for a name, from a day and until another (`20200101000000Z`). `NAME.pem` and `NAME-key.pem`.
#[allow(dead_code, reason = "not each test that includes this file wants one")]
pub fn another(folder: &Path, name: &str, host: &str, between: [&str; 2]) -> Option<()> {
    let settings = "[ca]\ndefault_ca = all\n[all]\nnew_certs_dir = .\ndatabase = index\nrand_serial = yes\ndefault_md = sha256\npolicy = any\n\
                    copy_extensions = copyall\nunique_subject = no\n[any]\ncommonName = supplied\n";
    std::fs::write(folder.join("ca.cnf"), settings).ok()?;
    std::fs::write(folder.join("index"), "").ok()?;
    let openssl = |arguments: &str| {
        let mut command = Command::new("openssl");
        command.args(arguments.split(' ')).current_dir(folder).stderr(Stdio::null()).stdout(Stdio::null());
        command.status().ok().filter(|status| status.success()).map(|_| ())
    };
    openssl(&format!(
        "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN={host} -addext subjectAltName=DNS:{host} -keyout {name}-key.pem -out {name}.csr"
    ))?;
    let [from, until] = between;
    openssl(&format!(
        "ca -batch -notext -config ca.cnf -cert ca.pem -keyfile ca-key.pem -startdate {from} -enddate {until} -in {name}.csr -out {name}.pem"
    ))
}
