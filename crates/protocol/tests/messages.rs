//! Golden vectors of messages, in both directions: exact frames, what is tolerated, and what is refused how.

mod support;

use bytes::Bytes;
use crowd_protocol::{
    DecodeError, ErrorCode, ErrorMessage, Frame, MAX_BODY, MAX_FRAME, MAX_TEXT, NodeMessage, PeerMessage,
    WireError,
};
use serde_json::{Value, json};
use support::{Vectors, text};

#[test]
fn good_messages_are_their_frames() {
    for case in Vectors::load("messages.json").cases("/good", 50) {
        let frame = &decode(case).unwrap_or_else(|error| panic!("{}: {error}", case["name"]));
        assert_eq!(as_vector(frame), only_frame(case), "{}", case["name"]);

        let (head, body) = match frame {
            Frame::Text(head) => (head, Value::Null),
            Frame::Binary { head, body } => (head, json!(hex::encode(body))),
        };
        assert_eq!(serde_json::from_str::<Value>(head).unwrap(), case["fields"], "{}", case["name"]);
        assert_eq!(&body, case.get("body").unwrap_or(&Value::Null), "{}", case["name"]);
    }
}

#[test]
fn every_message_of_the_protocol_has_a_vector() {
    let vectors = Vectors::load("messages.json");
    let of = |direction: &str| {
        let cases = vectors.cases("/good", 50).iter().filter(|case| case["direction"] == direction);
        let mut types: Vec<_> = cases.map(|case| text(&case["fields"]["t"]).to_owned()).collect();
        types.sort();
        types.dedup();
        types.join(" ")
    };
    assert_eq!(of("peer"), "error have host ping publish request resolve response unhost watch");
    assert_eq!(of("node"), "error goaway ok release request response updated welcome");
    for code in ErrorCode::ALL {
        let spoken = |case: &Value| case["fields"]["code"] == code.as_str();
        assert!(vectors.cases("/good", 50).iter().any(spoken), "no vector of {code}");
    }
}

#[test]
fn later_fields_and_other_spellings_are_tolerated() {
    for case in Vectors::load("messages.json").cases("/tolerated", 20) {
        let frame = &decode(case).unwrap_or_else(|error| panic!("{}: {error}", case["name"]));
        assert_eq!(as_vector(frame), case["reads_as"], "{}", case["name"]);
    }
}

#[test]
fn bad_messages_are_refused_as_they_deserve() {
    for case in Vectors::load("messages.json").cases("/bad", 250) {
        let name = format!("{} {}", text(&case["direction"]), text(&case["name"]));
        let DecodeError { id, error, malformed, .. } = match decode(case) {
            Ok(_) => panic!("{name}: accepted"),
            Err(error) => error,
        };
        assert_eq!(error.code.as_str(), case["code"], "{name}: {error}");
        assert_eq!(malformed, case["malformed"], "{name}: {error}");
        assert_eq!(json!(id), case["id"], "{name}: {error}");
    }
}

#[test]
fn frames_are_taken_up_to_their_limits() {
    let mut text = br#"{"t":"ping","id":8}"#.to_vec();
    text.resize(MAX_TEXT, b' ');
    assert_eq!(PeerMessage::decode_text(&text), Ok(PeerMessage::Ping { id: 8 }));

    let mut head = format!(r#"{{"t":"response","id":9,"sha256":"{}"}}"#, "0".repeat(64)).into_bytes();
    head.resize(u16::MAX as usize, b' ');
    let payload = Bytes::from([&[0xff, 0xff], &*head, &vec![7; MAX_BODY]].concat());
    assert_eq!(payload.len(), MAX_FRAME);
    let PeerMessage::Response(answer) = PeerMessage::decode_binary(&payload).unwrap() else { panic!() };
    assert_eq!(answer.body.len(), MAX_BODY);
    assert_eq!(answer.body.as_ptr(), payload[2 + head.len()..].as_ptr(), "a body is never copied");
}

#[test]
fn an_error_fits_a_frame_whatever_it_complains_about() {
    let long = format!(r#"{{"t":"resolve","id":2,"project":{:?}}}"#, ["\u{7f}".repeat(50_000)]);
    let error = PeerMessage::decode_text(long.as_bytes()).unwrap_err().error;
    assert_eq!(error.code, ErrorCode::BadMessage);
    assert!(error.message.len() <= 1_024);

    let told = ErrorMessage {
        id: None,
        code: ErrorCode::NotHere,
        message: "\u{e9}".repeat(30_000),
        retry_after_ms: None,
        traceparent: None,
    };
    assert!(WireError::from(told).message.len() <= 1_024);
}

#[test]
fn a_codes_text_is_the_same_everywhere() {
    for code in ErrorCode::ALL {
        assert_eq!(code.as_str().parse(), Ok(code));
        assert_eq!(json!(code), code.as_str());
    }
    assert_eq!("of_a_later_version".parse(), Ok(ErrorCode::Unknown));
}

/// Reads the frame of a case; what was read, as it is written again.
fn decode(case: &Value) -> Result<Frame, DecodeError> {
    let peer = match text(&case["direction"]) {
        "peer" => true,
        "node" => false,
        other => panic!("{other} is no direction"),
    };
    if let Some(hex) = case.get("binary") {
        let mut payload = hex::decode(text(hex)).expect("binary is hex");
        payload.resize(payload.len() + case["zeros"].as_u64().unwrap_or(0) as usize, 0);
        let payload = payload.into();
        return if peer {
            PeerMessage::decode_binary(&payload).map(|message| message.encode())
        } else {
            NodeMessage::decode_binary(&payload).map(|message| message.encode())
        };
    }
    let mut json = text(&case["text"]).as_bytes().to_vec();
    if let Some(len) = case["pad_to"].as_u64() {
        json.resize(len as usize, b' ');
    }
    if peer {
        PeerMessage::decode_text(&json).map(|message| message.encode())
    } else {
        NodeMessage::decode_text(&json).map(|message| message.encode())
    }
}

fn as_vector(frame: &Frame) -> Value {
    match frame {
        Frame::Text(text) => json!({ "text": text }),
        Frame::Binary { .. } => json!({ "binary": hex::encode(frame.to_payload()) }),
    }
}

fn only_frame(case: &Value) -> Value {
    match case.get("text") {
        Some(text) => json!({ "text": text }),
        None => json!({ "binary": case["binary"] }),
    }
}
