//! Hosts of their own on this machine: network namespaces on one bridge, with one book of names. Gone with the test.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Mutex;

/// Where the hosts' addresses begin. They exist in these namespaces only.
const NETWORK: &str = "10.77.0";

/// A network of hosts.
pub struct Lan {
    prefix: String,
    folder: tempfile::TempDir,
    names: Mutex<Vec<(String, String)>>,
}

/// One host, with an address.
pub struct Host {
    /// The name of its namespace.
    pub namespace: String,
    /// Its address.
    pub address: String,
    names: PathBuf,
}

impl Lan {
    /// An empty network, or why this machine can have none: it takes root and iproute2.
    pub fn new() -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let prefix = format!("crowd-{}", std::process::id());
        let lan = Self { prefix, folder, names: Mutex::default() };
        lan.tell_names();
        let bridge = lan.namespace("lan");
        run(&["ip", "netns", "add", &bridge])?;
        run(&["ip", "-n", &bridge, "link", "add", "br0", "type", "bridge"])?;
        run(&["ip", "-n", &bridge, "link", "set", "br0", "up"])?;
        Ok(lan)
    }

    /// A host with the address that ends in `last`.
    pub fn host(&self, last: u8) -> Host {
        let (namespace, bridge) = (self.namespace(&last.to_string()), self.namespace("lan"));
        let (address, port) = (format!("{NETWORK}.{last}"), format!("port{last}"));
        let done = (|| {
            run(&["ip", "netns", "add", &namespace])?;
            run(&["ip", "-n", &namespace, "link", "set", "lo", "up"])?;
            run(&[
                "ip", "-n", &namespace, "link", "add", "eth0", "type", "veth", "peer", "name", &port,
                "netns", &bridge,
            ])?;
            run(&["ip", "-n", &bridge, "link", "set", &port, "master", "br0", "up"])?;
            run(&["ip", "-n", &namespace, "addr", "add", &format!("{address}/24"), "dev", "eth0"])?;
            run(&["ip", "-n", &namespace, "link", "set", "eth0", "up"])
        })();
        done.expect("a machine that has one namespace can have another");
        Host { namespace, address, names: self.names_file() }
    }

    /// From now on `name` leads to `addresses`, on every host.
    pub fn call(&self, name: &str, addresses: &[&str]) {
        let mut names = self.names.lock().expect("no test panics while it holds this");
        names.retain(|(its, _)| its != name);
        names.extend(addresses.iter().map(|address| (name.to_owned(), (*address).to_owned())));
        drop(names);
        self.tell_names();
    }

    fn names_file(&self) -> PathBuf {
        self.folder.path().join("hosts")
    }

    /// Written in place: hosts have this very file mounted.
    fn tell_names(&self) {
        let mut text = "127.0.0.1 localhost\n".to_owned();
        for (name, address) in self.names.lock().expect("no test panics while it holds this").iter() {
            writeln!(text, "{address} {name}").expect("a String takes all");
        }
        std::fs::write(self.names_file(), text).expect("the folder is there");
    }

    fn namespace(&self, of: &str) -> String {
        format!("{}-{of}", self.prefix)
    }
}

impl Host {
    /// A command that runs on this host.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", "mount --bind \"$0\" /etc/hosts && exec \"$@\""]);
        command.arg(&self.names).args(["ip", "netns", "exec", &self.namespace]).arg(program);
        command
    }

    /// The file that the names of the network are in.
    pub fn names(&self) -> &Path {
        &self.names
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = run(&["ip", "netns", "delete", &self.namespace]);
    }
}

impl Drop for Lan {
    fn drop(&mut self) {
        let _ = run(&["ip", "netns", "delete", &self.namespace("lan")]);
    }
}

fn run(line: &[&str]) -> Result<(), String> {
    let said = |output: Output| String::from_utf8_lossy(&output.stderr).trim().to_owned();
    match Command::new(line[0]).args(&line[1..]).output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!("{}: {}", line.join(" "), said(output))),
        Err(error) => Err(format!("{}: {error}", line[0])),
    }
}
