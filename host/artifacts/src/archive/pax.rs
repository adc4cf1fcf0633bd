//! Pax records: `LENGTH KEY=VALUE\n`, LENGTH being that of the whole record.
//!
//! They are taken apart by their lengths and never by line ends, since a value may have line ends in it:
//! attributes of files are binary, and a record hidden in one would be seen by one reader and not by
//! another. (The tar crate splits at line ends and refuses such archives.) Of a key that occurs twice the
//! last counts, as POSIX says.

use std::io;

use super::untar::damaged;

/// What extension headers say about the entry that follows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Extension {
    pub(crate) path: Option<Vec<u8>>,
    pub(crate) link: Option<Vec<u8>>,
    pub(crate) size: Option<u64>,
    /// Its content is a map of a sparse file, and pieces.
    pub(crate) sparse: bool,
}

impl Extension {
    /// Whether it says nothing of where an entry goes or how long it is.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

pub(crate) fn read_pax(body: &[u8], into: &mut Extension) -> io::Result<()> {
    let mut rest = body;
    while !rest.is_empty() {
        let (key, value, after) =
            record(rest).ok_or_else(|| damaged("a pax record cannot be read"))?;
        match key {
            b"path" => into.path = Some(value.to_vec()),
            b"linkpath" => into.link = Some(value.to_vec()),
            b"size" => {
                into.size = Some(number(value).ok_or_else(|| damaged("a pax size is no number"))?);
            }
            key if key.starts_with(b"GNU.sparse.") => into.sparse = true,
            _ => {}
        }
        rest = after;
    }
    Ok(())
}

/// The first record's key and value, and what follows it.
fn record(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let blank = bytes.iter().position(|byte| *byte == b' ')?;
    let length = usize::try_from(number(&bytes[..blank])?).ok()?;
    let (record, after) = bytes.split_at_checked(length)?;
    let text = record.get(blank + 1..)?.strip_suffix(b"\n")?;
    let equals = text.iter().position(|byte| *byte == b'=')?;
    (equals > 0).then(|| (&text[..equals], &text[equals + 1..], after))
}

/// Decimal digits and nothing else: no sign, no blank, as standard parsers take them.
fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(body: &[u8]) -> Option<Extension> {
        let mut extension = Extension::default();
        read_pax(body, &mut extension).ok()?;
        Some(extension)
    }

    fn written(key: &[u8], value: &[u8]) -> Vec<u8> {
        let rest = [b" ", key, b"=", value, b"\n"].concat();
        let length = (1..)
            .map(|digits| rest.len() + digits)
            .find(|length| length.to_string().len() + rest.len() == *length)
            .unwrap();
        [length.to_string().as_bytes(), &rest].concat()
    }

    #[test]
    fn a_record_within_a_value_is_a_value() {
        let hidden = written(b"path", b"../outside");
        let body = written(b"SCHILY.xattr.user.x", &[b"\n", &hidden[..]].concat());
        assert_eq!(read(&body), Some(Extension::default()));
    }

    #[test]
    fn what_is_no_record_is_refused() {
        let bodies: [&[u8]; 11] = [
            b"nonsense",
            b"9 path=x",
            b"11 path=x\n",
            b"+9 path=x\n",
            b"0 path=x\n",
            b" path=x\n",
            b"18446744073709551616 path=x\n",
            b"18446744073709551615 path=x\n",
            b"7 =abc\n",
            b"3 \n",
            b"9 path=x\n\0",
        ];
        for body in bodies {
            assert_eq!(read(body), None, "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn sizes_are_plain_numbers() {
        assert_eq!(
            read(&written(b"size", b"18446744073709551615")),
            Some(Extension {
                size: Some(u64::MAX),
                ..Extension::default()
            })
        );
        for size in [
            "",
            "-1",
            "+1",
            " 1",
            "1 ",
            "0x10",
            "1e3",
            "18446744073709551616",
        ] {
            assert_eq!(read(&written(b"size", size.as_bytes())), None, "{size:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_whatever_is_in_it(
            before in prop::collection::vec(any::<u8>(), 0..40),
            path in prop::collection::vec(any::<u8>(), 0..40),
            link in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            let body = [
                written(b"comment", &before),
                written(b"path", b"an earlier one"),
                written(b"path", &path),
                written(b"linkpath", &link),
            ]
            .concat();
            let extension = Extension { path: Some(path), link: Some(link), ..Extension::default() };
            prop_assert_eq!(read(&body), Some(extension));
        }
    }
}
