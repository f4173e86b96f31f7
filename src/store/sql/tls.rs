//! TLS to a PostgreSQL server: the certificates of the public authorities and those of one file are believed, and the name has to match.

use std::error::Error;
use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::TlsConnector;
use tokio_rustls::client;

#[derive(Clone)]
pub(in crate::store) struct Tls(Arc<ClientConfig>);

impl Tls {
    /// `certificates` is a PEM file beside the public ones. An error is a sentence.
    pub fn new(certificates: Option<&Path>) -> Result<Tls, String> {
        let mut store = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        if let Some(path) = certificates {
            let unusable = |error: &dyn std::fmt::Display| format!("The certificates in {} cannot be used: {error}.", path.display());
            let pem = std::fs::read(path).map_err(|error| unusable(&error))?;
            for certificate in CertificateDer::pem_slice_iter(&pem) {
                store.add(certificate.map_err(|error| unusable(&error))?).map_err(|error| unusable(&error))?;
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config =
            versions.map_err(|error| format!("TLS cannot be set up: {error}."))?.with_root_certificates(store).with_no_client_auth();
        Ok(Tls(Arc::new(config)))
    }
}

/// What keeps TLS from being spoken, and what to do about it; `None` where it is something else.
pub(super) fn words(error: &(dyn Error + 'static)) -> Option<String> {
    if error.to_string() == "server does not support TLS" {
        let todo = "switch `ssl` on there, or write sslmode=disable into `url` of [store] where nobody else can listen on the way";
        return Some(format!("it does not speak TLS; {todo}"));
    }
    let mut inner = error;
    let found = loop {
        if let Some(found) = inner.downcast_ref::<rustls::Error>() {
            break found;
        }
        // An error of io says nothing of what it holds but by this way.
        let held = inner.downcast_ref::<io::Error>().and_then(io::Error::get_ref).map(|held| held as &(dyn Error + 'static));
        inner = held.or_else(|| inner.source())?;
    };
    let rustls::Error::InvalidCertificate(why) = found else { return Some(format!("TLS failed with it: {found}")) };
    Some(match why {
        CertificateError::UnknownIssuer => {
            "nobody who is believed here vouches for its certificate; name the file of the authority that does as `certificates` in [store]"
                .to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is for another name; write the name that stands in the certificate into `url` of [store]".to_owned()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired; renew it on the server".to_owned()
        }
        other => format!("its certificate is not believed ({other:?})"),
    })
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> MakeTlsConnect<S> for Tls {
    type Stream = Stream<S>;
    type TlsConnect = Connect;
    type Error = io::Error;

    fn make_tls_connect(&mut self, host: &str) -> io::Result<Connect> {
        // Asked also where there is no name: over a local socket, which never comes to TLS.
        Ok(Connect(self.0.clone(), ServerName::try_from(host.to_owned()).ok()))
    }
}

pub(in crate::store) struct Connect(Arc<ClientConfig>, Option<ServerName<'static>>);

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> TlsConnect<S> for Connect {
    type Stream = Stream<S>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Stream<S>>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        Box::pin(async move {
            let name = self.1.ok_or_else(|| io::Error::other("the server has no name that a certificate can prove"))?;
            TlsConnector::from(self.0).connect(name, stream).await.map(Stream)
        })
    }
}

pub(in crate::store) struct Stream<S>(client::TlsStream<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream for Stream<S> {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Stream<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Stream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
