//! The codes of every remark about an import, in one place: they are stable, people filter by them.

macro_rules! codes {
    ($($name:ident = $code:literal,)*) => {
        $(pub(super) const $name: &str = $code;)*
        /// Every code this room can give.
        pub const CODES: &[&str] = &[$($code),*];
    };
}

codes! {
    ALL_DAY = "all-day",
    BAD_DATE = "bad-date",
    BAD_RULE = "bad-rule",
    BAD_ZONE = "bad-zone",
    CANCELLED = "cancelled",
    DEAD_EXCEPTION = "dead-exception",
    DOUBLE_UID = "double-uid",
    ENDED = "ended",
    EXCEPTION_BY_DATE = "exception-by-date",
    FIRST_DATE = "first-date",
    FLOATING = "floating",
    INCLUDE = "include",
    JOIN_LINK = "join-link",
    LENGTH = "length",
    NEW_UID = "new-uid",
    NO_EVENTS = "no-events",
    NOT_READABLE = "not-readable",
    NOT_TAKEN = "not-taken",
    NOT_TEXT = "not-text",
    OVERRIDE = "override",
    SPLIT = "split",
    TOO_LARGE = "too-large",
    UNKNOWN_KEY = "unknown-key",
    WORDS_CHANGED = "words-changed",
}
