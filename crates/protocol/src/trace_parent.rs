//! W3C trace context: the `traceparent` that a request may carry.

use std::fmt;

use serde::{Serialize, Serializer};

/// The identity of the span that asks: trace, span, and whether it is sampled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    /// 16 bytes, not all zero.
    pub trace_id: [u8; 16],
    /// 8 bytes, not all zero.
    pub span_id: [u8; 8],
    /// Bit 0: sampled.
    pub flags: u8,
}

impl TraceParent {
    /// Reads `00-TRACE-SPAN-FLAGS`; none where it is anything else, since a bad context is no reason to fail.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let version = parts.next()?;
        let (trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?);
        if version.len() != 2 || version == "ff" || (version == "00" && parts.next().is_some()) {
            return None;
        }
        let lower = |s: &str| s.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if ![version, trace, span, flags].into_iter().all(lower) {
            return None;
        }
        let (mut trace_id, mut span_id, mut flag) = ([0; 16], [0; 8], [0; 1]);
        hex::decode_to_slice(trace, &mut trace_id).ok()?;
        hex::decode_to_slice(span, &mut span_id).ok()?;
        hex::decode_to_slice(flags, &mut flag).ok()?;
        let valid = trace_id != [0; 16] && span_id != [0; 8];
        valid.then_some(Self { trace_id, span_id, flags: flag[0] })
    }
}

impl TraceParent {
    /// True where whoever asks has the trace recorded.
    pub fn is_sampled(&self) -> bool {
        self.flags & 1 == 1
    }

    /// The trace's id in hex: what people look for it by.
    pub fn trace_id_hex(&self) -> String {
        hex::encode(self.trace_id)
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Written for every answer: without an allocation.
        let (mut trace, mut span) = ([0; 32], [0; 16]);
        hex::encode_to_slice(self.trace_id, &mut trace).map_err(|_| fmt::Error)?;
        hex::encode_to_slice(self.span_id, &mut span).map_err(|_| fmt::Error)?;
        let text = |hex| str::from_utf8(hex).map_err(|_| fmt::Error);
        write!(f, "00-{}-{}-{:02x}", text(&trace)?, text(&span)?, self.flags)
    }
}

impl Serialize for TraceParent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
