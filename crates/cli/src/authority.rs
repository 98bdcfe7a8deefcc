//! The authority of a cluster in a folder: `ca.crt` and `ca.key`, and the certificates that it gives to nodes.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use crowd_node::NODE_NAME;
use crowd_tls::{Certificate, Pem};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose,
};
use time::{Duration, OffsetDateTime};

use crate::exit::Failure;
use crate::key_file;

/// An authority outlives some generations of the nodes' certificates; replacing it takes two steps.
const YEARS: i64 = 10;
/// Clocks differ: what is signed now is valid since a while.
const SINCE: Duration = Duration::hours(1);

/// Signs for the nodes of one cluster.
pub(crate) struct Authority {
    dir: PathBuf,
    issuer: Issuer<'static, KeyPair>,
    ends: OffsetDateTime,
}

impl Authority {
    /// The one in `dir`, or a new one there; true where it is new.
    pub(crate) fn open_or_create(dir: &Path) -> anyhow::Result<(Self, bool)> {
        let there = |file: &str| {
            let path = dir.join(file);
            path.try_exists().with_context(|| path.display().to_string())
        };
        match (there("ca.crt")?, there("ca.key")?) {
            (true, true) => Ok((Self::open(dir)?, false)),
            (false, false) => Ok((Self::create(dir)?, true)),
            (cert, _) => {
                let (is, lacks) = if cert { ("ca.crt", "ca.key") } else { ("ca.key", "ca.crt") };
                let dir = dir.display();
                let why = format!("{dir} has {is}, but not {lacks}: an authority signs with both");
                Err(Failure::Refused(why).into())
            }
        }
    }

    /// Its certificate's file, which every node gets.
    pub(crate) fn cert(&self) -> PathBuf {
        self.dir.join("ca.crt")
    }

    /// Its key's file, which no node gets.
    pub(crate) fn key(&self) -> PathBuf {
        self.dir.join("ca.key")
    }

    /// The day on which it ends.
    pub(crate) fn ends(&self) -> time::Date {
        self.ends.date()
    }

    /// Writes `NODE.crt` and `NODE.key`, over what is there. Returns the day on which the certificate ends: no later
    /// than the authority does.
    pub(crate) fn issue(&self, node: &str, days: u32) -> anyhow::Result<time::Date> {
        let names = vec![NODE_NAME.to_owned(), node.to_owned()];
        let mut params = CertificateParams::new(names).with_context(|| format!("{node:?} is no name"))?;
        params.distinguished_name = named(node);
        params.not_before = OffsetDateTime::now_utc() - SINCE;
        params.not_after = (OffsetDateTime::now_utc() + Duration::days(days.into())).min(self.ends);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        // Every node calls others and is called.
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let cert = params.signed_by(&key, &self.issuer)?;
        let file = |kind: &str| self.dir.join(format!("{node}.{kind}"));
        key_file::replace_private(&file("key"), &key.serialize_pem())?;
        write(&file("crt"), &cert.pem())?;
        Ok(params.not_after.date())
    }

    fn create(dir: &Path) -> anyhow::Result<Self> {
        let mut id = [0; 4];
        getrandom::fill(&mut id).context("this computer gives no random numbers")?;
        let mut params = authority(&format!("crowd cluster {:08x}", u32::from_be_bytes(id)));
        params.not_before = OffsetDateTime::now_utc() - SINCE;
        params.not_after = OffsetDateTime::now_utc() + Duration::days(YEARS * 365);
        let key = KeyPair::generate()?;
        let cert = params.self_signed(&key)?;
        key_file::make_private_dir(dir).with_context(|| dir.display().to_string())?;
        let ends = params.not_after;
        let authority = Self { dir: dir.to_owned(), issuer: Issuer::new(params, key), ends };
        key_file::replace_private(&authority.key(), &authority.issuer.key().serialize_pem())?;
        write(&authority.cert(), &cert.pem())?;
        Ok(authority)
    }

    fn open(dir: &Path) -> anyhow::Result<Self> {
        let (cert, key) = (dir.join("ca.crt"), dir.join("ca.key"));
        let pem = fs::read_to_string(&key).with_context(|| key.display().to_string())?;
        let key = KeyPair::from_pem(&pem).with_context(|| key.display().to_string())?;
        let found = Pem::read(&cert)?.certificates()?;
        let certificate = Certificate::of(&found[0]);
        let (Some(name), Some(ends)) = (certificate.common_name(), certificate.not_after()) else {
            anyhow::bail!("{} is none that `crowd certs` made: sign with what made it", cert.display());
        };
        let ends = OffsetDateTime::from_unix_timestamp(ends as i64)?;
        ensure!(
            ends > OffsetDateTime::now_utc(),
            "{} is over since {}: make another authority, in another folder",
            cert.display(),
            ends.date()
        );
        Ok(Self { dir: dir.to_owned(), issuer: Issuer::new(authority(name), key), ends })
    }
}

/// What makes an authority of that name.
fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = named(name);
    // It signs nodes, and no further authorities.
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn named(name: &str) -> DistinguishedName {
    let mut names = DistinguishedName::new();
    names.push(DnType::CommonName, name);
    names
}

fn write(path: &Path, pem: &str) -> anyhow::Result<()> {
    fs::write(path, pem).with_context(|| path.display().to_string())
}
