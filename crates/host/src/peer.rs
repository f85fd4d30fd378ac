//! Who is at the other end of a local socket.

use std::io;
use std::os::unix::net::UnixStream;

use rustix::net::sockopt;

use crate::procfs::{self, Process};

/// The process at the other end, as the kernel says; it cannot pretend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    pub(crate) process: Process,
    uid: u32,
}

impl Peer {
    /// Who connected, or listens, at the other end of this socket.
    ///
    /// # Errors
    ///
    /// Fails where the kernel does not know, and where that process is gone.
    pub fn of(stream: &UnixStream) -> io::Result<Self> {
        let credentials = sockopt::socket_peercred(stream)?;
        let pid = credentials.pid.as_raw_nonzero().get().unsigned_abs();
        let (process, _) = procfs::stat(pid)
            .ok_or_else(|| io::Error::other("the process that connected is gone"))?;
        Ok(Self {
            process,
            uid: credentials.uid.as_raw(),
        })
    }

    /// Its process id at the time it connected.
    pub fn pid(&self) -> u32 {
        self.process.pid
    }

    /// The user it acts as.
    pub fn uid(&self) -> u32 {
        self.uid
    }
}
