//! The owner's key in a file: Ed25519 as PKCS#8 PEM, which nobody else may read.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use crowd_protocol::{OwnerKey, SigningKey};
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey};

use crate::exit::Failure;
use crate::{output, places};

/// A key file, which may not exist yet.
#[derive(Debug, Clone)]
pub(crate) struct KeyFile {
    path: PathBuf,
}

impl KeyFile {
    /// The file that was named, or the user's own.
    pub(crate) fn at(path: Option<PathBuf>) -> anyhow::Result<Self> {
        let path = match path {
            Some(path) => path,
            None => places::config()?.join("key.pem"),
        };
        Ok(Self { path })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the key.
    pub(crate) fn load(&self) -> anyhow::Result<SigningKey> {
        match fs::read_to_string(&self.path) {
            Ok(pem) => {
                self.check_mode()?;
                parse(&pem).with_context(|| format!("in {}", self.path.display()))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let why = format!("there is no key at {}; `crowd keys new` makes one", self.path.display());
                Err(Failure::NotFound(why).into())
            }
            Err(error) => Err(error).with_context(|| self.path.display().to_string()),
        }
    }

    /// Reads the key, or makes one and says so.
    pub(crate) fn load_or_create(&self) -> anyhow::Result<SigningKey> {
        if self.path.try_exists().with_context(|| self.path.display().to_string())? {
            return self.load();
        }
        let key = self.create()?;
        output::remark(format_args!(
            "made your key: {} (keep a copy: whoever has it owns what you publish)",
            self.path.display()
        ));
        Ok(key)
    }

    /// Makes a new key; refuses to replace one.
    pub(crate) fn create(&self) -> anyhow::Result<SigningKey> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).context("this computer gives no random numbers")?;
        let key = SigningKey::from_bytes(&seed);
        self.store(&key)?;
        Ok(key)
    }

    /// Writes a key to where none is, for this user alone.
    pub(crate) fn store(&self, key: &SigningKey) -> anyhow::Result<()> {
        if let Some(dir) = self.path.parent().filter(|dir| !dir.as_os_str().is_empty()) {
            make_private_dir(dir).with_context(|| dir.display().to_string())?;
        }
        let written = private_options().open(&self.path).and_then(|mut file| {
            file.write_all(to_pem(key).as_bytes())?;
            file.sync_all()
        });
        match written {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let path = self.path.display();
                let why = format!("{path} exists: a key is never replaced; move it away or choose --key");
                Err(Failure::Refused(why).into())
            }
            Err(error) => Err(error).with_context(|| self.path.display().to_string()),
        }
    }

    #[cfg(unix)]
    fn check_mode(&self) -> anyhow::Result<()> {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&self.path)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            let path = self.path.display();
            bail!(Failure::Refused(format!(
                "others can read the key {path} (mode {mode:o}), so it is not used; make it yours alone: chmod 600 {path}"
            )));
        }
        Ok(())
    }

    #[cfg(not(unix))]
    fn check_mode(&self) -> anyhow::Result<()> {
        Ok(())
    }
}

/// Reads a PKCS#8 PEM.
pub(crate) fn parse(pem: &str) -> anyhow::Result<SigningKey> {
    SigningKey::from_pkcs8_pem(pem.trim()).map_err(|error| {
        anyhow::anyhow!("not an Ed25519 key as PKCS#8 PEM (-----BEGIN PRIVATE KEY-----): {error}")
    })
}

/// Writes a PKCS#8 PEM.
pub(crate) fn to_pem(key: &SigningKey) -> String {
    let pem = key.to_pkcs8_pem(LineEnding::LF).expect("an Ed25519 key has a PKCS#8 form");
    (*pem).clone()
}

/// The owner in the form that releases and this program name it.
pub(crate) fn owner_of(key: &SigningKey) -> OwnerKey {
    OwnerKey::of(key)
}

/// Makes a folder, and those above it, for this user alone; one that is there stays as it is.
pub(crate) fn make_private_dir(dir: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// Writes a private key to a file for this user alone, over what is there, at once or not at all.
pub(crate) fn replace_private(path: &Path, pem: &str) -> anyhow::Result<()> {
    let mut next = path.as_os_str().to_owned();
    next.push(".new");
    let written = match fs::remove_file(&next) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => private_options().open(&next).and_then(|mut file| {
            file.write_all(pem.as_bytes())?;
            file.sync_all()?;
            fs::rename(&next, path)
        }),
    };
    written.with_context(|| path.display().to_string())
}

fn private_options() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_key_is_private_kept_and_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let file = KeyFile::at(Some(dir.path().join("deep/key.pem"))).unwrap();
        let key = file.create().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(file.path()), mode(file.path().parent().unwrap())), (0o600, 0o700));
        assert_eq!(file.load().unwrap().to_bytes(), key.to_bytes());
        assert!(file.create().unwrap_err().to_string().contains("never replaced"));
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o644)).unwrap();
        assert!(file.load().unwrap_err().to_string().contains("chmod 600"));
    }

    #[test]
    fn openssls_form_is_read() {
        // openssl genpkey -algorithm ed25519
        let pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
                   -----END PRIVATE KEY-----\n";
        assert_eq!(owner_of(&parse(pem).unwrap()).to_string(), "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    }
}
