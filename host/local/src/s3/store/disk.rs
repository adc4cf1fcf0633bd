//! The directory: where files lie, how records get there, and what is found at the start.

use std::collections::HashSet;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::data::DataFile;
use super::record::{BucketRecord, PartRecord, SegmentRecord, UploadRecord, VersionRecord};
use crate::auth::random;
use crate::s3::StoreError;

/// What `FORMAT` holds.
const FORMAT: &str = "pipefitter object store 1\n";

/// Names of content and uploads: long enough never to meet twice.
const NAME_ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// An open directory; nobody else has it open.
#[derive(Debug)]
pub(super) struct Disk {
    root: PathBuf,
    /// Held for the life of the store.
    _lock: File,
}

/// Everything found in a directory.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) buckets: Vec<BucketRecord>,
    pub(super) versions: Vec<VersionRecord>,
    pub(super) uploads: Vec<(UploadRecord, Vec<PartRecord>)>,
}

impl Disk {
    /// Opens a directory, made if it is missing, and reads all records.
    pub(super) fn open(root: PathBuf) -> Result<(Self, Found), StoreError> {
        fs::create_dir_all(&root).map_err(StoreError::io("create", &root))?;
        let lock_path = root.join("LOCK");
        let lock = File::create(&lock_path).map_err(StoreError::io("create", &lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::InUse { path: root }),
            Err(TryLockError::Error(error)) => {
                return Err(StoreError::io("lock", lock_path)(error));
            }
        }
        check_format(&root)?;
        for folder in ["buckets", "objects", "uploads", "data"] {
            let path = root.join(folder);
            fs::create_dir_all(&path).map_err(StoreError::io("create", &path))?;
        }
        let disk = Self { root, _lock: lock };
        let found = disk.read_all()?;
        disk.sweep(&found)?;
        Ok((disk, found))
    }

    fn read_all(&self) -> Result<Found, StoreError> {
        let mut found = Found::default();
        for path in records(&self.root.join("buckets"))? {
            found.buckets.push(read_record(&path)?);
        }
        for folder in folders(&self.root.join("objects"))? {
            for path in records(&folder)? {
                found.versions.push(read_record(&path)?);
            }
        }
        let completed: HashSet<&str> = found
            .versions
            .iter()
            .filter_map(|version| version.object.as_ref()?.upload_id.as_deref())
            .collect();
        let mut uploads = Vec::new();
        for folder in folders(&self.root.join("uploads"))? {
            let head = folder.join("upload.json");
            // Without its head an upload was never told to anybody; with a version made of it, the
            // process died between publishing that and clearing up.
            let upload: Option<UploadRecord> = match head.exists() {
                true => Some(read_record(&head)?),
                false => None,
            };
            match upload.filter(|upload| !completed.contains(upload.id.as_str())) {
                Some(upload) => {
                    let mut parts = Vec::new();
                    for path in records(&folder)? {
                        if path != head {
                            parts.push(read_record(&path)?);
                        }
                    }
                    uploads.push((upload, parts));
                }
                None => {
                    fs::remove_dir_all(&folder).map_err(StoreError::io("remove", &folder))?;
                }
            }
        }
        found.uploads = uploads;
        Ok(found)
    }

    /// Removes content that no record refers to: what was being received when the process died.
    fn sweep(&self, found: &Found) -> Result<(), StoreError> {
        let of_objects = found
            .versions
            .iter()
            .filter_map(|version| version.object.as_ref())
            .flat_map(|object| &object.segments);
        let of_parts = found
            .uploads
            .iter()
            .flat_map(|(_, parts)| parts.iter().map(|part| &part.segment));
        let referred: HashSet<PathBuf> = of_objects
            .chain(of_parts)
            .map(|segment| self.data_path(&segment.data))
            .collect();
        for folder in folders(&self.root.join("data"))? {
            for path in entries(&folder)? {
                if !referred.contains(&path) {
                    fs::remove_file(&path).map_err(StoreError::io("remove", &path))?;
                }
            }
        }
        Ok(())
    }

    /// A new, empty content file that no record owns, open for writing.
    pub(super) fn new_data(&self) -> Result<(String, Arc<DataFile>, File), StoreError> {
        let name = random(NAME_ALPHABET, 32);
        let path = self.data_path(&name);
        self.make_parent(&path)?;
        let file = File::create_new(&path).map_err(StoreError::io("create", &path))?;
        Ok((name, Arc::new(DataFile::unowned(path)), file))
    }

    /// Content that shares the bytes of another file.
    pub(super) fn link_data(&self, from: &DataFile) -> Result<(String, Arc<DataFile>), StoreError> {
        let name = random(NAME_ALPHABET, 32);
        let path = self.data_path(&name);
        self.make_parent(&path)?;
        // Not every file system links (and none beyond a number); every one copies.
        fs::hard_link(from.path(), &path)
            .or_else(|_| fs::copy(from.path(), &path).map(drop))
            .map_err(StoreError::io("copy content to", &path))?;
        Ok((name, Arc::new(DataFile::unowned(path))))
    }

    /// The content file of a record that was read from the disk.
    pub(super) fn existing_data(&self, segment: &SegmentRecord) -> Arc<DataFile> {
        Arc::new(DataFile::owned(self.data_path(&segment.data)))
    }

    pub(super) fn write_bucket(&self, bucket: &BucketRecord) -> Result<(), StoreError> {
        self.write_record(&self.bucket_path(&bucket.name), bucket)
    }

    pub(super) fn remove_bucket(&self, name: &str) -> Result<(), StoreError> {
        remove_record(&self.bucket_path(name))
    }

    /// Publishes a version; one of the same bucket, key and version id is replaced.
    pub(super) fn write_version(&self, version: &VersionRecord) -> Result<(), StoreError> {
        let path = self.version_path(&version.bucket, &version.key, &version.version_id);
        self.write_record(&path, version)
    }

    pub(super) fn remove_version(&self, version: &VersionRecord) -> Result<(), StoreError> {
        remove_record(&self.version_path(&version.bucket, &version.key, &version.version_id))
    }

    pub(super) fn write_upload(&self, upload: &UploadRecord) -> Result<(), StoreError> {
        self.write_record(&self.upload_path(&upload.id).join("upload.json"), upload)
    }

    pub(super) fn write_part(&self, upload_id: &str, part: &PartRecord) -> Result<(), StoreError> {
        let name = format!("{:05}.json", part.number);
        self.write_record(&self.upload_path(upload_id).join(name), part)
    }

    pub(super) fn remove_upload(&self, upload_id: &str) -> Result<(), StoreError> {
        let path = self.upload_path(upload_id);
        fs::remove_dir_all(&path).map_err(StoreError::io("remove", &path))
    }

    fn bucket_path(&self, name: &str) -> PathBuf {
        let name = format!("{}.json", hash(&[name]));
        self.root.join("buckets").join(name)
    }

    fn version_path(&self, bucket: &str, key: &str, version_id: &str) -> PathBuf {
        let hash = hash(&[bucket, key, version_id]);
        let (folder, name) = hash.split_at(2);
        self.root
            .join("objects")
            .join(folder)
            .join(format!("{name}.json"))
    }

    /// Upload ids are made here; one that a client sends is looked up in the index first.
    fn upload_path(&self, upload_id: &str) -> PathBuf {
        self.root.join("uploads").join(hash(&[upload_id]))
    }

    fn data_path(&self, name: &str) -> PathBuf {
        let (folder, rest) = name.split_at_checked(2).unwrap_or(("", name));
        self.root.join("data").join(folder).join(rest)
    }

    fn write_record(&self, path: &Path, record: &impl Serialize) -> Result<(), StoreError> {
        self.make_parent(path)?;
        let text = serde_json::to_vec(record).map_err(|source| StoreError::Record {
            path: path.to_owned(),
            source,
        })?;
        write_whole(path, &text)
    }

    fn make_parent(&self, path: &Path) -> Result<(), StoreError> {
        let parent = path.parent().unwrap_or(&self.root);
        fs::create_dir_all(parent).map_err(StoreError::io("create", parent))
    }
}

/// Fields are told apart by their lengths, so that no two lists hash alike.
fn hash(fields: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for field in fields {
        hasher.update((field.len() as u64).to_be_bytes());
        hasher.update(field);
    }
    hex::encode(hasher.finalize())
}

fn check_format(root: &Path) -> Result<(), StoreError> {
    let path = root.join("FORMAT");
    match fs::read_to_string(&path) {
        Ok(format) if format == FORMAT => Ok(()),
        Ok(_) => Err(StoreError::Format {
            path: root.to_owned(),
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // A new store, also one whose first start was killed here, or the directory of something else.
            let ours = [root.join("LOCK"), draft_of(&path)];
            if entries(root)?.iter().any(|path| !ours.contains(path)) {
                return Err(StoreError::Format {
                    path: root.to_owned(),
                });
            }
            write_whole(&path, FORMAT.as_bytes())
        }
        Err(error) => Err(StoreError::io("read", path)(error)),
    }
}

/// Writes a file so that it is there whole or not at all, whenever the process dies.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let draft = draft_of(path);
    File::create(&draft)
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| fs::rename(&draft, path))
        .map_err(StoreError::io("write", path))
}

/// Where what is to be a file is written first.
fn draft_of(path: &Path) -> PathBuf {
    path.with_extension("draft")
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
        .map_err(StoreError::io("list", folder))
}

/// The folders in a folder. (File managers leave files of their own about.)
fn folders(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let mut found = entries(folder)?;
    found.retain(|path| path.is_dir());
    Ok(found)
}

/// The records of a folder; drafts that were never renamed are removed on the way.
fn records(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let (records, drafts): (Vec<_>, Vec<_>) = entries(folder)?.into_iter().partition(|path| {
        path.extension()
            .is_some_and(|extension| extension == "json")
    });
    for draft in drafts {
        fs::remove_file(&draft).map_err(StoreError::io("remove", &draft))?;
    }
    Ok(records)
}

fn read_record<T: DeserializeOwned>(path: &Path) -> Result<T, StoreError> {
    let text = fs::read(path).map_err(StoreError::io("read", path))?;
    serde_json::from_slice(&text).map_err(|source| StoreError::Record {
        path: path.to_owned(),
        source,
    })
}

fn remove_record(path: &Path) -> Result<(), StoreError> {
    fs::remove_file(path).map_err(StoreError::io("remove", path))
}
