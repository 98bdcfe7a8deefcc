//! The compose file, the unit and the README of `deploy/` by themselves: what they name is there, and the unit is one that
//! systemd takes. Whether they fit the command is for `deploy.rs`.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use crowd_tests::crowd;
use crowd_tests::deploy::{compose_nodes, document, project, read};

#[test]
fn the_compose_file_mounts_and_names_what_is_there() {
    let compose = document("deploy/compose.yaml");
    let mut names = BTreeSet::new();
    for (name, node) in compose_nodes(&compose) {
        let env = &node["environment"];
        assert_eq!(env["CROWD_NAME"], *name);
        assert!(env["CROWD_JOIN"].as_str().unwrap().contains(&format!("{name}:7001")), "{name}");
        assert!(names.insert(env["CROWD_PUBLIC_URL"].as_str().unwrap().to_owned()), "{name}");
        assert!(node["read_only"] == true && node["cap_drop"][0] == "ALL", "{name}");
    }
    assert_eq!(names.len(), 3);
    for (name, service) in compose["services"].as_object().unwrap() {
        let image = service["image"].as_str().unwrap();
        assert!(
            service["build"].is_object() || image.split_once(':').is_some_and(|(_, tag)| tag != "latest"),
            "{name}"
        );
        for volume in service["volumes"].as_array().unwrap_or(&Vec::new()) {
            let from = volume.as_str().unwrap().split(':').next().unwrap();
            match from.strip_prefix("./") {
                Some(path) => assert!(project("deploy").join(path).exists(), "{name}: {from}"),
                None => assert!(compose["volumes"].as_object().unwrap().contains_key(from), "{name}: {from}"),
            }
        }
        for other in service["depends_on"].as_array().unwrap_or(&Vec::new()) {
            assert!(compose["services"][other.as_str().unwrap()].is_object(), "{name}: {other}");
        }
    }
}

#[test]
fn the_unit_is_one_that_systemd_takes_and_may_do_little() {
    let folder = tempfile::tempdir().unwrap();
    let unit = folder.path().join("crowd.service");
    let binary = crowd();
    let binary = Path::new(binary.as_std().get_program());
    let text = read("deploy/systemd/crowd.service");
    assert!(text.contains("ExecStart=/usr/local/bin/crowd serve "));
    std::fs::write(&unit, text.replace("/usr/local/bin/crowd", &binary.to_string_lossy())).unwrap();
    let analyze = |args: &[&str]| {
        let output = Command::new("systemd-analyze").args(args).arg(&unit).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    };
    let (valid, said) = analyze(&["verify", "--man=no"]);
    assert!(valid && said.trim().is_empty(), "{said}");
    // In tenths, of ten: 2.0 or less.
    let (little, said) = analyze(&["security", "--offline=true", "--threshold=20", "--no-pager"]);
    assert!(little, "{said}");
}

#[test]
fn the_readme_leads_to_what_is_there() {
    let readme = read("deploy/README.md");
    let anchors: BTreeSet<String> = readme
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| anchor(line.trim_start_matches('#')))
        .collect();
    let mut found = 0;
    for link in readme.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        match link.strip_prefix('#') {
            Some(to) => assert!(anchors.contains(to), "there is no #{to} among {anchors:?}"),
            None => assert!(link.starts_with("https://") || project("deploy").join(link).exists(), "{link}"),
        }
        found += 1;
    }
    let of_a_path = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    for word in readme.split(|c| !of_a_path(c)).filter(|word| word.starts_with("deploy/")) {
        assert!(project(word.trim_end_matches('.')).exists(), "{word}");
        found += 1;
    }
    assert!(found > 20, "only {found} were found");
}

/// What a heading is linked to by.
fn anchor(heading: &str) -> String {
    let letters = heading.trim().to_lowercase();
    letters
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}
