//! Properties of what strangers send: no bytes make a parser panic, and what is read can be written.

mod support;

use bytes::Bytes;
use crowd_protocol::{
    BitField, ChunkHash, CrowdAddress, DecodeError, FilePath, Frame, Have, MAX_MEDIA_TYPE, Manifest,
    NodeMessage, OwnerKey, PeerMessage, ProjectName, Release, RequestPath, Resolution, Server, TraceParent,
    percent_decode,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;
use support::{Vectors, text};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,40}|[ -~]{0,40}|(?s:.{0,40})|(?i:crowd)://[a-z.:\\[\\]0-9@%/é-]{0,40}") {
        read_text(&text);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..200)) {
        read_bytes(&bytes);
        read_text(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_json_is_read_or_refused(
        t in "publish|resolve|host|have|unhost|request|watch|ping|response|error|welcome|ok|release|updated|goaway",
        fields in vec((field(), json_value()), 0..10),
        body in vec(any::<u8>(), 0..20),
    ) {
        let fields = fields.into_iter().map(|(name, value)| format!(",{name:?}:{value}"));
        let json = format!(r#"{{"t":"{t}"{}}}"#, fields.collect::<String>());
        read_bytes(json.as_bytes());
        read_bytes(&Frame::Binary { head: json, body: body.into() }.to_payload());
    }

    #[test]
    fn names_that_are_read_obey_the_rule(name in "[a-z0-9A-Z-]{0,70}|x?n?--?[a-z]|www|localhost|\\PC{0,5}") {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let rule = (1..=63).contains(&name.len())
            && name.bytes().all(plain)
            && !name.starts_with('-')
            && !name.ends_with('-')
            && !name.starts_with("xn--")
            && name != "www"
            && name != "localhost";
        prop_assert_eq!(ProjectName::parse(&name).is_ok(), rule);
    }

    #[test]
    fn base64url_has_one_spelling(text in "[A-Za-z0-9_-]{0,8}") {
        if let Ok(have) = Have::parse(&text) {
            prop_assert_eq!(have.to_text(), text);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn damaged_frames_are_read_or_refused(pick: Index, damage in vec(damage(), 1..4)) {
        let frames = frames();
        let mut frame = frames[pick.index(frames.len())].clone();
        damage.iter().for_each(|damage| damage.apply(&mut frame));
        read_bytes(&frame);
    }
}

/// All that takes text.
fn read_text(text: &str) {
    if let Ok(address) = CrowdAddress::parse(text) {
        assert_eq!(CrowdAddress::parse(&address.to_string()), Ok(address), "{text:?}");
    }
    if let Ok(server) = Server::parse(text) {
        assert_eq!(Server::parse(&server.to_string()), Ok(server), "{text:?}");
    }
    if let Ok(path) = RequestPath::from_encoded(text) {
        assert_eq!(RequestPath::parse(path.as_str()), Ok(path), "{text:?}");
    }
    if let Some(context) = TraceParent::parse(text) {
        assert_eq!(TraceParent::parse(&context.to_string()), Some(context), "{text:?}");
    }
    let _ = percent_decode(text);
    let _ = FilePath::parse(text);
    let _ = Have::parse(text);
    let _ = ChunkHash::parse(text);
    let _ = OwnerKey::parse(text);
    read_bytes(text.as_bytes());
}

/// All that takes bytes.
fn read_bytes(bytes: &[u8]) {
    let payload = Bytes::copy_from_slice(bytes);
    check(PeerMessage::decode_text(bytes), PeerMessage::encode, PeerMessage::decode_text);
    check(NodeMessage::decode_text(bytes), NodeMessage::encode, NodeMessage::decode_text);
    check(PeerMessage::decode_binary(&payload), PeerMessage::encode, PeerMessage::decode_text);
    if let Ok(NodeMessage::Response(answer)) = NodeMessage::decode_binary(&payload) {
        assert!(answer.file.as_ref().is_none_or(|file| file.media_type.len() <= MAX_MEDIA_TYPE));
        let again = NodeMessage::Response(answer);
        assert_eq!(NodeMessage::decode_binary(&again.encode().to_payload()), Ok(again));
    }
    if let Ok(release) = Release::parse(bytes) {
        let _ = release.verify();
        assert_eq!(Release::parse(release.to_json().as_bytes()), Ok(release));
    }
    if let Ok(bits) = BitField::from_bytes(bytes.to_vec()) {
        assert!(bits.count(usize::MAX) <= bytes.len() * 8);
    }
    for project in ["p", "mywebsite"] {
        let project = ProjectName::parse(project).expect("a name");
        if let Ok(manifest) = Manifest::parse(bytes, &project) {
            let root = RequestPath::parse("").expect("the root");
            assert!(!matches!(manifest.resolve(&root), Resolution::Folder(_)));
            assert_eq!(
                Manifest::parse(&manifest.to_json().expect("no longer than it came"), &project),
                Ok(manifest)
            );
        }
    }
}

/// What was read can be written; what is refused is refused in few words.
fn check<M: std::fmt::Debug + PartialEq>(
    read: Result<M, DecodeError>,
    write: impl Fn(&M) -> Frame,
    again: impl Fn(&[u8]) -> Result<M, DecodeError>,
) {
    match read {
        Ok(message) => {
            let frame = write(&message);
            if let Frame::Text(text) = &frame {
                assert_eq!(again(text.as_bytes()), Ok(message));
            }
            frame.to_payload();
        }
        Err(refused) => assert!(refused.error.message.len() <= 1_024),
    }
}

fn field() -> impl Strategy<Value = String> {
    let fields = "id|project|version|have|chunks|path|chunk|sha256|traceparent|release|token|peers|nodes|reason|\
        reconnect_in_ms|heartbeat_s|peer|node|cluster|code|message|retry_after_ms|type|size|status|t|later";
    proptest::string::string_regex(fields).expect("a pattern")
}

/// JSON of any kind, and now and then no JSON at all.
fn json_value() -> impl Strategy<Value = String> {
    let text = any::<String>().prop_map(|text| serde_json::json!(text).to_string());
    let literals = "null|true|[0-9]{1,20}|-[0-9]|[0-9]\\.[0-9]|[0-9]e[0-9]{1,3}|\"[a-z0-9]{1,3}\"|\"[0-9a-f]{64}\"|\\PC{0,3}";
    prop_oneof![
        4 => literals,
        1 => text,
        1 => (any::<bool>(), 1_usize..400).prop_map(|(list, deep)| match list {
            true => "[".repeat(deep) + &"]".repeat(deep),
            false => "{\"a\":".repeat(deep) + "0" + &"}".repeat(deep),
        }),
        1 => vec("[0-9]{1,12}|\"[a-z]\"", 0..6).prop_map(|items| format!("[{}]", items.join(","))),
    ]
}

/// One way in which a frame is not what it was.
#[derive(Debug, Clone)]
enum Damage {
    Flip(Index, u8),
    Cut(Index),
    Drop(Index),
    Insert(Index, Vec<u8>),
    Repeat(Index, usize),
}

impl Damage {
    fn apply(&self, frame: &mut Vec<u8>) {
        let at = |index: &Index| index.index(frame.len() + 1);
        match self {
            Self::Flip(index, bits) => {
                let at = at(index);
                frame.get_mut(at).into_iter().for_each(|byte| *byte ^= bits);
            }
            Self::Cut(index) => frame.truncate(at(index)),
            Self::Drop(index) => {
                let at = at(index);
                frame.drain(at..(at + 1).min(frame.len()));
            }
            Self::Insert(index, bytes) => {
                let at = at(index);
                frame.splice(at..at, bytes.iter().copied());
            }
            Self::Repeat(index, times) => {
                let at = at(index);
                let more: Vec<u8> = frame.get(at).into_iter().flat_map(|byte| vec![*byte; *times]).collect();
                frame.splice(at..at, more);
            }
        }
    }
}

fn damage() -> impl Strategy<Value = Damage> {
    let token = prop::sample::select(vec![
        "0", "-1", "1e3", "null", "[", "]", "{", "}", "\"", ",", ":", "\\u0000", "é", "/", "\\",
    ]);
    prop_oneof![
        (any::<Index>(), 1_u8..).prop_map(|(at, bits)| Damage::Flip(at, bits)),
        any::<Index>().prop_map(Damage::Cut),
        any::<Index>().prop_map(Damage::Drop),
        (any::<Index>(), vec(any::<u8>(), 1..5)).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        (any::<Index>(), token).prop_map(|(at, token)| Damage::Insert(at, token.into())),
        (any::<Index>(), 1_usize..2_000).prop_map(|(at, times)| Damage::Repeat(at, times)),
    ]
}

/// The golden frames, manifests and releases: what there is to damage.
fn frames() -> &'static [Vec<u8>] {
    static FRAMES: std::sync::OnceLock<Vec<Vec<u8>>> = std::sync::OnceLock::new();
    FRAMES.get_or_init(|| {
        let frame = |case: &Value| match case.get("binary") {
            Some(hex) => hex::decode(text(hex)).expect("binary is hex"),
            None => text(case.get("text").unwrap_or(&case["json"])).into(),
        };
        let mut frames = Vec::new();
        for (file, pointer) in [
            ("messages.json", "/good"),
            ("messages.json", "/tolerated"),
            ("manifests.json", "/good"),
            ("releases.json", "/good"),
        ] {
            frames.extend(Vectors::load(file).cases(pointer, 4).iter().map(frame));
        }
        frames
    })
}
