//! Folders: which files are published, as what, and what happens to them when they change.

use std::path::Path;
use std::sync::Arc;

use crowd_peer::folder::{Folder, scan};
use crowd_peer::{ChunkStore, FolderOptions, FolderStore};
use crowd_protocol::ChunkHash;

fn write(root: &Path, path: &str, bytes: impl AsRef<[u8]>) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

async fn scanned(root: &Path) -> Folder {
    scan(root, FolderOptions { name: Some("site".into()), ..FolderOptions::default() }, |_| {}).await.unwrap()
}

#[tokio::test]
async fn a_folder_makes_this_manifest() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    write(root, "index.html", "<h1>hi</h1>");
    write(root, "404.html", "lost");
    write(root, "a/empty.txt", "");
    write(root, "a/data.bin", vec![7; 3000]);
    write(root, ".git/config", "secret");
    write(root, ".well-known/x.json", "{}");
    write(root, "crowd.toml", "chunk_size = 2048\nspa = true\n");
    let folder = scanned(root).await;
    let hash = |bytes: &[u8]| ChunkHash::of(bytes).to_string();
    let expected = format!(
        concat!(
            r#"{{"crowd":1,"project":"site","chunk_size":2048,"index":"index.html","not_found":"404.html","spa":true,"files":["#,
            r#"{{"path":".well-known/x.json","type":"application/json; charset=utf-8","size":2,"chunks":["{}"]}},"#,
            r#"{{"path":"404.html","type":"text/html; charset=utf-8","size":4,"chunks":["{}"]}},"#,
            r#"{{"path":"a/data.bin","type":"application/octet-stream","size":3000,"chunks":["{}","{}"]}},"#,
            r#"{{"path":"a/empty.txt","type":"text/plain; charset=utf-8","size":0,"chunks":[]}},"#,
            r#"{{"path":"index.html","type":"text/html; charset=utf-8","size":11,"chunks":["{}"]}}]}}"#,
        ),
        hash(b"{}"),
        hash(b"lost"),
        hash(&[7; 2048]),
        hash(&[7; 952]),
        hash(b"<h1>hi</h1>"),
    );
    assert_eq!(std::str::from_utf8(&folder.manifest_bytes).unwrap(), expected);
    assert_eq!(folder.manifest_hash, ChunkHash::of(expected.as_bytes()));
    let skipped: Vec<_> = folder.skipped.iter().map(|skipped| skipped.path.to_str().unwrap()).collect();
    assert_eq!(skipped, [".git", "crowd.toml"]);
    for number in 0..5 {
        let (file, at) = folder.place_of(number).unwrap();
        assert_eq!(file.chunks.start + at, number);
    }
    assert_eq!(folder.place_of(3).unwrap().1, 1);
    assert!(folder.place_of(5).is_none());
}

#[tokio::test]
async fn text_that_is_not_utf8_says_no_charset() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let late = [&vec![b'x'; 300_000][..], b"caf\xe9 au lait"].concat();
    write(root, "late.html", &late);
    write(root, "cut.css", b"/* \xc3");
    write(root, "good.html", "é".repeat(200_000) + "x");
    write(root, "photo.png", b"\x89\xff");
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let telling = seen.clone();
    let options = FolderOptions { name: Some("site".into()), ..FolderOptions::default() };
    let folder = scan(root, options, move |now| telling.lock().unwrap().push(now.bytes)).await.unwrap();
    let types: Vec<_> = folder.manifest.files().iter().map(|file| &*file.media_type).collect();
    assert_eq!(types, ["text/css", "text/html; charset=utf-8", "text/html", "image/png"]);
    let file = &folder.manifest.files()[2];
    assert_eq!(file.size, late.len() as u64);
    assert_eq!(folder.manifest.chunks()[file.chunks.start as usize], ChunkHash::of(&late[..65_536]));
    let seen = seen.lock().unwrap();
    assert_eq!(seen.last(), Some(&folder.size()), "what is read twice counts once");
    assert!(seen.is_sorted());
}

#[cfg(unix)]
#[tokio::test]
async fn symlinks_are_followed_and_those_that_lead_outside_are_named() {
    use std::os::unix::fs::symlink;
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("site");
    write(&root, "index.html", "x");
    write(dir.path(), "shared/jquery.js", "js");
    symlink("index.html", root.join("home.html")).unwrap();
    symlink(dir.path().join("shared"), root.join("out")).unwrap();
    symlink(".", root.join("round")).unwrap();
    symlink("nowhere", root.join("gone")).unwrap();
    let folder = scanned(&root).await;
    let paths: Vec<_> = folder.manifest.files().iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["home.html", "index.html", "out/jquery.js"]);
    assert_eq!(folder.skipped.len(), 2, "{:?}", folder.skipped);
    assert_eq!(folder.outside, [std::path::Path::new("out")]);
}

#[tokio::test]
async fn secrets_and_history_are_left_out_and_other_dotfiles_are_part_of_the_site() {
    let dir = tempfile::tempdir().unwrap();
    for path in [".env", ".env.local", ".git/config", ".ssh/id", ".htpasswd", ".page.swp"] {
        write(dir.path(), path, "private");
    }
    for path in [".buildinfo", ".nojekyll", ".well-known/security.txt", "index.html"] {
        write(dir.path(), path, "public");
    }
    let folder = scanned(dir.path()).await;
    let paths: Vec<_> = folder.manifest.files().iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, [".buildinfo", ".nojekyll", ".well-known/security.txt", "index.html"]);
}

#[tokio::test]
async fn a_file_that_changed_is_not_here() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "index.html", "before");
    write(dir.path(), "copy.html", "same");
    write(dir.path(), "same.html", "same");
    let folder = Arc::new(scanned(dir.path()).await);
    let store = FolderStore::new(Arc::clone(&folder));
    let project = folder.project().clone();
    let (before, same) = (ChunkHash::of(b"before"), ChunkHash::of(b"same"));
    assert_eq!(store.get(&project, &before).await.unwrap(), "before");
    assert_eq!(store.get(&project, &folder.manifest_hash).await.unwrap(), folder.manifest_bytes);
    write(dir.path(), "index.html", "after!");
    write(dir.path(), "copy.html", "gone");
    assert_eq!(store.get(&project, &before).await, None);
    assert_eq!(store.get(&project, &same).await.unwrap(), "same", "another file still has it");
    assert_eq!(store.get(&"other".parse().unwrap(), &same).await, None);
}

#[tokio::test]
async fn a_large_folder_gets_larger_chunks_unless_told_otherwise() {
    let dir = tempfile::tempdir().unwrap();
    let file = std::fs::File::create(dir.path().join("video.mp4")).unwrap();
    file.set_len(16_000 * 1_024).unwrap();
    assert_eq!(scanned(dir.path()).await.manifest.chunk_size(), 65_536);
    let options =
        FolderOptions { chunk_size: Some(1_024), name: Some("s".into()), ..FolderOptions::default() };
    let error = scan(dir.path(), options, |_| {}).await.unwrap_err();
    assert!(error.to_string().contains("at most 15000"), "{error}");
    std::fs::write(dir.path().join("crowd.toml"), "nane = 'x'").unwrap();
    let error = scan(dir.path(), FolderOptions::default(), |_| {}).await.unwrap_err();
    assert!(error.to_string().contains("nane"), "{error}");
}
