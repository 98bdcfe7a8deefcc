//! What other nodes tell this one as an owner, and ask of it.

use std::sync::Arc;

use crowd_directory::MAX_ROWS;
use crowd_rpc::v1::directory_server::Directory;
use crowd_rpc::{checked_project, v1};
use tonic::{Request, Response, Status, Streaming};

use crate::passport::Caller;
use crate::shared_directory::SharedDirectory;
use crate::spans::lookup_door;
use crate::wire::{found_rows, read_rows};

pub(crate) struct DirectoryService(pub(crate) Arc<SharedDirectory>);

#[tonic::async_trait]
impl Directory for DirectoryService {
    async fn announce(
        &self,
        request: Request<v1::AnnounceRequest>,
    ) -> Result<Response<v1::AnnounceReply>, Status> {
        let from = Caller::of(&request)?;
        let rows = read_rows(request.into_inner().rows)?;
        let refused = self.0.with(|directory, now| directory.announced(&from, rows, now));
        Ok(Response::new(v1::AnnounceReply { refused: refused as u64 }))
    }

    async fn sync(
        &self,
        request: Request<Streaming<v1::SyncPart>>,
    ) -> Result<Response<v1::SyncReply>, Status> {
        let from = Caller::of(&request)?;
        let mut parts = request.into_inner();
        let (mut rows, mut refused) = (Vec::new(), 0);
        while let Some(part) = parts.message().await? {
            let mut part = read_rows(part.rows)?;
            // What the table would refuse is not collected first.
            let room = MAX_ROWS - rows.len();
            refused += part.len().saturating_sub(room);
            part.truncate(room);
            rows.extend(part);
        }
        refused += self.0.with(|directory, now| directory.synced(&from, rows, now));
        Ok(Response::new(v1::SyncReply { refused: refused as u64 }))
    }

    async fn renew(&self, request: Request<v1::RenewRequest>) -> Result<Response<v1::RenewReply>, Status> {
        let from = Caller::of(&request)?;
        let digest = request.into_inner().digest;
        let ok = self.0.with(|directory, now| directory.renewed(&from, digest, now));
        Ok(Response::new(v1::RenewReply { ok }))
    }

    async fn lookup(&self, request: Request<v1::LookupRequest>) -> Result<Response<v1::LookupReply>, Status> {
        let me = || self.0.with(|directory, _| directory.me().clone());
        let door = lookup_door(request.metadata(), me);
        let _behind = door.enter();
        let project = checked_project(&request.into_inner().project)?;
        let rows = self.0.with(|directory, now| directory.find_for_others(&project, now));
        door.span().record("crowd.rows", rows.len());
        Ok(Response::new(v1::LookupReply { rows: found_rows(&rows) }))
    }
}
