//! The day that a test takes for today: the one on which it asked first, also where midnight passes while it runs.

use chrono::{NaiveDate, Utc};

thread_local! {
    static DAY: NaiveDate = Utc::now().date_naive();
}

pub fn today() -> NaiveDate {
    DAY.with(|day| *day)
}
