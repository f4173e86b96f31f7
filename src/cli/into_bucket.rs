//! `once --s3`: what a run publishes goes into the bucket of the settings, and what the next run must know beside it. That one is put first, and
//! only in the place of the one that was read: of two runs that did not know of each other one stops, before it puts or sends anything.

#[cfg(feature = "s3")]
mod built {
    use std::cell::RefCell;
    use std::sync::Arc;

    use bytes::Bytes;
    use chrono::Utc;
    use tokio::runtime::Runtime;

    use crate::bucket::{Before, Bucket, Label, NotPut, Way};
    use crate::cli::Stop;
    use crate::daemon::bucket;
    use crate::daemon::opening::Opened;
    use crate::export::Exported;
    use crate::export::told::STATE_FILE;
    use crate::output::headers::CACHE_CONTROL;
    use crate::output::publication::{JSON, Publication};
    use crate::publisher::{self, Order};
    use crate::store::Store;

    pub struct IntoBucket<'a> {
        runtime: &'a Runtime,
        bucket: Bucket,
        way: Arc<Way>,
        base_url: String,
        at_once: usize,
        /// What stands there as the last run's state, as it was read at first or put since.
        state: RefCell<Option<Stood>>,
    }

    /// What stood under a name.
    #[derive(Clone, Default)]
    struct Stood {
        before: Option<Before>,
        bytes: Option<Vec<u8>>,
    }

    impl IntoBucket<'_> {
        pub fn open<'a>(opened: &Opened, runtime: &'a Runtime) -> Result<IntoBucket<'a>, Stop> {
            let missing = || Stop::usage("There is no [s3] in convened.toml that names a bucket. The sample shows one.");
            let s3 = opened.settings.s3.as_ref().ok_or_else(missing)?;
            let way = Arc::new(bucket::way(s3)?);
            Ok(IntoBucket {
                runtime,
                bucket: Bucket::open(&way).map_err(Stop::world)?,
                way,
                base_url: opened.settings.base_url.clone(),
                at_once: s3.at_once,
                state: RefCell::default(),
            })
        }

        pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Stop> {
            let unknown = |said: String| Stop::world(format!("{said} What was published last is not known, so nothing was sent."));
            let read = async {
                let before = self.bucket.look(name).await?;
                Ok((before, self.bucket.get(name).await?.map(Vec::from)))
            };
            let (before, bytes): (_, Option<Vec<u8>>) = self.runtime.block_on(read).map_err(unknown)?;
            if name == STATE_FILE {
                self.state.borrow_mut().get_or_insert_with(|| Stood { before, bytes: bytes.clone() });
            }
            Ok(bytes)
        }

        pub fn write(&self, store: &Store, publication: &Arc<Publication>, state: &str) -> Result<Exported, Stop> {
            let stopped = |said: String| Stop::world(format!("{said} Nothing more was sent."));
            let told = self.tell(state)?;
            let order = Order {
                publication: publication.clone(),
                base_url: self.base_url.clone(),
                way: Ok(self.way.clone()),
                at_once: self.at_once,
                compare_every: chrono::TimeDelta::zero(),
            };
            let fared = self.runtime.block_on(publisher::once(store, &order, Utc::now)).map_err(|error| stopped(error.to_string()))?;
            let number = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
            Ok(Exported {
                files: fared.objects + 1,
                written: number(fared.counts.put) + usize::from(told),
                removed: number(fared.counts.removed),
                bytes: number(fared.bytes) + state.len(),
            })
        }

        /// Puts the state in the place of the one that was read; `false` where that is the same.
        fn tell(&self, state: &str) -> Result<bool, Stop> {
            let Stood { before, bytes } = self.state.borrow().clone().unwrap_or_default();
            if bytes.as_deref() == Some(state.as_bytes()) {
                return Ok(false);
            }
            let label = Label { content_type: JSON, cache_control: CACHE_CONTROL, disposition: None };
            let put = self.bucket.put(STATE_FILE, Bytes::from(state.to_owned()), &label, before.as_ref());
            match self.runtime.block_on(put) {
                Ok(etag) => {
                    *self.state.borrow_mut() = Some(Stood { before: etag.map(Before::This), bytes: Some(state.as_bytes().to_vec()) });
                    Ok(true)
                }
                Err(NotPut::Otherwise) => Err(Stop::world(
                    "Another run put its state into the bucket at the same time. It tells what is due; this one sends nothing, and its state is not \
                     to be used again.",
                )),
                Err(NotPut::Trouble(said)) => Err(Stop::world(format!("{said} Nothing more was sent."))),
            }
        }
    }
}

#[cfg(not(feature = "s3"))]
mod built {
    use std::convert::Infallible;
    use std::marker::PhantomData;
    use std::sync::Arc;

    use tokio::runtime::Runtime;

    use crate::cli::Stop;
    use crate::daemon::opening::Opened;
    use crate::export::Exported;
    use crate::output::publication::Publication;
    use crate::store::Store;

    /// There is none.
    pub enum IntoBucket<'a> {
        Never(Infallible, PhantomData<&'a Runtime>),
    }

    impl IntoBucket<'_> {
        pub fn open<'a>(_: &Opened, _: &'a Runtime) -> Result<IntoBucket<'a>, Stop> {
            Err(Stop::usage("This program was built without S3. Build it with `cargo install --features s3`."))
        }

        pub fn read(&self, _: &str) -> Result<Option<Vec<u8>>, Stop> {
            let IntoBucket::Never(never, _) = *self;
            match never {}
        }

        pub fn write(&self, _: &Store, _: &Arc<Publication>, _: &str) -> Result<Exported, Stop> {
            let IntoBucket::Never(never, _) = *self;
            match never {}
        }
    }
}

pub use built::IntoBucket;
