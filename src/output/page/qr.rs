//! An address as a QR code, for a phone that is held before the screen: one path of an SVG, nothing fetched.

use minijinja::{Value, context};
use qrcodegen::{QrCode, QrCodeEcc};

/// Modules of white around a code (ISO/IEC 18004).
const QUIET: i32 = 4;

/// Size and path for a template; nothing for an address that is too long for a code.
pub(super) fn code(address: &str) -> Option<Value> {
    let code = QrCode::encode_text(address, QrCodeEcc::Medium).ok()?;
    let mut path = String::new();
    for y in 0..code.size() {
        let mut x = 0;
        while x < code.size() {
            let dark = (x..code.size()).take_while(|x| code.get_module(*x, y)).count() as i32;
            if dark > 0 {
                path.push_str(&format!("M{} {}h{dark}v1h-{dark}z", x + QUIET, y + QUIET));
            }
            x += dark.max(1);
        }
    }
    Some(context! { size => code.size() + 2 * QUIET, path })
}
