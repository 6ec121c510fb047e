//! Permissions: what the broker is told to let a principal do.

use anyhow::{Result, ensure};
use kafka_protocol::messages::create_acls_request::AclCreation;
use kafka_protocol::messages::{ApiKey, CreateAclsRequest, CreateAclsResponse};
use kafka_protocol::protocol::StrBytes;

use crate::client::Client;

const VERSION: i16 = 3;

/// What a permission is for: resources by the beginning of their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i8)]
pub enum Resource {
    /// Topics.
    Topic = 2,
    /// Groups.
    Group = 3,
    /// Transactional ids.
    TransactionalId = 5,
}

/// What is permitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i8)]
pub enum Operation {
    /// To read, to join, to commit.
    Read = 3,
    /// To write.
    Write = 4,
    /// To see.
    Describe = 8,
}

/// A permission: a principal as `User:NAME`, what it may do, on resources whose names begin so.
pub type Permission<'a> = (&'a str, Operation, Resource, &'a str);

impl Client {
    /// Permits, on the listener without encryption and login.
    ///
    /// # Errors
    /// When the broker refuses.
    pub fn permit(&self, permissions: &[Permission<'_>]) -> Result<()> {
        let creation = |(principal, operation, resource, prefix): &Permission<'_>| {
            const PREFIXED: i8 = 4;
            const ALLOW: i8 = 3;
            AclCreation::default()
                .with_resource_type(*resource as i8)
                .with_resource_name(StrBytes::from_string((*prefix).to_owned()))
                .with_resource_pattern_type(PREFIXED)
                .with_principal(StrBytes::from_string((*principal).to_owned()))
                .with_host(StrBytes::from_static_str("*"))
                .with_operation(*operation as i8)
                .with_permission_type(ALLOW)
        };
        let creations = permissions.iter().map(creation).collect();
        let request = CreateAclsRequest::default().with_creations(creations);
        let answer: CreateAclsResponse = self.ask(ApiKey::CreateAcls, VERSION, &request)?;
        for result in answer.results {
            ensure!(result.error_code == 0, "not permitted: {result:?}");
        }
        Ok(())
    }
}
