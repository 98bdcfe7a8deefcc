//! The files of this project.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::yaml;

/// A file or folder of this project, by its path in it.
pub fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is a folder of the project").join(path)
}

/// The text of a file of this project.
pub fn read(path: &str) -> String {
    std::fs::read_to_string(project(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A YAML file of this project that is one document.
pub fn document(path: &str) -> Value {
    yaml(read(path).as_bytes()).remove(0)
}

/// All files below a folder of this project: what each is called, and its text. What is no text is left out.
pub fn texts(folder: &str) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(project(folder)).expect("it is a folder of the project");
    let names = entries
        .map(|entry| format!("{folder}/{}", entry.expect("it can be read").file_name().to_string_lossy()));
    let text = |path: String| match project(&path).is_dir() {
        true => texts(&path),
        false => std::fs::read_to_string(project(&path)).map(|text| (path, text)).into_iter().collect(),
    };
    names.flat_map(text).collect()
}

/// The services of the compose file that are nodes.
pub fn compose_nodes(compose: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let services = compose["services"].as_object().expect("a compose file has services");
    services.iter().filter(|(_, service)| service["build"].is_object())
}
