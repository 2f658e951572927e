//! Frames of `application/vnd.amazon.eventstream`: a prelude, headers of strings, a payload, checksums.
//!
//! Format: the Smithy specification, "Amazon Event Stream Specification".

/// The `Content-Type` of a body of frames.
pub const EVENT_STREAM: &str = "application/vnd.amazon.eventstream";

/// The type of a header's value: a string.
const STRING: u8 = 7;
/// Two lengths and their checksum.
const PRELUDE: usize = 12;
/// The checksum at the end.
const CHECKSUM: usize = 4;

/// An event with a JSON payload.
pub fn event(kind: &str, payload: &str) -> Vec<u8> {
    frame(
        &[
            (":message-type", "event"),
            (":event-type", kind),
            (":content-type", "application/json"),
        ],
        payload.as_bytes(),
    )
}

/// An exception that the protocol knows, with a JSON payload; it is the last frame.
pub fn exception(kind: &str, payload: &str) -> Vec<u8> {
    frame(
        &[
            (":message-type", "exception"),
            (":exception-type", kind),
            (":content-type", "application/json"),
        ],
        payload.as_bytes(),
    )
}

fn frame(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let mut head = Vec::new();
    for (name, value) in headers {
        // Names and values are our own, all shorter than 256 bytes.
        head.push(u8::try_from(name.len()).unwrap_or_default());
        head.extend_from_slice(name.as_bytes());
        head.push(STRING);
        head.extend_from_slice(&u16::try_from(value.len()).unwrap_or_default().to_be_bytes());
        head.extend_from_slice(value.as_bytes());
    }
    let total = PRELUDE + head.len() + payload.len() + CHECKSUM;
    let mut frame = Vec::with_capacity(total);
    frame.extend_from_slice(&length(total));
    frame.extend_from_slice(&length(head.len()));
    frame.extend_from_slice(&crc32fast::hash(&frame).to_be_bytes());
    frame.extend_from_slice(&head);
    frame.extend_from_slice(payload);
    frame.extend_from_slice(&crc32fast::hash(&frame).to_be_bytes());
    frame
}

fn length(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes).unwrap_or(u32::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::event;

    /// The lengths and checksums are those of the format's own definition, worked out apart from this code.
    #[test]
    fn a_frame_is_laid_out_as_specified() {
        let frame = event("a", "{}");
        let headers = "\x0d:message-type\x07\0\x05event\x0b:event-type\x07\0\x01a\x0d:content-type\x07\0\x10application/json";
        assert_eq!(frame.len(), 12 + headers.len() + 2 + 4);
        assert_eq!(frame[..4], [0, 0, 0, 12 + 71 + 2 + 4]);
        assert_eq!(frame[4..8], [0, 0, 0, 71]);
        assert_eq!(&frame[12..83], headers.as_bytes());
        assert_eq!(&frame[83..85], b"{}");
        // CRC-32 of a message followed by its own checksum, little end first, is a constant.
        let mut turned = frame.clone();
        turned[85..].reverse();
        assert_eq!(crc32fast::hash(&turned), 0x2144_df1c);
    }
}
