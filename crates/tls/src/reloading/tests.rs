//! Files that change under a node, looked at one look at a time.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use tokio::time::advance;

use super::*;
use crate::TlsFiles;

#[tokio::test]
async fn a_new_pair_is_taken_once_it_was_the_same_twice() {
    let (dir, reloading) = world("one").await;
    let first = reloading.current();
    let mut follower = Follower::new(&reloading);
    follower.look().await;
    assert!(Arc::ptr_eq(&first, &reloading.current()), "nothing has changed");

    write(dir.path(), "two");
    follower.look().await;
    assert_eq!(*reloading.current(), "one", "it may be half written");
    follower.look().await;
    let second = reloading.current();
    assert_eq!(*second, "two");
    assert_eq!(*reloading.reloads().borrow(), 1);
    follower.look().await;
    follower.look().await;
    assert!(Arc::ptr_eq(&second, &reloading.current()), "once is enough");
}

#[tokio::test]
async fn what_cant_be_used_leaves_what_was_used_before() {
    let (dir, reloading) = world("one").await;
    let mut follower = Follower::new(&reloading);
    let (cert, key) = (dir.path().join("tls.crt"), dir.path().join("tls.key"));
    let breaks: [&dyn Fn(); 4] = [
        &|| fs::write(&key, "no key").unwrap(),
        &|| fs::write(&cert, "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n").unwrap(),
        &|| fs::remove_file(&cert).unwrap(),
        &|| fs::remove_file(&key).unwrap(),
    ];
    for (at, breaks) in breaks.into_iter().enumerate() {
        breaks();
        for _ in 0..3 {
            follower.look().await;
        }
        assert_eq!(*reloading.current(), "one", "after break {at}");
    }
    write(dir.path(), "mended");
    follower.look().await;
    follower.look().await;
    assert_eq!(*reloading.current(), "mended");
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_is_tried_again_after_a_while_and_taken_once_it_is_good() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "one");
    // The one that follows is refused twice, as one is that is not valid yet.
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = tries.clone();
    let make = move |pems: &[Pem]| {
        let (name, certificate) = made_of(pems)?;
        match name == "two" && counted.fetch_add(1, Relaxed) < 2 {
            true => {
                let path = pems[0].path().to_owned();
                Err(TlsError::Unusable { path, why: "it is not valid yet".to_owned() })
            }
            false => Ok((name, certificate)),
        }
    };
    let reloading = load_by(dir.path(), make).await.unwrap();
    let mut follower = Follower::new(&reloading);
    write(dir.path(), "two");
    for expected in [1, 2] {
        for _ in 0..5 {
            follower.look().await;
        }
        assert_eq!((&**reloading.current(), tries.load(Relaxed)), ("one", expected));
        advance(Duration::from_secs(60)).await;
    }
    follower.look().await;
    assert_eq!(*reloading.current(), "two", "the files are the same, and good now");
    advance(Duration::from_secs(600)).await;
    follower.look().await;
    assert_eq!(tries.load(Relaxed), 3, "what was taken is not tried again");
}

#[cfg(unix)]
#[tokio::test]
async fn the_swap_of_a_mounted_secret_is_seen() {
    use std::os::unix::fs::symlink;
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    for (version, name) in [("v1", "one"), ("v2", "two")] {
        fs::create_dir(at(version)).unwrap();
        write(&at(version), name);
    }
    symlink("v1", at("..data")).unwrap();
    for file in ["tls.crt", "tls.key"] {
        symlink(Path::new("..data").join(file), at(file)).unwrap();
    }
    let reloading = load(dir.path()).await.unwrap();
    let mut follower = Follower::new(&reloading);
    symlink("v2", at("..next")).unwrap();
    fs::rename(at("..next"), at("..data")).unwrap();
    follower.look().await;
    follower.look().await;
    assert_eq!(*reloading.current(), "two");
}

#[tokio::test]
async fn what_is_wrong_is_said_with_the_file_it_is_wrong_in() {
    let dir = tempfile::tempdir().unwrap();
    let files = files(dir.path());
    let refused = async || load(dir.path()).await.unwrap_err().to_string();
    assert!(refused().await.contains("tls.crt can't be read: "), "{}", refused().await);
    write(dir.path(), "one");
    fs::remove_file(&files.key).unwrap();
    assert!(refused().await.contains("tls.key can't be read: "), "{}", refused().await);
    write(dir.path(), "one");
    fs::copy(&files.key, &files.cert).unwrap();
    assert!(refused().await.ends_with("tls.crt holds no certificate in PEM form"), "{}", refused().await);
    write(dir.path(), "one");
    fs::copy(&files.cert, &files.key).unwrap();
    let none = "tls.key holds no private key that is not encrypted in PEM form";
    assert!(refused().await.ends_with(none), "{}", refused().await);
}

/// Files with a certificate for `name`, and the name that is made of them.
async fn world(name: &str) -> (tempfile::TempDir, Reloading<String>) {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), name);
    let reloading = load(dir.path()).await.unwrap();
    (dir, reloading)
}

async fn load(dir: &Path) -> Result<Reloading<String>, TlsError> {
    load_by(dir, made_of).await
}

async fn load_by(
    dir: &Path,
    make: impl Fn(&[Pem]) -> Result<(String, Certificate), TlsError> + Send + Sync + 'static,
) -> Result<Reloading<String>, TlsError> {
    let TlsFiles { cert, key } = files(dir);
    Reloading::load("public", [cert, key], make).await
}

/// The name in the certificate.
fn made_of(pems: &[Pem]) -> Result<(String, Certificate), TlsError> {
    let certificate = Certificate::of(&pems[0].certificates()?[0]);
    pems[1].key()?;
    Ok((certificate.names(), certificate))
}

fn files(dir: &Path) -> TlsFiles {
    TlsFiles { cert: dir.join("tls.crt"), key: dir.join("tls.key") }
}

fn write(dir: &Path, name: &str) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let TlsFiles { cert, key } = files(dir);
    fs::write(cert, made.cert.pem()).unwrap();
    fs::write(key, made.signing_key.serialize_pem()).unwrap();
}
