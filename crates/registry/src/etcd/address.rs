//! How an etcd is named: `etcd://HOST:PORT,HOST:PORT/prefix/`. Known in every build, whether or not etcd can be used.

use std::fmt;
use std::str::FromStr;

/// The port of etcd's clients, where none is named.
const PORT: u16 = 2379;
/// Where the keys are, where nothing else is named.
const PREFIX: &str = "/crowd/";
/// Bytes of an address: nodes tell it to each other.
const MAX_ADDRESS: usize = 1_024;

/// The members of an etcd, and below which prefix the registry's keys are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EtcdAddress {
    members: Vec<String>,
    prefix: String,
}

impl EtcdAddress {
    /// The members, each `HOST:PORT`; one at least.
    pub fn members(&self) -> &[String] {
        &self.members
    }

    /// What every key begins with; begins and ends with a slash.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }
}

impl FromStr for EtcdAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            |why: &str| format!("{text:?} is no etcd address: {why}; it is etcd://HOST:PORT,HOST:PORT");
        let rest = text.strip_prefix("etcd://").ok_or_else(|| wrong("it does not begin with etcd://"))?;
        let (members, prefix) = rest.find('/').map_or((rest, PREFIX), |at| rest.split_at(at));
        if !prefix.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(wrong("its prefix has other characters than visible ASCII"));
        }
        // The keys of its records would be among those of the registry whose prefix ends before it.
        if prefix.split('/').any(|part| part == "names") {
            return Err(wrong("its prefix has a part `names`, where another registry's records would be"));
        }
        let members = members.split(',').map(|member| read_member(member).ok_or(member));
        let members: Vec<String> = members
            .collect::<Result<_, _>>()
            .map_err(|member| wrong(&format!("{member:?} is no HOST:PORT")))?;
        let prefix = format!("{}/", prefix.trim_end_matches('/'));
        let address = Self { members, prefix };
        if address.to_string().len() > MAX_ADDRESS {
            return Err(wrong("it has more than 1,024 bytes"));
        }
        Ok(address)
    }
}

/// All of it, so that whoever is told the address finds the same keys.
impl fmt::Display for EtcdAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "etcd://{}{}", self.members.join(","), self.prefix)
    }
}

/// `HOST:PORT` of `HOST` or `HOST:PORT`.
fn read_member(member: &str) -> Option<String> {
    let (host, port) = match member.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse::<u16>().ok()?),
        _ => (member, PORT),
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let fine = match address {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.chars().all(plain),
    };
    (fine && port > 0).then(|| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_and_written_in_full() {
        for (text, full) in [
            ("etcd://a", "etcd://a:2379/crowd/"),
            ("etcd://a:1,b:2,c", "etcd://a:1,b:2,c:2379/crowd/"),
            ("etcd://10.0.0.1:2379/", "etcd://10.0.0.1:2379/"),
            ("etcd://[::1]:5,[::2]/sites/of/us", "etcd://[::1]:5,[::2]:2379/sites/of/us/"),
        ] {
            let address: EtcdAddress = text.parse().unwrap();
            assert_eq!(address.to_string(), full);
            assert_eq!(full.parse(), Ok(address));
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        let long = format!("etcd://{}", ["member.example.org"; 60].join(","));
        for text in
            ["a:1", "etcd://", "etcd://a,,b", "etcd://a:0", "etcd://a:x", "etcd://a b", "etcd://u@a:1", &long]
        {
            assert!(text.parse::<EtcdAddress>().is_err(), "{text}");
        }
        for nested in ["etcd://a/names", "etcd://a/blue/names/", "etcd://a/names/green/"] {
            assert!(nested.parse::<EtcdAddress>().is_err(), "{nested}");
        }
        assert!("etcd://a/names-of-us/".parse::<EtcdAddress>().is_ok());
        assert!("etcd://::1:5".parse::<EtcdAddress>().is_err(), "an IPv6 address wants its brackets");
    }
}
