//! What a store holds: one job's capabilities, and the host's side of the contract.

use std::sync::Arc;

use wasmtime::component::ResourceTable;
use wasmtime_wasi::filesystem::WasiFilesystemCtxView;
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

use crate::bindings::pipefitter::action::{control, log, types};
use crate::fs::{Disk, DiskView, Quota};
use crate::guard::Guard;
use crate::limiter::Limiter;
use crate::log::JobLog;
use crate::mounts::Mounts;
use crate::runner::{Fault, Level, StopReason};
use crate::waits::WaitsView;

/// Open files, streams and the like of one job; file descriptors of the host among them.
pub(crate) const MAX_RESOURCES: usize = 1024;
/// The most random bytes that one call gives.
pub(crate) const MAX_RANDOM: u64 = 1 << 20;

pub(crate) struct JobState {
    wasi: WasiCtx,
    table: ResourceTable,
    disk: Disk,
    pub(crate) limiter: Limiter,
    guard: Arc<Guard>,
    log: JobLog,
}

impl JobState {
    pub(crate) fn new(mounts: &Mounts, guard: Arc<Guard>, log: JobLog) -> Result<JobState, Fault> {
        let mut wasi = WasiCtxBuilder::new();
        // Guests have threads of their own, so a file call may hold one up. What `fs` passes on must not
        // start a thread either.
        wasi.allow_blocking_current_thread(true)
            .max_random_size(MAX_RANDOM)
            .stdout(log.stdout())
            .stderr(log.stderr());
        for mount in &mounts.all {
            let permissions = if mount.write {
                FsPerms::ReadWrite
            } else {
                FsPerms::ReadOnly
            };
            wasi.preopened_dir(&mount.host, &mount.guest, permissions)
                .map_err(|error| {
                    Fault::Host(format!(
                        "{} ({}) cannot be opened: {}",
                        mount.what,
                        mount.host.display(),
                        error.root_cause()
                    ))
                })?;
        }
        let mut table = ResourceTable::new();
        table.set_max_capacity(MAX_RESOURCES);
        let mut wasi = wasi.build();
        let quota = Quota::new(guard.limits().disk.clone(), guard.clone());
        let mut files = WasiFilesystemCtxView {
            ctx: wasi.filesystem(),
            table: &mut table,
        };
        let disk = Disk::new(quota, &mut files).map_err(|error| {
            Fault::Host(format!(
                "the job's directories cannot be looked at: {}",
                error.root_cause()
            ))
        })?;
        Ok(JobState {
            wasi,
            table,
            disk,
            limiter: Limiter::new(guard.clone()),
            guard,
            log,
        })
    }

    pub(crate) fn waits(&mut self) -> WaitsView<'_> {
        WaitsView {
            table: &mut self.table,
            guard: &self.guard,
        }
    }

    pub(crate) fn disk(&mut self) -> DiskView<'_> {
        DiskView {
            wasi: WasiFilesystemCtxView {
                ctx: self.wasi.filesystem(),
                table: &mut self.table,
            },
            disk: &mut self.disk,
        }
    }
}

impl WasiView for JobState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl types::Host for JobState {}

impl log::Host for JobState {
    fn write(&mut self, level: log::Level, message: String, fields: Vec<(String, String)>) {
        let level = match level {
            log::Level::Trace => Level::Trace,
            log::Level::Debug => Level::Debug,
            log::Level::Info => Level::Info,
            log::Level::Warn => Level::Warn,
            log::Level::Error => Level::Error,
        };
        self.log.write(level, &message, &fields);
    }

    fn threshold(&mut self) -> log::Level {
        match self.log.threshold() {
            Level::Trace => log::Level::Trace,
            Level::Debug => log::Level::Debug,
            Level::Info => log::Level::Info,
            Level::Warn => log::Level::Warn,
            Level::Error => log::Level::Error,
        }
    }
}

impl control::Host for JobState {
    fn progress(&mut self, percent: Option<u8>, summary: String) {
        self.log.progress(percent, &summary);
    }

    fn stop_requested(&mut self) -> Option<control::StopReason> {
        self.guard.stop_reason().map(|reason| match reason {
            StopReason::Cancelled => control::StopReason::Cancelled,
            StopReason::HandOver => control::StopReason::HandOver,
        })
    }

    fn time_remaining(&mut self) -> u32 {
        u32::try_from(self.guard.time_remaining().as_millis()).unwrap_or(u32::MAX)
    }
}
