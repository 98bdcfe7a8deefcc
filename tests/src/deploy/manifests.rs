//! Manifests as kustomize renders them, and YAML as values. The tools are those of `tests/setup`.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::project;

const TO_JSON: &str = "import json, sys, yaml; json.dump(list(yaml.safe_load_all(sys.stdin)), sys.stdout)";

/// All documents of a YAML text.
pub fn yaml(text: &[u8]) -> Vec<Value> {
    let json = piped(Command::new(project("target/tools/python/bin/python")).args(["-c", TO_JSON]), text);
    serde_json::from_slice(&json).expect("it is an array of documents")
}

/// What an overlay comes to.
pub struct Manifests {
    /// As rendered.
    pub text: Vec<u8>,
    /// Each object.
    pub objects: Vec<Value>,
}

impl Manifests {
    /// The overlay of this name.
    pub fn render(overlay: &str) -> Self {
        let folder = project("deploy/k8s/overlays").join(overlay);
        let text = piped(Command::new(project("target/tools/kubectl")).arg("kustomize").arg(folder), &[]);
        let objects = yaml(&text);
        Self { text, objects }
    }

    /// The objects of this kind.
    pub fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.objects.iter().filter(move |object| object["kind"] == kind)
    }

    /// The object of this kind whose name is this, or begins with it and goes on with a hash.
    pub fn one<'a>(&'a self, kind: &'a str, name: &str) -> &'a Value {
        let named = |object: &&Value| {
            let its = object["metadata"]["name"].as_str().unwrap_or_default();
            its == name || its.rsplit_once('-').is_some_and(|(its, hash)| its == name && hash.len() == 10)
        };
        self.of(kind).find(named).unwrap_or_else(|| panic!("there is no {kind} {name}"))
    }
}

/// The pods that an object makes; none where it makes none.
pub fn pods(object: &Value) -> Option<&Value> {
    Some(&template(object)["spec"]).filter(|spec| spec.is_object())
}

/// What a workload makes its pods by; null where it is none. Between a CronJob and its pods there is a job.
pub fn template(object: &Value) -> &Value {
    let job = &object["spec"]["jobTemplate"];
    if job.is_object() { template(job) } else { &object["spec"]["template"] }
}

/// What the command prints for this input. It must succeed.
fn piped(command: &mut Command, input: &[u8]) -> Vec<u8> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}; run tests/setup"));
    let (mut stdin, input) = (child.stdin.take().expect("piped"), input.to_owned());
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let done = child.wait_with_output().expect("it was started");
    // Its word on the input is its exit code.
    let _ = writer.join().expect("writing does not panic");
    assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
    done.stdout
}
