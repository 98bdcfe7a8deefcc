//! An address of a project on the command line.

use std::str::FromStr;

use crowd_protocol::CrowdAddress;

/// `crowd://…`; what stands in a browser's address bar is explained, not guessed.
#[derive(Debug, Clone)]
pub(crate) struct SiteLink(pub(crate) CrowdAddress);

impl FromStr for SiteLink {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some((_, rest)) = text.split_once("://").filter(|(scheme, _)| scheme.starts_with("http")) {
            return Err(format!("that is a browser's address; here it is crowd://{rest}"));
        }
        CrowdAddress::parse(text).map(Self).map_err(|error| error.message.into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browsers_address_is_explained() {
        assert!("crowd://localhost:7000/site/a b.html".parse::<SiteLink>().is_ok());
        let why = "http://localhost:7000/site/".parse::<SiteLink>().unwrap_err();
        assert!(why.ends_with("crowd://localhost:7000/site/"), "{why}");
    }
}
