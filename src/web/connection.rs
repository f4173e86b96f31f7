//! Connections that cannot be held for ever: a limit on their number, on silence, on how long a request may take to come in, and on their
//! age; tighter ones while there is hardly a place left. All by the monotonic clock.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep, sleep_until};

use super::Limits;

/// Where hardly a place is left, so much silence ends a connection: whoever says nothing makes room for whoever asks something.
const SILENCE_IN_A_CROWD: Duration = Duration::from_secs(2);
/// A silent connection looks up so often to see whether there is a crowd.
const LOOK_UP: Duration = Duration::from_secs(5);

/// A listener that takes no more connections than it may.
pub(super) struct Guarded {
    listener: TcpListener,
    places: Arc<Semaphore>,
    limits: Limits,
}

/// No more are asked for.
const MOST_DESCRIPTORS: libc::rlim_t = 65_536;
/// Descriptors for everything else that the daemon has open.
const OTHER_DESCRIPTORS: usize = 256;

/// How many descriptors the system lets this process have; as many as it may be given are asked for.
fn descriptors() -> Option<usize> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: both calls are given a value of our own.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) } != 0 {
        return None;
    }
    let raised = libc::rlimit { rlim_cur: limit.rlim_max.min(MOST_DESCRIPTORS).max(limit.rlim_cur), ..limit };
    // SAFETY: as above.
    let is_raised = unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raised) } == 0;
    usize::try_from(if is_raised { raised.rlim_cur } else { limit.rlim_cur }).ok()
}

impl Guarded {
    pub(super) fn new(listener: TcpListener, limits: Limits) -> Guarded {
        let most = descriptors().map_or(limits.connections, |most| most.saturating_sub(OTHER_DESCRIPTORS));
        let limits = Limits { connections: limits.connections.min(most), ..limits };
        Guarded { listener, places: Arc::new(Semaphore::new(limits.connections.clamp(1, Semaphore::MAX_PERMITS))), limits }
    }
}

impl Listener for Guarded {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        loop {
            // The semaphore is never closed; if it were, nobody could be let in.
            let Ok(place) = self.places.clone().acquire_owned().await else { std::future::pending().await };
            match self.listener.accept().await {
                Ok((stream, address)) => return (Connection::new(stream, place, self.limits), address),
                // Too many open files, or a visitor who left at the door: wait a little rather than spin.
                Err(_) => sleep(Duration::from_millis(100)).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that ends when nothing moves on it, when a request takes too long to come in, or when it is too old.
pub(super) struct Connection {
    stream: TcpStream,
    limits: Limits,
    begun: Instant,
    /// When something last moved. The timer is set anew only when it rings: most requests cost it nothing.
    moved: Instant,
    /// Since when a request has been coming in that was not begun to be answered.
    asked: Option<Instant>,
    silence: Pin<Box<Sleep>>,
    place: OwnedSemaphorePermit,
}

impl Connection {
    fn new(stream: TcpStream, place: OwnedSemaphorePermit, limits: Limits) -> Connection {
        let now = Instant::now();
        // What cannot be set is a delay of milliseconds, no fault.
        let _ = stream.set_nodelay(true);
        let silence = Box::pin(sleep_until(now + LOOK_UP.min(limits.idle).min(limits.longest)));
        Connection { stream, limits, begun: now, moved: now, asked: None, silence, place }
    }

    /// Until when it may stay as it is.
    fn until(&self) -> Instant {
        let Limits { connections, idle, longest } = self.limits;
        let crowd = self.place.semaphore().available_permits() <= connections / 16;
        let (idle, longest) = if crowd { (idle.min(SILENCE_IN_A_CROWD), longest.min(idle)) } else { (idle, longest) };
        let request = self.asked.map_or(self.begun + longest, |asked| asked + self.limits.idle);
        (self.begun + longest).min(self.moved + idle).min(request)
    }

    fn check(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        loop {
            ready!(self.silence.as_mut().poll(cx));
            let (until, now) = (self.until(), Instant::now());
            if until <= now {
                return Poll::Ready(io::Error::new(io::ErrorKind::TimedOut, "this connection was held for too long"));
            }
            self.silence.as_mut().reset(until.min(now + LOOK_UP));
        }
    }

    fn has_read(&mut self) {
        self.moved = Instant::now();
        self.asked.get_or_insert(self.moved);
    }

    fn has_written(&mut self) {
        self.moved = Instant::now();
        self.asked = None;
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_read(cx, buffer) {
            Poll::Ready(result) => {
                self.has_read();
                Poll::Ready(result)
            }
            Poll::Pending => self.check(cx).map(Err),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write(cx, bytes) {
            Poll::Ready(result) => {
                self.has_written();
                Poll::Ready(result)
            }
            Poll::Pending => self.check(cx).map(Err),
        }
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, parts: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write_vectored(cx, parts) {
            Poll::Ready(result) => {
                self.has_written();
                Poll::Ready(result)
            }
            Poll::Pending => self.check(cx).map(Err),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
