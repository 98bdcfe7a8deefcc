//! The five gRPC services, as thin as they can be: check what came, hand it on.

mod directory;
mod membership;
mod registry;
mod relay;
mod status;

pub(crate) use directory::DirectoryService;
pub(crate) use membership::MembershipService;
pub(crate) use registry::RegistryService;
pub(crate) use relay::RelayService;
pub(crate) use status::StatusService;
