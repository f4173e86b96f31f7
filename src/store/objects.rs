//! What stands in a bucket. It is noted before objects are put that they may be there, and afterwards which they are: so nothing of ours is
//! ever forgotten there, and a restart puts nothing again. Only who publishes writes here.

use std::collections::BTreeMap;

use super::sql::{self, Transaction, params, upsert};
use super::{Store, StoreError};

/// Under this name stands how the bucket has fared, among the places that are fetched.
pub const BUCKET: &str = "[s3]";

/// An object that was put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Of its bytes and of what is said of them; `None` where it is not known which stand there.
    pub digest: Option<String>,
    /// As the bucket gave it.
    pub etag: Option<String>,
    /// In bytes.
    pub size: u64,
}

impl Store {
    /// Everything in a place, by name. What is known of other places is forgotten: the objects there are left alone.
    pub fn objects(&self, place: &str) -> Result<BTreeMap<String, Object>, StoreError> {
        let run = self.number();
        self.write(|tx| {
            Store::fence(tx, run)?;
            tx.execute("DELETE FROM object WHERE place <> ?1", [place])?;
            let mut select = tx.prepare_cached("SELECT name, digest, etag, size FROM object WHERE place = ?1 ORDER BY name")?;
            let rows = select.query_map([place], |row| {
                let size = u64::try_from(row.get::<i64>(3)?).unwrap_or_default();
                Ok((row.get(0)?, Object { digest: row.get(1)?, etag: row.get(2)?, size }))
            })?;
            rows.collect()
        })
    }

    /// From now on it is not known what stands under these names.
    pub fn puts_objects(&self, place: &str, names: &[String]) -> Result<(), StoreError> {
        self.objects_are(|tx| {
            let mut insert = tx.prepare_cached(
                "INSERT INTO object (place, name, digest, etag, size) VALUES (?1, ?2, NULL, NULL, 0)
                 ON CONFLICT (place, name) DO UPDATE SET digest = NULL",
            )?;
            names.iter().try_for_each(|name| insert.execute(params![place, name]).map(drop))
        })
    }

    /// These stand there now.
    pub fn put_objects(&self, place: &str, objects: &[(String, Object)]) -> Result<(), StoreError> {
        self.objects_are(|tx| {
            let mut insert = tx.prepare_cached(&upsert("object", &["place", "name"], &["digest", "etag", "size"]))?;
            objects.iter().try_for_each(|(name, object)| {
                let size = i64::try_from(object.size).unwrap_or(i64::MAX);
                insert.execute(params![place, name, object.digest, object.etag, size]).map(drop)
            })
        })
    }

    /// These are gone.
    pub fn removed_objects(&self, place: &str, names: &[String]) -> Result<(), StoreError> {
        self.objects_are(|tx| {
            let mut delete = tx.prepare_cached("DELETE FROM object WHERE place = ?1 AND name = ?2")?;
            names.iter().try_for_each(|name| delete.execute(params![place, name]).map(drop))
        })
    }

    /// That this daemon publishes is asked of the database anew: another one may have taken over while this one was stopped.
    pub fn still_publishes(&self) -> Result<(), StoreError> {
        match self.number() {
            Some(run) => self.read(|tx| Store::fence(tx, Some(run))),
            None => Ok(()),
        }
    }

    fn objects_are(&self, act: impl FnOnce(&Transaction) -> sql::Result<()> + Send) -> Result<(), StoreError> {
        let run = self.number();
        self.write(|tx| {
            Store::fence(tx, run)?;
            act(tx)
        })
    }
}
