//! What an operator wants to know of a certificate: for what it is valid, and until when.

use std::fmt;
use std::net::IpAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use rustls::pki_types::CertificateDer;
use x509_cert::der::{DateTime, Decode};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

/// Of the time for which a certificate is valid, the last part in which that is worth a warning: what renews
/// certificates by itself does so long before.
const LAST_PART: u64 = 10;
/// Of a long-lived certificate the last two weeks are enough.
const LAST_SECONDS: u64 = 14 * 24 * 3_600;

/// What a certificate says.
#[derive(Debug, Clone, Default)]
pub struct Certificate {
    names: Vec<String>,
    common_name: Option<String>,
    valid: Option<(DateTime, DateTime)>,
}

impl Certificate {
    /// Empty where it can't be told: whether a certificate is good is for the other side to judge.
    pub fn of(der: &CertificateDer<'_>) -> Self {
        let Ok(certificate) = x509_cert::Certificate::from_der(der) else { return Self::default() };
        let certificate = certificate.tbs_certificate();
        let names = match certificate.get_extension::<SubjectAltName>() {
            Ok(Some((_, names))) => names.0.iter().filter_map(name).collect(),
            _ => Vec::new(),
        };
        let validity = certificate.validity();
        let valid = (validity.not_before.to_date_time(), validity.not_after.to_date_time());
        let common_name = certificate.subject().to_string();
        let common_name = common_name.strip_prefix("CN=").map(str::to_owned);
        Self { names, common_name, valid: Some(valid) }
    }

    /// The names and addresses that it is valid for.
    pub fn names(&self) -> String {
        self.names.join(" ")
    }

    /// The subject's common name, where that is all its name.
    pub fn common_name(&self) -> Option<&str> {
        self.common_name.as_deref()
    }

    /// Seconds from 1970 until it is over.
    pub fn not_after(&self) -> Option<u64> {
        self.valid.map(|(_, end)| end.unix_duration().as_secs())
    }

    /// How much of its time is left.
    pub(crate) fn left(&self) -> Left {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let Some((begin, end)) = self.valid else { return Left::Enough };
        let (begin, end) = (begin.unix_duration().as_secs(), end.unix_duration().as_secs());
        let last = (end.saturating_sub(begin) / LAST_PART).min(LAST_SECONDS);
        match end.saturating_sub(now) {
            0 => Left::Nothing,
            left if left < last => Left::Little,
            _ => Left::Enough,
        }
    }
}

/// How much of a certificate's time is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    Enough,
    Little,
    Nothing,
}

/// Until when it is valid.
impl fmt::Display for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.valid {
            Some((_, end)) => end.fmt(f),
            None => f.write_str("unknown"),
        }
    }
}

fn name(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(name.to_string()),
        GeneralName::IpAddress(ip) => match ip.as_bytes() {
            bytes if bytes.len() == 4 => {
                <[u8; 4]>::try_from(bytes).ok().map(|ip| IpAddr::from(ip).to_string())
            }
            bytes => <[u8; 16]>::try_from(bytes).ok().map(|ip| IpAddr::from(ip).to_string()),
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};
    use time::{Duration, OffsetDateTime};

    fn made(change: impl Fn(&mut CertificateParams)) -> Certificate {
        let names = ["crowd.test", "*.crowd.test", "127.0.0.1", "::1"].map(str::to_owned);
        let mut params = CertificateParams::new(names).unwrap();
        change(&mut params);
        Certificate::of(params.self_signed(&KeyPair::generate().unwrap()).unwrap().der())
    }

    #[test]
    fn a_certificate_says_for_what_and_until_when() {
        let old = made(|params| params.not_after = date_time_ymd(2020, 2, 29));
        assert_eq!(old.names(), "crowd.test *.crowd.test 127.0.0.1 ::1");
        assert_eq!(old.to_string(), "2020-02-29T00:00:00Z");
        assert_eq!(old.left(), Left::Nothing);
        let none = Certificate::of(&CertificateDer::from(vec![1, 2, 3]));
        assert_eq!(
            (none.names(), none.to_string(), none.not_after()),
            (String::new(), "unknown".into(), None)
        );
    }

    #[test]
    fn its_last_part_is_a_tenth_of_it_and_two_weeks_at_most() {
        let left = |age: i64, left: i64| {
            made(|params| {
                params.not_before = OffsetDateTime::now_utc() - Duration::hours(age);
                params.not_after = OffsetDateTime::now_utc() + Duration::hours(left);
            })
            .left()
        };
        assert_eq!(left(20, 4), Left::Enough);
        assert_eq!(left(23, 1), Left::Little);
        assert_eq!(left(24, -1), Left::Nothing);
        assert_eq!(left(24 * 3_600, 24 * 15), Left::Enough);
        assert_eq!(left(24 * 3_600, 24 * 13), Left::Little);
    }
}
