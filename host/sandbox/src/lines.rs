//! Bytes into lines. Memory stays bounded by one line of at most [`MAX_LINE`] bytes, whatever is written.

/// The longest line that is kept whole, in bytes; a longer one is cut there.
pub(crate) const MAX_LINE: usize = 8 << 10;

/// A line as it was written, without its end.
pub(crate) struct RawLine<'a> {
    pub(crate) bytes: &'a [u8],
    /// How many bytes were left out at its end.
    pub(crate) excess: u64,
}

impl RawLine<'_> {
    /// How many bytes were written, with one for the line's end.
    pub(crate) fn written(&self) -> u64 {
        self.bytes.len() as u64 + self.excess + 1
    }
}

/// Splits at LF, CR LF and a lone CR (which progress bars use), across writes.
#[derive(Default)]
pub(crate) struct Splitter {
    line: Vec<u8>,
    excess: u64,
    after_cr: bool,
}

impl Splitter {
    pub(crate) fn write(&mut self, mut bytes: &[u8], mut emit: impl FnMut(RawLine<'_>)) {
        while !bytes.is_empty() {
            if std::mem::take(&mut self.after_cr) && bytes[0] == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            match bytes.iter().position(|b| matches!(b, b'\n' | b'\r')) {
                None => {
                    self.keep(bytes);
                    return;
                }
                Some(at) => {
                    self.keep(&bytes[..at]);
                    self.after_cr = bytes[at] == b'\r';
                    bytes = &bytes[at + 1..];
                    self.emit(&mut emit);
                }
            }
        }
    }

    /// The last line, where it has no end.
    pub(crate) fn finish(&mut self, mut emit: impl FnMut(RawLine<'_>)) {
        if !self.line.is_empty() {
            self.emit(&mut emit);
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = MAX_LINE - self.line.len();
        let kept = bytes.len().min(room);
        self.line.extend_from_slice(&bytes[..kept]);
        self.excess += (bytes.len() - kept) as u64;
    }

    fn emit(&mut self, emit: &mut impl FnMut(RawLine<'_>)) {
        emit(RawLine {
            bytes: &self.line,
            excess: std::mem::take(&mut self.excess),
        });
        self.line.clear();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(chunks: &[Vec<u8>]) -> Vec<(Vec<u8>, u64)> {
        let mut lines = Vec::new();
        let mut splitter = Splitter::default();
        let mut keep = |line: RawLine<'_>| lines.push((line.bytes.to_vec(), line.excess));
        for chunk in chunks {
            splitter.write(chunk, &mut keep);
        }
        splitter.finish(&mut keep);
        lines
    }

    proptest! {
        #[test]
        fn where_writes_end_makes_no_difference(
            chunks in proptest::collection::vec(proptest::collection::vec(
                prop_oneof![Just(b'\n'), Just(b'\r'), any::<u8>()], 0..30), 0..10)
        ) {
            prop_assert_eq!(split(&chunks), split(&[chunks.concat()]));
        }
    }

    #[test]
    fn every_kind_of_line_end_ends_one_line() {
        let lines = split(&[b"a\nb\r\nc\rd\n\ne".to_vec()]);
        let texts: Vec<&[u8]> = lines.iter().map(|(line, _)| &line[..]).collect();
        assert_eq!(texts, [&b"a"[..], b"b", b"c", b"d", b"", b"e"]);
    }

    #[test]
    fn a_long_line_is_cut_and_the_rest_is_counted() {
        let lines = split(&[vec![b'x'; MAX_LINE], b"yz\nnext".to_vec()]);
        assert_eq!(lines[0], (vec![b'x'; MAX_LINE], 2));
        assert_eq!(lines[1], (b"next".to_vec(), 0));
    }
}
