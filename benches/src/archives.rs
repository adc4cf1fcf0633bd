//! Unpacking and packing the same trees.
//!
//! All unpack one archive, made by Python's standard library; nobody has his own. Nobody waits for the disk
//! at his end, and before each turn the disk is waited for. What comes out is counted in each turn, and each
//! packer's first archive is read through.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::time::Instant;

use crate::contestants::{Contestant, Tools};
use crate::data::{self, Size};
use crate::measure::{Run, run, settle};
use crate::report::{Report, Row, Unit};
use crate::{Options, remove};

/// No further round of one comparison begins after this, from the third on: a slow machine has fewer rounds,
/// and the table says how many.
const BUDGET: Duration = Duration::from_secs(20);
const FEWEST: usize = 3;

/// A tree, and what the table calls it.
struct Tree {
    root: PathBuf,
    size: Size,
    name: String,
}

pub(crate) fn compare(options: &Options, tools: &Tools, report: &mut Report) -> Result<()> {
    eprintln!("making the trees");
    let (small, large) = (options.work.join("small"), options.work.join("large"));
    let trees = [
        Tree::named(data::small_files(options, &small)?, small, "small files"),
        Tree::named(data::large_files(options, &large)?, large, "large files"),
    ];
    for tree in &trees {
        let archive = options.work.join("archive.zip");
        run(&mut tools.pack(Contestant::Python, &tree.root, &archive)?)?;
        unpacking(options, tools, tree, &archive, report)?;
        std::fs::remove_file(&archive).context("could not remove an archive")?;
    }
    for tree in &trees {
        packing(options, tools, tree, report)?;
    }
    for tree in &trees {
        remove(&tree.root)?;
    }
    Ok(())
}

impl Tree {
    fn named(size: Size, root: PathBuf, what: &str) -> Self {
        let name = format!("{} {what}, {} MB", size.files, size.bytes / 1_000_000);
        Self { root, size, name }
    }
}

fn unpacking(
    options: &Options,
    tools: &Tools,
    tree: &Tree,
    archive: &Path,
    report: &mut Report,
) -> Result<()> {
    let packed = archive
        .metadata()
        .context("could not look at an archive")?
        .len();
    let what = format!("unpack {} ({} MB packed)", tree.name, packed / 1_000_000);
    let into = options.work.join("unpacked");
    let rows = rounds(options, &what, &tools.unpackers(), |who| {
        remove(&into)?;
        std::fs::create_dir(&into).context("could not make a folder to unpack into")?;
        settle()?;
        let taken = run(&mut tools.unpack(who, archive, &into)?)?;
        let found = data::size_of(&into)?;
        if found != tree.size {
            bail!(
                "{who:?} unpacked {found:?}, but the tree is {:?}",
                tree.size
            );
        }
        Ok((taken, String::new()))
    })?;
    report.add(rows);
    remove(&into)
}

fn packing(options: &Options, tools: &Tools, tree: &Tree, report: &mut Report) -> Result<()> {
    let what = format!("pack {}", tree.name);
    let mut checked = Vec::new();
    let archive = options.work.join("packed.zip");
    let rows = rounds(options, &what, &tools.packers(), |who| {
        settle()?;
        let taken = run(&mut tools.pack(who, &tree.root, &archive)?)?;
        if !checked.contains(&who) {
            let (files, bytes) = tools.check(&archive)?;
            let found = Size { files, bytes };
            if found != tree.size {
                bail!("{who:?} packed {found:?}, but the tree is {:?}", tree.size);
            }
            checked.push(who);
        }
        let bytes = archive
            .metadata()
            .context("could not look at an archive")?
            .len();
        std::fs::remove_file(&archive).context("could not remove an archive")?;
        Ok((taken, format!("{:.1} MB", bytes as f64 / 1e6)))
    })?;
    report.add(rows);
    Ok(())
}

/// Everybody's turns, in an order that rotates; `turn` tells what is worth a remark.
fn rounds(
    options: &Options,
    what: &str,
    contestants: &[(Contestant, &'static str)],
    mut turn: impl FnMut(Contestant) -> Result<(Run, String)>,
) -> Result<Vec<Row>> {
    eprintln!("{what}");
    let mut rows: Vec<Row> = contestants
        .iter()
        .map(|(_, name)| Row::new(what, name, Unit::Seconds))
        .collect();
    let began = Instant::now();
    for round in 0..options.rounds() {
        if round >= FEWEST && began.elapsed() > BUDGET {
            break;
        }
        for place in 0..contestants.len() {
            let at = (place + round) % contestants.len();
            let (who, _) = contestants[at];
            let (taken, remark) = turn(who).with_context(|| what.to_owned())?;
            let row = &mut rows[at];
            row.values.push(taken.seconds);
            row.processor.extend(taken.processor);
            row.peak = row.peak.max(taken.peak);
            row.remark = remark;
        }
    }
    Ok(rows)
}
