//! From what the protocol says to what a snapshot holds.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use penstock_admin_protocol::{self as protocol, ByPartition, Error, Refusal};
use penstock_core::diagnosis::snapshot::{
    Answer, Assigned, Barrier, BarrierKind, Commit, Committed, Group, GroupKind, ListedGroup,
    Member, Topic,
};

pub(crate) fn answer<T>(of: Result<T, Error>) -> Answer<T> {
    match of {
        Ok(answer) => Answer::Known(answer),
        Err(Error::Refused(refusal)) => refused(Err(refusal)),
        Err(Error::Barred { barrier, .. }) => Answer::Barred(Barrier {
            kind: kind(&barrier),
            text: barrier.to_string(),
        }),
        Err(error) => Answer::Failed(error.to_string()),
    }
}

pub(crate) fn refused<T>(of: Result<T, Refusal>) -> Answer<T> {
    match of {
        Ok(answer) => Answer::Known(answer),
        Err(refusal) if refusal.is_missing() => Answer::Missing(refusal.to_string()),
        Err(refusal) if refusal.is_unauthorised() => Answer::Unauthorised(refusal.to_string()),
        Err(refusal) => Answer::Failed(refusal.to_string()),
    }
}

fn kind(of: &protocol::Barrier) -> BarrierKind {
    use protocol::Barrier as B;
    match of {
        B::UnknownAuthority { .. } => BarrierKind::UnknownAuthority,
        B::OutOfDate { .. } => BarrierKind::OutOfDate,
        B::OtherName { names } => BarrierKind::OtherName(names.clone()),
        B::NotEncrypted => BarrierKind::NotEncrypted,
        B::Encrypted => BarrierKind::Encrypted,
        B::ClientCertificateMissing => BarrierKind::ClientCertificateMissing,
        B::ClientCertificateRefused(_) => BarrierKind::ClientCertificateRefused,
        B::Certificate(_) | B::Handshake(_) => BarrierKind::Handshake,
        B::LoginWanted { offered } => BarrierKind::LoginWanted(offered.clone()),
        B::NoLogin => BarrierKind::NoLogin,
        B::Mechanism { offered, .. } => BarrierKind::Mechanism(offered.clone()),
        B::Credentials(_) => BarrierKind::Credentials,
        B::Unproved => BarrierKind::Unproved,
        B::NoToken(_) => BarrierKind::NoToken,
    }
}

/// As Kafka's own tools show it.
pub(super) fn topic_id(id: [u8; 16]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(id)
}

pub(super) fn unknown_topic(name: &str, error: &Error) -> Topic {
    Topic {
        name: name.to_owned(),
        id: None,
        partitions: answer(Err(error.clone())),
        settings: Answer::Unasked,
    }
}

/// A group as its coordinator describes it.
pub(super) fn described(of: Result<protocol::Group, Error>) -> Answer<Group> {
    match of {
        // What older brokers say of a group that isn't there.
        Ok(group) if group.state == "Dead" => Answer::Missing("Dead".to_owned()),
        other => answer(other.map(group)),
    }
}

fn group(of: protocol::Group) -> Group {
    let kind = match (&of.epochs, of.protocol_type.as_str()) {
        (Some(_), _) => GroupKind::Consumer,
        // A group without members has forgotten it.
        (None, "consumer" | "") => GroupKind::Classic,
        (None, "connect") => GroupKind::Connect,
        (None, _) => GroupKind::Other,
    };
    let mut members: Vec<Member> = of.members.into_iter().map(member).collect();
    members.sort_by(|a, b| a.id.cmp(&b.id));
    Group {
        kind,
        state: of.state,
        assignor: of.assignor,
        epoch: of.epochs.map(|(group, _)| group),
        members,
    }
}

fn member(of: protocol::Member) -> Member {
    Member {
        id: of.id,
        instance: of.instance,
        client: of.client,
        host: of.host,
        epoch: of.epoch,
        subscription: of.subscription,
        pattern: of.pattern,
        assignment: assigned(of.assignment),
        target: of.target.map(assigned),
    }
}

fn assigned(of: Vec<protocol::Assigned>) -> Vec<Assigned> {
    let each = of.into_iter().map(|mut of| {
        // In whichever order the client has them.
        of.partitions.sort_unstable();
        Assigned {
            topic: of.topic,
            topic_id: of.topic_id.map(topic_id),
            partitions: of.partitions,
        }
    });
    each.collect()
}

pub(super) fn commits(of: ByPartition<Result<i64, Refusal>>) -> Vec<Commit> {
    let each = of.into_iter().map(|((topic, partition), offset)| Commit {
        topic,
        partition,
        offset: match offset {
            Ok(offset) => Committed::At(offset),
            Err(refusal) if refusal.is_unstable_commit() => Committed::Unstable,
            Err(refusal) => Committed::Refused(refusal.to_string()),
        },
    });
    each.collect()
}

pub(super) fn listed(of: protocol::ListedGroup) -> ListedGroup {
    let kind = match (of.kind.as_str(), of.protocol_type.as_str()) {
        ("consumer", _) => Some(GroupKind::Consumer),
        ("share", _) => Some(GroupKind::Share),
        ("streams", _) => Some(GroupKind::Streams),
        (_, "connect") => Some(GroupKind::Connect),
        ("classic", "consumer" | "") => Some(GroupKind::Classic),
        ("classic", _) => Some(GroupKind::Other),
        _ => None,
    };
    ListedGroup {
        id: of.id,
        kind,
        state: of.state,
    }
}
