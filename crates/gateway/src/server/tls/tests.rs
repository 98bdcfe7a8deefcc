//! Files that change under a node, looked at one look at a time.

use std::fs;
use std::path::Path;

use rcgen::{CertificateParams, KeyPair, date_time_ymd};

use super::*;

#[tokio::test]
async fn a_new_pair_is_taken_once_it_was_the_same_twice() {
    let world = World::start("one.test").await;
    let first = world.served();
    let mut follower = world.follower();
    follower.look(&world.tls).await;
    assert!(Arc::ptr_eq(&first, &world.served()), "nothing has changed");

    write(world.dir.path(), &pair("two.test"));
    follower.look(&world.tls).await;
    assert!(Arc::ptr_eq(&first, &world.served()), "it may be half written");
    follower.look(&world.tls).await;
    let second = world.served();
    assert!(!Arc::ptr_eq(&first, &second));
    follower.look(&world.tls).await;
    follower.look(&world.tls).await;
    assert!(Arc::ptr_eq(&second, &world.served()), "once is enough");
}

#[tokio::test]
async fn what_cant_be_served_leaves_what_was_served_before() {
    let world = World::start("one.test").await;
    let first = world.served();
    let mut follower = world.follower();
    let (cert, key) = (world.dir.path().join("tls.crt"), world.dir.path().join("tls.key"));
    let breaks: [&dyn Fn(); 5] = [
        &|| fs::write(&cert, pair("other.test").0).unwrap(),
        &|| fs::write(&key, "no key").unwrap(),
        &|| fs::write(&cert, "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n").unwrap(),
        &|| fs::remove_file(&cert).unwrap(),
        &|| fs::remove_file(&key).unwrap(),
    ];
    for (at, breaks) in breaks.into_iter().enumerate() {
        breaks();
        for _ in 0..3 {
            follower.look(&world.tls).await;
        }
        assert!(Arc::ptr_eq(&first, &world.served()), "after break {at}");
    }
    write(world.dir.path(), &pair("mended.test"));
    follower.look(&world.tls).await;
    follower.look(&world.tls).await;
    assert!(!Arc::ptr_eq(&first, &world.served()));
}

#[cfg(unix)]
#[tokio::test]
async fn the_swap_of_a_mounted_secret_is_seen() {
    use std::os::unix::fs::symlink;
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    for (version, name) in [("v1", "one.test"), ("v2", "two.test")] {
        fs::create_dir(at(version)).unwrap();
        write(&at(version), &pair(name));
    }
    symlink("v1", at("..data")).unwrap();
    for file in ["tls.crt", "tls.key"] {
        symlink(Path::new("..data").join(file), at(file)).unwrap();
    }
    let tls = Tls::load(files(dir.path())).await.unwrap();
    let (first, mut follower) = (tls.0.config.load_full(), Follower::new(&tls));
    symlink("v2", at("..next")).unwrap();
    fs::rename(at("..next"), at("..data")).unwrap();
    follower.look(&tls).await;
    follower.look(&tls).await;
    assert!(!Arc::ptr_eq(&first, &tls.0.config.load_full()));
}

#[tokio::test]
async fn what_is_wrong_is_said_with_the_file_it_is_wrong_in() {
    let dir = tempfile::tempdir().unwrap();
    let files = files(dir.path());
    let refused = async || Tls::load(files.clone()).await.unwrap_err().to_string();
    assert!(refused().await.contains("tls.crt can't be read: "), "{}", refused().await);
    let (cert, key) = pair("one.test");
    fs::write(&files.cert, &cert).unwrap();
    assert!(refused().await.contains("tls.key can't be read: "), "{}", refused().await);
    write(dir.path(), &(key.clone(), cert.clone()));
    assert!(refused().await.ends_with("tls.crt holds no certificate in PEM form"), "{}", refused().await);
    write(dir.path(), &(cert.clone(), cert.clone()));
    let none = "tls.key holds no private key that is not encrypted in PEM form";
    assert!(refused().await.ends_with(none), "{}", refused().await);
    write(dir.path(), &(cert, pair("one.test").1));
    assert!(refused().await.contains("is not that of the certificate in"), "{}", refused().await);
}

#[test]
fn a_certificate_says_for_what_and_until_when() {
    let names = ["crowd.test", "*.crowd.test", "127.0.0.1", "::1"].map(str::to_owned);
    let mut params = CertificateParams::new(names).unwrap();
    params.not_after = date_time_ymd(2020, 2, 29);
    let (key, dir) = (KeyPair::generate().unwrap(), tempfile::tempdir().unwrap());
    let cert = params.self_signed(&key).unwrap();
    write(dir.path(), &(cert.pem(), key.serialize_pem()));
    let files = files(dir.path());
    let (config, served) = files.config(&files.read().unwrap()).unwrap();
    assert_eq!(served.names(), "crowd.test *.crowd.test 127.0.0.1 ::1");
    assert_eq!(served.to_string(), "2020-02-29T00:00:00Z");
    assert!(served.is_over());
    assert_eq!(config.alpn_protocols, [b"h2".to_vec(), b"http/1.1".to_vec()]);
}

struct World {
    dir: tempfile::TempDir,
    tls: Tls,
}

impl World {
    async fn start(name: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), &pair(name));
        let tls = Tls::load(files(dir.path())).await.unwrap();
        Self { dir, tls }
    }

    fn follower(&self) -> Follower {
        Follower::new(&self.tls)
    }

    fn served(&self) -> Arc<ServerConfig> {
        self.tls.0.config.load_full()
    }
}

fn files(dir: &Path) -> TlsFiles {
    TlsFiles { cert: dir.join("tls.crt"), key: dir.join("tls.key") }
}

/// A certificate and its key as PEM.
fn pair(name: &str) -> (String, String) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    (made.cert.pem(), made.signing_key.serialize_pem())
}

fn write(dir: &Path, (cert, key): &(String, String)) {
    fs::write(dir.join("tls.crt"), cert).unwrap();
    fs::write(dir.join("tls.key"), key).unwrap();
}
