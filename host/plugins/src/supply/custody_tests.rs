//! Real directories with real modes; other owners need root, and are left out without it.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};

use rustix::fs::{Gid, Uid};

use super::*;

fn folder() -> tempfile::TempDir {
    crate::bench::closed_folder()
}

/// With the directories above it that are not there yet, closed whatever the umask is.
fn made(path: &Path, mode: u32) {
    use std::os::unix::fs::DirBuilderExt;
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o755).create(path).unwrap();
    set(path, mode);
}

fn set(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn checked(path: &Path) -> Result<(), Problem> {
    check_directory(path, Custody::Enforced)
}

/// Root can give files away.
fn given_away(path: &Path) -> bool {
    rustix::process::geteuid().is_root()
        && rustix::fs::chownat(
            rustix::fs::CWD,
            path,
            Some(Uid::from_raw(12_345)),
            Some(Gid::from_raw(12_345)),
            rustix::fs::AtFlags::SYMLINK_NOFOLLOW,
        )
        .is_ok()
}

#[test]
fn a_directory_of_ours_below_a_sticky_one_is_fine() {
    let temp = folder();
    let plugins = temp.path().join("sticky/ours/plugins");
    made(&plugins, 0o755);
    set(&temp.path().join("sticky/ours"), 0o755);
    set(&temp.path().join("sticky"), 0o1777);
    checked(&plugins).unwrap();
}

#[test]
fn a_directory_that_others_can_write_is_refused_wherever_it_is() {
    let temp = folder();
    let plugins = temp.path().join("a/plugins");
    for (where_, mode, who) in [
        ("a/plugins", 0o775, "its group can"),
        ("a/plugins", 0o757, "everybody can"),
        // Sticky keeps others from renaming what is there, not from adding.
        ("a/plugins", 0o1777, "everybody can"),
        ("a", 0o775, "its group can"),
    ] {
        made(&plugins, 0o755);
        set(&temp.path().join("a"), 0o755);
        let open = temp.path().join(where_);
        set(&open, mode);
        let problem = checked(&plugins).unwrap_err();
        assert_eq!(problem.file(), Some(open.as_path()));
        assert!(problem.message.contains(who), "{problem:?}");
        assert!(
            problem.message.contains(&format!("(mode {mode:04o})")),
            "{problem:?}"
        );
        assert_eq!(
            problem.remedy,
            format!("run `chmod go-w {}`", open.display())
        );
        check_directory(&plugins, Custody::Advised).unwrap();
    }
}

#[test]
fn the_remedy_is_the_whole_remedy() {
    let temp = folder();
    let plugins = temp.path().join("plugins");
    made(&plugins, 0o777);
    let remedy = checked(&plugins).unwrap_err().remedy;
    let command = remedy.split('`').nth(1).unwrap();
    let ran = std::process::Command::new("sh")
        .args(["-c", command])
        .status()
        .unwrap();
    assert!(ran.success());
    checked(&plugins).unwrap();
}

#[test]
fn links_above_are_followed_and_where_they_lead_through_counts() {
    let temp = folder();
    let plugins = temp.path().join("open/real/plugins");
    made(&plugins, 0o755);
    for name in ["open/real", "open"] {
        set(&temp.path().join(name), 0o755);
    }
    let to_real = temp.path().join("to-real");
    symlink("open/../open/real", &to_real).unwrap();
    let to_link = temp.path().join("to-link");
    symlink(&to_real, &to_link).unwrap();
    checked(&to_link.join("plugins")).unwrap();
    // Another way round, it is walked through all the same.
    set(&temp.path().join("open"), 0o777);
    let problem = checked(&to_link.join("plugins")).unwrap_err();
    assert_eq!(problem.files, [temp.path().join("open")]);

    let circle = temp.path().join("circle");
    symlink("circle", &circle).unwrap();
    assert!(checked(&circle).unwrap_err().message.contains("looked at"));
    let nowhere = checked(&temp.path().join("nowhere")).unwrap_err();
    assert!(nowhere.message.contains("nowhere"), "{nowhere:?}");
}

#[test]
fn what_belongs_to_somebody_else_is_refused() {
    let temp = folder();
    let plugins = temp.path().join("a/plugins");
    made(&plugins, 0o755);
    set(&temp.path().join("a"), 0o755);
    let file = plugins.join("x.wasm");
    fs::write(&file, "x").unwrap();
    set(&file, 0o644);
    let link = temp.path().join("link");
    symlink("a", &link).unwrap();
    if !given_away(&file) {
        return;
    }
    let problem = opened(&file, Custody::Enforced).unwrap_err();
    assert!(
        problem.message.contains("belongs to user 12345"),
        "{problem:?}"
    );
    assert!(problem.remedy.contains("chown root"), "{problem:?}");
    checked(&link.join("plugins")).unwrap();
    assert!(given_away(&link));
    let problem = checked(&link.join("plugins")).unwrap_err();
    assert_eq!(problem.file(), Some(link.as_path()));
    assert!(given_away(&temp.path().join("a")));
    assert!(checked(&plugins).is_err());
}

#[test]
fn only_a_regular_file_is_opened_and_never_through_a_link() {
    let temp = folder();
    let file = temp.path().join("x.wasm");
    fs::write(&file, "x").unwrap();
    set(&file, 0o644);
    assert!(opened(&file, Custody::Enforced).unwrap().is_some());
    assert!(
        opened(&temp.path().join("gone"), Custody::Enforced)
            .unwrap()
            .is_none()
    );
    let link = temp.path().join("link.wasm");
    symlink(&file, &link).unwrap();
    let pipe = temp.path().join("pipe.wasm");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, Mode::RUSR | Mode::WUSR).unwrap();
    for (path, says) in [
        (&link, "symbolic link"),
        (&pipe, "no file"),
        (&temp.path().to_owned(), "no file"),
    ] {
        for custody in [Custody::Enforced, Custody::Advised] {
            let problem = opened(path, custody).unwrap_err();
            assert!(problem.message.contains(says), "{problem:?}");
        }
    }
    set(&file, 0o664);
    let problem = opened(&file, Custody::Enforced).unwrap_err();
    assert!(
        problem.message.contains("its group can write to it"),
        "{problem:?}"
    );
    assert!(opened(&file, Custody::Advised).unwrap().is_some());
}

#[test]
fn a_link_of_kubernetes_is_told_apart() {
    let temp = folder();
    let link = temp.path().join("x.wasm");
    symlink("..data/x.wasm", &link).unwrap();
    assert!(refuse_link(&link).remedy.contains("subPath"));
}
