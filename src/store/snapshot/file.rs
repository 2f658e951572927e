//! The bytes that a snapshot becomes: what stands where in them, and when they are refused.
//!
//! ```text
//! magic (8) | version (4) | checksum of all that follows (4) | header | front | running tasks | stopped tasks
//! ```
//!
//! Numbers are little-endian. The header and the parts are in the format of `postcard`; each part is compressed by
//! itself with LZ4, so that the first screen waits for what it shows and not for the tasks.

use serde::{Deserialize, Serialize};

use super::{Content, Origin, Part, Snapshot};
use crate::model::Timestamp;

/// What every snapshot begins with.
pub(super) const MAGIC: &[u8; 8] = b"ecsight\0";
/// The version of the format. It is to rise with every change of what is written, be it in a type of `model`; a test
/// tells.
pub(super) const VERSION: u32 = 3;
/// Magic, version and checksum.
const LEAD: usize = 16;
/// The size that a snapshot may have, in bytes. What does not fit is left out: stopped tasks first, then all tasks.
pub const MOST: usize = 32 << 20;
/// The size that a part may have uncompressed, in bytes.
const MOST_UNPACKED: usize = 1 << 30;

/// What was asked for when the program was started, which is all that is known before anything answers: by it a
/// snapshot is found again. Empty where nothing was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// The profile.
    pub profile: String,
    /// The region.
    pub region: String,
    /// The overriding endpoint.
    pub endpoint: String,
    /// What else of the environment decides whose credentials are used, without any secret.
    pub credentials: String,
}

/// Why bytes are no snapshot that could be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// They are something else.
    #[error("it is not a snapshot of ecsight")]
    Unknown,
    /// Another version of the program wrote them.
    #[error("it is of another version of ecsight (format {0}, not {VERSION})")]
    Version(u32),
    /// They are not what was written.
    #[error("it is damaged")]
    Damaged,
    /// They were kept for another profile, region or endpoint.
    #[error("it is of another profile, region or endpoint")]
    Foreign,
}

/// Why a snapshot cannot be written down.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unwritable {
    /// Not even what comes before the tasks fits.
    #[error("clusters and services alone take {size} bytes, and at most {most} are kept")]
    TooLarge {
        /// What they take.
        size: usize,
        /// What they may take.
        most: usize,
    },
    /// Something in it has no form in the format.
    #[error("it cannot be written down: {0}")]
    Format(#[from] postcard::Error),
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Header {
    pub(super) key: Key,
    pub(super) origin: Origin,
    taken: Timestamp,
    /// Of each part, in the order of [`Part::ALL`], its size compressed and uncompressed.
    pub(super) parts: Vec<(u64, u64)>,
}

/// Writes a snapshot down in at most so many bytes: without stopped tasks, or without all tasks, if it has to be.
///
/// # Errors
/// [`Unwritable::TooLarge`] if the rest does not fit either.
pub fn encode(mut snapshot: Snapshot, key: &Key, most: usize) -> Result<Vec<u8>, Unwritable> {
    let mut header = Header {
        key: key.clone(),
        origin: snapshot.origin,
        taken: snapshot.taken,
        parts: Vec::new(),
    };
    let mut packed = Vec::new();
    for part in Part::ALL {
        let unpacked = postcard::to_stdvec(&snapshot.content.split(part))?;
        let bytes = lz4_flex::compress(&unpacked);
        header.parts.push((wide(bytes.len()), wide(unpacked.len())));
        let size = LEAD + postcard::to_stdvec(&header)?.len() + packed.len() + bytes.len();
        if size <= most && unpacked.len() <= MOST_UNPACKED {
            packed.extend(bytes);
        } else if part == Part::Front {
            return Err(Unwritable::TooLarge { size, most });
        } else {
            header.parts.pop();
            break;
        }
    }
    let header = postcard::to_stdvec(&header)?;
    let mut bytes = Vec::with_capacity(LEAD + header.len() + packed.len());
    bytes.extend(MAGIC);
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend([0; 4]);
    bytes.extend(header);
    bytes.extend(packed);
    let checksum = crc32fast::hash(&bytes[LEAD..]);
    bytes[LEAD - 4..LEAD].copy_from_slice(&checksum.to_le_bytes());
    Ok(bytes)
}

/// Sizes are the same in the bytes whatever the machine.
fn wide(size: usize) -> u64 {
    u64::try_from(size).unwrap_or(u64::MAX)
}

/// Bytes that were looked through and are what was written for this key; the parts are taken out one by one.
#[derive(Debug)]
pub struct Kept {
    bytes: Vec<u8>,
    pub(super) header: Header,
    /// Where the first part begins.
    begin: usize,
}

impl Kept {
    /// Looks the bytes through.
    ///
    /// # Errors
    /// [`Unusable`], if they are anything else than what [`encode`] wrote for this key.
    pub fn open(bytes: Vec<u8>, key: &Key) -> Result<Self, Unusable> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(Unusable::Unknown)?;
        let (version, rest) = number(rest)?;
        if version != VERSION {
            return Err(Unusable::Version(version));
        }
        let (checksum, rest) = number(rest)?;
        if checksum != crc32fast::hash(rest) {
            return Err(Unusable::Damaged);
        }
        let (header, parts): (Header, _) =
            postcard::take_from_bytes(rest).map_err(|_| Unusable::Damaged)?;
        if header.key != *key {
            return Err(Unusable::Foreign);
        }
        let begin = bytes.len() - parts.len();
        Ok(Self {
            bytes,
            header,
            begin,
        })
    }

    /// Where it comes from.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.header.origin
    }

    /// What the first screen shows: everything but tasks.
    ///
    /// # Errors
    /// [`Unusable::Damaged`].
    pub fn front(&self) -> Result<Snapshot, Unusable> {
        let content = self.part(0)?;
        Ok(self.snapshot(content))
    }

    /// The tasks, as far as they were kept.
    ///
    /// # Errors
    /// [`Unusable::Damaged`].
    pub fn rest(&self) -> Result<Snapshot, Unusable> {
        let mut content = Content::default();
        for place in 1..self.header.parts.len() {
            content.append(self.part(place)?);
        }
        Ok(self.snapshot(content))
    }

    /// A part with nothing in it.
    #[must_use]
    pub fn nothing(&self) -> Snapshot {
        self.snapshot(Content::default())
    }

    fn snapshot(&self, content: Content) -> Snapshot {
        Snapshot {
            origin: self.header.origin.clone(),
            taken: self.header.taken,
            content,
        }
    }

    fn part(&self, place: usize) -> Result<Content, Unusable> {
        postcard::from_bytes(&self.unpacked(place)?).map_err(|_| Unusable::Damaged)
    }

    /// The bytes of a part as they were before they were compressed.
    pub(super) fn unpacked(&self, place: usize) -> Result<Vec<u8>, Unusable> {
        let size = |size: u64| usize::try_from(size).map_err(|_| Unusable::Damaged);
        let mut at = self.begin;
        for (packed, _) in self.header.parts.iter().take(place) {
            at = at.saturating_add(size(*packed)?);
        }
        let (packed, unpacked) = self.header.parts.get(place).ok_or(Unusable::Damaged)?;
        let (packed, unpacked) = (size(*packed)?, size(*unpacked)?);
        let bytes = self.bytes.get(at..at.saturating_add(packed));
        let bytes = bytes
            .filter(|_| unpacked <= MOST_UNPACKED)
            .ok_or(Unusable::Damaged)?;
        lz4_flex::decompress(bytes, unpacked).map_err(|_| Unusable::Damaged)
    }
}

/// A number at the beginning of bytes, and what follows it.
fn number(bytes: &[u8]) -> Result<(u32, &[u8]), Unusable> {
    let (number, rest) = bytes.split_first_chunk().ok_or(Unusable::Damaged)?;
    Ok((u32::from_le_bytes(*number), rest))
}
