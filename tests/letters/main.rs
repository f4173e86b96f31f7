//! Letters as they reach people: a sample of each kind, people's own templates, attachments, and notes that mean no good.

#[path = "../support/house.rs"]
mod house;
#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "each part uses its own")]
mod support;

mod attached;
mod digests;
mod hostile;
mod own;
mod samples;
mod spam;

use house::House;

/// The invented community of `tests/cases/letters`, in a house of its own.
fn orchard() -> House {
    let house = House::new(None);
    house.write("config/communities/orchard.toml", include_str!("../cases/letters/orchard.toml"));
    house
}
