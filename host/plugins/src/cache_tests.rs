//! The cache of compiled code, on a disk.

use std::os::unix::fs::symlink;

use super::*;

fn cache() -> (tempfile::TempDir, CodeCache) {
    let dir = tempfile::tempdir().unwrap();
    let cache = CodeCache::open(dir.path().join("state/code")).unwrap();
    (dir, cache)
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn kept(cache: &CodeCache, id: &str) -> Option<Vec<u8>> {
    cache.read(id).unwrap().map(|(_, bytes)| bytes)
}

#[test]
fn code_is_kept_read_only_and_replaced_whole() {
    let (_dir, cache) = cache();
    assert_eq!(kept(&cache, "ab-01"), None);
    let path = cache.put("ab-01", b"first").unwrap();
    assert_eq!(
        cache.read("ab-01").unwrap(),
        Some((path.clone(), b"first".to_vec()))
    );
    assert_eq!(mode(&path), 0o400);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert_eq!(cache.put("ab-01", b"second").unwrap(), path);
    assert_eq!(kept(&cache, "ab-01").unwrap(), b"second");
}

#[test]
fn an_id_is_never_a_path() {
    let (_dir, cache) = cache();
    for id in [
        "",
        "..",
        "../ab",
        "a/b",
        "AB",
        "ab.tmp",
        "g",
        "ab\0",
        &"a".repeat(201),
    ] {
        assert!(
            matches!(cache.put(id, b"x"), Err(PluginsError::CodeId { .. })),
            "{id}"
        );
        assert!(matches!(cache.read(id), Err(PluginsError::CodeId { .. })));
    }
}

#[test]
fn a_directory_that_others_may_enter_is_refused_with_the_command_that_helps() {
    let dir = tempfile::tempdir().unwrap();
    let code = dir.path().join("code");
    std::fs::create_dir(&code).unwrap();
    std::fs::set_permissions(&code, Permissions::from_mode(0o750)).unwrap();
    let error = CodeCache::open(&code).unwrap_err().to_string();
    assert!(error.contains("mode 750"), "{error}");
    assert!(error.contains("chmod 700"), "{error}");
}

#[test]
fn a_link_to_a_directory_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let code = dir.path().join("code");
    CodeCache::open(dir.path().join("elsewhere")).unwrap();
    symlink(dir.path().join("elsewhere"), &code).unwrap();
    assert!(matches!(
        CodeCache::open(&code),
        Err(PluginsError::CacheUnsafe { .. })
    ));
}

/// A name for what is put in place of code.
type Planted = (&'static str, fn(&Path));

#[test]
fn what_was_not_put_there_is_told_and_can_be_replaced() {
    let planted: [Planted; 4] = [
        ("it is a link", |path| symlink("/etc/passwd", path).unwrap()),
        ("it is no file", |path| {
            rustix::fs::mkfifoat(rustix::fs::CWD, path, Mode::RUSR | Mode::WUSR).unwrap();
        }),
        ("others can reach it", |path| {
            std::fs::write(path, "x").unwrap();
            std::fs::set_permissions(path, Permissions::from_mode(0o440)).unwrap();
        }),
        ("it belongs to another user", |path| {
            std::fs::write(path, "x").unwrap();
            let _ = std::os::unix::fs::chown(path, Some(12_345), None);
        }),
    ];
    for (fault, plant) in planted {
        if fault.contains("another user") && !rustix::process::geteuid().is_root() {
            continue;
        }
        let (_dir, cache) = cache();
        plant(&cache.path("ab").unwrap());
        match cache.read("ab") {
            Err(PluginsError::CacheEntry { fault: found, .. }) => assert_eq!(found, fault),
            other => panic!("{fault}: {other:?}"),
        }
        cache.put("ab", b"code").unwrap();
        assert_eq!(kept(&cache, "ab").unwrap(), b"code", "{fault}");
    }
}

fn in_use(ids: &[&str]) -> HashSet<String> {
    ids.iter().map(|&id| id.to_owned()).collect()
}

fn used(cache: &CodeCache, id: &str, seconds_ago: u64) {
    File::open(cache.path(id).unwrap())
        .unwrap()
        .set_modified(SystemTime::now() - Duration::from_secs(seconds_ago))
        .unwrap();
}

#[test]
fn what_was_used_longest_ago_makes_room() {
    let (_dir, cache) = cache();
    let cache = cache.with_bound(30);
    for (id, age) in [("aa", 400), ("bb", 300), ("cc", 200), ("dd", 100)] {
        cache.put(id, &[0; 10]).unwrap();
        used(&cache, id, age);
    }
    // Read, it is the newest.
    assert!(kept(&cache, "aa").is_some());
    let trimmed = cache.trim(&HashSet::new()).unwrap();
    assert_eq!((trimmed.removed, trimmed.bytes), (1, 30));
    assert_eq!(kept(&cache, "bb"), None);
    // What is in use stays, though it is the oldest.
    used(&cache, "cc", 900);
    used(&cache, "dd", 800);
    let cache = cache.with_bound(20);
    cache.trim(&in_use(&["cc"])).unwrap();
    assert_eq!(kept(&cache, "dd"), None);
    assert!(kept(&cache, "cc").is_some() && kept(&cache, "aa").is_some());
    // And however much it is.
    let cache = cache.with_bound(1);
    let trimmed = cache.trim(&in_use(&["aa", "cc"])).unwrap();
    assert_eq!((trimmed.removed, trimmed.bytes, trimmed.bound), (0, 20, 1));
    assert_eq!(cache.trim(&HashSet::new()).unwrap().bytes, 0);
}

#[test]
fn a_trim_takes_what_is_no_file_and_leaves_what_is_not_ours() {
    let (dir, cache) = cache();
    std::fs::write(dir.path().join("planted"), "x").unwrap();
    symlink(dir.path().join("planted"), cache.path("ab").unwrap()).unwrap();
    std::fs::write(cache.dir.join("README"), "x").unwrap();
    std::fs::create_dir(cache.dir.join("cd")).unwrap();
    let cache = cache.with_bound(0);
    assert_eq!(cache.trim(&HashSet::new()).unwrap().removed, 1);
    assert!(dir.path().join("planted").exists() && cache.dir.join("README").exists());
    assert!(!cache.dir.join("ab").is_symlink());
}

#[test]
fn a_trim_leaves_what_is_being_written() {
    let (_dir, cache) = cache();
    let old = cache.dir.join(format!("{UNFINISHED}old"));
    let new = cache.dir.join(format!("{UNFINISHED}new"));
    for path in [&old, &new] {
        std::fs::write(path, "half").unwrap();
    }
    let long_ago = SystemTime::now() - 2 * ABANDONED_AFTER;
    File::open(&old).unwrap().set_modified(long_ago).unwrap();
    assert_eq!(cache.trim(&HashSet::new()).unwrap().removed, 1);
    assert!(new.exists() && !old.exists());
}
