//! What becomes of records that are copied, from and into local registries.

use tempfile::TempDir;

use super::*;
use crate::LocalRegistry;
use crate::contract::release;

#[test]
fn the_table_of_fates() {
    let record = |owner, version| Record::succeed(None, release("site", owner, version));
    let mut other = record(1, 7);
    other.release.created = "2031-01-01T00:00:00Z".into();
    for (case, current, fate_of) in [
        ("a free name", None, Fate::Added),
        ("the very same", Some(record(1, 7)), Fate::Same),
        ("an older one there", Some(record(1, 6)), Fate::Updated),
        ("a newer one there", Some(record(1, 8)), Fate::Newer),
        ("another of that version", Some(other), Fate::Differs),
        ("another owner, older", Some(record(2, 6)), Fate::Taken),
        ("another owner, newer", Some(record(2, 8)), Fate::Taken),
    ] {
        assert_eq!(fate(current.as_ref(), &record(1, 7)), fate_of, "{case}");
    }
}

#[tokio::test]
async fn a_copy_has_every_record_with_what_came_before_and_the_id() {
    let dir = TempDir::new().unwrap();
    let from = LocalRegistry::in_memory().unwrap();
    for n in 0..20 {
        claim(&from, &format!("site-{n}"), 1, &[1]).await;
    }
    claim(&from, "site-7", 1, &[2, 5]).await;

    assert_eq!(counts(&from, Target::Trial(None)).await, [(Fate::Added, 20)]);
    assert!(LocalRegistry::open_existing(dir.path()).await.unwrap().is_none());
    let to = LocalRegistry::open_or_create(dir.path(), Some(from.id())).await.unwrap();
    assert_eq!(counts(&from, Target::Into(&to)).await, [(Fate::Added, 20)]);
    assert_eq!(counts(&from, Target::Into(&to)).await, [(Fate::Same, 20)]);
    for name in ["site-0", "site-7", "site-19"] {
        let name = name.parse().unwrap();
        assert_eq!(to.get(&name).await.unwrap(), from.get(&name).await.unwrap());
    }
    assert_eq!(to.id(), from.id());
    drop(to);
    let again = LocalRegistry::open_existing(dir.path()).await.unwrap().expect("it is there now");
    assert_eq!((again.id(), again.len().await.unwrap()), (from.id(), 20));
}

#[tokio::test]
async fn what_is_newer_or_anothers_stays() {
    let (from, to) = (LocalRegistry::in_memory().unwrap(), LocalRegistry::in_memory().unwrap());
    claim(&from, "mine", 1, &[1]).await;
    claim(&from, "behind", 1, &[1]).await;
    claim(&from, "ahead", 1, &[1, 2]).await;
    claim(&to, "mine", 2, &[1]).await;
    claim(&to, "behind", 1, &[1, 2]).await;
    claim(&to, "ahead", 1, &[1]).await;
    let expected = [(Fate::Updated, 1), (Fate::Newer, 1), (Fate::Taken, 1)];
    for target in [Target::Trial(Some(&to)), Target::Into(&to)] {
        assert_eq!(counts(&from, target).await, expected);
    }
    let owner = to.get(&"mine".parse().unwrap()).await.unwrap().unwrap().release.owner;
    assert_eq!(owner, release("mine", 2, 1).owner);
    let version = async |name: &str| to.get(&name.parse().unwrap()).await.unwrap().unwrap().release.version;
    assert_eq!((version("behind").await, version("ahead").await), (2, 2));
}

#[tokio::test]
async fn what_its_owner_did_not_sign_is_not_copied() {
    let (from, to) = (LocalRegistry::in_memory().unwrap(), LocalRegistry::in_memory().unwrap());
    let mut forged = release("forged", 1, 1);
    forged.version = 2;
    from.compare_and_set(&forged, None).await.unwrap();
    claim(&from, "whole", 1, &[1]).await;
    assert_eq!(counts(&from, Target::Into(&to)).await, [(Fate::Added, 1), (Fate::Damaged, 1)]);
    assert_eq!(to.len().await.unwrap(), 1);
}

async fn claim(registry: &LocalRegistry, name: &str, owner: u8, versions: &[u64]) {
    for version in versions {
        let current = registry.get(&name.parse().unwrap()).await.unwrap();
        let expected = current.map(|record| record.release.version);
        registry.compare_and_set(&release(name, owner, *version), expected).await.unwrap();
    }
}

/// How many records met which fate, in the order of [`Fate`].
async fn counts(from: &dyn Archive, to: Target<'_>) -> Vec<(Fate, usize)> {
    let mut fates = Vec::new();
    copy(from, to, |copied| fates.push(copied.fate)).await.unwrap();
    fates.sort_by_key(|fate| *fate as usize);
    fates.chunk_by(|a, b| a == b).map(|same| (same[0], same.len())).collect()
}
