//! SCRAM (RFC 5802, RFC 7677) as a client speaks it, without I/O.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use openssl::error::ErrorStack;
use openssl::hash::{MessageDigest, hash};
use openssl::memcmp;
use openssl::pkcs5::pbkdf2_hmac;
use openssl::pkey::PKey;
use openssl::sign::Signer;

use super::Account;

/// What a password is hashed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hash {
    /// SHA-256
    Sha256,
    /// SHA-512
    Sha512,
}

/// Fewer make a password easy to guess for who listens in; more would keep this side busy.
const ITERATIONS: std::ops::RangeInclusive<usize> = 4096..=1_000_000;

/// A login in progress.
pub(super) struct Scram {
    hash: Hash,
    password: String,
    nonce: String,
    /// The client's first message without its head.
    bare: String,
    /// What the broker must answer in the end.
    expected: Vec<u8>,
}

/// Why it can't go on.
pub(super) enum Failure {
    /// The broker says so.
    Refused(String),
    /// The broker is not who it says it is, or speaks something else.
    Unproved,
    /// In words.
    Malformed(String),
}

impl From<ErrorStack> for Failure {
    fn from(error: ErrorStack) -> Failure {
        Failure::Malformed(error.to_string())
    }
}

impl Scram {
    /// A login with a nonce that nobody can guess, in printable characters other than a comma.
    pub fn new(hash: Hash, account: &Account, nonce: String) -> Scram {
        let user = account.user.replace('=', "=3D").replace(',', "=2C");
        Scram {
            hash,
            password: account.password.clone(),
            bare: format!("n={user},r={nonce}"),
            nonce,
            expected: Vec::new(),
        }
    }

    /// The first message.
    pub fn first(&self) -> String {
        format!("n,,{}", self.bare)
    }

    /// The second message, to what the broker answered to the first.
    pub fn prove(&mut self, challenge: &[u8]) -> Result<String, Failure> {
        let challenge = text(challenge)?;
        let fields = Fields::of(challenge)?;
        let (nonce, salt) = (fields.get("r=")?, decoded(fields.get("s=")?)?);
        let iterations: usize = fields.get("i=")?.parse().unwrap_or(0);
        if nonce.len() <= self.nonce.len() || !nonce.starts_with(&self.nonce) {
            return Err(Failure::Unproved);
        }
        if !ITERATIONS.contains(&iterations) {
            return Err(Failure::Malformed(format!(
                "it asks for {iterations} iterations"
            )));
        }
        let digest = self.digest();
        let mut salted = vec![0; digest.size()];
        let password = self.password.as_bytes();
        pbkdf2_hmac(password, &salt, iterations, digest, &mut salted)?;
        let client_key = self.hmac(&salted, b"Client Key")?;
        let stored_key = hash(digest, &client_key)?;
        // `biws` is the Base64 of `n,,`: no channel is bound.
        let last = format!("c=biws,r={nonce}");
        let signed = format!("{},{challenge},{last}", self.bare);
        let signature = self.hmac(&stored_key, signed.as_bytes())?;
        let proof: Vec<u8> = client_key
            .iter()
            .zip(&signature)
            .map(|(a, b)| a ^ b)
            .collect();
        let server_key = self.hmac(&salted, b"Server Key")?;
        self.expected = self.hmac(&server_key, signed.as_bytes())?;
        Ok(format!("{last},p={}", BASE64_STANDARD.encode(proof)))
    }

    /// Whether the broker's last message proves that it knows the password too.
    pub fn verify(&self, answer: &[u8]) -> Result<(), Failure> {
        let signature = decoded(Fields::of(text(answer)?)?.get("v=")?)?;
        let same = signature.len() == self.expected.len()
            && !signature.is_empty()
            && memcmp::eq(&signature, &self.expected);
        if same { Ok(()) } else { Err(Failure::Unproved) }
    }

    fn digest(&self) -> MessageDigest {
        match self.hash {
            Hash::Sha256 => MessageDigest::sha256(),
            Hash::Sha512 => MessageDigest::sha512(),
        }
    }

    fn hmac(&self, key: &[u8], data: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        let key = PKey::hmac(key)?;
        Signer::new(self.digest(), &key)?.sign_oneshot_to_vec(data)
    }
}

/// `r=…,s=…,i=…`
struct Fields<'m>(Vec<&'m str>);

impl<'m> Fields<'m> {
    fn of(message: &'m str) -> Result<Fields<'m>, Failure> {
        let fields: Vec<&str> = message.split(',').collect();
        match fields.iter().find_map(|field| field.strip_prefix("e=")) {
            Some(error) => Err(Failure::Refused(error.to_owned())),
            None => Ok(Fields(fields)),
        }
    }

    fn get(&self, name: &str) -> Result<&'m str, Failure> {
        let found = self.0.iter().find_map(|field| field.strip_prefix(name));
        found.ok_or_else(|| Failure::Malformed(format!("there is no {name} in its answer")))
    }
}

fn text(message: &[u8]) -> Result<&str, Failure> {
    std::str::from_utf8(message).map_err(|error| Failure::Malformed(error.to_string()))
}

fn decoded(field: &str) -> Result<Vec<u8>, Failure> {
    let decoded = BASE64_STANDARD.decode(field);
    decoded.map_err(|error| Failure::Malformed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The exchange in RFC 7677, section 3.
    const NONCE: &str = "rOprNGfwEbeRWgbNEkqO";
    const CHALLENGE: &str = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                             s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
    const SIGNATURE: &[u8] = b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

    fn scram(password: &str) -> Scram {
        let account = Account {
            user: "user".to_owned(),
            password: password.to_owned(),
        };
        Scram::new(Hash::Sha256, &account, NONCE.to_owned())
    }

    fn proved(of: &mut Scram, challenge: &str) -> Option<String> {
        of.prove(challenge.as_bytes()).ok()
    }

    #[test]
    fn the_exchange_of_the_standard_is_spoken() {
        let mut scram = scram("pencil");
        assert_eq!(scram.first(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        let proof = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                     p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
        assert_eq!(proved(&mut scram, CHALLENGE).as_deref(), Some(proof));
        assert!(scram.verify(SIGNATURE).is_ok());
    }

    #[test]
    fn a_broker_that_does_not_know_the_password_is_found_out() {
        let mut scram = scram("pencil");
        assert!(matches!(scram.verify(b"v="), Err(Failure::Unproved)));
        assert!(proved(&mut scram, CHALLENGE).is_some());
        let other = b"v=AAAATRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";
        assert!(matches!(scram.verify(other), Err(Failure::Unproved)));
        assert!(matches!(scram.verify(b"v="), Err(Failure::Unproved)));
        let refused = scram.verify(b"e=other-error");
        assert!(matches!(refused, Err(Failure::Refused(why)) if why == "other-error"));
    }

    #[test]
    fn weak_foreign_and_broken_challenges_are_not_answered() {
        for challenge in [
            "r=rOprNGfwEbeRWgbNEkqOmore,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1",
            "r=rOprNGfwEbeRWgbNEkqOmore,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=99999999",
            "r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
            "r=another,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
            "r=rOprNGfwEbeRWgbNEkqOmore,s=&,i=4096",
            "",
        ] {
            assert_eq!(proved(&mut scram("pencil"), challenge), None, "{challenge}");
        }
    }

    #[test]
    fn commas_and_equals_signs_in_a_name_are_kept() {
        let account = Account {
            user: "a=b,c".to_owned(),
            password: String::new(),
        };
        let scram = Scram::new(Hash::Sha512, &account, "x".to_owned());
        assert_eq!(scram.first(), "n,,n=a=3Db=2Cc,r=x");
    }
}
