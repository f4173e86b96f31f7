//! What is published, put into a bucket: the way there from the settings, with the secret read where they say, and how it fares.

use std::future::Future;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::config::{S3, Settings};
use crate::output::publication::Publication;
use crate::store::Store;
use crate::web::health::BucketHealth;

/// For people: the bucket and its host.
pub fn name(s3: &S3) -> String {
    format!("{} at {}", s3.bucket, s3.endpoint.split_once("://").map_or(s3.endpoint.as_str(), |(_, host)| host))
}

#[cfg(feature = "s3")]
mod built {
    use std::fs;
    use std::path::Path;

    use tokio::sync::{Notify, watch};
    use tokio::task::JoinHandle;

    use super::*;
    use crate::bucket::Way;
    use crate::config::Addressing;
    use crate::daemon::Failure;
    use crate::daemon::mail::secret;
    use crate::publisher::{self, Fared, Order};

    /// Publishes beside the rounds.
    pub struct Publishing {
        orders: watch::Sender<Option<Arc<Order>>>,
        fared: watch::Receiver<Fared>,
        again: Arc<Notify>,
        task: JoinHandle<()>,
        /// Of the settings at hand.
        way: Option<(S3, Result<Arc<Way>, String>)>,
    }

    impl Publishing {
        pub fn start(store: &Store, clock: fn() -> DateTime<Utc>, ended: impl Future<Output = ()> + Send + 'static) -> Publishing {
            let (orders, ordered) = watch::channel(None);
            let (telling, fared) = watch::channel(Fared::default());
            let again = Arc::new(Notify::new());
            // A connection of its own: no letter waits for it.
            let store = store.beside().unwrap_or_else(|| store.clone());
            let task = tokio::spawn(publisher::run(store, ordered, clock, telling, again.clone(), ended));
            Publishing { orders, fared, again, task, way: None }
        }

        /// What is published now; `None` while another daemon publishes. After `mended` secrets are read again.
        pub fn tell(&mut self, settings: Option<&Settings>, publication: &Arc<Publication>, mended: bool) {
            let wanted = settings.and_then(|settings| Some((settings, settings.s3.as_ref()?)));
            // Before there is anything, nothing is taken away.
            let Some((settings, s3)) = wanted.filter(|_| !publication.documents.is_empty()) else {
                self.way = None;
                self.orders.send_if_modified(|known| known.take().is_some());
                return;
            };
            let stands = !mended && self.way.as_ref().is_some_and(|(known, way)| known == s3 && way.is_ok());
            if !stands {
                self.way = Some((s3.clone(), way(s3).map(Arc::new).map_err(|failure| failure.to_string())));
            }
            let Some((_, way)) = &self.way else { return };
            let order = Order {
                publication: publication.clone(),
                base_url: settings.base_url.clone(),
                way: way.clone(),
                at_once: s3.at_once,
                compare_every: s3.compare_every,
            };
            self.orders.send_if_modified(|known| {
                let otherwise = known.as_ref().is_none_or(|known| !same(known, &order));
                if otherwise {
                    *known = Some(Arc::new(order));
                }
                otherwise
            });
            if mended {
                self.again.notify_one();
            }
        }

        pub async fn changed(&mut self) {
            if self.fared.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }

        pub fn health(&mut self) -> Option<BucketHealth> {
            let (s3, _) = self.way.as_ref()?;
            let fared = self.fared.borrow_and_update().clone();
            let counts = fared.counts;
            Some(BucketHealth {
                bucket: name(s3),
                documents: fared.objects as u64,
                waiting: fared.waiting as u64,
                whole: fared.whole,
                failing: fared.failing,
                said: fared.said,
                requests: [("put", counts.put), ("remove", counts.removed), ("list", counts.listed), ("failed", counts.failed)],
                bytes: counts.bytes,
                restored: counts.restored,
            })
        }

        pub async fn end(self) {
            // It ended by itself, or in a fault of the program that the log has.
            let _ = self.task.await;
        }
    }

    fn same(one: &Order, other: &Order) -> bool {
        let way = match (&one.way, &other.way) {
            (Ok(one), Ok(other)) => Arc::ptr_eq(one, other),
            (Err(one), Err(other)) => one == other,
            _ => false,
        };
        let settings = |order: &Order| (order.base_url.clone(), order.at_once, order.compare_every);
        way && Arc::ptr_eq(&one.publication, &other.publication) && settings(one) == settings(other)
    }

    /// The way to the bucket of the settings.
    pub fn way(s3: &S3) -> Result<Way, Failure> {
        let certificates = s3.certificates.as_ref().map(|path| {
            let read = fs::read(Path::new(path));
            read.map_err(|error| Failure::World(format!("The certificates in {path} cannot be read: {error}. See [s3].")))
        });
        Ok(Way {
            bucket: s3.bucket.clone(),
            endpoint: s3.endpoint.clone(),
            region: s3.region.clone(),
            prefix: s3.prefix.clone(),
            in_host: s3.addressing == Addressing::Host,
            access_key: s3.access_key.clone(),
            secret_key: secret(&s3.secret_key, "secret key of the bucket")?,
            certificates: certificates.transpose()?,
            time_out: s3.time_out,
        })
    }
}

#[cfg(not(feature = "s3"))]
mod built {
    use super::*;

    const WITHOUT: &str = "This program was built without S3: nothing is put into the bucket. Build it with `cargo install --features s3`, or take \
        [s3] out.";

    /// Says that it cannot.
    pub struct Publishing(Option<BucketHealth>);

    impl Publishing {
        pub fn start(_: &Store, _: fn() -> DateTime<Utc>, _: impl Future<Output = ()> + Send + 'static) -> Publishing {
            Publishing(None)
        }

        pub fn tell(&mut self, settings: Option<&Settings>, _: &Arc<Publication>, _: bool) {
            let s3 = settings.and_then(|settings| settings.s3.as_ref());
            self.0 = s3.map(|s3| BucketHealth { bucket: name(s3), said: Some(WITHOUT.to_owned()), ..BucketHealth::default() });
        }

        pub async fn changed(&mut self) {
            std::future::pending().await
        }

        pub fn health(&mut self) -> Option<BucketHealth> {
            self.0.clone()
        }

        pub async fn end(self) {}
    }
}

pub use built::*;
