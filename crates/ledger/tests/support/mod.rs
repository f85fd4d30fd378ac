//! A file system in memory that forgets what was not synced, tears writes and runs full.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use proctor_ledger::{File, Files, Lock, Mode};

#[derive(Clone, Default)]
struct Node {
    durable: Vec<u8>,
    now: Vec<u8>,
    /// Writes and cuts since the last sync.
    unsynced: Vec<Change>,
}

#[derive(Clone)]
enum Change {
    Write(u64, Vec<u8>),
    Length(u64),
}

#[derive(Clone)]
enum NameChange {
    Link(PathBuf, usize),
    Unlink(PathBuf),
}

#[derive(Default)]
struct State {
    nodes: Vec<Node>,
    names: BTreeMap<PathBuf, usize>,
    durable_names: BTreeMap<PathBuf, usize>,
    unsynced_names: Vec<NameChange>,
    dirs: Vec<PathBuf>,
    /// Bytes that may still be written.
    room: Option<u64>,
}

/// The file system; clones share it.
#[derive(Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<State>>);

struct Open {
    state: Arc<Mutex<State>>,
    node: usize,
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Write(at, data) => {
            let (at, end) = (*at as usize, *at as usize + data.len());
            if bytes.len() < end {
                bytes.resize(end, 0);
            }
            bytes[at..end].copy_from_slice(data);
        }
        Change::Length(length) => bytes.resize(*length as usize, 0),
    }
}

impl Memory {
    /// What is on the disk after power was lost: of everything that was not synced, what `survives`
    /// says (asked once for each), of the last write only `torn` bytes if that is given.
    pub(crate) fn crash(&self, mut survives: impl FnMut() -> bool, torn: Option<usize>) -> Memory {
        let state = self.0.lock().unwrap();
        let mut after = State {
            dirs: state.dirs.clone(),
            ..State::default()
        };
        for node in &state.nodes {
            let mut bytes = node.durable.clone();
            let last = node.unsynced.len();
            for (number, change) in node.unsynced.iter().enumerate() {
                match (change, torn) {
                    (Change::Write(at, data), Some(torn)) if number + 1 == last => {
                        let part = data[..torn.min(data.len())].to_vec();
                        apply(&mut bytes, &Change::Write(*at, part));
                    }
                    _ if survives() => apply(&mut bytes, change),
                    _ => {}
                }
            }
            after.nodes.push(Node {
                durable: bytes.clone(),
                now: bytes,
                unsynced: Vec::new(),
            });
        }
        after.names = state.durable_names.clone();
        for change in &state.unsynced_names {
            if survives() {
                match change {
                    NameChange::Link(path, node) => after.names.insert(path.clone(), *node),
                    NameChange::Unlink(path) => after.names.remove(path),
                };
            }
        }
        after.durable_names = after.names.clone();
        Memory(Arc::new(Mutex::new(after)))
    }

    /// Length of the longest write that was not synced.
    pub(crate) fn unsynced_write(&self) -> usize {
        let state = self.0.lock().unwrap();
        let writes = state
            .nodes
            .iter()
            .filter_map(|node| match node.unsynced.last() {
                Some(Change::Write(_, data)) => Some(data.len()),
                _ => None,
            });
        writes.max().unwrap_or_default()
    }

    /// From now on so many bytes can be written, or any number.
    pub(crate) fn set_room(&self, room: Option<u64>) {
        self.0.lock().unwrap().room = room;
    }
}

impl Files for Memory {
    fn open(&self, path: &Path, mode: Mode) -> io::Result<Arc<dyn File>> {
        let mut state = self.0.lock().unwrap();
        let known = state.names.get(path).copied();
        let node = match (known, mode) {
            (Some(node), Mode::Create) => {
                state.nodes[node].now.clear();
                state.nodes[node].unsynced.push(Change::Length(0));
                node
            }
            (Some(node), _) => node,
            (None, Mode::Create) => {
                state.nodes.push(Node::default());
                let node = state.nodes.len() - 1;
                state.names.insert(path.to_owned(), node);
                let change = NameChange::Link(path.to_owned(), node);
                state.unsynced_names.push(change);
                node
            }
            (None, _) => return Err(io::ErrorKind::NotFound.into()),
        };
        Ok(Arc::new(Open {
            state: self.0.clone(),
            node,
        }))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let state = self.0.lock().unwrap();
        let paths = state.names.keys().chain(&state.dirs);
        let inside = paths.filter(|path| path.parent() == Some(dir));
        Ok(inside
            .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
            .collect())
    }

    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        let mut state = self.0.lock().unwrap();
        for above in dir.ancestors().filter(|path| path.as_os_str().len() > 1) {
            if !state.dirs.iter().any(|known| known == above) {
                state.dirs.push(above.to_owned());
            }
        }
        Ok(())
    }

    fn is_dir(&self, path: &Path) -> bool {
        self.0.lock().unwrap().dirs.iter().any(|dir| dir == path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.0.lock().unwrap();
        let node = state.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        state.names.insert(to.to_owned(), node);
        state
            .unsynced_names
            .push(NameChange::Link(to.to_owned(), node));
        state
            .unsynced_names
            .push(NameChange::Unlink(from.to_owned()));
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.0.lock().unwrap();
        state.names.remove(path).ok_or(io::ErrorKind::NotFound)?;
        state
            .unsynced_names
            .push(NameChange::Unlink(path.to_owned()));
        Ok(())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut state = self.0.lock().unwrap();
        let changes = std::mem::take(&mut state.unsynced_names);
        for change in changes {
            let (NameChange::Link(path, _) | NameChange::Unlink(path)) = &change;
            if path.parent() != Some(dir) {
                state.unsynced_names.push(change);
                continue;
            }
            match change {
                NameChange::Link(path, node) => state.durable_names.insert(path, node),
                NameChange::Unlink(path) => state.durable_names.remove(&path),
            };
        }
        Ok(())
    }

    fn lock(&self, _: &Path) -> io::Result<Option<Lock>> {
        Ok(Some(Box::new(())))
    }
}

impl File for Open {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let state = self.state.lock().unwrap();
        let bytes = &state.nodes[self.node].now;
        let range = offset as usize..offset as usize + buffer.len();
        let from = bytes.get(range).ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(from);
        Ok(())
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut state = self.state.lock().unwrap();
        let room = state.room.unwrap_or(u64::MAX);
        let fits = bytes.len().min(room as usize);
        if let Some(room) = &mut state.room {
            *room -= fits as u64;
        }
        let change = Change::Write(offset, bytes[..fits].to_vec());
        let node = &mut state.nodes[self.node];
        apply(&mut node.now, &change);
        node.unsynced.push(change);
        match fits == bytes.len() {
            true => Ok(()),
            false => Err(io::ErrorKind::StorageFull.into()),
        }
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.state.lock().unwrap().nodes[self.node].now.len() as u64)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let mut state = self.state.lock().unwrap();
        let node = &mut state.nodes[self.node];
        apply(&mut node.now, &Change::Length(length));
        node.unsynced.push(Change::Length(length));
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.state.lock().unwrap();
        let node = &mut state.nodes[self.node];
        node.durable = node.now.clone();
        node.unsynced.clear();
        Ok(())
    }
}
