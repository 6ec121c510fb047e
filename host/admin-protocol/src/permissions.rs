//! What the client may do, and whether anybody decides that.

use kafka_protocol::messages::{
    AddOffsetsToTxnRequest, DescribeAclsRequest, DescribeGroupsRequest, ProducerId, TransactionalId,
};
use kafka_protocol::protocol::StrBytes;

use crate::broker::Broker;
use crate::error::{Error, Refusal};
use crate::groups::group_id;

/// Any operation, any permission.
const ANY: i8 = 1;
const TOPICS: i8 = 2;
const LITERAL: i8 = 3;

impl Broker {
    /// What the client may do with a group, whether or not there is one of that name: a bit for
    /// each of Kafka's numbers of operations; `None` if it isn't told. The broker must be its
    /// coordinator.
    ///
    /// # Errors
    /// The broker doesn't answer, is older than 2.3, or refuses: not even `DESCRIBE` is permitted.
    pub async fn group_operations(&self, group: &str) -> Result<Option<i32>, Error> {
        let request = |_| {
            DescribeGroupsRequest::default()
                .with_groups(vec![group_id(group)])
                .with_include_authorized_operations(true)
        };
        // In later versions, a group that isn't there is an error, and nothing more is told.
        let answer = self.ask_between(3, 5, request).await?;
        let Some(found) = answer.groups.first() else {
            return Err(self.silent());
        };
        Refusal::check(found.error_code, found.error_message.as_deref())?;
        Ok(told(found.authorized_operations))
    }

    /// Whether the client may write in transactions of this id.
    ///
    /// What may be done with one isn't told. So something is asked for that whoever may gets refused
    /// as well, and that changes nothing: to add to a transaction of a producer that there is not.
    ///
    /// # Errors
    /// The broker doesn't answer.
    pub async fn may_transact(&self, id: &str, group: &str) -> Result<bool, Error> {
        const NOBODY: i64 = -1;
        let id = TransactionalId(StrBytes::from_string(id.to_owned()));
        let request = |_| {
            AddOffsetsToTxnRequest::default()
                .with_transactional_id(id)
                .with_producer_id(ProducerId(NOBODY))
                .with_producer_epoch(-1)
                .with_group_id(group_id(group))
        };
        let answer = self.ask_between(0, 3, request).await?;
        let refused = Refusal::check(answer.error_code, None);
        Ok(!refused.is_err_and(|refusal| refusal.is_of_transactional_id()))
    }

    /// Whether the broker has an authoriser: without one, everybody may do everything.
    ///
    /// # Errors
    /// The broker doesn't answer.
    pub async fn has_authoriser(&self) -> Result<bool, Error> {
        let request = |_| {
            DescribeAclsRequest::default()
                .with_resource_type_filter(TOPICS)
                .with_pattern_type_filter(LITERAL)
                .with_operation(ANY)
                .with_permission_type(ANY)
        };
        let answer = self.ask(1, request).await?;
        let refused = Refusal::check(answer.error_code, answer.error_message.as_deref());
        // Being refused by one takes one.
        Ok(!refused.is_err_and(|refusal| refusal.is_security_disabled()))
    }
}

/// The lowest number stands for what was not told.
pub(crate) fn told(operations: i32) -> Option<i32> {
    (operations != i32::MIN).then_some(operations)
}
