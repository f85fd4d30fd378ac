//! Where the recorder keeps its state and where it can be reached.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// The longest path of a socket (`sun_path` in `unix(7)`), in bytes.
const SOCKET_PATH: usize = 107;

/// The recorder of one state folder.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    state: PathBuf,
    sockets: PathBuf,
}

impl Place {
    /// The state folder that was named, or `$PROCTOR_STATE`, or `$XDG_STATE_HOME/proctor`, or
    /// `~/.local/state/proctor`. Sockets stand in `$XDG_RUNTIME_DIR/proctor` for the last two, else
    /// beside the state.
    pub(crate) fn of(named: Option<&Path>) -> anyhow::Result<Self> {
        if let Some(state) = named {
            let state = std::path::absolute(state)?;
            return Ok(Self {
                sockets: state.clone(),
                state,
            });
        }
        let absolute = |name: &str| {
            let path = std::env::var_os(name).map(PathBuf::from);
            path.filter(|p| p.is_absolute())
        };
        let state = match absolute("XDG_STATE_HOME") {
            Some(state) => state,
            None => std::env::home_dir()
                .context("this user has no home directory; name the state: `--state DIR`")?
                .join(".local/state"),
        }
        .join("proctor");
        let sockets = absolute("XDG_RUNTIME_DIR").map(|dir| dir.join("proctor"));
        Ok(Self {
            sockets: sockets.unwrap_or_else(|| state.clone()),
            state,
        })
    }

    /// The same with sockets elsewhere.
    pub(crate) fn with_sockets(mut self, sockets: Option<&Path>) -> Self {
        if let Some(sockets) = sockets {
            self.sockets = sockets.to_owned();
        }
        self
    }

    /// Makes the folders, which nobody else may enter.
    pub(crate) fn prepare(&self) -> anyhow::Result<()> {
        for dir in [&self.state, &self.sockets] {
            let what = || format!("cannot use the folder `{}`", dir.display());
            fs::create_dir_all(dir).with_context(what)?;
            fs::set_permissions(dir, fs::Permissions::from_mode(0o700)).with_context(what)?;
        }
        let longest = self.control().as_os_str().len();
        if longest > SOCKET_PATH {
            bail!(
                "the path of the socket `{}` has {longest} bytes, and the system takes \
                 {SOCKET_PATH}; use a shorter `--state`",
                self.control().display()
            );
        }
        Ok(())
    }

    pub(crate) fn state(&self) -> &Path {
        &self.state
    }

    /// The log's folder.
    pub(crate) fn log(&self) -> PathBuf {
        self.state.join("log")
    }

    /// The index.
    pub(crate) fn index(&self) -> PathBuf {
        self.state.join("index.db")
    }

    /// The socket of those who observe.
    pub(crate) fn ingest(&self) -> PathBuf {
        self.sockets.join("ingest.sock")
    }

    /// The socket of people and their commands.
    pub(crate) fn control(&self) -> PathBuf {
        self.sockets.join("control.sock")
    }

    /// What a recorder that was started on demand says.
    pub(crate) fn words(&self) -> PathBuf {
        self.state.join("recorder.log")
    }
}
