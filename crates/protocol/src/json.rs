//! Reading JSON as strictly as the protocol means it: objects that are no lists, numbers that JavaScript can count.
//! Used by the types of every message and file; it keeps nothing.

use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use crate::{MAX_ID, MAX_VERSION};

/// A `T` that is written as a JSON object. Without it serde also takes a list of the fields in their order.
#[derive(Debug, Serialize)]
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ByName<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for ByName<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map))
            }
        }

        deserializer.deserialize_map(ByName(PhantomData)).map(Self)
    }
}

/// A whole number from 0 to 2^53 - 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Whole(pub(crate) u64);

impl Whole {
    /// As the number of a chunk: one that no manifest reaches stays past the end of them all.
    pub(crate) fn chunk(self) -> u32 {
        u32::try_from(self.0).unwrap_or(u32::MAX)
    }
}

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            number @ 0..=MAX_ID => Ok(Self(number)),
            _ => Err(D::Error::custom("such a number is at most 2^53-1")),
        }
    }
}

/// A version, or another whole number from 1 to 2^53 - 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counted(pub(crate) u64);

impl<'de> Deserialize<'de> for Counted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            number @ 1..=MAX_VERSION => Ok(Self(number)),
            _ => Err(D::Error::custom("such a number is from 1 to 2^53-1")),
        }
    }
}
