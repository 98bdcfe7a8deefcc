//! Loads the golden vectors, which the browser's tests read too. A vector file that lacks cases fails its test.

use serde_json::Value;

/// One file of `crates/protocol/vectors`.
pub(crate) struct Vectors(Value);

impl Vectors {
    pub(crate) fn load(file: &str) -> Self {
        let path = format!("{}/vectors/{file}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let vectors: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert!(
            vectors["about"].as_str().is_some_and(|about| about.len() > 20),
            "{path}: says nothing about itself"
        );
        Self(vectors)
    }

    /// The cases under a JSON pointer such as `/good`, of which there are `at_least` so many.
    pub(crate) fn cases(&self, pointer: &str, at_least: usize) -> &[Value] {
        let cases = self.0.pointer(pointer).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        assert!(cases.len() >= at_least, "{pointer} has {} cases, {at_least} are expected", cases.len());
        cases
    }
}

/// A text, or a text field of a case.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} should be text"))
}
