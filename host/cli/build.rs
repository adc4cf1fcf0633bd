//! Templates and SDKs are embedded by folder: a file that is added to one is a change, too.

fn main() {
    println!("cargo:rerun-if-changed=templates");
    println!("cargo:rerun-if-changed=../../guest-sdk");
    println!("cargo:rerun-if-changed=wit");
}
