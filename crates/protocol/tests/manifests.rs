//! Golden vectors of manifests, and the limits that are too large for a vector.

mod support;

use crowd_protocol::{
    ChunkHash, ErrorCode, MAX_CHUNKS, MAX_MANIFEST, Manifest, ManifestBuilder, ProjectName, RequestPath,
    Resolution, WireError,
};
use serde_json::{Value, json};
use support::{Vectors, text};

#[test]
fn good_manifests_say_what_their_vectors_say() {
    for case in Vectors::load("manifests.json").cases("/good", 10) {
        let name = text(&case["name"]);
        assert_eq!(ChunkHash::of(text(&case["json"]).as_bytes()).to_string(), case["sha256"], "{name}");
        let manifest = read(case).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(manifest.project().as_str(), case["project"], "{name}");
        assert_eq!(json!(manifest.chunk_size()), case["chunk_size"], "{name}");
        assert_eq!(json!(manifest.chunks().len()), case["chunk_count"], "{name}");
        let paths: Vec<_> = manifest.files().iter().map(|file| file.path.as_str()).collect();
        assert_eq!(json!(paths), case["files"], "{name}");
        let canonical = case.get("canonical").unwrap_or(&case["json"]);
        assert_eq!(String::from_utf8(manifest.to_json().unwrap()).unwrap(), text(canonical), "{name}");
        for file in manifest.files() {
            let lens: u64 =
                (0..file.chunks.len()).map(|at| u64::from(manifest.chunk_len(file, at as u32))).sum();
            assert_eq!(lens, file.size, "{name}: {file:?}");
            assert_eq!(manifest.chunk_len(file, file.chunks.len() as u32), 0, "{name}: {file:?}");
        }
    }
}

#[test]
fn paths_come_to_files() {
    let mut cases = 0;
    for case in Vectors::load("manifests.json").cases("/good", 10) {
        let manifest = read(case).unwrap();
        for asked in case["resolve"].as_array().unwrap() {
            let (file, status, folder) =
                match manifest.resolve(&RequestPath::parse(text(&asked["path"])).unwrap()) {
                    Resolution::File(file, status) => (Some(file), Some(status), false),
                    Resolution::Folder(file) => (Some(file), Some(200), true),
                    Resolution::NotFound => (None, None, false),
                };
            let file = file.map(|file| file.path.as_str());
            let came = json!({ "path": asked["path"], "file": file, "status": status, "folder": folder });
            assert_eq!(&came, asked, "{}", case["name"]);
            cases += 1;
        }
    }
    assert!(cases >= 30, "{cases} cases");
}

#[test]
fn hashes_are_found_under_all_their_numbers() {
    let mut cases = 0;
    for case in Vectors::load("manifests.json").cases("/good", 10) {
        let manifest = read(case).unwrap();
        for listed in case["numbers"].as_array().unwrap() {
            let hash = ChunkHash::parse(text(&listed["sha256"])).unwrap();
            assert_eq!(json!(manifest.numbers_of(&hash)), listed["numbers"], "{}: {listed}", case["name"]);
            cases += 1;
        }
    }
    assert!(cases >= 10, "{cases} cases");
}

#[test]
fn the_builder_makes_the_same_bytes() {
    let mut built = 0;
    for case in Vectors::load("manifests.json").cases("/good", 10) {
        let Some(contents) = case.get("contents").and_then(Value::as_object) else { continue };
        let told: Value = serde_json::from_str(text(&case["json"])).unwrap();
        let mut builder = ManifestBuilder::new(ProjectName::parse(text(&case["project"])).unwrap())
            .chunk_size(told["chunk_size"].as_u64().unwrap() as u32)
            .index(text(&told["index"]))
            .not_found(told["not_found"].as_str().map(str::to_owned))
            .spa(told["spa"] == true);
        for (path, content) in contents {
            builder.add(path, text(&case["types"][path]), text(content).as_bytes()).unwrap();
        }
        let json = builder.build().unwrap().to_json().unwrap();
        assert_eq!(String::from_utf8(json).unwrap(), text(&case["json"]), "{}", case["name"]);
        built += 1;
    }
    assert!(built >= 6, "{built} built");
}

#[test]
fn bad_manifests_are_refused() {
    for case in Vectors::load("manifests.json").cases("/bad", 90) {
        match read(case) {
            Ok(_) => panic!("{}: accepted", case["name"]),
            Err(error) => assert_eq!(error.code.as_str(), case["code"], "{}: {error}", case["name"]),
        }
    }
}

#[test]
fn bytes_that_are_not_utf8_are_no_manifest_even_where_nobody_reads() {
    let json = br#"{"crowd":1,"project":"p","chunk_size":1024,"index":"i","files":[],"later":"X"}"#;
    let project = ProjectName::parse("p").unwrap();
    assert!(Manifest::parse(json, &project).is_ok());
    let json = json.map(|byte| if byte == b'X' { 0xff } else { byte });
    assert_eq!(Manifest::parse(&json, &project).unwrap_err().code, ErrorCode::BadManifest);
}

#[test]
fn as_many_chunks_as_fit_and_not_one_more() {
    let build = |chunks: usize| {
        let mut builder = ManifestBuilder::new(ProjectName::parse("p").unwrap()).chunk_size(1024);
        builder.add("a", "", &vec![0; chunks * 1024]).unwrap();
        builder.build()
    };
    let full = build(MAX_CHUNKS).unwrap();
    let json = full.to_json().unwrap();
    assert!(json.len() <= MAX_MANIFEST);
    assert_eq!(Manifest::parse(&json, full.project()).unwrap(), full);
    assert_eq!(full.numbers_of(&ChunkHash::of(&[0; 1024])).len(), MAX_CHUNKS);
    assert_eq!(build(MAX_CHUNKS + 1).unwrap_err().code, ErrorCode::TooLarge);
}

#[test]
fn a_manifest_that_would_not_fit_is_not_written() {
    let mut builder = ManifestBuilder::new(ProjectName::parse("p").unwrap());
    for at in 0..1_100 {
        builder.add(&format!("{at:04}{}", "x".repeat(1_000)), "", b"").unwrap();
    }
    assert_eq!(builder.build().unwrap().to_json().unwrap_err().code, ErrorCode::TooLarge);
}

#[test]
fn what_a_builder_takes_is_checked() {
    let mut builder = ManifestBuilder::new(ProjectName::parse("p").unwrap()).chunk_size(0);
    assert_eq!(builder.add(".crowd/ws", "", b"").unwrap_err().code, ErrorCode::BadPath);
    assert_eq!(builder.add("../x", "", b"").unwrap_err().code, ErrorCode::BadPath);
    builder.add("a", "", b"abc").unwrap();
    assert_eq!(builder.build().unwrap_err().code, ErrorCode::BadManifest);
}

#[test]
fn an_error_fits_a_frame_whatever_it_complains_about() {
    let json = json!({ "crowd": 1, "project": "p", "chunk_size": 1024, "index": "i",
        "files": [{ "path": "\u{1}".repeat(100_000), "type": "", "size": 0, "chunks": [] }] });
    let error = Manifest::parse(json.to_string().as_bytes(), &ProjectName::parse("p").unwrap()).unwrap_err();
    assert!(error.message.len() <= 1_024, "{} bytes", error.message.len());
}

#[test]
fn paths_of_many_segments_are_checked_in_little_time() {
    let mut builder = ManifestBuilder::new(ProjectName::parse("p").unwrap());
    for at in 0..900 {
        builder.add(&format!("{at:03}{}", "/x".repeat(500)), "", b"").unwrap();
    }
    let manifest = builder.build().unwrap();
    let json = manifest.to_json().unwrap();
    assert_eq!(Manifest::parse(&json, manifest.project()).unwrap(), manifest);
}

fn read(case: &Value) -> Result<Manifest, WireError> {
    let mut json = text(&case["json"]).as_bytes().to_vec();
    if let Some(len) = case["pad_to"].as_u64() {
        json.resize(len as usize, b' ');
    }
    Manifest::parse(&json, &ProjectName::parse(text(&case["project"])).expect("a name"))
}
