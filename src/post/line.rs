//! The wire under the SMTP conversation: a socket of ours that can be told to stop, and that knows whether the last dot left it.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::crash::crash_point;

/// What the conversation and its wire tell each other.
#[derive(Debug, Default)]
pub(super) struct Signals {
    /// Read byte by byte, so that nothing said before STARTTLS can be taken for something said after it.
    pub bytewise: AtomicBool,
    /// Something was sent: the greeting has been read.
    pub spoke: AtomicBool,
    /// The last dot waits for leave to go; whoever set this asks the wire again.
    pub held: AtomicBool,
    /// Not one byte more may leave.
    pub stopped: AtomicBool,
    /// What leaves from now on is the last dot.
    pub armed: AtomicBool,
    /// Some of it has left.
    pub left: AtomicBool,
}

impl Signals {
    pub fn set(flag: &AtomicBool) {
        flag.store(true, Ordering::SeqCst);
    }

    pub fn clear(flag: &AtomicBool) {
        flag.store(false, Ordering::SeqCst);
    }

    pub fn is(flag: &AtomicBool) -> bool {
        flag.load(Ordering::SeqCst)
    }

    /// What leaves from now on belongs to no letter, or to the next one.
    pub fn between_letters(&self) {
        Signals::clear(&self.armed);
        Signals::clear(&self.left);
    }
}

#[derive(Debug)]
pub(super) enum Wire {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

#[derive(Debug)]
pub(super) struct Line {
    pub wire: Wire,
    pub signals: Arc<Signals>,
}

impl AsyncTokioStream for Line {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        match &self.wire {
            Wire::Plain(stream) => stream.peer_addr(),
            Wire::Tls(stream) => stream.get_ref().0.peer_addr(),
        }
    }
}

impl AsyncRead for Line {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let bytewise = Signals::is(&self.signals.bytewise);
        let mut read = |buffer: &mut ReadBuf<'_>| match &mut self.wire {
            Wire::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Wire::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        };
        if !bytewise {
            return read(buffer);
        }
        let mut byte = [0];
        let mut one = ReadBuf::new(&mut byte);
        ready!(read(&mut one))?;
        buffer.put_slice(one.filled());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if Signals::is(&self.signals.stopped) {
            return Poll::Ready(Err(io::Error::other("stopped before the last dot")));
        }
        if Signals::is(&self.signals.held) {
            return Poll::Pending;
        }
        let written = ready!(match &mut self.wire {
            Wire::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Wire::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        })?;
        Signals::set(&self.signals.spoke);
        if Signals::is(&self.signals.armed) {
            Signals::set(&self.signals.left);
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(match &mut self.wire {
            Wire::Plain(stream) => Pin::new(stream).poll_flush(context),
            Wire::Tls(stream) => Pin::new(stream).poll_flush(context),
        })?;
        if Signals::is(&self.signals.left) {
            crash_point!("carrier:after-dot");
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.wire {
            Wire::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Wire::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
