//! Where the nodes to join are: their names as they are resolved now, all at once and each in its own time.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;

use futures_util::stream::{FuturesUnordered, iter};
use futures_util::{Stream, StreamExt};
use tokio::net::lookup_host;
use tokio::time::{Instant, timeout_at};

/// Addresses that one name is resolved to at most, the first ones: any member knows the others.
pub(crate) const ADDRESSES: usize = 16;

/// The addresses of `seeds` but `me`, each once, as soon as they are known. A name that is not resolved by `until` has
/// none, and keeps no other one waiting.
pub(crate) fn addresses(
    seeds: &[String],
    me: &str,
    until: Instant,
) -> impl Stream<Item = String> + Send + use<> {
    resolved(seeds, me, until, |seed| async move { Ok(lookup_host(seed).await?.take(ADDRESSES).collect()) })
}

fn resolved<L, F>(
    seeds: &[String],
    me: &str,
    until: Instant,
    lookup: L,
) -> impl Stream<Item = String> + Send + use<L, F>
where
    L: Fn(String) -> F,
    F: Future<Output = io::Result<Vec<SocketAddr>>> + Send,
{
    let lookups: FuturesUnordered<_> = seeds
        .iter()
        .filter(|seed| **seed != *me)
        .map(|seed| {
            let (seed, looking) = (seed.clone(), lookup(seed.clone()));
            async move { (seed, timeout_at(until, looking).await) }
        })
        .collect();
    let mut told = BTreeSet::from([me.to_owned()]);
    lookups.flat_map(move |(seed, found)| {
        let found = match found {
            Ok(Ok(found)) => found,
            Ok(Err(error)) => {
                tracing::debug!(seed, %error, "cluster.seed_unresolved");
                Vec::new()
            }
            Err(_) => {
                tracing::debug!(seed, "cluster.seed_unresolved");
                Vec::new()
            }
        };
        let found: Vec<_> =
            found.iter().map(SocketAddr::to_string).filter(|at| told.insert(at.clone())).collect();
        iter(found)
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::sleep;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn names_are_resolved_beside_each_other_until_the_time_is_over() {
        let (begun, secs) = (Instant::now(), Duration::from_secs);
        let seeds = ["never", "never too", "late", "soon", "me:1", "none"].map(str::to_owned);
        let lookup = |seed: String| async move {
            let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
            match seed.as_str() {
                "late" => sleep(secs(1)).await,
                "soon" => {}
                "none" => return Err(io::ErrorKind::NotFound.into()),
                _ => sleep(secs(60)).await,
            }
            Ok(if seed == "late" { vec![at(1), at(2)] } else { vec![at(1), at(3)] })
        };
        let addresses = resolved(&seeds, "127.0.0.1:3", begun + secs(2), lookup);
        let seen: Vec<_> = addresses.map(|address| (begun.elapsed().as_secs(), address)).collect().await;
        let expected = [(0, "127.0.0.1:1"), (1, "127.0.0.1:2")];
        assert_eq!(seen, expected.map(|(at, address)| (at, address.to_owned())));
        assert_eq!(begun.elapsed(), secs(2));
    }
}
