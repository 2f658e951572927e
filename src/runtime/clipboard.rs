//! The clipboard of the terminal, reached by an escape sequence (OSC 52) that also works over SSH.

use base64::{Engine, engine::general_purpose::STANDARD};

/// The longest sequence that terminals are known to take, in bytes.
const MOST: usize = 74_994;

/// The bytes that put text on the terminal's clipboard; wrapped for tmux and screen, which would swallow them
/// otherwise. None if the text is too long for terminals to take.
#[must_use]
pub fn osc52(text: &str, tmux: bool, screen: bool) -> Option<String> {
    let encoded = STANDARD.encode(text);
    if encoded.len() > MOST {
        return None;
    }
    let plain = format!("\x1b]52;c;{encoded}\x07");
    if tmux {
        return Some(format!(
            "\x1bPtmux;{}\x1b\\",
            plain.replace('\x1b', "\x1b\x1b")
        ));
    }
    if screen {
        // screen takes 768 bytes of a device control string at a time.
        let chunks: Vec<String> = plain
            .as_bytes()
            .chunks(700)
            .map(|chunk| format!("\x1bP{}\x1b\\", String::from_utf8_lossy(chunk)))
            .collect();
        return Some(chunks.concat());
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_encoded_so_that_it_cannot_act() {
        let sequence = osc52("\x1b[31mred", false, false).unwrap();
        assert_eq!(sequence, "\x1b]52;c;G1szMW1yZWQ=\x07");
    }

    #[test]
    fn tmux_and_screen_pass_it_on() {
        let wrapped = osc52("a", true, false).unwrap();
        assert_eq!(wrapped, "\x1bPtmux;\x1b\x1b]52;c;YQ==\x07\x1b\\");
        let wrapped = osc52(&"a".repeat(3_000), false, true).unwrap();
        assert!(wrapped.matches("\x1bP").count() > 5);
    }

    #[test]
    fn too_much_is_refused() {
        assert_eq!(osc52(&"a".repeat(60_000), false, false), None);
    }
}
