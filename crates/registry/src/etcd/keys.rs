//! Which keys there are: `PREFIXformat`, `PREFIXid`, and `PREFIXnames/PROJECT` for each record.

use crowd_protocol::ProjectName;

/// What keys begin with.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    prefix: String,
}

impl Keys {
    pub(super) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    pub(super) fn format(&self) -> String {
        format!("{}format", self.prefix)
    }

    pub(super) fn id(&self) -> String {
        format!("{}id", self.prefix)
    }

    pub(super) fn record(&self, project: &ProjectName) -> String {
        format!("{}{project}", self.records())
    }

    /// What the keys of all records begin with.
    pub(super) fn records(&self) -> String {
        format!("{}names/", self.prefix)
    }

    /// The first key after those of all records: `0` follows on `/`.
    pub(super) fn after_records(&self) -> String {
        format!("{}names0", self.prefix)
    }

    /// The name that a record's key has; none where it is no name.
    pub(super) fn project(&self, key: &[u8]) -> Option<ProjectName> {
        let name = key.strip_prefix(self.records().as_bytes())?;
        ProjectName::parse(std::str::from_utf8(name).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_records_key_leads_back_to_its_name_and_lies_in_the_range() {
        let keys = Keys::new("/crowd/");
        let name: ProjectName = "my-site".parse().unwrap();
        let key = keys.record(&name);
        assert_eq!(key, "/crowd/names/my-site");
        assert_eq!(keys.project(key.as_bytes()), Some(name));
        assert!(keys.records() < key && key < keys.after_records());
        for other in ["/crowd/names/No Name", "/crowd/id", "/other/names/my-site", "/crowd/names/"] {
            assert_eq!(keys.project(other.as_bytes()), None, "{other}");
        }
        assert!(!(keys.records()..keys.after_records()).contains(&keys.id()));
    }
}
