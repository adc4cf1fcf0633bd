//! Directory trees as values.

use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use proptest::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Node {
    Folder,
    File { content: Vec<u8>, program: bool },
    Link(String),
}

pub(crate) type Tree = BTreeMap<String, Node>;

pub(crate) fn file(content: &[u8]) -> Node {
    Node::File {
        content: content.to_vec(),
        program: false,
    }
}

/// Any tree of plain names; folders come from paths and by themselves.
pub(crate) fn any_tree() -> impl Strategy<Value = Tree> {
    let name = prop_oneof![4 => "[a-d]", 1 => "[ a-zA-Z0-9._é日-]{1,12}"]
        .prop_filter("a name that archives take", |name| {
            name != "." && name != ".."
        });
    let path = prop::collection::vec(name, 1..5).prop_map(|names| names.join("/"));
    let content = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        (any::<u8>(), 0..20_000_usize).prop_map(|(byte, length)| vec![byte; length]),
    ];
    let node = prop_oneof![
        1 => Just(Node::Folder),
        4 => (content, any::<bool>()).prop_map(|(content, program)| Node::File { content, program }),
        1 => "[a-d](/[a-d]){0,2}".prop_map(Node::Link),
    ];
    prop::collection::vec((path, node), 0..25).prop_map(|entries| {
        let mut tree = Tree::new();
        for (path, node) in entries {
            let under_file = path
                .match_indices('/')
                .any(|(at, _)| !matches!(tree.get(&path[..at]), None | Some(Node::Folder)));
            if under_file || tree.contains_key(&path) {
                continue;
            }
            for (at, _) in path.match_indices('/') {
                tree.insert(path[..at].to_owned(), Node::Folder);
            }
            tree.insert(path, node);
        }
        tree
    })
}

/// Makes the tree in an existing directory; `reverse` makes it in the other order.
pub(crate) fn make(tree: &Tree, root: &Path, reverse: bool) {
    let mut paths: Vec<&String> = tree.keys().collect();
    if reverse {
        paths.reverse();
    }
    for path in paths {
        let at = root.join(path);
        std::fs::create_dir_all(at.parent().unwrap()).unwrap();
        match &tree[path] {
            Node::Folder => std::fs::create_dir_all(&at).unwrap(),
            Node::File { content, program } => {
                std::fs::write(&at, content).unwrap();
                let mode = if *program { 0o700 } else { 0o600 };
                std::fs::set_permissions(&at, std::fs::Permissions::from_mode(mode)).unwrap();
            }
            Node::Link(target) => symlink(target, &at).unwrap(),
        }
    }
}

pub(crate) fn read(root: &Path) -> Tree {
    let mut tree = Tree::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let at = entry.unwrap().path();
            let metadata = std::fs::symlink_metadata(&at).unwrap();
            let node = if metadata.is_dir() {
                folders.push(at.clone());
                Node::Folder
            } else if metadata.is_symlink() {
                let target = std::fs::read_link(&at).unwrap();
                Node::Link(target.to_str().unwrap().to_owned())
            } else {
                Node::File {
                    content: std::fs::read(&at).unwrap(),
                    program: metadata.permissions().mode() & 0o111 != 0,
                }
            };
            let path = at.strip_prefix(root).unwrap();
            tree.insert(path.to_str().unwrap().to_owned(), node);
        }
    }
    tree
}
