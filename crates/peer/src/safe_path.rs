//! Paths come from strangers. Before anything is written, this makes sure that it stays where it belongs.

use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use crate::PeerError;

/// Where below `root` the file `path` goes. Makes its folders. Refuses what would leave `root` on this computer,
/// whatever the protocol thinks of the path, and what would go through a symlink or replace a folder.
pub(crate) fn prepare(root: &Path, path: &str) -> Result<PathBuf, PeerError> {
    let refuse = |why| PeerError::UnsafePath { path: path.to_owned(), why };
    let relative = Path::new(path);
    let names: Vec<_> = relative
        .components()
        .map(|component| match component {
            Component::Normal(name) => Ok(name),
            _ => Err(refuse("it leads out of the folder")),
        })
        .collect::<Result<_, _>>()?;
    let Some((file, folders)) = names.split_last() else { return Err(refuse("it is empty")) };
    let mut at = root.to_owned();
    for folder in folders {
        at.push(folder);
        // Made before it is looked at: another file of the same folder may be on its way, too.
        match fs::create_dir(&at) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(PeerError::io(&at, error)),
            _ => {}
        }
        let meta = fs::symlink_metadata(&at).map_err(|error| PeerError::io(&at, error))?;
        if meta.is_symlink() {
            return Err(refuse("a symlink is in the way"));
        }
        if !meta.is_dir() {
            return Err(refuse("a file is where a folder belongs"));
        }
    }
    at.push(file);
    check_file(&at, path)?;
    Ok(at)
}

/// Refuses a file that is a symlink or a folder; one that isn't there is fine.
pub(crate) fn check_file(at: &Path, path: &str) -> Result<(), PeerError> {
    let refuse = |why| Err(PeerError::UnsafePath { path: path.to_owned(), why });
    match fs::symlink_metadata(at) {
        Ok(meta) if meta.is_symlink() => refuse("a symlink is in the way"),
        Ok(meta) if meta.is_dir() => refuse("a folder is where a file belongs"),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(PeerError::io(at, error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_the_folder() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("root");
        fs::create_dir(&root).unwrap();
        for path in ["../x", "/etc/passwd", "a/../../x", "", "..", "a/.."] {
            assert!(matches!(prepare(&root, path), Err(PeerError::UnsafePath { .. })), "{path:?}");
        }
        assert_eq!(prepare(&root, "a/b/c.txt").unwrap(), root.join("a/b/c.txt"));
        assert!(root.join("a/b").is_dir());
    }

    #[test]
    fn two_files_of_one_folder_may_come_at_once() {
        let dir = tempfile::tempdir().unwrap();
        for round in 0..50 {
            let prepare = |name| prepare(dir.path(), &format!("{round}/a/b/{name}"));
            std::thread::scope(|scope| {
                let other = scope.spawn(|| prepare("x"));
                prepare("y").unwrap();
                other.join().unwrap().unwrap();
            });
        }
    }

    #[cfg(unix)]
    #[test]
    fn symlinks_are_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let (root, outside) = (dir.path().join("root"), dir.path().join("outside"));
        fs::create_dir_all(&root).unwrap();
        fs::create_dir_all(&outside).unwrap();
        std::os::unix::fs::symlink(&outside, root.join("folder")).unwrap();
        std::os::unix::fs::symlink(outside.join("file"), root.join("file")).unwrap();
        for path in ["folder/x", "file"] {
            assert!(matches!(prepare(&root, path), Err(PeerError::UnsafePath { .. })), "{path:?}");
        }
    }
}
