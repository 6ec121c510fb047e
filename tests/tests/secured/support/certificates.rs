//! Certificates and keys, made anew for each run.

use std::path::{Path, PathBuf};

use anyhow::Result;
use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::symm::Cipher;
use openssl::x509::extension::{
    BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAlternativeName,
};
use openssl::x509::{X509, X509Builder, X509Name};

/// An authority.
pub struct Authority {
    certificate: X509,
    key: PKey<Private>,
}

/// A certificate, signed by an authority, with its key.
pub struct Certified {
    certificate: X509,
    key: PKey<Private>,
}

impl Authority {
    /// An authority of this name.
    pub fn new(name: &str) -> Result<Authority> {
        let key = key()?;
        let subject = named(name)?;
        let mut builder = begun(&subject, &subject, &key, -2, 2)?;
        builder.append_extension(BasicConstraints::new().critical().ca().build()?)?;
        let usage = KeyUsage::new().critical().key_cert_sign().build()?;
        builder.append_extension(usage)?;
        builder.sign(&key, MessageDigest::sha256())?;
        Ok(Authority {
            certificate: builder.build(),
            key,
        })
    }

    /// Signs a certificate for `name`, valid from and to these days from now; brokers are reached
    /// at 127.0.0.1.
    pub fn certify(&self, name: &str, from: i64, to: i64) -> Result<Certified> {
        let key = key()?;
        let issuer = self.certificate.subject_name();
        let subject = named(name)?;
        let mut builder = begun(&subject, issuer, &key, from, to)?;
        let usage = ExtendedKeyUsage::new()
            .server_auth()
            .client_auth()
            .build()?;
        builder.append_extension(usage)?;
        let context = builder.x509v3_context(Some(&self.certificate), None);
        let address = SubjectAlternativeName::new()
            .ip("127.0.0.1")
            .build(&context)?;
        builder.append_extension(address)?;
        builder.sign(&self.key, MessageDigest::sha256())?;
        Ok(Certified {
            certificate: builder.build(),
            key,
        })
    }

    /// Writes the authority's certificate.
    pub fn write(&self, file: &Path) -> Result<PathBuf> {
        std::fs::write(file, self.certificate.to_pem()?)?;
        Ok(file.to_owned())
    }
}

impl Certified {
    /// Writes certificate and key into one file, the key unencrypted.
    pub fn write(&self, file: &Path) -> Result<PathBuf> {
        let mut text = self.key.private_key_to_pem_pkcs8()?;
        text.extend(self.certificate.to_pem()?);
        std::fs::write(file, text)?;
        Ok(file.to_owned())
    }

    /// Writes the certificate alone, and the key, encrypted with a password, beside it.
    pub fn write_apart(&self, file: &Path, key: &Path, password: &str) -> Result<()> {
        std::fs::write(file, self.certificate.to_pem()?)?;
        let cipher = Cipher::aes_256_cbc();
        let text = self
            .key
            .private_key_to_pem_pkcs8_passphrase(cipher, password.as_bytes())?;
        std::fs::write(key, text)?;
        Ok(())
    }

    /// The certificate.
    pub fn certificate(&self) -> &X509 {
        &self.certificate
    }

    /// Its key.
    pub fn key(&self) -> &PKey<Private> {
        &self.key
    }
}

fn key() -> Result<PKey<Private>> {
    let curve = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
    Ok(PKey::from_ec_key(EcKey::generate(&curve)?)?)
}

fn named(name: &str) -> Result<X509Name> {
    let mut builder = X509Name::builder()?;
    builder.append_entry_by_text("O", "Penstock")?;
    builder.append_entry_by_text("CN", name)?;
    Ok(builder.build())
}

fn begun(
    subject: &openssl::x509::X509NameRef,
    issuer: &openssl::x509::X509NameRef,
    key: &PKey<Private>,
    from: i64,
    to: i64,
) -> Result<X509Builder> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    let day = |days: i64| Asn1Time::from_unix(now.as_secs().cast_signed() + days * 86_400);
    let mut serial = BigNum::new()?;
    serial.rand(127, MsbOption::MAYBE_ZERO, false)?;
    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    builder.set_serial_number(&*serial.to_asn1_integer()?)?;
    builder.set_subject_name(subject)?;
    builder.set_issuer_name(issuer)?;
    builder.set_pubkey(key)?;
    builder.set_not_before(&*day(from)?)?;
    builder.set_not_after(&*day(to)?)?;
    Ok(builder)
}
