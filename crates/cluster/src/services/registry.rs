//! The registry that this node keeps for all.

use std::sync::Arc;

use crowd_registry::{Change, Outcome, Registry, RegistryError};
use crowd_rpc::v1::compare_and_set_reply::Outcome as OutcomeMessage;
use crowd_rpc::v1::watch_reply::Change as ChangeMessage;
use crowd_rpc::{checked_project, v1, verified_release};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use crate::wire::record_message;

pub(crate) struct RegistryService {
    /// None where another node, or etcd, keeps it.
    pub(crate) registry: Option<Arc<dyn Registry>>,
    pub(crate) cancel: CancellationToken,
}

impl RegistryService {
    fn kept(&self) -> Result<&Arc<dyn Registry>, Status> {
        self.registry.as_ref().ok_or_else(|| Status::unimplemented("this node does not keep the registry"))
    }
}

#[tonic::async_trait]
impl v1::registry_server::Registry for RegistryService {
    async fn get(&self, request: Request<v1::GetRequest>) -> Result<Response<v1::GetReply>, Status> {
        let project = checked_project(&request.into_inner().project)?;
        let record = self.kept()?.get(&project).await.map_err(status_of)?;
        Ok(Response::new(v1::GetReply { record: record.as_deref().map(record_message) }))
    }

    async fn compare_and_set(
        &self,
        request: Request<v1::CompareAndSetRequest>,
    ) -> Result<Response<v1::CompareAndSetReply>, Status> {
        let v1::CompareAndSetRequest { release, expected } = request.into_inner();
        let release = verified_release(&release)?;
        let outcome = match self.kept()?.compare_and_set(&release, expected).await.map_err(status_of)? {
            Outcome::Committed(record) => OutcomeMessage::Committed(record_message(&record)),
            Outcome::Conflict(current) => {
                OutcomeMessage::Conflict(v1::Conflict { current: current.as_deref().map(record_message) })
            }
        };
        Ok(Response::new(v1::CompareAndSetReply { outcome: Some(outcome) }))
    }

    type WatchStream = BoxStream<'static, Result<v1::WatchReply, Status>>;

    async fn watch(&self, _: Request<v1::WatchRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let changes = self.kept()?.watch().await.map_err(status_of)?;
        let messages = changes.map(|change| {
            let change = match change {
                Change::Committed(record) => ChangeMessage::Committed(record_message(&record)),
                // Of a registry that this node keeps only the first is heard.
                Change::Missed | Change::Lost | Change::Back => ChangeMessage::Missed(v1::Missed {}),
            };
            Ok(v1::WatchReply { change: Some(change) })
        });
        let messages = messages.take_until(self.cancel.clone().cancelled_owned());
        Ok(Response::new(messages.boxed()))
    }

    async fn len(&self, _: Request<v1::LenRequest>) -> Result<Response<v1::LenReply>, Status> {
        let names = self.kept()?.len().await.map_err(status_of)?;
        Ok(Response::new(v1::LenReply { names }))
    }
}

fn status_of(error: RegistryError) -> Status {
    match &error {
        RegistryError::Unavailable(why) => Status::unavailable(why.clone()),
        RegistryError::Corrupt(why) => Status::data_loss(why.clone()),
        RegistryError::Storage(why) => Status::internal(why.clone()),
    }
}
