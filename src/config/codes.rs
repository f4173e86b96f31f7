//! The codes of every remark about configuration, in one place: they are stable, people filter by them.

macro_rules! codes {
    ($($name:ident = $code:literal,)*) => {
        $(pub(super) const $name: &str = $code;)*
        /// Every code this room can give.
        pub const CODES: &[&str] = &[$($code),*];
    };
}

codes! {
    BAD_ADDRESS = "bad-address",
    BAD_COLOUR = "bad-colour",
    BAD_CREDENTIAL = "bad-credential",
    BAD_DATE = "bad-date",
    BAD_DIGEST = "bad-digest",
    BAD_DOMAIN = "bad-domain",
    BAD_DURATION = "bad-duration",
    BAD_GIT = "bad-git",
    BAD_ID = "bad-id",
    BAD_LINK = "bad-link",
    BAD_NUMBER = "bad-number",
    BAD_PAD = "bad-pad",
    BAD_PATH = "bad-path",
    BAD_PHONE = "bad-phone",
    BAD_REFRESH = "bad-refresh",
    BAD_RULE = "bad-rule",
    BAD_TEXT = "bad-text",
    BAD_TIME = "bad-time",
    BAD_UID = "bad-uid",
    BAD_ZONE = "bad-zone",
    DATES_CROSSED = "dates-crossed",
    DOUBLE_DATE = "double-date",
    DOUBLE_ID = "double-id",
    DOUBLE_UID = "double-uid",
    FIRST_DATE = "first-date",
    FORMAT = "format",
    LINK_HOST = "link-host",
    LINK_PASSWORD = "link-password",
    LINKS_DIFFER = "links-differ",
    MISSING = "missing",
    NO_EFFECT = "no-effect",
    NO_LIST = "no-list",
    NO_MEETING = "no-meeting",
    NO_ORGANISERS = "no-organisers",
    NO_RULE = "no-rule",
    NOT_GRANTED = "not-granted",
    NOT_TEXT = "not-text",
    NOT_TOML = "not-toml",
    ORGANISER_IS_LIST = "organiser-is-list",
    ORGANISER_IS_PUBLIC = "organiser-is-public",
    OPEN_MAIL = "open-mail",
    ROTATION = "rotation",
    ZONE_TRAP = "zone-trap",
    TOO_LARGE = "too-large",
    TWO_PLACES = "two-places",
    TWO_RULES = "two-rules",
    UNKNOWN_KEY = "unknown-key",
    UNKNOWN_SERIES = "unknown-series",
    UNKNOWN_WORD = "unknown-word",
    WRONG_TYPE = "wrong-type",
}
