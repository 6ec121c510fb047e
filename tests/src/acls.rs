//! Permissions: what the broker is told to let a principal do.

use anyhow::{Result, ensure};
use kafka_protocol::messages::create_acls_request::AclCreation;
use kafka_protocol::messages::delete_acls_request::DeleteAclsFilter;
use kafka_protocol::messages::{
    ApiKey, CreateAclsRequest, CreateAclsResponse, DeleteAclsRequest, DeleteAclsResponse,
};
use kafka_protocol::protocol::StrBytes;

use crate::client::Client;

const VERSION: i16 = 3;
const PREFIXED: i8 = 4;
const ALLOW: i8 = 3;

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

    /// Takes a permission back.
    ///
    /// # Errors
    /// When the broker refuses, or there is none.
    pub fn withdraw(&self, permission: Permission<'_>) -> Result<()> {
        let (principal, operation, resource, prefix) = permission;
        let filter = DeleteAclsFilter::default()
            .with_resource_type_filter(resource as i8)
            .with_resource_name_filter(Some(StrBytes::from_string(prefix.to_owned())))
            .with_pattern_type_filter(PREFIXED)
            .with_principal_filter(Some(StrBytes::from_string(principal.to_owned())))
            .with_host_filter(None)
            .with_operation(operation as i8)
            .with_permission_type(ALLOW);
        let request = DeleteAclsRequest::default().with_filters(vec![filter]);
        let answer: DeleteAclsResponse = self.ask(ApiKey::DeleteAcls, VERSION, &request)?;
        let deleted = answer
            .filter_results
            .iter()
            .map(|of| of.matching_acls.len());
        ensure!(deleted.sum::<usize>() == 1, "not withdrawn: {answer:?}");
        Ok(())
    }
}
