//! Standard output taken apart: lines of the protocol, and text.
//!
//! ```text
//!            begins as one               LF or CR
//! (begin) ------------------> protocol -----------> (begin)
//!    |  begins otherwise          LF or CR
//!    +------------------> text -----------> (begin)
//! ```
//!
//! Only the beginning of a line is held back, and what may be a line of the protocol, up to its longest. Each byte of a
//! beginning has all of it looked at again, in one call that nothing interrupts: so a beginning is short.

/// Bytes within which a line has to begin as one of the protocol: [`MARK`], and room to indent it.
const BEGINNING: usize = 64;

/// What a line of the protocol begins with, spaces apart.
const MARK: [&[u8]; 2] = [b"{", b"\"pipefitter\""];

/// A piece of standard output.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Text, in whatever pieces it comes.
    Text(&'a [u8]),
    /// A whole line that begins as one of the protocol, without its end.
    Line(&'a [u8]),
    /// Such a line is longer than one may be. Nothing comes after it.
    TooLong,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Begin,
    Text,
    Protocol,
    /// After CR at the end of a line of the protocol: an LF belongs to it.
    AfterCr,
    Over,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Framer {
    longest: usize,
    place: Place,
    held: Vec<u8>,
}

impl Framer {
    /// Lines of the protocol have at most so many bytes.
    pub(super) fn new(longest: usize) -> Framer {
        Framer {
            longest,
            place: Place::Begin,
            held: Vec::new(),
        }
    }

    /// The first error ends it.
    pub(super) fn write<E>(
        &mut self,
        mut bytes: &[u8],
        mut emit: impl FnMut(Piece<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        while let Some((&first, rest)) = bytes.split_first() {
            match self.place {
                Place::Over => return Ok(()),
                Place::AfterCr => {
                    self.place = Place::Begin;
                    if first == b'\n' {
                        bytes = rest;
                    }
                }
                Place::Begin => {
                    self.held.push(first);
                    bytes = rest;
                    match begins(&self.held) {
                        Some(true) => self.place = Place::Protocol,
                        // Spaces without end are text.
                        None if self.held.len() < BEGINNING.min(self.longest) => {}
                        Some(false) | None => {
                            if !is_end(first) {
                                self.place = Place::Text;
                            }
                            let held = std::mem::take(&mut self.held);
                            emit(Piece::Text(&held))?;
                        }
                    }
                }
                Place::Text => {
                    let end = bytes.iter().position(|byte| is_end(*byte));
                    let (text, after) = bytes.split_at(end.map_or(bytes.len(), |at| at + 1));
                    if end.is_some() {
                        self.place = Place::Begin;
                    }
                    bytes = after;
                    emit(Piece::Text(text))?;
                }
                Place::Protocol => {
                    let end = bytes.iter().position(|byte| is_end(*byte));
                    let (line, after) = bytes.split_at(end.unwrap_or(bytes.len()));
                    if self.held.len() + line.len() > self.longest {
                        self.place = Place::Over;
                        self.held = Vec::new();
                        return emit(Piece::TooLong);
                    }
                    self.held.extend_from_slice(line);
                    bytes = after;
                    if let Some((&end, after)) = after.split_first() {
                        bytes = after;
                        self.place = if end == b'\r' {
                            Place::AfterCr
                        } else {
                            Place::Begin
                        };
                        let held = std::mem::take(&mut self.held);
                        emit(Piece::Line(&held))?;
                    }
                }
            }
        }
        Ok(())
    }

    /// What has no end when the output has one.
    pub(super) fn finish<E>(
        &mut self,
        mut emit: impl FnMut(Piece<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let held = std::mem::take(&mut self.held);
        match std::mem::replace(&mut self.place, Place::Over) {
            Place::Protocol => emit(Piece::Line(&held)),
            _ if held.is_empty() => Ok(()),
            _ => emit(Piece::Text(&held)),
        }
    }
}

fn is_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// Whether a line that begins so is one of the protocol; unknown while it is too short to tell.
fn begins(line: &[u8]) -> Option<bool> {
    let mut rest = line;
    for part in MARK {
        let spaces = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t'));
        rest = &rest[spaces.count()..];
        if rest.len() < part.len() {
            return if part.starts_with(rest) {
                None
            } else {
                Some(false)
            };
        }
        rest = match rest.strip_prefix(part) {
            Some(rest) => rest,
            None => return Some(false),
        };
    }
    Some(true)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Default, PartialEq, Eq)]
    struct Seen {
        text: Vec<u8>,
        lines: Vec<Vec<u8>>,
        too_long: bool,
    }

    fn seen(longest: usize, chunks: &[&[u8]]) -> Seen {
        let mut framer = Framer::new(longest);
        let mut seen = Seen::default();
        let mut emit = |piece: Piece<'_>| {
            match piece {
                Piece::Text(text) => seen.text.extend_from_slice(text),
                Piece::Line(line) => seen.lines.push(line.to_vec()),
                Piece::TooLong => seen.too_long = true,
            }
            Ok::<(), Infallible>(())
        };
        for chunk in chunks {
            let Ok(()) = framer.write(chunk, &mut emit);
        }
        let Ok(()) = framer.finish(&mut emit);
        seen
    }

    const PARTS: &[&str] = &[
        "{\"pipefitter\"",
        "{",
        " ",
        "\"",
        "pipefitter",
        "\n",
        "\r",
        "x",
    ];

    proptest! {
        #[test]
        fn where_writes_end_makes_no_difference(
            parts in proptest::collection::vec(proptest::sample::select(PARTS), 0..30)
        ) {
            let parts: Vec<&[u8]> = parts.into_iter().map(str::as_bytes).collect();
            let whole = parts.concat();
            let bytes: Vec<&[u8]> = whole.chunks(1).collect();
            let all = seen(40, &[&whole]);
            prop_assert_eq!(&seen(40, &parts), &all);
            prop_assert_eq!(&seen(40, &bytes), &all);
        }
    }

    #[test]
    fn lines_of_the_protocol_are_told_from_text() {
        let found = seen(
            1000,
            &[
                b"text {\"pipefitter\":1}\n{\"pipefitter\":1}\r\n { \"pipefitter\" :2}\n\
                50%\r{\"pipefitter\":3}\n{\"other\":\"pipefitter\"}\n{\"pipefitter\":4",
            ],
        );
        let lines: Vec<&str> = found
            .lines
            .iter()
            .map(|line| std::str::from_utf8(line).unwrap())
            .collect();
        assert_eq!(
            lines,
            [
                "{\"pipefitter\":1}",
                " { \"pipefitter\" :2}",
                "{\"pipefitter\":3}",
                "{\"pipefitter\":4"
            ]
        );
        let text = String::from_utf8(found.text).unwrap();
        assert_eq!(
            text,
            "text {\"pipefitter\":1}\n50%\r{\"other\":\"pipefitter\"}\n"
        );
    }

    #[test]
    fn a_line_without_end_is_not_kept() {
        let begin = b"{\"pipefitter\":\"";
        let found = seen(100, &[begin, &[b'x'; 1000], b"\n{\"pipefitter\":1}\n"]);
        assert!(found.too_long);
        assert_eq!(found.lines, Vec::<Vec<u8>>::new());
        let text = seen(100, &[&[b' '; 1000], b"\n{\"pipefitter\":1}\n"]);
        assert_eq!((text.text.len(), text.lines.len()), (1001, 1));
    }

    #[test]
    fn a_line_that_is_far_indented_is_text() {
        let mark = b"{\"pipefitter\":1}\n";
        let spaces = [b' '; BEGINNING];
        let near = seen(1000, &[&spaces[..BEGINNING - 13], mark]);
        assert_eq!((near.text.len(), near.lines.len()), (0, 1));
        let far = seen(1000, &[&spaces[..BEGINNING - 12], mark]);
        assert_eq!((far.text.len(), far.lines.len()), (52 + mark.len(), 0));
    }

    #[test]
    fn spaces_without_end_are_let_go_as_they_come() {
        let mut framer = Framer::new(1 << 20);
        let mut most = 0;
        let mut emit = |piece: Piece<'_>| {
            assert!(matches!(piece, Piece::Text(_)));
            Ok::<(), Infallible>(())
        };
        for _ in 0..1000 {
            let Ok(()) = framer.write(b" ", &mut emit);
            most = most.max(framer.held.len());
        }
        assert_eq!(most, BEGINNING - 1);
        assert_eq!(framer.place, Place::Text);
    }

    #[test]
    fn the_beginning_of_a_mark_at_the_end_is_text() {
        assert_eq!(seen(100, &[b"a\n{\"pipe"]).text, b"a\n{\"pipe");
    }
}
