//! The gauges of a node, read off its parts when somebody scrapes: what changes with every request need not be kept up
//! to date for nobody.

use metrics::gauge;

use crate::parts::Parts;

/// Sets all of them to how it is now.
pub(crate) fn set(parts: &Parts) {
    gauge!("crowd_ready").set(flag(parts.is_ready()));
    gauge!("crowd_sessions_limit").set(parts.sessions.limit() as f64);

    let (chunks, manifests) = parts.relay.room_used();
    gauge!("crowd_room_used_ratio", "room" => "chunks").set(chunks);
    gauge!("crowd_room_used_ratio", "room" => "manifests").set(manifests);
    let (_, cached) = parts.relay.cache_size();
    gauge!("crowd_cache_bytes").set(cached as f64);
    gauge!("crowd_registry_following").set(flag(parts.relay.catalog().is_following()));

    let cluster = parts.cluster.status();
    let members = parts.cluster.members().borrow().len();
    gauge!("crowd_members").set(members as f64);
    gauge!("crowd_ring_share_ratio").set(cluster.share);
    gauge!("crowd_ring_in_transition").set(flag(cluster.in_transition));
    gauge!("crowd_directory_rows").set(cluster.rows as f64);
    gauge!("crowd_projects_hosted").set(cluster.projects as f64);
}

fn flag(set: bool) -> f64 {
    if set { 1.0 } else { 0.0 }
}
