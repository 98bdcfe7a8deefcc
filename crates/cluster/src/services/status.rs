//! How this node is.

use std::sync::Arc;

use crowd_rpc::v1;
use tonic::{Request, Response, Status};

use crate::Reports;

pub(crate) struct StatusService(pub(crate) Option<Arc<dyn Reports>>);

#[tonic::async_trait]
impl v1::status_server::Status for StatusService {
    async fn report(&self, _: Request<v1::ReportRequest>) -> Result<Response<v1::ReportReply>, Status> {
        let reports = self.0.as_ref().ok_or_else(|| Status::unimplemented("this node does not report"))?;
        Ok(Response::new(reports.report().await.into()))
    }
}
