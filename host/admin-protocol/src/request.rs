//! Which answer belongs to which request.

use kafka_protocol::messages::{
    AddOffsetsToTxnRequest, AddOffsetsToTxnResponse, ApiKey, ApiVersionsRequest,
    ApiVersionsResponse, ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse,
    CreateTopicsRequest, CreateTopicsResponse, DeleteGroupsRequest, DeleteGroupsResponse,
    DeleteRecordsRequest, DeleteRecordsResponse, DescribeAclsRequest, DescribeAclsResponse,
    DescribeClientQuotasRequest, DescribeClientQuotasResponse, DescribeConfigsRequest,
    DescribeConfigsResponse, DescribeGroupsRequest, DescribeGroupsResponse,
    DescribeProducersRequest, DescribeProducersResponse, DescribeQuorumRequest,
    DescribeQuorumResponse, DescribeTransactionsRequest, DescribeTransactionsResponse,
    FetchRequest, FetchResponse, FindCoordinatorRequest, FindCoordinatorResponse,
    ListGroupsRequest, ListGroupsResponse, ListOffsetsRequest, ListOffsetsResponse,
    ListTransactionsRequest, ListTransactionsResponse, MetadataRequest, MetadataResponse,
    OffsetCommitRequest, OffsetCommitResponse, OffsetFetchRequest, OffsetFetchResponse,
    SaslAuthenticateRequest, SaslAuthenticateResponse, SaslHandshakeRequest, SaslHandshakeResponse,
};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Message};

/// A request, and the answer it gets.
///
/// The protocol crate has such a trait for those who can also read requests and write answers.
pub(crate) trait Request: Message + Encodable {
    const KEY: ApiKey;
    type Answer: Decodable + HeaderVersion;
}

macro_rules! requests {
    ($($request:ident, $key:ident => $answer:ident;)+) => {
        $(impl Request for $request {
            const KEY: ApiKey = ApiKey::$key;
            type Answer = $answer;
        })+
    };
}

requests! {
    AddOffsetsToTxnRequest, AddOffsetsToTxn => AddOffsetsToTxnResponse;
    ApiVersionsRequest, ApiVersions => ApiVersionsResponse;
    ConsumerGroupDescribeRequest, ConsumerGroupDescribe => ConsumerGroupDescribeResponse;
    CreateTopicsRequest, CreateTopics => CreateTopicsResponse;
    DeleteGroupsRequest, DeleteGroups => DeleteGroupsResponse;
    DeleteRecordsRequest, DeleteRecords => DeleteRecordsResponse;
    DescribeAclsRequest, DescribeAcls => DescribeAclsResponse;
    DescribeClientQuotasRequest, DescribeClientQuotas => DescribeClientQuotasResponse;
    DescribeConfigsRequest, DescribeConfigs => DescribeConfigsResponse;
    DescribeGroupsRequest, DescribeGroups => DescribeGroupsResponse;
    DescribeProducersRequest, DescribeProducers => DescribeProducersResponse;
    DescribeQuorumRequest, DescribeQuorum => DescribeQuorumResponse;
    DescribeTransactionsRequest, DescribeTransactions => DescribeTransactionsResponse;
    FetchRequest, Fetch => FetchResponse;
    FindCoordinatorRequest, FindCoordinator => FindCoordinatorResponse;
    ListGroupsRequest, ListGroups => ListGroupsResponse;
    ListOffsetsRequest, ListOffsets => ListOffsetsResponse;
    ListTransactionsRequest, ListTransactions => ListTransactionsResponse;
    MetadataRequest, Metadata => MetadataResponse;
    OffsetCommitRequest, OffsetCommit => OffsetCommitResponse;
    OffsetFetchRequest, OffsetFetch => OffsetFetchResponse;
    SaslAuthenticateRequest, SaslAuthenticate => SaslAuthenticateResponse;
    SaslHandshakeRequest, SaslHandshake => SaslHandshakeResponse;
}
