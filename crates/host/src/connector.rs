//! The kernel's own account of forks, execs and exits: the process connector, `cn_proc(7)`-like
//! messages over netlink (`linux/cn_proc.h`, `linux/connector.h`). It needs no privilege, but the
//! first user and process namespace.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::netlink::{CONNECTOR, SocketAddrNetlink};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, bind, recvfrom, sendto,
    socket_with, sockopt,
};

/// Identifies the process connector (`CN_IDX_PROC`, `CN_VAL_PROC`).
const PROC: [u32; 2] = [1, 1];
/// `PROC_CN_MCAST_LISTEN`.
const LISTEN: u32 = 1;
/// Lengths of `struct nlmsghdr` and `struct cn_msg`, in bytes.
const NETLINK: usize = 16;
const MESSAGE: usize = 20;
/// The kernel's queue for us, in bytes: some 30,000 events.
const QUEUE: usize = 8 << 20;
/// How long the kernel may take to answer.
const ANSWER: Duration = Duration::from_millis(500);

/// What happened to a process. Threads are not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Happening {
    Fork { parent: u32, child: u32 },
    Exec { pid: u32 },
    Exit { pid: u32 },
}

/// What reading the connector gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Happened(Happening),
    /// The answer to somebody who asked to be told.
    Answer,
    /// Something that is of no interest.
    Other,
    /// The kernel's queue was full, and events are gone.
    Lost,
    /// Nothing is waiting.
    Nothing,
}

/// The way to the kernel.
pub(crate) struct Connector {
    socket: OwnedFd,
}

impl Connector {
    /// Asks the kernel to tell.
    pub(crate) fn open() -> io::Result<Self> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(
            AddressFamily::NETLINK,
            SocketType::DGRAM,
            flags,
            Some(CONNECTOR),
        )?;
        // Past the limit of an ordinary user only the privileged way helps; less is told as loss.
        if sockopt::set_socket_recv_buffer_size_force(&socket, QUEUE).is_err() {
            sockopt::set_socket_recv_buffer_size(&socket, QUEUE)?;
        }
        bind(&socket, &SocketAddrNetlink::new(0, PROC[0]))?;
        sendto(
            &socket,
            &listen(),
            SendFlags::empty(),
            &SocketAddrNetlink::new(0, 0),
        )?;
        let connector = Self { socket };
        connector.await_answer()?;
        Ok(connector)
    }

    /// Waits for the kernel to say that it will tell. In a namespace of its own a process is not
    /// answered at all, and would take silence for peace.
    fn await_answer(&self) -> io::Result<()> {
        let until = Instant::now() + ANSWER;
        while Instant::now() < until {
            if self.next()? == Told::Answer {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Err(io::Error::other("the kernel does not answer here"))
    }

    /// The next thing that happened, without waiting.
    pub(crate) fn next(&self) -> io::Result<Told> {
        let mut buffer = [0; 1024];
        let (read, from) = match recvfrom(&self.socket, &mut buffer[..], RecvFlags::empty()) {
            Ok((_, read, from)) => (read, from),
            Err(Errno::AGAIN) => return Ok(Told::Nothing),
            Err(Errno::INTR) => return Ok(Told::Other),
            Err(Errno::NOBUFS) => return Ok(Told::Lost),
            Err(error) => return Err(error.into()),
        };
        // Only the kernel is believed: it is the sender with number 0.
        let kernel = from
            .and_then(|from| SocketAddrNetlink::try_from(from).ok())
            .is_some_and(|from| from.pid() == 0);
        let message = buffer.get(..read).unwrap_or_default();
        Ok(match parse(message) {
            Some(happening) if kernel => Told::Happened(happening),
            None if kernel && is_answer(message) => Told::Answer,
            _ => Told::Other,
        })
    }
}

impl AsFd for Connector {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// The message that asks to be told, in the byte order of this machine.
fn listen() -> Vec<u8> {
    let mut out = Vec::with_capacity(NETLINK + MESSAGE + 4);
    let len = (NETLINK + MESSAGE + 4) as u32;
    out.extend(len.to_ne_bytes());
    // NLMSG_DONE, no flags, number 0, from whoever the kernel says that we are.
    out.extend(3u16.to_ne_bytes());
    out.extend([0; 10]);
    out.extend(PROC.iter().flat_map(|n| n.to_ne_bytes()));
    out.extend([0; 8]);
    out.extend(4u16.to_ne_bytes());
    out.extend([0; 2]);
    out.extend(LISTEN.to_ne_bytes());
    out
}

/// Whether a message is the answer to a request, one that says that nothing is wrong: `what` is 0
/// and so is the error behind it.
fn is_answer(message: &[u8]) -> bool {
    let number = |at: usize| {
        Some(u32::from_ne_bytes(
            message.get(at..at + 4)?.try_into().ok()?,
        ))
    };
    let event = NETLINK + MESSAGE;
    [number(NETLINK), number(NETLINK + 4)] == PROC.map(Some)
        && number(event) == Some(0)
        && number(event + 16) == Some(0)
}

/// Reads one message: behind the two headers `what`, `cpu` and the time in nanoseconds, and then
/// what depends on `what`.
fn parse(message: &[u8]) -> Option<Happening> {
    let number = |at: usize| {
        let bytes = message.get(at..at + 4)?;
        Some(u32::from_ne_bytes(bytes.try_into().ok()?))
    };
    if [number(NETLINK)?, number(NETLINK + 4)?] != PROC {
        return None;
    }
    let event = NETLINK + MESSAGE;
    let about = event + 16;
    // Processes are told by their first thread: thread id, then thread group id.
    let (thread, group) = (number(about)?, number(about + 4)?);
    match number(event)? {
        1 => {
            let (thread, child) = (number(about + 8)?, number(about + 12)?);
            (thread == child).then_some(Happening::Fork {
                parent: group,
                child,
            })
        }
        2 => Some(Happening::Exec { pid: group }),
        0x8000_0000 => (thread == group).then_some(Happening::Exit { pid: group }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_and_what_is_none_is_not() {
        let message = |what: u32, words: &[u32]| {
            let mut out = listen();
            out.truncate(NETLINK + MESSAGE);
            out.extend(what.to_ne_bytes());
            out.extend([0; 12]);
            out.extend(words.iter().flat_map(|w| w.to_ne_bytes()));
            out
        };
        let fork = message(1, &[7, 6, 9, 9]);
        let told = Happening::Fork {
            parent: 6,
            child: 9,
        };
        assert_eq!(parse(&fork), Some(told));
        assert_eq!(parse(&message(1, &[7, 6, 9, 6])), None, "a thread");
        assert_eq!(
            parse(&message(2, &[9, 9])),
            Some(Happening::Exec { pid: 9 })
        );
        assert_eq!(
            parse(&message(0x8000_0000, &[9, 9, 0, 17])),
            Some(Happening::Exit { pid: 9 })
        );
        assert_eq!(parse(&message(0x8000_0000, &[10, 9, 0, 17])), None);
        for len in 0..fork.len() {
            assert_eq!(parse(&fork[..len]), None, "cut to {len} bytes");
        }
        let mut other = fork.clone();
        other[NETLINK] = 9;
        assert_eq!(parse(&other), None);
    }
}
