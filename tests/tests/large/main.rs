//! A 2 GiB artifact passes through a worker that may have 512 MiB of data.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use std::io::Write;
use std::path::Path;

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use pipefitter_tests::pipelines::{Action, Pipeline, SOURCES};
use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{Rig, archives, with_ulimit};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const MIB: u64 = 1 << 20;
/// Of content, in two files.
const CONTENT: u64 = 2048 * MIB;
/// What the test writes at most while all of 2 GiB is noise: the object and its parts, the download, what is
/// unpacked, what the plugin makes of it, its archive and the new object, with room for the machine.
const ROOM: u64 = 20 << 30;
const PART: usize = 64 << 20;

/// How much of the content is noise, which no packing makes smaller. Where the disk is short most of it is text,
/// and the object is a small part of 2 GiB: said, since it shows less.
fn noise_for(folder: &Path) -> u64 {
    let disk = rustix::fs::statvfs(folder).unwrap();
    let free = disk.f_bavail * disk.f_frsize;
    if free >= ROOM {
        return CONTENT - 16 * MIB;
    }
    println!(
        "REDUCED: {} MiB of disk are free, 20 GiB are needed for an object of 2 GiB",
        free / MIB
    );
    64 * MIB
}

/// A zip of 2 GiB of content, in a file.
fn write_source(path: &Path, noise: u64) {
    let file = std::fs::File::create(path).unwrap();
    let mut writer = ZipWriter::new(std::io::BufWriter::new(file));
    let stored = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .large_file(true);
    writer.start_file("noise.bin", stored).unwrap();
    write_blocks(
        &mut writer,
        &archives::noise(usize::try_from(MIB).unwrap()),
        noise,
    );
    let packed = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(1))
        .large_file(true);
    writer.start_file("text.txt", packed).unwrap();
    let mut text: String = (0..)
        .map(|at| format!("line {at} of a text that says\n"))
        .take(40_000)
        .collect();
    text.truncate(usize::try_from(MIB).unwrap());
    write_blocks(&mut writer, text.as_bytes(), CONTENT - noise);
    writer.finish().unwrap();
}

/// Every block another one, or a clever disk keeps but one.
fn write_blocks(writer: &mut impl Write, block: &[u8], bytes: u64) {
    for at in 0..bytes / MIB {
        writer.write_all(&at.to_le_bytes()).unwrap();
        writer.write_all(&block[8..]).unwrap();
    }
}

async fn upload(rig: &Rig, key: &str, path: &Path) {
    let started = rig
        .service
        .s3
        .create_multipart_upload()
        .bucket(SOURCES)
        .key(key)
        .send()
        .await
        .unwrap();
    let id = started.upload_id().unwrap();
    let size = path.metadata().unwrap().len();
    let mut parts = Vec::new();
    for (at, offset) in (0..size).step_by(PART).enumerate() {
        let number = i32::try_from(at + 1).unwrap();
        let length = (size - offset).min(PART as u64);
        let body = ByteStream::read_from()
            .path(path)
            .offset(offset)
            .length(aws_sdk_s3::primitives::Length::Exact(length))
            .build()
            .await
            .unwrap();
        let part = rig
            .service
            .s3
            .upload_part()
            .bucket(SOURCES)
            .key(key)
            .upload_id(id);
        let part = part.part_number(number).body(body).send().await.unwrap();
        let part = CompletedPart::builder()
            .part_number(number)
            .set_e_tag(part.e_tag);
        parts.push(part.build());
    }
    let parts = CompletedMultipartUpload::builder()
        .set_parts(Some(parts))
        .build();
    let complete = rig
        .service
        .s3
        .complete_multipart_upload()
        .bucket(SOURCES)
        .key(key)
        .upload_id(id);
    complete.multipart_upload(parts).send().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_gibibytes_pass_through_half_a_gibibyte() {
    let mut plugin = Plugin::probe("Probe");
    plugin.limits = "wall = \"10m\"\ncpu = \"5m\"\nmemory = \"64MiB\"\n".to_owned();
    let mut rig = Rig::with(&[&plugin]).await;
    rig.setup.started_by = with_ulimit("-d", 512 * MIB / 1024);
    let source = rig.folder().join("source.zip");
    let path = source.clone();
    let noise = noise_for(rig.folder());
    tokio::task::spawn_blocking(move || write_source(&path, noise))
        .await
        .unwrap();
    let pipeline = Pipeline::new("large")
        .stage([Action::new("Move", &plugin).input("Source").output("Moved")]);
    rig.service.create(&pipeline, Vec::new()).await;
    upload(&rig, &pipeline.source_key(), &source).await;
    std::fs::remove_file(&source).unwrap();

    let worker = rig.worker().await;
    let about = |file: &str| {
        let file = format!("/proc/{}/{file}", worker.process.id());
        std::fs::read_to_string(file).unwrap_or_default()
    };
    let limits = about("limits");
    if cfg!(target_os = "linux") {
        assert!(
            limits.contains(&(512 * MIB).to_string()),
            "the limit is not set: {limits}"
        );
    }
    let execution = rig.service.begin("large").await;
    let ended = rig.service.ended_within(&execution, 900).await;
    let action = rig.service.actions("large", &execution).await["Move"].clone();
    assert_eq!(ended, "succeeded", "{action:?}");
    let (bucket, key) = &action.outputs["Moved"];
    let head = rig
        .service
        .s3
        .head_object()
        .bucket(bucket)
        .key(key)
        .send()
        .await
        .unwrap();
    let size = u64::try_from(head.content_length().unwrap()).unwrap();
    assert!(size > noise, "the output has {size} bytes");
    let peak = about("status");
    let peak = peak
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap_or_default();
    println!("{size} bytes came out; {peak}");
    assert_eq!(worker.stop().await.code(), Some(0));
}
