//! What a store holds: one job's capabilities, and the host's side of the contract.

use std::sync::Arc;

use secrecy::ExposeSecret;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::filesystem::WasiFilesystemCtxView;
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtxView, WasiHttpView};

use crate::bindings::pipefitter::action::{control, log, types};
use crate::bindings::secrets::pipefitter::action::secrets;
use crate::command::Dialogue;
use crate::fixed;
use crate::fs::{Disk, DiskLimits, DiskView, Quota};
use crate::guard::Guard;
use crate::http::Network;
use crate::limiter::Limiter;
use crate::limits::Limit;
use crate::log::JobLog;
use crate::mounts::Mounts;
use crate::runner::{Fault, HostStream, JobHost, JobSpec, Level, SecretError, StopReason};
use crate::waits::WaitsView;

/// Where what is granted comes from.
pub(crate) struct Ports {
    /// Knows the secrets.
    pub(crate) host: Arc<dyn JobHost>,
    /// Leads to the network, where that is granted.
    pub(crate) stream: Option<Box<dyn HostStream>>,
}

pub(crate) struct JobState {
    wasi: WasiCtx,
    table: ResourceTable,
    disk: Disk,
    pub(crate) limiter: Limiter,
    guard: Arc<Guard>,
    log: JobLog,
    host: Arc<dyn JobHost>,
    network: Network,
}

impl JobState {
    pub(crate) fn new(
        spec: &JobSpec,
        mounts: &Mounts,
        guard: Arc<Guard>,
        log: JobLog,
        ports: Ports,
        dialogue: Option<&Dialogue>,
    ) -> Result<JobState, Fault> {
        let mut wasi = WasiCtxBuilder::new();
        // Guests have threads of their own, so a file call may hold one up. What `fs` passes on must not
        // start a thread either.
        wasi.allow_blocking_current_thread(true)
            .max_random_size(guard.limits().get(Limit::Random))
            .stderr(log.stderr());
        match dialogue {
            Some(dialogue) => wasi.stdin(dialogue.stdin()).stdout(dialogue.stdout()),
            None => wasi.stdout(log.stdout()),
        };
        for mount in &mounts.all {
            let permissions = if mount.write {
                FsPerms::ReadWrite
            } else {
                FsPerms::ReadOnly
            };
            wasi.preopened_dir(&mount.host, &mount.guest, permissions)
                .map_err(|error| mount.unopened(&error.root_cause()))?;
        }
        fixed::set(&mut wasi, &spec.fixed);
        let mut table = ResourceTable::new();
        table.set_max_capacity(guard.limits().count(Limit::Resources));
        let mut wasi = wasi.build();
        let quota = Quota::new(DiskLimits::of(guard.limits()), guard.clone());
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
            network: Network::new(ports.stream, guard.limits()),
            host: ports.host,
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

impl WasiHttpView for JobState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            ctx: &mut self.network.context,
            table: &mut self.table,
            hooks: &mut self.network.hooks,
        }
    }
}

impl secrets::Host for JobState {
    async fn get(&mut self, name: String) -> Result<String, secrets::SecretError> {
        let secret = tokio::select! {
            secret = self.host.secret(&name) => secret,
            // The guest is interrupted as soon as it runs again.
            () = self.guard.ended() => Err(SecretError::Unavailable),
        };
        match secret {
            Ok(secret) => Ok(secret.expose_secret().to_owned()),
            Err(SecretError::Denied) => Err(secrets::SecretError::Denied),
            Err(SecretError::Missing) => Err(secrets::SecretError::Missing),
            Err(SecretError::Unavailable) => Err(secrets::SecretError::Unavailable),
        }
    }

    async fn get_bytes(&mut self, name: String) -> Result<Vec<u8>, secrets::SecretError> {
        self.get(name).await.map(String::into_bytes)
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
