//! Which certificates are believed: those of the public authorities, and those of one file that the configuration may name.

use std::path::Path;
use std::sync::Arc;

use lettre::transport::smtp::client::{Certificate, TlsParameters};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// For STARTTLS, which lettre speaks.
pub(super) fn parameters(host: &str, roots: Option<&Path>) -> Result<TlsParameters, String> {
    let mut builder = TlsParameters::builder(host.to_owned());
    for certificate in read(roots)? {
        let der = certificate.as_ref().to_vec();
        builder = builder.add_root_certificate(Certificate::from_der(der).map_err(|error| unusable(roots, &error))?);
    }
    builder.build_rustls().map_err(|error| format!("TLS with {host} cannot be set up: {error}."))
}

/// For a port that speaks TLS from the first byte.
pub(super) async fn wrap(stream: TcpStream, host: &str, roots: Option<&Path>) -> Result<TlsStream<TcpStream>, String> {
    let mut store = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for certificate in read(roots)? {
        store.add(certificate).map_err(|error| unusable(roots, &error))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS with {host} cannot be set up: {error}."))?
        .with_root_certificates(store)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).map_err(|_| format!("{host} is no name that a certificate can prove."))?;
    let wrapped = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    wrapped.map_err(|error| format!("TLS with {host} failed: {error}."))
}

fn read(roots: Option<&Path>) -> Result<Vec<CertificateDer<'static>>, String> {
    let Some(path) = roots else {
        return Ok(Vec::new());
    };
    let pem = std::fs::read(path).map_err(|error| unusable(roots, &error))?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    certificates.map_err(|error| unusable(roots, &error))
}

fn unusable(roots: Option<&Path>, error: &dyn std::fmt::Display) -> String {
    let path = roots.unwrap_or(Path::new(""));
    format!("The certificates in {} cannot be used: {error}.", path.display())
}
