//! The journal: append-only files that a killed process leaves behind for the next one.
//!
//! A record is in the kernel's hands when `append` returns, so it survives the process, though not the machine.
//! A file is deleted when every charge that has a record in it is in the database.

use std::collections::{HashMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tollgate_domain::charge::Charge;
use tollgate_domain::ids::ChargeId;
use tollgate_store::{LedgerBatch, Store, StoreError};

use super::frame::{self, Decoded, Kind};
use crate::upstream::current_shard;

/// A new file is begun when the current one is this large.
const SEGMENT_BYTES: u64 = 16 * 1024 * 1024;

/// An idle file is replaced when it is this large, so that the next start has little to read.
const IDLE_SEGMENT_BYTES: u64 = 64 * 1024;

/// Charges in one transaction when the journal is read back.
const RECOVERY_BATCH: usize = 1000;

/// Files that are written at once: threads that serve calls don't wait for each other.
const LANES: usize = 16;

#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    /// The file that a thread writes to now; none until it has something to write.
    lanes: [Mutex<Option<Current>>; LANES],
    next_number: AtomicU64,
    /// Held for the life of the process: two processes on one journal would delete each other's records.
    _lock: File,
}

#[derive(Debug)]
struct Current {
    segment: Arc<Segment>,
    file: File,
    bytes: u64,
}

#[derive(Debug)]
struct Segment {
    path: PathBuf,
    /// Records whose charge is not in the database yet, and one for being the current file.
    holds: AtomicU64,
}

/// Keeps a file of the journal from being deleted until it is released. One that is dropped without (a call that was
/// torn down, charges that the database did not take before the end) leaves the file to the next process.
#[derive(Debug)]
#[must_use]
pub struct SegmentHold(Arc<Segment>);

impl SegmentHold {
    fn new(segment: &Arc<Segment>) -> Self {
        segment.holds.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(segment))
    }

    /// The charge is in the database.
    pub fn release(self) {
        if self.0.holds.fetch_sub(1, Ordering::AcqRel) == 1
            && let Err(error) = std::fs::remove_file(&self.0.path)
        {
            tracing::warn!(path = %self.0.path.display(), %error, "a finished journal file could not be deleted");
        }
    }
}

/// What an earlier process had left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Charges whose final form was there.
    pub settled: usize,
    /// Charges without one: the call was under way. They are in the database as `interrupted`, `unknown`.
    pub interrupted: usize,
    /// Files with damage before their end; what could not be read of them is kept beside the journal.
    pub damaged_files: usize,
}

/// The journal can't be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{0}: another process uses this journal; give each its own data folder")]
    Locked(PathBuf),
    #[error("the charges in the journal can't be brought into the database: {0}")]
    Store(#[from] StoreError),
}

fn io_error(path: &Path) -> impl FnOnce(std::io::Error) -> JournalError {
    let path = path.to_owned();
    move |source| JournalError::Io { path, source }
}

impl Journal {
    pub async fn open(folder: &Path, store: &Store) -> Result<(Self, Recovered), JournalError> {
        std::fs::create_dir_all(folder).map_err(io_error(folder))?;
        let lock_path = folder.join("lock");
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock_path)
            .map_err(io_error(&lock_path))?;
        lock.try_lock().map_err(|_| JournalError::Locked(folder.to_owned()))?;
        let files = segment_files(folder)?;
        let next_number = files.last().map_or(1, |(number, _)| number + 1);
        let recovered = recover(&files, store).await?;
        let lanes = std::array::from_fn(|_| Mutex::default());
        let journal = Self { folder: folder.to_owned(), lanes, next_number: AtomicU64::new(next_number), _lock: lock };
        Ok((journal, recovered))
    }

    /// Writes a record that [`encode`] made. The hold keeps its file until it is released.
    pub fn append(&self, record: &[u8]) -> std::io::Result<SegmentHold> {
        let lane = &self.lanes[current_shard() % LANES];
        let mut lane = lane.lock().unwrap_or_else(PoisonError::into_inner);
        if lane.as_ref().is_some_and(|current| current.bytes >= SEGMENT_BYTES) {
            close(&mut lane);
        }
        let current = match &mut *lane {
            Some(current) => current,
            None => lane.insert(self.new_segment()?),
        };
        if let Err(error) = current.file.write_all(record) {
            // Part of the record may be in the file (a full disk): what follows must not stand behind it.
            if current.file.set_len(current.bytes).is_err() {
                current.bytes = SEGMENT_BYTES;
            }
            return Err(error);
        }
        current.bytes += record.len() as u64;
        Ok(SegmentHold::new(&current.segment))
    }

    /// Lets files go of which nothing is needed any more.
    pub fn shrink(&self) {
        for lane in &self.lanes {
            let mut lane = lane.lock().unwrap_or_else(PoisonError::into_inner);
            let idle = lane.as_ref().is_some_and(|current| {
                current.bytes >= IDLE_SEGMENT_BYTES && current.segment.holds.load(Ordering::Acquire) == 1
            });
            if idle {
                close(&mut lane);
            }
        }
    }

    fn new_segment(&self) -> std::io::Result<Current> {
        let number = self.next_number.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.join(format!("{number:012}.journal"));
        let file = OpenOptions::new().create_new(true).append(true).open(&path)?;
        Ok(Current { segment: Arc::new(Segment { path, holds: AtomicU64::new(1) }), file, bytes: 0 })
    }
}

/// Gives up the hold that a file has for being the current one.
fn close(lane: &mut Option<Current>) {
    if let Some(current) = lane.take() {
        SegmentHold(current.segment).release();
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        for lane in &mut self.lanes {
            close(lane.get_mut().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

/// A record of `charge`, made outside of the journal's lock.
pub fn encode(kind: Kind, charge: &Charge) -> std::io::Result<Vec<u8>> {
    let mut record = Vec::with_capacity(768);
    frame::encode(&mut record, kind, |out| serde_json::to_writer(out, charge))?;
    Ok(record)
}

/// The journal's files, oldest first.
fn segment_files(folder: &Path) -> Result<Vec<(u64, PathBuf)>, JournalError> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io_error(folder))? {
        let path = entry.map_err(io_error(folder))?.path();
        let number = path
            .file_name()
            .and_then(|name| name.to_str())
            .and_then(|name| name.strip_suffix(".journal"))
            .and_then(|number| number.parse().ok());
        if let Some(number) = number {
            files.push((number, path));
        }
    }
    files.sort_unstable();
    Ok(files)
}

/// Brings what is in `files` into the database, then deletes them. Safe to repeat: charges are known by their ids.
async fn recover(files: &[(u64, PathBuf)], store: &Store) -> Result<Recovered, JournalError> {
    let mut recovered = Recovered::default();
    let mut open: HashMap<ChargeId, Charge> = HashMap::new();
    // Files that were written at once are read one after the other: a charge may be seen settled before it is opened.
    let mut settled: HashSet<ChargeId> = HashSet::new();
    let mut batch = Vec::new();
    let mut damaged = Vec::new();
    for (_, path) in files {
        let bytes = std::fs::read(path).map_err(io_error(path))?;
        let mut rest = bytes.as_slice();
        loop {
            match frame::decode(rest) {
                Decoded::Record { kind, payload, rest: next } => {
                    rest = next;
                    let Ok(charge) = serde_json::from_slice::<Charge>(payload) else {
                        tracing::error!(path = %path.display(), "a journal record can't be understood");
                        damaged.push(path);
                        break;
                    };
                    match kind {
                        Kind::Opened => {
                            // What was added to a reservation may be in a file that is read before its beginning.
                            let less = open.get(&charge.id).is_some_and(|known| known.cost > charge.cost);
                            if !less && !settled.contains(&charge.id) {
                                open.insert(charge.id, charge);
                            }
                        }
                        Kind::Settled => {
                            open.remove(&charge.id);
                            settled.insert(charge.id);
                            recovered.settled += 1;
                            batch.push(charge);
                            if batch.len() >= RECOVERY_BATCH {
                                append(store, std::mem::take(&mut batch)).await?;
                            }
                        }
                    }
                }
                Decoded::End => break,
                Decoded::Torn => {
                    tracing::warn!(path = %path.display(), bytes = rest.len(), "the journal's last record is torn");
                    break;
                }
                Decoded::Damaged => {
                    tracing::error!(path = %path.display(), bytes = rest.len(), "the journal is damaged from here on");
                    damaged.push(path);
                    break;
                }
            }
        }
    }
    recovered.interrupted = open.len();
    batch.extend(open.into_values());
    for chunk in batch.chunks(RECOVERY_BATCH) {
        append(store, chunk.to_vec()).await?;
    }
    damaged.dedup();
    recovered.damaged_files = damaged.len();
    for (_, path) in files {
        if damaged.contains(&path) {
            let kept = path.with_extension("damaged");
            std::fs::rename(path, &kept).map_err(io_error(path))?;
        } else {
            std::fs::remove_file(path).map_err(io_error(path))?;
        }
    }
    Ok(recovered)
}

async fn append(store: &Store, charges: Vec<Charge>) -> Result<(), StoreError> {
    store.append_ledger(&LedgerBatch { charges, refusals: Vec::new() }).await
}
