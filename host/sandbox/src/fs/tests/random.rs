//! Any sequence of calls: what is charged is what the kernel has, after every single one of them.
//!
//! A failure prints the calls, reduced to the fewest that show it.

use proptest::prelude::*;
use wasmtime::component::Resource;
use wasmtime_wasi::p2::DynOutputStream;
use wasmtime_wasi::p2::bindings::filesystem::types::{
    DescriptorFlags, DirectoryEntryStream, OpenFlags,
};

use super::rig::{FOLLOW, Fd, Rig};
use crate::fs::DiskLimits;

const LIMITS: DiskLimits = DiskLimits {
    bytes: 4000,
    files: 9,
    file_bytes: 2500,
    depth: 3,
    open_files: 5,
    directory_streams: 2,
};

/// Few names, so that calls meet. Some go through links, which may lead anywhere among them.
const PATHS: [&str; 14] = [
    "a", "b", "c", "d", "d/a", "d/b", "d/e", "d/e/a", "d/e/f", "d/e/f/g", "a/a", "b/../a", "c/a",
    "../a",
];

#[derive(Clone, Debug)]
enum Call {
    Open {
        path: usize,
        create: bool,
        exclusive: bool,
        truncate: bool,
        write: bool,
    },
    Close(usize),
    Write(usize, u64, u64),
    SetSize(usize, u64),
    Stream(usize, Option<u64>),
    StreamWrite(usize, u64),
    StreamClose(usize),
    Mkdir(usize),
    Rmdir(usize),
    Unlink(usize),
    Rename(usize, usize),
    Symlink(usize, usize),
    List(usize),
    ListClose(usize),
    /// Somebody else adds bytes to a file.
    Outside(usize, u64),
}

fn calls(outside: bool) -> impl Strategy<Value = Vec<Call>> {
    let path = || 0..PATHS.len();
    let call = prop_oneof![
        6 => (path(), any::<[bool; 4]>()).prop_map(|(path, [create, exclusive, truncate, write])| {
            Call::Open { path, create, exclusive: exclusive && truncate, truncate, write }
        }),
        3 => (0..5_usize).prop_map(Call::Close),
        6 => (0..5_usize, 0..1500_u64, 0..2000_u64).prop_map(|(at, n, from)| Call::Write(at, n, from)),
        2 => (0..5_usize, 0..3000_u64).prop_map(|(at, size)| Call::SetSize(at, size)),
        2 => (0..5_usize, proptest::option::of(0..2000_u64)).prop_map(|(at, from)| Call::Stream(at, from)),
        4 => (0..4_usize, 0..1500_u64).prop_map(|(at, n)| Call::StreamWrite(at, n)),
        2 => (0..4_usize).prop_map(Call::StreamClose),
        4 => path().prop_map(Call::Mkdir),
        2 => path().prop_map(Call::Rmdir),
        4 => path().prop_map(Call::Unlink),
        4 => (path(), path()).prop_map(|(old, new)| Call::Rename(old, new)),
        2 => (path(), path()).prop_map(|(text, at)| Call::Symlink(text, at)),
        1 => (0..5_usize).prop_map(Call::List),
        1 => (0..2_usize).prop_map(Call::ListClose),
        3 => (path(), 0..500_u64).prop_map(|(path, n)| Call::Outside(path, n)),
    ];
    let wanted = move |call: &Call| outside || !matches!(call, Call::Outside(..));
    proptest::collection::vec(call.prop_filter("nobody else", wanted), 1..60)
}

/// What the guest holds.
#[derive(Default)]
struct Guest {
    fds: Vec<Fd>,
    streams: Vec<Resource<DynOutputStream>>,
    listings: Vec<Resource<DirectoryEntryStream>>,
}

impl Guest {
    /// Whatever comes of it: refusals are part of it.
    fn make(&mut self, rig: &mut Rig, call: &Call) {
        match *call {
            Call::Open {
                path,
                create,
                exclusive,
                truncate,
                write,
            } => {
                let mut open = OpenFlags::empty();
                for (flag, on) in [
                    (OpenFlags::CREATE, create),
                    (OpenFlags::EXCLUSIVE, exclusive),
                    (OpenFlags::TRUNCATE, truncate),
                ] {
                    if on {
                        open |= flag;
                    }
                }
                let flags = match write {
                    true => DescriptorFlags::READ | DescriptorFlags::WRITE,
                    false => DescriptorFlags::READ,
                };
                let opened = rig.open_with(0, PATHS[path], FOLLOW, open, flags);
                self.fds.extend(opened);
            }
            Call::Close(at) if at < self.fds.len() => rig.close(self.fds.swap_remove(at)),
            Call::Write(at, bytes, from) => {
                if let Some(fd) = self.fds.get(at) {
                    let _said = rig.write(fd, bytes, from);
                }
            }
            Call::SetSize(at, size) => {
                if let Some(fd) = self.fds.get(at) {
                    let _said = rig.set_size(fd, size);
                }
            }
            Call::Stream(at, from) => {
                if let Some(fd) = self.fds.get(at) {
                    self.streams.extend(rig.stream(fd, from));
                }
            }
            Call::StreamWrite(at, bytes) => {
                if let Some(stream) = self.streams.get(at) {
                    let open = rig.table.get_mut(stream).unwrap().check_write().is_ok();
                    if open {
                        let _said = rig.stream_write(stream, bytes);
                    }
                }
            }
            Call::StreamClose(at) if at < self.streams.len() => {
                rig.table.delete(self.streams.swap_remove(at)).unwrap();
            }
            Call::List(at) => {
                if let Some(fd) = self.fds.get(at) {
                    self.listings.extend(rig.list(fd));
                }
            }
            Call::ListClose(at) if at < self.listings.len() => {
                let listing = self.listings.swap_remove(at);
                rig.unlist(listing);
            }
            Call::Outside(path, bytes) => {
                let path = rig.path("out").join(PATHS[path]);
                let file = std::fs::OpenOptions::new().append(true).open(path);
                if let Ok(mut file) = file {
                    std::io::Write::write_all(&mut file, &vec![0; bytes as usize]).unwrap();
                }
            }
            ref named => {
                let _said = match *named {
                    Call::Mkdir(path) => rig.mkdir(PATHS[path]),
                    Call::Rmdir(path) => rig.rmdir(PATHS[path]),
                    Call::Unlink(path) => rig.unlink(PATHS[path]),
                    Call::Rename(old, new) => rig.rename(PATHS[old], PATHS[new]),
                    Call::Symlink(text, path) => rig.symlink(PATHS[text], PATHS[path]),
                    _ => Ok(()),
                };
            }
        }
    }

    fn close_all(self, rig: &mut Rig) {
        for stream in self.streams {
            rig.table.delete(stream).unwrap();
        }
        for fd in self.fds {
            rig.close(fd);
        }
        for listing in self.listings {
            rig.unlist(listing);
        }
    }
}

/// Every name below the root, innermost first, by the view.
fn remove_all(rig: &mut Rig) {
    let top = rig.path("out");
    let (mut left, mut names) = (vec![top.clone()], Vec::new());
    while let Some(dir) = left.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(&top).unwrap().to_str().unwrap();
            names.push(name.to_owned());
            if path.is_dir() && !path.is_symlink() {
                left.push(path);
            }
        }
    }
    for name in names.iter().rev() {
        rig.unlink(name).or_else(|_| rig.rmdir(name)).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn in_a_directory_of_the_jobs_own(calls in calls(false), step_by_step: bool) {
        let rig = Rig::one(LIMITS);
        let mut rig = if step_by_step { rig.step_by_step() } else { rig };
        let mut guest = Guest::default();
        for (at, call) in calls.iter().enumerate() {
            guest.make(&mut rig, call);
            let kernel = rig.kernel();
            prop_assert_eq!(rig.charged(), kernel.sum(), "after call {}: {:?}", at, call);
            let (bytes, files) = kernel.sum();
            prop_assert!(bytes <= LIMITS.bytes && files <= LIMITS.files);
            prop_assert!(kernel.deepest <= LIMITS.depth);
            let (files, listings) = rig.held();
            prop_assert!(files <= LIMITS.open_files && listings <= LIMITS.directory_streams);
            prop_assert_eq!(kernel.descriptors, 1 + files as usize + listings as usize);
        }
        guest.close_all(&mut rig);
        prop_assert_eq!(rig.held(), (0, 0));
        remove_all(&mut rig);
        prop_assert_eq!(rig.charged(), (0, 0));
    }

    #[test]
    fn in_a_directory_with_files_of_others(calls in calls(true)) {
        let mut rig = Rig::new(LIMITS, &[("out", true)], |dir| {
            std::fs::create_dir_all(dir.join("out/d/e")).unwrap();
            std::fs::write(dir.join("out/a"), vec![0; 700]).unwrap();
            std::fs::write(dir.join("out/d/b"), vec![0; 3000]).unwrap();
        });
        let (mut others, inodes) = rig.kernel().sum();
        let mut guest = Guest::default();
        for (at, call) in calls.iter().enumerate() {
            let before = rig.kernel().sum().0;
            guest.make(&mut rig, call);
            let (bytes, files) = rig.kernel().sum();
            if matches!(call, Call::Outside(..)) {
                others += bytes - before;
            }
            let charged = rig.charged();
            prop_assert!(charged.0 <= LIMITS.bytes && charged.1 <= LIMITS.files);
            prop_assert!(bytes <= others + charged.0, "bytes, after call {}: {:?}", at, call);
            prop_assert!(files <= inodes + charged.1, "files, after call {}: {:?}", at, call);
        }
        guest.close_all(&mut rig);
        remove_all(&mut rig);
        prop_assert_eq!(rig.charged(), (0, 0));
    }
}
