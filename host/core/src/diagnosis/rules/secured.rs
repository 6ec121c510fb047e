//! Brokers that are there, and with which no connection comes about: encryption and login.

use crate::diagnosis::finding::{Finding, Stage};
use crate::diagnosis::scene::Scene;
use crate::diagnosis::snapshot::{Answer, Barrier, BarrierKind};
use crate::diagnosis::words::{list, quoted};

/// One finding for each code, with all addresses that it holds of.
pub(super) fn barred(scene: &Scene<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for (address, barrier) in barriers(scene) {
        let code = barrier.kind.code();
        let same = findings.iter().position(|of| of.code == code);
        let finding = match same {
            Some(at) => findings.remove(at),
            None => finding(scene, address, barrier),
        };
        findings.push(finding.evidence(address, &barrier.text));
    }
    findings
}

fn barriers<'s>(scene: &Scene<'s>) -> impl Iterator<Item = (&'s str, &'s Barrier)> {
    let entry = scene.snapshot.entry.iter();
    let entry = entry.map(|(address, answer)| (address.as_str(), answer));
    let brokers = scene.last.brokers.iter();
    let brokers = brokers.map(|of| (of.address.as_str(), &of.reached));
    entry
        .chain(brokers)
        .filter_map(|(address, answer)| match answer {
            Answer::Barred(barrier) => Some((address, barrier)),
            _ => None,
        })
}

fn finding(scene: &Scene<'_>, address: &str, of: &Barrier) -> Finding {
    let finding = Finding::new(
        of.kind.code(),
        Stage::Broker,
        address,
        cause(scene, &of.kind),
    );
    cure(finding, scene, address, &of.kind)
}

fn cause(scene: &Scene<'_>, kind: &BarrierKind) -> String {
    let access = &scene.snapshot.access;
    let who = access.principal.as_deref().unwrap_or("this user");
    let mechanism = access.mechanism.as_deref().unwrap_or("its mechanism");
    match kind {
        BarrierKind::UnknownAuthority => "the broker shows a certificate that is signed by an \
             authority which the client does not trust: without it the client can't tell the \
             broker from somebody between the two"
            .to_owned(),
        BarrierKind::OutOfDate => "the broker's certificate, or one that it is signed with, is \
             not valid at this time: it has expired, it begins later, or the clock of this machine \
             is wrong"
            .to_owned(),
        BarrierKind::OtherName(names) => format!(
            "the broker's certificate is for {}, and not for the name that the broker is reached by",
            match names.as_slice() {
                [] => "no name at all".to_owned(),
                names => list(names, "and"),
            }
        ),
        BarrierKind::NotEncrypted => {
            "the client begins with TLS, and the listener at this address \
             speaks plain text"
                .to_owned()
        }
        BarrierKind::Encrypted => "the client speaks plain text, and the listener at this address \
             wants TLS"
            .to_owned(),
        BarrierKind::ClientCertificateMissing => "the listener lets in only clients with a \
             certificate (ssl.client.auth=required), and none is configured"
            .to_owned(),
        BarrierKind::ClientCertificateRefused => format!(
            "the listener does not accept the client's certificate ({who}): it has expired, or the \
             broker does not trust the authority that signed it"
        ),
        BarrierKind::Handshake => "the broker and the client come to no encrypted connection: no \
             version of TLS or no cipher in common, or a certificate that is unfit"
            .to_owned(),
        BarrierKind::LoginWanted(_) => {
            "the listener wants a login (SASL), and none is configured".to_owned()
        }
        BarrierKind::NoLogin => format!(
            "a login by {mechanism} is configured, and the listener at this address has none"
        ),
        BarrierKind::Mechanism(offered) => format!(
            "the login {mechanism} is configured, and the listener offers only {}",
            list(offered, "and")
        ),
        BarrierKind::Credentials => format!(
            "the broker does not let {who} in by {mechanism}: the user is unknown to it, or the \
             password or the token is wrong"
        ),
        BarrierKind::Unproved => format!(
            "the broker did not prove that it knows the password of {who}: it may be another than \
             it says"
        ),
        BarrierKind::NoToken => "the authorisation server gives out no token, so there is nothing \
             to log in with"
            .to_owned(),
    }
}

fn cure(finding: Finding, scene: &Scene<'_>, address: &str, kind: &BarrierKind) -> Finding {
    let show = || {
        format!(
            "openssl s_client -connect {} -showcerts </dev/null",
            quoted(address)
        )
    };
    match kind {
        BarrierKind::UnknownAuthority => finding
            .command("see who signed it", show())
            .step(
                "if that is right, give the authority's certificate to the client: \
                 ssl.ca.location, a file in PEM",
            ),
        BarrierKind::OutOfDate => finding
            .command(
                "see from when to when it is valid",
                format!("{} | openssl x509 -noout -subject -dates", show()),
            )
            .step("renew it on the broker, and set the clock of this machine (date -u) if that is off"),
        BarrierKind::OtherName(_) => finding
            .step(
                "reach the broker by a name in its certificate: kafka.bootstrap (or --bootstrap), \
                 and on the broker advertised.listeners",
            )
            .step(
                "or have a certificate made with this name; \
                 ssl.endpoint.identification.algorithm=none leaves the name unchecked, so that any \
                 certificate of the authority passes",
            ),
        BarrierKind::NotEncrypted => finding.step(format!(
            "set security.protocol to {}, or use the port of the listener with TLS",
            other(scene, "SSL", "PLAINTEXT")
        )),
        BarrierKind::Encrypted => finding.step(format!(
            "set security.protocol to {}, and ssl.ca.location if the authority is your own; or use \
             the port of the listener without TLS",
            other(scene, "PLAINTEXT", "SSL")
        )),
        BarrierKind::ClientCertificateMissing => finding.step(
            "set ssl.certificate.location and ssl.key.location (with ssl.key.password, if the key \
             is encrypted)",
        ),
        BarrierKind::ClientCertificateRefused => finding
            .step("see until when it is valid: openssl x509 -noout -subject -issuer -dates -in FILE")
            .step("have its authority added to the truststore of the broker's listener"),
        BarrierKind::Handshake => finding.command("see what the broker offers", show()),
        BarrierKind::LoginWanted(offered) | BarrierKind::Mechanism(offered) => finding.step(format!(
            "set sasl.mechanism to one that is offered ({}), or have it added to \
             sasl.enabled.mechanisms of the broker's listener",
            list(offered, "or")
        )),
        BarrierKind::NoLogin => finding.step(format!(
            "set security.protocol to {}, or use the port of a listener with SASL",
            scene.snapshot.access.protocol.trim_start_matches("SASL_")
        )),
        BarrierKind::Credentials => credentials(finding, scene),
        BarrierKind::Unproved => {
            finding.step("see whether the address is the right one: do not send the password there otherwise")
        }
        BarrierKind::NoToken => finding.step(
            "check sasl.oauthbearer.token.endpoint.url, .client.id, .client.secret and .scope with \
             who runs the authorisation server",
        ),
    }
}

fn credentials(finding: Finding, scene: &Scene<'_>) -> Finding {
    let access = &scene.snapshot.access;
    let mechanism = access.mechanism.as_deref().unwrap_or_default();
    let user = access.principal.as_deref().unwrap_or_default();
    let user = user.strip_prefix("User:").unwrap_or("USER");
    if mechanism.starts_with("SCRAM") {
        return finding
            .step("check sasl.username and sasl.password")
            .command(
                "or let an administrator set the password anew (replace PASSWORD)",
                format!(
                    "{} --alter --entity-type users --entity-name {} --add-config \
                     '{mechanism}=[password=PASSWORD]'",
                    scene.tool("kafka-configs.sh"),
                    quoted(user)
                ),
            );
    }
    if mechanism == "OAUTHBEARER" {
        return finding.step(
            "the broker judges the token by its signature, audience, issuer, scope and time: \
             compare them with sasl.oauthbearer.expected.* and the JWKS of its listener",
        );
    }
    finding.step(
        "check sasl.username and sasl.password; who may log in stands in the broker's JAAS \
         configuration of the listener",
    )
}

/// The configured protocol, with another encryption.
fn other(scene: &Scene<'_>, from: &str, to: &str) -> String {
    let protocol = &scene.snapshot.access.protocol;
    match protocol.as_str() {
        "" => to.to_owned(),
        some => some.replace(from, to),
    }
}
