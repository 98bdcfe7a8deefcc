//! Links the app's scripts and makes them small, compresses every file once, and writes the table that `asset.rs` embeds.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::Context;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

#[path = "build/linker.rs"]
mod linker;
#[path = "build/minifier.rs"]
mod minifier;

/// In scripts: stands for the id of this build of the app.
const BUILD: &str = "__BUILD__";
/// In the worker: stands for the files that it keeps for when there is no network, and the hash of each. A project's
/// script can write to the same cache, so that the worker takes from it only what has this hash.
const SHELL: &str = "__SHELL__";
const SHELL_FILES: [&str; 8] =
    ["boot.js", "host.js", "badge.js", "progress.js", "render.js", "app.css", "mark.svg", "progress.html"];
/// Of a hash, as an id.
const ID_DIGITS: usize = 16;

struct File {
    name: String,
    bytes: Vec<u8>,
}

fn main() -> anyhow::Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    for watched in ["web", "assets", "build", "build.rs"] {
        println!("cargo::rerun-if-changed={watched}");
    }
    let mut files = assets(&root.join("assets"))?;
    files.extend(scripts(&root.join("web"))?);
    files.sort_by(|a, b| a.name.cmp(&b.name));
    name_the_build(&mut files);
    name_the_shell(&mut files)?;
    embed(&files, Path::new(&env::var("OUT_DIR")?))
}

/// The files that are served as they are.
fn assets(folder: &Path) -> anyhow::Result<Vec<File>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let name =
            path.file_name().and_then(|name| name.to_str()).context("a name that is no text")?.to_owned();
        // Hidden files are what editors and systems leave behind.
        if path.is_file() && !name.starts_with('.') {
            files.push(File { name, bytes: fs::read(&path)? });
        }
    }
    Ok(files)
}

/// One script of each module that lies directly in `folder`.
fn scripts(folder: &Path) -> anyhow::Result<Vec<File>> {
    let read = |module: &Path| {
        let path = folder.join(module);
        fs::read_to_string(&path).with_context(|| path.display().to_string())
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let name =
            path.file_name().and_then(|name| name.to_str()).context("a name that is no text")?.to_owned();
        if path.extension().is_some_and(|ending| ending == "js") && !name.starts_with('.') {
            let text =
                minifier::minify(&linker::link(Path::new(&name), &read)?).with_context(|| name.clone())?;
            files.push(File { name, bytes: text.into_bytes() });
        }
    }
    Ok(files)
}

/// Every script knows which build it belongs to: a worker of another build is another worker to a browser.
fn name_the_build(files: &mut [File]) {
    let mut all = Sha256::new();
    for file in &*files {
        all.update(file.name.as_bytes());
        all.update(&file.bytes);
    }
    let mut id = hex::encode(all.finalize());
    id.truncate(ID_DIGITS);
    for file in files.iter_mut().filter(|file| file.name.ends_with(".js")) {
        let text = String::from_utf8_lossy(&file.bytes).replace(BUILD, &format!("\"{id}\""));
        file.bytes = text.into_bytes();
    }
}

/// Every worker knows which files belong to it.
fn name_the_shell(files: &mut [File]) -> anyhow::Result<()> {
    let mut shell = Vec::new();
    for name in SHELL_FILES {
        let file =
            files.iter().find(|file| file.name == name).with_context(|| format!("{name} is not there"))?;
        shell.push(format!("{name:?}:\"{}\"", hex::encode(Sha256::digest(&file.bytes))));
    }
    let shell = format!("{{{}}}", shell.join(","));
    for file in files.iter_mut().filter(|file| file.name == "worker.js") {
        let text = String::from_utf8_lossy(&file.bytes).replace(SHELL, &shell);
        file.bytes = text.into_bytes();
    }
    Ok(())
}

/// Writes each file, its compressed form where that is smaller, and the table of them.
fn embed(files: &[File], out: &Path) -> anyhow::Result<()> {
    let folder = out.join("files");
    fs::create_dir_all(&folder)?;
    let mut table = String::from("&[\n");
    for File { name, bytes } in files {
        let path = folder.join(name);
        fs::write(&path, bytes)?;
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes)?;
        let gzip = encoder.finish()?;
        let packed = if gzip.len() < bytes.len() {
            let packed = folder.join(format!("{name}.gz"));
            fs::write(&packed, gzip)?;
            format!("Some(include_bytes!({packed:?}))")
        } else {
            "None".to_owned()
        };
        let hash = hex::encode(Sha256::digest(bytes));
        writeln!(
            table,
            "    Embedded {{ name: {name:?}, bytes: include_bytes!({path:?}), gzip: {packed}, hash: {hash:?} }},"
        )?;
    }
    table.push(']');
    fs::write(out.join("table.rs"), table)?;
    Ok(())
}
