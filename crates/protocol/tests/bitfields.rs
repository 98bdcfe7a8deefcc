//! Golden vectors of bit fields, the `have` of a host.

mod support;

use crowd_protocol::{BitField, ErrorCode, Have, MAX_BITS, MAX_CHUNKS};
use serde_json::json;
use support::{Vectors, text};

#[test]
fn good_fields_have_what_is_set() {
    for case in Vectors::load("bitfields.json").cases("/good", 13) {
        let chunks = case["chunks"].as_u64().unwrap() as usize;
        let have = Have::parse(text(&case["have"])).unwrap();
        assert_eq!(have.to_text(), text(&case["have"]));
        let set: Vec<u32> = (0..chunks as u32).filter(|chunk| have.has(*chunk)).collect();
        assert_eq!(json!(set), case["set"]);

        let mut made = BitField::new(chunks);
        assert!(set.iter().all(|chunk| made.set(*chunk)), "each is set for the first time");
        assert!(!set.iter().any(|chunk| made.set(*chunk)), "none is set a second time");
        assert_eq!(hex::encode(made.as_bytes()), case["hex"]);
        assert_eq!(made.count(chunks), set.len());
        assert!(made.fits(chunks));
        assert_eq!(have, Have::Bits(made));
    }
}

#[test]
fn a_field_fits_its_chunks_exactly() {
    for case in Vectors::load("bitfields.json").cases("/fits", 10) {
        let Have::Bits(bits) = Have::parse(text(&case["have"])).unwrap() else { panic!("{case}") };
        assert_eq!(bits.fits(case["chunks"].as_u64().unwrap() as usize), case["fits"], "{case}");
    }
}

#[test]
fn bad_fields_are_refused() {
    for case in Vectors::load("bitfields.json").cases("/bad", 15) {
        let error = Have::parse(text(&case["have"])).expect_err(text(&case["have"]));
        assert_eq!(error.code.as_str(), case["code"], "{case}");
    }
}

#[test]
fn all_is_every_chunk() {
    let all = Have::parse("all").unwrap();
    assert_eq!(all, Have::All);
    assert_eq!(all.to_text(), "all");
    assert!(all.has(0) && all.has(MAX_CHUNKS as u32 - 1));
}

#[test]
fn numbers_past_the_end_are_not_there() {
    let mut bits = BitField::from_bytes(vec![0xff; 2]).unwrap();
    assert!(!bits.get(16) && !bits.get(u32::MAX));
    assert!(!bits.set(16) && !bits.set(u32::MAX));
    assert_eq!((bits.count(0), bits.count(9), bits.count(16), bits.count(usize::MAX)), (0, 9, 16, 16));
    assert!(BitField::from_bytes(vec![0; MAX_BITS]).is_ok());
    assert_eq!(BitField::from_bytes(vec![0; MAX_BITS + 1]).unwrap_err().code, ErrorCode::TooLarge);
}
