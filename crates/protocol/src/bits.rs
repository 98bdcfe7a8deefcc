//! Which chunks of a project a peer has.

use crate::{ErrorCode, MAX_BITS, WireError, encoding};

/// One bit for each chunk number: bit 7 of byte 0 is chunk 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BitField {
    bytes: Box<[u8]>,
}

impl BitField {
    /// An empty field for `chunks` chunks.
    pub fn new(chunks: usize) -> Self {
        Self { bytes: vec![0; chunks.div_ceil(8)].into() }
    }

    /// Takes the bytes of a field as they came; at most [`MAX_BITS`], else `too_large`.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, WireError> {
        if bytes.len() > MAX_BITS {
            return Err(WireError::new(ErrorCode::TooLarge, "a bit field has at most 1,875 bytes"));
        }
        Ok(Self { bytes: bytes.into() })
    }

    /// The bytes of the field.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// True where the field has exactly the bytes that `chunks` chunks need.
    pub fn fits(&self, chunks: usize) -> bool {
        self.bytes.len() == chunks.div_ceil(8)
    }

    /// True where `chunk` is set; a number past the end is not.
    pub fn get(&self, chunk: u32) -> bool {
        self.bytes.get(chunk as usize / 8).is_some_and(|byte| byte & (0x80 >> (chunk % 8)) != 0)
    }

    /// Sets `chunk`; a number past the end is ignored. True where it was not set before.
    pub fn set(&mut self, chunk: u32) -> bool {
        let bit = 0x80 >> (chunk % 8);
        match self.bytes.get_mut(chunk as usize / 8) {
            Some(byte) if *byte & bit == 0 => {
                *byte |= bit;
                true
            }
            _ => false,
        }
    }

    /// How many of the first `chunks` are set.
    pub fn count(&self, chunks: usize) -> usize {
        let chunks = chunks.min(self.bytes.len() * 8);
        let whole = chunks / 8;
        let full: u32 = self.bytes[..whole].iter().map(|byte| byte.count_ones()).sum();
        let rest = (whole * 8..chunks).filter(|chunk| self.get(*chunk as u32)).count();
        full as usize + rest
    }
}

/// The `have` of `host` and `publish`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Have {
    /// Every chunk.
    All,
    /// The chunks that are set.
    Bits(BitField),
}

impl Have {
    /// Reads `all` or the base64url of a bit field: `bad_message`, or `too_large` over its limit.
    pub fn parse(text: &str) -> Result<Self, WireError> {
        if text == "all" {
            return Ok(Self::All);
        }
        if text.len() > MAX_BITS.div_ceil(3) * 4 {
            return Err(WireError::new(ErrorCode::TooLarge, "a bit field has at most 1,875 bytes"));
        }
        let bytes = encoding::decode(text).ok_or_else(|| {
            WireError::new(ErrorCode::BadMessage, "have is \"all\" or the unpadded base64url of a bit field")
        })?;
        BitField::from_bytes(bytes).map(Self::Bits)
    }

    /// The text form of [`Have::parse`].
    pub fn to_text(&self) -> String {
        match self {
            Self::All => "all".to_owned(),
            Self::Bits(bits) => encoding::encode(bits.as_bytes()),
        }
    }

    /// True where `chunk` is had.
    pub fn has(&self, chunk: u32) -> bool {
        match self {
            Self::All => true,
            Self::Bits(bits) => bits.get(chunk),
        }
    }
}
