//! Trees to pack and unpack, and pages to make a site of.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result};

use crate::Options;
use crate::random::Random;

const SEED: u64 = 0x0070_6970_6566_6974;
const SMALL_FILES: u64 = 20_000;
const FILES_IN_FOLDER: u64 = 100;
/// Sizes of small files are even between these: 100 MB in all.
const SMALL_BYTES: std::ops::Range<u64> = 200..9_800;
/// Each of four.
const LARGE_BYTES: u64 = 40_000_000;
const WORDS: u64 = 4_096;
const PAGES: u64 = 50;

/// What a tree holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) files: u64,
    pub(crate) bytes: u64,
}

/// 20,000 text files in 200 folders, as a project with its dependencies has them.
pub(crate) fn small_files(options: &Options, root: &Path) -> Result<Size> {
    let mut random = Random::new(SEED);
    let mut prose = Prose::new(&mut random);
    let files = options.scaled(SMALL_FILES);
    let mut bytes = 0;
    for at in 0..files {
        let folder = root.join(format!("module-{:03}", at / FILES_IN_FOLDER));
        if at % FILES_IN_FOLDER == 0 {
            make(&folder)?;
        }
        let size = SMALL_BYTES.start + random.below(SMALL_BYTES.end - SMALL_BYTES.start);
        let name = folder.join(format!("file-{at:05}.txt"));
        std::fs::write(&name, prose.take(&mut random, size))
            .with_context(|| format!("could not write {}", name.display()))?;
        bytes += size;
    }
    Ok(Size { files, bytes })
}

/// Four files: two of text, one of records, one of noise, which nothing makes smaller.
pub(crate) fn large_files(options: &Options, root: &Path) -> Result<Size> {
    let mut random = Random::new(SEED + 1);
    let mut prose = Prose::new(&mut random);
    let size = options.scaled(LARGE_BYTES);
    make(root)?;
    for name in ["first.log", "second.log"] {
        fill(&root.join(name), size, |want| {
            prose.take(&mut random, want).to_vec()
        })?;
    }
    let (mut number, mut value) = (0_u64, 0_u64);
    fill(&root.join("table.bin"), size, |_| {
        number += 1;
        value = value.wrapping_add(random.below(1_000));
        let mut record = number.to_le_bytes().to_vec();
        record.extend(value.to_le_bytes());
        record.extend((random.below(200)).to_le_bytes());
        record
    })?;
    fill(&root.join("noise.bin"), size, |_| {
        random.next().to_le_bytes().to_vec()
    })?;
    Ok(Size {
        files: 4,
        bytes: 4 * size,
    })
}

/// Markdown pages with links between them, none of them broken.
pub(crate) fn pages(root: &Path) -> Result<u64> {
    let mut random = Random::new(SEED + 2);
    let mut prose = Prose::new(&mut random);
    make(root)?;
    for page in 0..PAGES {
        let mut markdown = format!("# Page {page}\n");
        for section in 1..=5 {
            let text = String::from_utf8_lossy(prose.take(&mut random, 700));
            let _ = write!(markdown, "\n## Section {section}\n\n{text}\n");
        }
        let _ = writeln!(
            markdown,
            "\n[Next](page-{}.md#section-3)",
            (page + 1) % PAGES
        );
        let name = root.join(format!("page-{page}.md"));
        std::fs::write(&name, markdown)
            .with_context(|| format!("could not write {}", name.display()))?;
    }
    std::fs::write(root.join("index.md"), "# Pages\n\n[First](page-0.md)\n")
        .context("could not write the first page")?;
    Ok(PAGES + 1)
}

/// Count what lies in a tree.
pub(crate) fn size_of(root: &Path) -> Result<Size> {
    let mut size = Size { files: 0, bytes: 0 };
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder)
            .with_context(|| format!("could not read {}", folder.display()))?;
        for entry in entries {
            let entry = entry?;
            let metadata = entry.metadata()?;
            if metadata.is_dir() {
                folders.push(entry.path());
            } else {
                size.files += 1;
                size.bytes += metadata.len();
            }
        }
    }
    Ok(size)
}

fn make(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("could not make {}", folder.display()))
}

/// Write blocks, the last one cut, until the file has its size.
fn fill(path: &Path, size: u64, mut block: impl FnMut(u64) -> Vec<u8>) -> Result<()> {
    let mut write = || -> std::io::Result<()> {
        let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
        let mut left = usize::try_from(size).unwrap_or(usize::MAX);
        while left > 0 {
            let next = block((left as u64).min(1 << 16));
            let taken = next.len().min(left);
            file.write_all(&next[..taken])?;
            left -= taken;
        }
        file.flush()
    };
    write().with_context(|| format!("could not write {}", path.display()))
}

/// Made-up words, few of them frequent, so that it deflates about as prose and source code do.
struct Prose {
    words: Vec<String>,
    text: Vec<u8>,
}

impl Prose {
    fn new(random: &mut Random) -> Self {
        let words = (0..WORDS)
            .map(|_| {
                let letters = 2 + random.below(8);
                (0..letters)
                    .map(|_| char::from(b'a' + (random.below(26)) as u8))
                    .collect()
            })
            .collect();
        Self {
            words,
            text: Vec::new(),
        }
    }

    /// The next `bytes` of text; good until the next call.
    fn take(&mut self, random: &mut Random, bytes: u64) -> &[u8] {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        self.text.clear();
        let mut words = 0;
        while self.text.len() < bytes {
            // The third power of an even number in 0..1 leans towards 0: towards the first words.
            let even = random.below(1 << 20) as f64 / f64::from(1 << 20);
            let word = (even.powi(3) * WORDS as f64) as usize;
            self.text.extend(self.words[word].bytes());
            words += 1;
            self.text.push(if words % 12 == 0 { b'\n' } else { b' ' });
        }
        self.text.truncate(bytes);
        &self.text
    }
}
