//! Asks the host of static files what was published there last.

use std::time::Duration;

use reqwest::{Client, StatusCode, header};

/// Nothing of ours is larger.
const LARGEST: usize = 32 * 1024 * 1024;
const TIME_OUT: Duration = Duration::from_secs(30);

/// The file at an address; `None` where the host says that there is none. Anything else is a sentence: then it is not known.
pub async fn fetch(address: &str) -> Result<Option<Vec<u8>>, String> {
    let client = Client::builder().user_agent(concat!("convened/", env!("CARGO_PKG_VERSION"))).timeout(TIME_OUT).build();
    let client = client.map_err(|_| "The way to it cannot be set up.".to_owned())?;
    let asked = client.get(address).header(header::CACHE_CONTROL, "no-cache").send().await;
    let mut response = asked.map_err(|error| match error.is_timeout() {
        true => format!("{address} did not answer within {} seconds.", TIME_OUT.as_secs()),
        false => format!("{address} cannot be reached."),
    })?;
    match response.status() {
        StatusCode::NOT_FOUND | StatusCode::GONE => return Ok(None),
        status if status.is_success() => {}
        status => return Err(format!("{address} answered {}.", status.as_u16())),
    }
    let mut read = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| format!("The answer of {address} broke off."))? {
        read.extend_from_slice(&chunk);
        if read.len() > LARGEST {
            return Err(format!("{address} answered with more than {} megabytes.", LARGEST >> 20));
        }
    }
    Ok(Some(read))
}
