//! Properties of what is written and read again: messages, addresses, manifests, bit fields.

use bytes::Bytes;
use crowd_protocol::{
    Answer, BitField, ChunkHash, CrowdAddress, DecodeError, ErrorCode, ErrorMessage, FileInfo, FilePath,
    Frame, Have, MAX_ID, MAX_MEDIA_TYPE, MAX_VERSION, Manifest, ManifestBuilder, NodeMessage, PeerMessage,
    ProjectName, Release, RequestPath, Server, SigningKey, TraceParent, Want,
};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn peer_messages(message in peer_message()) {
        let read = read(&message.encode(), PeerMessage::decode_text, PeerMessage::decode_binary);
        prop_assert_eq!(read, Ok(message));
    }

    #[test]
    fn node_messages(message in node_message()) {
        let read = read(&message.encode(), NodeMessage::decode_text, NodeMessage::decode_binary);
        prop_assert_eq!(read, Ok(message));
    }

    #[test]
    fn addresses(server in option::of(server()), project in project(), path in request_path()) {
        let address = CrowdAddress { server, project, path };
        prop_assert_eq!(CrowdAddress::parse(&address.to_string()), Ok(address));
    }

    #[test]
    fn trace_contexts(trace_id: [u8; 16], span_id: [u8; 8], flags: u8) {
        prop_assume!(trace_id != [0; 16] && span_id != [0; 8]);
        let context = TraceParent { trace_id, span_id, flags };
        prop_assert_eq!(TraceParent::parse(&context.to_string()), Some(context));
    }

    #[test]
    fn bit_fields_are_lists_of_bits(chunks in 0_usize..200, numbers in vec(0_u32..250, 0..60), asked in 0_usize..300) {
        let mut naive = vec![false; chunks.div_ceil(8) * 8];
        let mut bits = BitField::new(chunks);
        for number in numbers {
            let unset = naive.get_mut(number as usize).is_some_and(|bit| !std::mem::replace(bit, true));
            prop_assert_eq!(bits.set(number), unset);
        }
        for number in 0..300 {
            prop_assert_eq!(bits.get(number), naive.get(number as usize).is_some_and(|bit| *bit));
        }
        prop_assert_eq!(bits.count(asked), naive.iter().take(asked).filter(|bit| **bit).count());
        prop_assert_eq!(bits.fits(asked), asked.div_ceil(8) == chunks.div_ceil(8));
        let have = Have::Bits(bits);
        prop_assert_eq!(Have::parse(&have.to_text()), Ok(have));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn releases(release in release()) {
        prop_assert_eq!(release.verify(), Ok(()));
        prop_assert_eq!(Release::parse(release.to_json().as_bytes()), Ok(release));
    }

    #[test]
    fn manifests(manifest in manifest()) {
        let json = manifest.to_json().unwrap();
        prop_assert_eq!(&Manifest::parse(&json, manifest.project()).unwrap(), &manifest);
        for file in manifest.files() {
            prop_assert_eq!(manifest.file(file.path.as_str()), Some(file));
        }
    }

    #[test]
    fn numbers_are_those_of_a_scan(manifest in manifest(), other: [u8; 32]) {
        for hash in manifest.chunks().iter().copied().chain([ChunkHash::from(other)]) {
            let scan: Vec<u32> = (0..).zip(manifest.chunks()).filter(|(_, at)| **at == hash).map(|(n, _)| n).collect();
            prop_assert_eq!(manifest.numbers_of(&hash), scan);
        }
    }

    #[test]
    fn pieces_build_what_the_whole_builds(bytes in vec(0_u8..3, 0..6_000), cuts in vec(any::<prop::sample::Index>(), 0..12)) {
        let mut whole = builder();
        whole.add("a", "", &bytes).unwrap();

        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).chain([0, bytes.len()]).collect();
        cuts.sort_unstable();
        let mut pieces = builder();
        let mut file = pieces.file("a", "").unwrap();
        for cut in cuts.windows(2) {
            file.write(&bytes[cut[0]..cut[1]]);
        }
        let (size, hashes) = file.finish();

        prop_assert_eq!(size, bytes.len() as u64);
        prop_assert_eq!(&hashes, &bytes.chunks(1_024).map(ChunkHash::of).collect::<Vec<_>>());
        prop_assert_eq!(pieces.build(), whole.build());
    }

    #[test]
    fn a_file_that_is_a_folder_is_found_out(paths in vec("[ab!]{1,2}(/[ab0]{1,2}){0,2}", 1..8)) {
        let clash = paths.iter().any(|one| paths.iter().any(|other| other.starts_with(&format!("{one}/"))));
        let mut builder = builder();
        for path in &paths {
            builder.add(path, "", b"").unwrap();
        }
        prop_assert_eq!(builder.build().is_err(), clash);
    }
}

fn read<M>(
    frame: &Frame,
    text: impl Fn(&[u8]) -> Result<M, DecodeError>,
    binary: impl Fn(&Bytes) -> Result<M, DecodeError>,
) -> Result<M, DecodeError> {
    let payload = frame.to_payload();
    match frame {
        Frame::Text(_) => text(&payload),
        Frame::Binary { .. } => binary(&payload),
    }
}

fn builder() -> ManifestBuilder {
    ManifestBuilder::new(ProjectName::parse("p").expect("a name")).chunk_size(1_024)
}

fn project() -> impl Strategy<Value = ProjectName> {
    "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?".prop_filter_map("a name", |name| ProjectName::parse(&name).ok())
}

fn segment() -> impl Strategy<Value = String> {
    "[^/\\\\\\pC]{1,8}|[ -.0-\\[\\]-~]{1,8}"
}

fn file_path() -> impl Strategy<Value = FilePath> {
    vec(segment(), 1..5).prop_filter_map("a path", |segments| FilePath::parse(&segments.join("/")).ok())
}

fn request_path() -> impl Strategy<Value = RequestPath> {
    let file = file_path().prop_map(|path| path.as_str().to_owned());
    let path = (file, any::<bool>(), 0..8).prop_map(|(path, folder, root)| match (root, folder) {
        (0, _) => String::new(),
        (_, true) => path + "/",
        (_, false) => path,
    });
    path.prop_map(|path| RequestPath::parse(&path).expect("a path, perhaps of a folder"))
}

fn server() -> impl Strategy<Value = Server> {
    let names = "([a-z0-9_-]{1,12}\\.){1,3}[a-z]{2,5}|localhost".prop_map(|host| host);
    let v4 = any::<std::net::Ipv4Addr>().prop_map(|host| host.to_string());
    let v6 = any::<std::net::Ipv6Addr>().prop_map(|host| host.to_string());
    let port = option::of(1_u16..);
    (prop_oneof![names, v4, v6], port).prop_map(|(host, port)| Server { host, port })
}

fn hash() -> impl Strategy<Value = ChunkHash> {
    any::<[u8; 32]>().prop_map(ChunkHash::from)
}

fn id() -> impl Strategy<Value = u64> {
    prop_oneof![0..=9_u64, 0..=MAX_ID, Just(MAX_ID)]
}

fn version() -> impl Strategy<Value = u64> {
    prop_oneof![1..=9_u64, 1..=MAX_VERSION, Just(MAX_VERSION)]
}

fn release() -> impl Strategy<Value = Release> {
    let created =
        "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z";
    (any::<[u8; 32]>(), project(), version(), hash(), created).prop_map(
        |(seed, project, version, manifest, created)| {
            Release::sign(&SigningKey::from_bytes(&seed), project, version, manifest, created)
                .expect("in range")
        },
    )
}

fn have() -> impl Strategy<Value = Have> {
    let bits =
        vec(any::<u8>(), 0..40).prop_map(|bytes| Have::Bits(BitField::from_bytes(bytes).expect("few")));
    prop_oneof![Just(Have::All), bits]
}

fn error() -> impl Strategy<Value = ErrorMessage> {
    let code = prop::sample::select(ErrorCode::ALL.to_vec());
    let fields = (option::of(id()), code, any::<String>(), option::of(id()), option::of(any::<String>()));
    fields.prop_map(|(id, code, message, retry_after_ms, traceparent)| ErrorMessage {
        id,
        code,
        message,
        retry_after_ms,
        traceparent,
    })
}

fn trace_context() -> impl Strategy<Value = TraceParent> {
    (1..=u128::MAX, 1..=u64::MAX, any::<u8>()).prop_map(|(trace, span, flags)| TraceParent {
        trace_id: trace.to_be_bytes(),
        span_id: span.to_be_bytes(),
        flags,
    })
}

fn file_info() -> impl Strategy<Value = FileInfo> {
    let media_type = format!("[ -~]{{0,{MAX_MEDIA_TYPE}}}");
    let media_type = proptest::string::string_regex(&media_type).expect("a pattern");
    (version(), media_type, id(), any::<u32>(), any::<u32>(), any::<u16>()).prop_map(
        |(version, media_type, size, chunk, chunks, status)| FileInfo {
            version,
            media_type,
            size,
            chunk,
            chunks,
            status,
        },
    )
}

fn answer() -> impl Strategy<Value = Answer> {
    (id(), hash(), vec(any::<u8>(), 0..50)).prop_map(|(id, sha256, body)| {
        let body = body.into();
        Answer { id, sha256, file: None, traceparent: None, body }
    })
}

fn want() -> impl Strategy<Value = Want> {
    prop_oneof![
        (request_path(), any::<u32>()).prop_map(|(path, chunk)| Want::Path { path, chunk }),
        hash().prop_map(Want::Hash),
    ]
}

fn peer_message() -> impl Strategy<Value = PeerMessage> {
    use PeerMessage as M;
    let text = || option::of(any::<String>());
    prop_oneof![
        (id(), release(), text(), option::of(have())).prop_map(|(id, release, token, have)| M::Publish {
            id,
            release,
            token,
            have
        }),
        (id(), project()).prop_map(|(id, project)| M::Resolve { id, project }),
        (id(), project(), version(), have()).prop_map(|(id, project, version, have)| M::Host {
            id,
            project,
            version,
            have
        }),
        (project(), version(), vec(any::<u32>(), 0..20)).prop_map(|(project, version, chunks)| M::Have {
            project,
            version,
            chunks
        }),
        (id(), project()).prop_map(|(id, project)| M::Unhost { id, project }),
        (id(), project(), want(), option::of(version()), text()).prop_map(
            |(id, project, want, version, traceparent)| M::Request {
                id,
                project,
                want,
                version,
                traceparent
            }
        ),
        (id(), project()).prop_map(|(id, project)| M::Watch { id, project }),
        id().prop_map(|id| M::Ping { id }),
        answer().prop_map(M::Response),
        error().prop_map(M::Error),
    ]
}

fn node_message() -> impl Strategy<Value = NodeMessage> {
    use NodeMessage as M;
    let nodes = || vec(any::<String>(), 0..4);
    let names = (any::<String>(), any::<String>(), any::<String>());
    prop_oneof![
        (names, nodes(), version()).prop_map(|((peer, node, cluster), nodes, heartbeat_s)| M::Welcome {
            peer,
            node,
            cluster,
            nodes,
            heartbeat_s
        }),
        id().prop_map(|id| M::Ok { id }),
        (id(), release(), id()).prop_map(|(id, release, peers)| M::Release { id, release, peers }),
        (id(), project(), version(), hash(), option::of(any::<String>())).prop_map(
            |(id, project, version, sha256, traceparent)| M::Request {
                id,
                project,
                version,
                sha256,
                traceparent
            }
        ),
        (answer(), option::of(file_info()), option::of(trace_context()))
            .prop_map(|(answer, file, traceparent)| M::Response(Answer { file, traceparent, ..answer })),
        (project(), version()).prop_map(|(project, version)| M::Updated { project, version }),
        (any::<String>(), nodes(), id()).prop_map(|(reason, nodes, reconnect_in_ms)| M::Goaway {
            reason,
            nodes,
            reconnect_in_ms
        }),
        error().prop_map(M::Error),
    ]
}

fn manifest() -> impl Strategy<Value = Manifest> {
    // Few different bytes and lengths, so that chunks repeat.
    let content = (0_u8..3, prop_oneof![Just(0_usize), 1..40_usize, 1_020..3_100_usize]);
    let files = btree_map(file_path(), ("[ -~]{0,20}", content), 0..8);
    (project(), files, segment(), option::of(file_path()), any::<bool>()).prop_filter_map(
        "a manifest, no file of which is a folder",
        |(project, files, index, not_found, spa)| {
            let not_found = not_found.map(|path| path.as_str().to_owned());
            let mut builder =
                ManifestBuilder::new(project).chunk_size(1_024).index(index).not_found(not_found).spa(spa);
            for (path, (media_type, (byte, len))) in files {
                builder.add(path.as_str(), &media_type, &vec![byte; len]).ok()?;
            }
            builder.build().ok()
        },
    )
}
