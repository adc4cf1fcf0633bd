//! Secrets in files.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use pipefitter_secrets::{
    LARGEST, SecretConfig, SecretError, SecretErrorKind, SecretFrom, Secrets, SecretsSettings,
};
use secrecy::ExposeSecret;

const VALUE: &str = "correct-horse-battery";

fn secrets(path: &Path) -> Secrets {
    let config = SecretConfig {
        name: "npm".to_owned(),
        from: SecretFrom::File {
            path: path.to_owned(),
        },
    };
    Secrets::new([config], SecretsSettings::default()).unwrap()
}

fn write(path: &Path, content: impl AsRef<[u8]>, mode: u32) {
    std::fs::write(path, content).unwrap();
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

async fn value(secrets: &Secrets) -> String {
    secrets.get("npm").await.unwrap().expose_secret().to_owned()
}

#[tokio::test]
async fn one_line_end_is_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("token");
    let secrets = secrets(&path);
    for (content, expected) in [
        (VALUE.to_owned(), VALUE.to_owned()),
        (format!("{VALUE}\n"), VALUE.to_owned()),
        (format!("{VALUE}\r\n"), VALUE.to_owned()),
        (format!("{VALUE}\n\n"), format!("{VALUE}\n")),
        (format!("{VALUE} "), format!("{VALUE} ")),
        (format!("first\n{VALUE}\n"), format!("first\n{VALUE}")),
        (format!("{}\r\n", "x".repeat(LARGEST)), "x".repeat(LARGEST)),
    ] {
        // Replaced, it counts at once.
        write(&path, &content, 0o600);
        assert_eq!(value(&secrets).await, expected);
    }
}

#[tokio::test]
async fn links_and_files_that_others_may_read_are_taken() {
    let dir = tempfile::tempdir().unwrap();
    // As Kubernetes mounts a secret: a link to a link's file.
    let data = dir.path().join("..data");
    std::fs::create_dir(&data).unwrap();
    write(&data.join("token"), VALUE, 0o644);
    let path = dir.path().join("token");
    symlink("..data/token", &path).unwrap();
    assert_eq!(value(&secrets(&path)).await, VALUE);
    write(&data.join("token"), VALUE, 0o660);
    assert_eq!(value(&secrets(&path)).await, VALUE);
}

#[tokio::test]
async fn what_is_no_secret_is_refused_without_showing_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("token");
    let secrets = secrets(&path);
    let mut told = Vec::new();
    let mut refused = async |kind| {
        let error = secrets.get("npm").await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
        told.push(
            error
                .to_string()
                .replace(&*dir.path().to_string_lossy(), "DIR"),
        );
        error
    };
    refused(SecretErrorKind::Missing).await;
    for (content, mode) in [
        (b"hunter2\n".to_vec(), 0o600),
        (b"".to_vec(), 0o600),
        (b"hunter2\xff and more".to_vec(), 0o600),
        (vec![b'x'; LARGEST + 1], 0o600),
        (b"hunter2 and more".to_vec(), 0o602),
    ] {
        write(&path, content, mode);
        refused(SecretErrorKind::Misconfigured).await;
    }
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    refused(SecretErrorKind::Misconfigured).await;
    std::fs::remove_dir(&path).unwrap();
    // To open one is to wait for its writer, who never comes.
    assert!(
        Command::new("mkfifo")
            .arg(&path)
            .status()
            .unwrap()
            .success()
    );
    let pipe = refused(SecretErrorKind::Misconfigured).await;
    assert!(matches!(pipe, SecretError::FileKind { .. }), "{pipe}");
    insta::assert_snapshot!(told.join("\n"));
}
