//! Why two nodes do not come to speak. The texts tell the operator what to set.

use std::io;

use rustls::{AlertDescription, Error, InvalidMessage};

use super::trust::why;

/// What came of the security of a line, seen from this side.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// The other side speaks plain, this one TLS.
    #[error(
        "it speaks plain, but this node TLS: it needs --cluster-ca, --cluster-cert and --cluster-key, too"
    )]
    SpeaksPlain,
    /// The other side speaks TLS, this one plain.
    #[error(
        "it speaks TLS, but this node plain: start this one with --cluster-ca, --cluster-cert and --cluster-key"
    )]
    SpeaksTls,
    /// What the other side shows is not taken here.
    #[error("its certificate is refused: {0}")]
    Theirs(String),
    /// What this node shows is not taken there.
    #[error("it refuses this node's certificate ({0}): its own log says why")]
    Ours(String),
}

impl Refusal {
    /// What a failed handshake, or the first read after one, says; none where it is no matter of security.
    pub(crate) fn of(error: &io::Error) -> Option<Self> {
        let inner = error.get_ref()?;
        let error = inner.downcast_ref::<Error>().or_else(|| inner.source()?.downcast_ref())?;
        match error {
            Error::InvalidMessage(InvalidMessage::InvalidContentType) => Some(Self::SpeaksPlain),
            Error::InvalidCertificate(_) | Error::NoCertificatesPresented => {
                Some(Self::of_certificate(error))
            }
            Error::AlertReceived(alert) => of_certificates(*alert).then(|| Self::Ours(format!("{alert:?}"))),
            _ => None,
        }
    }

    /// What is wrong with the other side's certificate.
    pub(crate) fn of_certificate(error: &Error) -> Self {
        Self::Theirs(match error {
            Error::InvalidCertificate(error) => why(error),
            Error::NoCertificatesPresented => "it shows none".to_owned(),
            other => other.to_string(),
        })
    }

    /// True where one of the two has the wrong flags, and nothing that changes by itself is wrong.
    pub(crate) fn is_of_flags(&self) -> bool {
        matches!(self, Self::SpeaksPlain | Self::SpeaksTls)
    }
}

fn of_certificates(alert: AlertDescription) -> bool {
    use AlertDescription as Alert;
    matches!(
        alert,
        Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::CertificateRequired
            | Alert::UnknownCA
            | Alert::AccessDenied
            | Alert::DecryptError
    )
}
