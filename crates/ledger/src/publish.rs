//! Publishing: tiles, bundles, indexes and the checkpoint, off the path of those who append.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use crate::error::Error;
use crate::files::Mode;
use crate::header::Header;
use crate::log::{Inner, Log, lock, open_file};
use crate::note::Note;
use crate::segment::{Index, index_path};
use crate::tile::{TILE_WIDTH, Tile, encode_bundle, encode_hashes, partial_tiles};

/// What stands in the folder.
#[derive(Default)]
pub(crate) struct Published {
    pub(crate) size: u64,
    partial: BTreeSet<Tile>,
}

/// What the publisher is told.
#[derive(Default)]
pub(crate) struct Signal {
    /// Sealed segments without an index.
    pub(crate) sealed: Vec<(u64, Index)>,
    pub(crate) stop: bool,
}

impl Log {
    /// Publishes tiles, entry bundles and the checkpoint of all that is durable now.
    ///
    /// # Errors
    /// If a file cannot be written; what is there stays valid.
    pub fn publish(&self) -> Result<(), Error> {
        self.inner.publish()
    }

    pub(crate) fn start_publisher(&mut self, every: Duration) {
        let inner = Arc::clone(&self.inner);
        self.publisher = Some(std::thread::spawn(move || {
            let mut signal = lock(&inner.signal);
            while !signal.stop {
                signal = inner
                    .wake
                    .wait_timeout(signal, every)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0;
                drop(signal);
                // What cannot be published now is tried again; appending does not depend on it.
                let _ = inner.publish();
                signal = lock(&inner.signal);
            }
        }));
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        lock(&self.inner.signal).stop = true;
        self.inner.wake.notify_all();
        if let Some(thread) = self.publisher.take() {
            let _ = thread.join();
        } else if self.inner.options.publish_every.is_some() {
            let _ = self.inner.publish();
        }
    }
}

impl Inner {
    pub(crate) fn publish(&self) -> Result<(), Error> {
        let mut published = lock(&self.published);
        self.write_indexes()?;
        let (size, pending, tail, tail_first, note, rows) = {
            let view = self.view();
            let checkpoint = view.checkpoint(&self.origin);
            if checkpoint.size == published.size && !published.partial.is_empty() {
                return Ok(());
            }
            let mut note = Note::new(checkpoint.text())?;
            note.add(view.signature.clone());
            let rows: Vec<_> = partial_tiles(checkpoint.size)
                .map(|tile| {
                    let hashes = view.tree.partial(tile.level.unwrap_or_default());
                    (tile, encode_hashes(hashes))
                })
                .collect();
            let pending: Vec<_> = view
                .pending
                .iter()
                .map(|(tile, hashes)| (*tile, encode_hashes(hashes)))
                .collect();
            let (size, tail) = (checkpoint.size, view.tail.clone());
            (size, pending, tail, view.tail_first, note, rows)
        };
        let mut folders = BTreeSet::new();
        for (tile, bytes) in pending.iter().chain(&rows) {
            self.write_tile(*tile, bytes, &mut folders)?;
        }
        let mut bundles = 0;
        let mut partial: BTreeSet<Tile> = rows.iter().map(|(tile, _)| *tile).collect();
        for (index, headers) in (tail_first / TILE_WIDTH..).zip(tail.chunks(TILE_WIDTH as usize)) {
            let tile = Tile {
                level: None,
                index,
                width: headers.len() as u16,
            };
            let bytes = encode_bundle(headers.iter().map(<[u8; Header::LEN]>::as_slice));
            self.write_tile(tile, &bytes, &mut folders)?;
            if tile.is_full() {
                bundles += 1;
            } else {
                partial.insert(tile);
            }
        }
        for folder in &folders {
            self.files
                .sync_dir(folder)
                .map_err(Error::io("sync", folder))?;
        }
        let path = self.dir.join("checkpoint");
        self.files
            .replace(&path, note.to_string().as_bytes())
            .map_err(Error::io("write", &path))?;
        let mut view = self.view_mut();
        for (tile, _) in &pending {
            view.pending.remove(tile);
        }
        view.tail.drain(..bundles * TILE_WIDTH as usize);
        view.tail_first += bundles as u64 * TILE_WIDTH;
        drop(view);
        for stale in published.partial.difference(&partial) {
            // Older partial tiles stay valid; removing them is tidiness.
            let _ = self.files.remove(&self.dir.join(stale.path()));
        }
        *published = Published { size, partial };
        Ok(())
    }

    fn write_indexes(&self) -> Result<(), Error> {
        loop {
            let Some((first, index)) = lock(&self.signal).sealed.first().cloned() else {
                return Ok(());
            };
            let path = index_path(&self.dir, first);
            self.files
                .replace(&path, &index.encode())
                .map_err(Error::io("write", &path))?;
            lock(&self.signal)
                .sealed
                .retain(|(sealed, _)| *sealed != first);
        }
    }

    fn write_tile(
        &self,
        tile: Tile,
        bytes: &[u8],
        folders: &mut BTreeSet<PathBuf>,
    ) -> Result<(), Error> {
        let path = self.dir.join(tile.path());
        let Some(folder) = path.parent() else {
            return Ok(());
        };
        if !folders.contains(folder) {
            self.files
                .create_dir(folder)
                .map_err(Error::io("create", folder))?;
            let mut above: &Path = folder;
            while above != self.dir && folders.insert(above.to_owned()) {
                above = above.parent().unwrap_or(&self.dir);
            }
            folders.insert(self.dir.clone());
        }
        let temporary = path.with_extension("new");
        let file = open_file(self.files.as_ref(), &temporary, Mode::Create)?;
        file.write_at(bytes, 0)
            .and_then(|()| if tile.is_full() { file.sync() } else { Ok(()) })
            .and_then(|()| self.files.rename(&temporary, &path))
            .map_err(Error::io("write", &path))
    }
}

/// Paths of all files below a folder, relative to it, sorted.
pub(crate) fn walk(files: &dyn crate::files::Files, dir: &Path) -> Result<BTreeSet<String>, Error> {
    fn below(
        files: &dyn crate::files::Files,
        dir: &Path,
        prefix: &str,
        out: &mut BTreeSet<String>,
    ) -> Result<(), Error> {
        for name in files.list(dir).map_err(Error::io("list", dir))? {
            let path = dir.join(&name);
            let name = format!("{prefix}{name}");
            if files.is_dir(&path) {
                below(files, &path, &format!("{name}/"), out)?;
            } else {
                out.insert(name);
            }
        }
        Ok(())
    }
    let mut out = BTreeSet::new();
    if files.is_dir(dir) {
        below(files, dir, "", &mut out)?;
    }
    Ok(out)
}
