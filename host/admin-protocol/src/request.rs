//! Which answer belongs to which request.

use kafka_protocol::messages::{
    ApiKey, ApiVersionsRequest, ApiVersionsResponse, ConsumerGroupDescribeRequest,
    ConsumerGroupDescribeResponse, DeleteGroupsRequest, DeleteGroupsResponse,
    DescribeConfigsRequest, DescribeConfigsResponse, DescribeGroupsRequest, DescribeGroupsResponse,
    DescribeProducersRequest, DescribeProducersResponse, DescribeTransactionsRequest,
    DescribeTransactionsResponse, FetchRequest, FetchResponse, FindCoordinatorRequest,
    FindCoordinatorResponse, ListGroupsRequest, ListGroupsResponse, ListOffsetsRequest,
    ListOffsetsResponse, ListTransactionsRequest, ListTransactionsResponse, MetadataRequest,
    MetadataResponse, OffsetCommitRequest, OffsetCommitResponse, OffsetFetchRequest,
    OffsetFetchResponse,
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
    ApiVersionsRequest, ApiVersions => ApiVersionsResponse;
    ConsumerGroupDescribeRequest, ConsumerGroupDescribe => ConsumerGroupDescribeResponse;
    DeleteGroupsRequest, DeleteGroups => DeleteGroupsResponse;
    DescribeConfigsRequest, DescribeConfigs => DescribeConfigsResponse;
    DescribeGroupsRequest, DescribeGroups => DescribeGroupsResponse;
    DescribeProducersRequest, DescribeProducers => DescribeProducersResponse;
    DescribeTransactionsRequest, DescribeTransactions => DescribeTransactionsResponse;
    FetchRequest, Fetch => FetchResponse;
    FindCoordinatorRequest, FindCoordinator => FindCoordinatorResponse;
    ListGroupsRequest, ListGroups => ListGroupsResponse;
    ListOffsetsRequest, ListOffsets => ListOffsetsResponse;
    ListTransactionsRequest, ListTransactions => ListTransactionsResponse;
    MetadataRequest, Metadata => MetadataResponse;
    OffsetCommitRequest, OffsetCommit => OffsetCommitResponse;
    OffsetFetchRequest, OffsetFetch => OffsetFetchResponse;
}
