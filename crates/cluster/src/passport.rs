//! What every call between members carries: whose cluster the caller is of, and its name.

use crowd_directory::NodeName;
use crowd_rpc::{CLUSTER_KEY, NODE_KEY, checked_node_name};
use tonic::metadata::{Ascii, MetadataMap, MetadataValue};
use tonic::service::Interceptor;
use tonic::{Request, Status};

use crate::ClusterError;

/// Put on each call that this node makes.
#[derive(Debug, Clone)]
pub(crate) struct Passport {
    cluster: Option<MetadataValue<Ascii>>,
    node: MetadataValue<Ascii>,
}

impl Passport {
    /// `cluster` is none for a node that does not know its cluster yet.
    pub(crate) fn new(cluster: Option<&str>, node: &NodeName) -> Result<Self, ClusterError> {
        let ascii = |text: &str| {
            text.parse().map_err(|_| ClusterError::Config(format!("{text:?} is no printable ASCII")))
        };
        Ok(Self { cluster: cluster.map(ascii).transpose()?, node: ascii(node.as_str())? })
    }
}

impl Interceptor for Passport {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(cluster) = &self.cluster {
            request.metadata_mut().insert(CLUSTER_KEY, cluster.clone());
        }
        request.metadata_mut().insert(NODE_KEY, self.node.clone());
        Ok(request)
    }
}

/// The caller of a request that passed the gate.
#[derive(Debug, Clone)]
pub(crate) struct Caller(pub(crate) NodeName);

impl Caller {
    /// Who called, of a service behind the [`Gate`].
    pub(crate) fn of<T>(request: &Request<T>) -> Result<NodeName, Status> {
        let caller = request.extensions().get::<Self>();
        caller
            .map(|caller| caller.0.clone())
            .ok_or_else(|| Status::internal("there is no gate before this service"))
    }
}

/// Lets members of this cluster in and nobody else.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    cluster: String,
}

impl Gate {
    pub(crate) fn new(cluster: &str) -> Self {
        Self { cluster: cluster.to_owned() }
    }

    /// The caller's name; FAILED_PRECONDITION where it is of another cluster.
    // Not held against the certificate: nodes may share one, and each of them is trusted as all are.
    pub(crate) fn admit(&self, metadata: &MetadataMap) -> Result<NodeName, Status> {
        let text = |key| metadata.get(key).and_then(|value: &MetadataValue<Ascii>| value.to_str().ok());
        let node = text(NODE_KEY).ok_or_else(|| Status::invalid_argument("crowd-node is missing"))?;
        let node = checked_node_name(node)?.into();
        match text(CLUSTER_KEY) {
            Some(cluster) if cluster == self.cluster => Ok(node),
            Some(cluster) => {
                metrics::counter!("crowd_foreign_calls_total").increment(1);
                Err(Status::failed_precondition(format!(
                    "two clusters: the registry of this node is {}, that of {node} is {cluster}",
                    self.cluster
                )))
            }
            None => Err(Status::invalid_argument("crowd-cluster is missing")),
        }
    }
}

impl Interceptor for Gate {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let caller = self.admit(request.metadata())?;
        request.extensions_mut().insert(Caller(caller));
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_are_told_why() {
        let pass = |cluster: Option<&str>| {
            let mut passport = Passport::new(cluster, &NodeName::from("a")).unwrap();
            Gate::new("ours").admit(passport.call(Request::new(())).unwrap().metadata())
        };
        assert_eq!(pass(Some("ours")).unwrap(), NodeName::from("a"));
        let refused = pass(Some("theirs")).unwrap_err();
        assert_eq!(refused.code(), tonic::Code::FailedPrecondition);
        assert!(refused.message().starts_with("two clusters: "), "{refused}");
        assert!(pass(None).is_err());
        assert!(Passport::new(Some("line\nbreak"), &NodeName::from("a")).is_err());
    }
}
