//! One bucket of S3-compatible storage: puts, looks at, lists and removes objects, and says in a sentence what is wrong. Each request is asked
//! once: whoever asks decides anew whether it may be asked again. It touches nothing that is not named.

mod line;
mod trouble;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::list::{PaginatedListOptions, PaginatedListStore as _};
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, ClientOptions, Error, ObjectStore as _, ObjectStoreExt as _, PutMode, PutOptions, PutPayload, RetryConfig,
    UpdateVersion,
};
use secrecy::{ExposeSecret as _, SecretString};

use line::Line;

/// Where a bucket is, and who we are there.
#[derive(Debug)]
pub struct Way {
    pub bucket: String,
    /// `https://HOST`, without the bucket and without a slash at its end.
    pub endpoint: String,
    pub region: String,
    /// What the names of objects begin with, without slashes around it; may be empty.
    pub prefix: String,
    /// Whether the bucket stands in the host's name, or in the path.
    pub in_host: bool,
    pub access_key: String,
    pub secret_key: SecretString,
    /// PEM: certificates that are believed beside the public ones.
    pub certificates: Option<Vec<u8>>,
    /// For each request.
    pub time_out: Duration,
}

impl Way {
    /// The same for the same objects, whoever asks for them.
    pub fn place(&self) -> String {
        format!("{}/{}/{}", self.endpoint, self.bucket, self.prefix)
    }

    fn host(&self) -> &str {
        self.endpoint.split_once("://").map_or(&*self.endpoint, |(_, host)| host)
    }
}

/// What is said of an object beside its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    pub content_type: &'static str,
    pub cache_control: &'static str,
    pub disposition: Option<String>,
}

/// What has to stand under a name when an object is put there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Before {
    Nothing,
    /// An object with this ETag.
    This(String),
}

/// Why an object was not put.
#[derive(Debug, PartialEq, Eq)]
pub enum NotPut {
    /// Something else stands there.
    Otherwise,
    Trouble(String),
}

/// An object of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub size: u64,
    pub etag: Option<String>,
}

/// A bucket that can be asked.
#[derive(Debug)]
pub struct Bucket {
    store: AmazonS3,
    way: Arc<Way>,
    /// Whether it knows conditions, as far as is known.
    conditions: AtomicBool,
}

impl Bucket {
    /// Asks nothing yet.
    pub fn open(way: &Arc<Way>) -> Result<Bucket, String> {
        let line = Line::new(way)?;
        let endpoint = match (way.in_host, way.endpoint.split_once("://")) {
            (true, Some((scheme, host))) => format!("{scheme}://{}.{host}", way.bucket),
            _ => way.endpoint.clone(),
        };
        let http = way.endpoint.starts_with("http://");
        let store = AmazonS3Builder::new()
            .with_bucket_name(&way.bucket)
            .with_region(&way.region)
            .with_endpoint(endpoint)
            .with_virtual_hosted_style_request(way.in_host)
            .with_access_key_id(&way.access_key)
            .with_secret_access_key(way.secret_key.expose_secret())
            .with_allow_http(http)
            .with_client_options(ClientOptions::new().with_allow_http(http))
            .with_retry(RetryConfig { max_retries: 0, ..RetryConfig::default() })
            // One object a request: not every server knows the other form.
            .with_disable_bulk_delete(true)
            .with_http_connector(line)
            .build();
        let store = store.map_err(|error| format!("The bucket \"{}\" at {} cannot be used: {error}.", way.bucket, way.host()))?;
        Ok(Bucket { store, way: way.clone(), conditions: AtomicBool::new(true) })
    }

    /// Puts an object, and returns its ETag. Without `before` whatever stands there is overwritten; so it is by a server that knows no
    /// conditions, which is known once it said so.
    pub async fn put(&self, name: &str, bytes: Bytes, label: &Label, before: Option<&Before>) -> Result<Option<String>, NotPut> {
        let path = self.path(name).map_err(NotPut::Trouble)?;
        let mut attributes = Attributes::new();
        attributes.insert(Attribute::ContentType, label.content_type.into());
        attributes.insert(Attribute::CacheControl, label.cache_control.into());
        if let Some(disposition) = &label.disposition {
            attributes.insert(Attribute::ContentDisposition, disposition.clone().into());
        }
        let mode = match before.filter(|_| self.knows_conditions()) {
            None => PutMode::Overwrite,
            Some(Before::Nothing) => PutMode::Create,
            Some(Before::This(etag)) => PutMode::Update(UpdateVersion { e_tag: Some(etag.clone()), version: None }),
        };
        let conditional = !matches!(mode, PutMode::Overwrite);
        let options = PutOptions { mode, attributes: attributes.clone(), ..PutOptions::default() };
        match self.store.put_opts(&path, PutPayload::from_bytes(bytes.clone()), options).await {
            Ok(put) => Ok(put.e_tag),
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. } | Error::NotModified { .. }) if conditional => {
                Err(NotPut::Otherwise)
            }
            Err(error) if conditional && trouble::knows_no_conditions(&error) => {
                self.conditions.store(false, Ordering::Relaxed);
                let options = PutOptions { attributes, ..PutOptions::default() };
                let put = self.store.put_opts(&path, PutPayload::from_bytes(bytes), options).await;
                put.map(|put| put.e_tag).map_err(|error| NotPut::Trouble(self.said(&error)))
            }
            Err(error) => Err(NotPut::Trouble(self.said(&error))),
        }
    }

    pub fn knows_conditions(&self) -> bool {
        self.conditions.load(Ordering::Relaxed)
    }

    /// What stands under a name at this moment, if the server says it.
    pub async fn look(&self, name: &str) -> Result<Option<Before>, String> {
        let path = self.path(name)?;
        let looked = match self.store.head(&path).await {
            // An answer to HEAD has no words that say why.
            Err(error) if !matches!(error, Error::NotFound { .. }) => self.store.get(&path).await.map(|got| got.meta),
            looked => looked,
        };
        match looked {
            Ok(found) => Ok(found.e_tag.map(Before::This)),
            Err(Error::NotFound { .. }) => Ok(Some(Before::Nothing)),
            Err(error) => Err(self.said(&error)),
        }
    }

    /// The bytes of an object, if it is there.
    pub async fn get(&self, name: &str) -> Result<Option<Bytes>, String> {
        let got = match self.store.get(&self.path(name)?).await {
            Ok(got) => got.bytes().await,
            Err(error) => Err(error),
        };
        match got {
            Ok(bytes) => Ok(Some(bytes)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.said(&error)),
        }
    }

    /// Takes an object away; one that is not there is gone.
    pub async fn remove(&self, name: &str) -> Result<(), String> {
        match self.store.delete(&self.path(name)?).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.said(&error)),
        }
    }

    /// Everything below the prefix, by name, and how many requests that took.
    pub async fn list(&self) -> Result<(BTreeMap<String, Listed>, u64), String> {
        let prefix = if self.way.prefix.is_empty() { String::new() } else { format!("{}/", self.way.prefix) };
        let (mut found, mut token, mut asked) = (BTreeMap::new(), None, 0);
        loop {
            let options = PaginatedListOptions { page_token: token, ..PaginatedListOptions::default() };
            let page = self.store.list_paginated(Some(&prefix).filter(|prefix| !prefix.is_empty()).map(String::as_str), options).await;
            let page = page.map_err(|error| self.said(&error))?;
            asked += 1;
            for object in page.result.objects {
                let path = object.location.to_string();
                if let Some(name) = path.strip_prefix(&prefix) {
                    found.insert(name.to_owned(), Listed { size: object.size, etag: object.e_tag });
                }
            }
            token = page.page_token;
            if token.is_none() {
                return Ok((found, asked));
            }
        }
    }

    fn path(&self, name: &str) -> Result<Path, String> {
        let whole = if self.way.prefix.is_empty() { name.to_owned() } else { format!("{}/{name}", self.way.prefix) };
        Path::parse(&whole).map_err(|_| format!("\"{}\" cannot be the name of an object.", whole.escape_debug()))
    }

    fn said(&self, error: &Error) -> String {
        trouble::sentence(&self.way.bucket, self.way.host(), self.way.time_out, error)
    }
}
