//! Who holds a group: nobody, Penstock hosts, or others.

use penstock_core::diagnosis::snapshot::{Group, Member};

use crate::hosts::{self, Found};

/// See the module.
#[derive(Debug, PartialEq, Eq)]
pub enum Holders<'g> {
    /// It has no members.
    Nobody,
    /// Only Penstock hosts.
    Penstock(Vec<PenstockHost>),
    /// At least these, which are none.
    Strangers(Vec<&'g Member>),
}

/// A Penstock host, as its group shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PenstockHost {
    /// Its id, and where its admin listener is to be looked for.
    pub found: Found,
    /// `client.id`
    pub client: String,
    /// The partitions it has, by topic and number.
    pub partitions: Vec<(String, i32)>,
    /// The topics it reads; `None` while that can't be seen.
    pub reads: Option<Vec<String>>,
}

/// Whether some host of these reads the topic; `None` while that can't be seen of all.
pub fn is_read(topic: &str, hosts: &[PenstockHost]) -> Option<bool> {
    let reads = |host: &PenstockHost| Some(host.reads.as_ref()?.iter().any(|of| of == topic));
    let each: Option<Vec<bool>> = hosts.iter().map(reads).collect();
    each.map(|each| each.contains(&true))
}

/// Who holds the group.
pub fn holders(group: Option<&Group>) -> Holders<'_> {
    let members = group.map_or(&[][..], |group| &group.members);
    if members.is_empty() {
        return Holders::Nobody;
    }
    let (mut hosts, mut strangers) = (Vec::new(), Vec::new());
    for member in members {
        match penstock_host(member) {
            Some(host) => hosts.push(host),
            None => strangers.push(member),
        }
    }
    if strangers.is_empty() {
        Holders::Penstock(hosts)
    } else {
        Holders::Strangers(strangers)
    }
}

fn penstock_host(member: &Member) -> Option<PenstockHost> {
    let partitions = member.assignment.iter().flat_map(|of| {
        let topic = &of.topic;
        of.partitions
            .iter()
            .map(move |number| (topic.clone(), *number))
    });
    Some(PenstockHost {
        found: hosts::find(&member.client, &member.host)?,
        client: member.client.clone(),
        partitions: partitions.collect(),
        reads: member.subscription.clone(),
    })
}

#[cfg(test)]
mod tests {
    use penstock_core::diagnosis::snapshot::{Assigned, GroupKind};

    use super::*;

    fn member(client: &str, host: &str) -> Member {
        Member {
            id: format!("{client}-1"),
            instance: None,
            client: client.to_owned(),
            host: host.to_owned(),
            epoch: None,
            subscription: None,
            pattern: None,
            assignment: vec![Assigned {
                topic: "t".to_owned(),
                topic_id: None,
                partitions: vec![0, 2],
            }],
            target: None,
        }
    }

    fn group(members: Vec<Member>) -> Group {
        Group {
            kind: GroupKind::Classic,
            state: "Stable".to_owned(),
            assignor: String::new(),
            epoch: None,
            members,
        }
    }

    #[test]
    fn a_penstock_host_is_known_by_its_client_id_and_found_where_it_connects_from() {
        let group = group(vec![
            member("penstock-a:b:9644", "10.0.0.1"),
            member("penstock-c:9645", "fe80::1"),
        ]);
        let Holders::Penstock(hosts) = holders(Some(&group)) else {
            panic!("they are hosts");
        };
        assert_eq!(hosts[0].found.id, "a:b");
        assert_eq!(hosts[1].found.url, "http://[fe80::1]:9645");
        assert_eq!(
            hosts[0].partitions,
            [("t".to_owned(), 0), ("t".to_owned(), 2)]
        );
    }

    #[test]
    fn one_stranger_makes_it_a_group_of_strangers() {
        for stranger in [
            "kafkajs",
            "penstock-a",
            "penstock-a:0",
            "penstock-a:port",
            "",
        ] {
            let group = group(vec![
                member("penstock-a:9644", "10.0.0.1"),
                member(stranger, "10.0.0.2"),
            ]);
            let Holders::Strangers(found) = holders(Some(&group)) else {
                panic!("{stranger} is no host");
            };
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].client, stranger);
        }
        assert_eq!(holders(Some(&group(Vec::new()))), Holders::Nobody);
        assert_eq!(holders(None), Holders::Nobody);
    }
    #[test]
    fn what_no_host_reads_is_known_only_of_all_hosts() {
        let mut group = group(vec![
            member("penstock-a:9644", "10.0.0.1"),
            member("penstock-b:9644", "10.0.0.2"),
        ]);
        let read = |group: &Group, topic| match holders(Some(group)) {
            Holders::Penstock(hosts) => is_read(topic, &hosts),
            _ => panic!("they are hosts"),
        };
        assert_eq!(read(&group, "t"), None);
        group.members[0].subscription = Some(vec!["t".to_owned()]);
        assert_eq!(read(&group, "old"), None);
        group.members[1].subscription = Some(vec!["t".to_owned(), "u".to_owned()]);
        assert_eq!(read(&group, "u"), Some(true));
        assert_eq!(read(&group, "old"), Some(false));
    }
}
