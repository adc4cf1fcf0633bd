//! The checksums of S3: what is computed over content, and how parts' sums make an object's.
//!
//! Every object gets an MD5 (its entity tag) and one of five additional checksums: the one that the
//! client named, or CRC64NVME as on AWS. A multipart object's is either *composite* (the checksum of
//! the parts' checksums) or of the *full object*; the latter is computed from the parts' sums and
//! lengths alone, since CRCs are linear and the content need not be read again.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use s3s::crypto::{Checksum, Crc32, Crc32c, Crc64Nvme, Md5, Sha1, Sha256};
use serde::{Deserialize, Serialize};

/// An additional checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Algorithm {
    #[serde(rename = "CRC32")]
    Crc32,
    #[serde(rename = "CRC32C")]
    Crc32c,
    #[serde(rename = "CRC64NVME")]
    Crc64Nvme,
    #[serde(rename = "SHA1")]
    Sha1,
    #[serde(rename = "SHA256")]
    Sha256,
}

impl Algorithm {
    pub(super) const ALL: [Self; 5] = [
        Self::Crc32,
        Self::Crc32c,
        Self::Crc64Nvme,
        Self::Sha1,
        Self::Sha256,
    ];

    /// As `x-amz-checksum-algorithm` and `x-amz-sdk-checksum-algorithm` name it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    /// The header, or trailer, that carries its value.
    pub(super) fn header(self) -> &'static str {
        match self {
            Self::Crc32 => "x-amz-checksum-crc32",
            Self::Crc32c => "x-amz-checksum-crc32c",
            Self::Crc64Nvme => "x-amz-checksum-crc64nvme",
            Self::Sha1 => "x-amz-checksum-sha1",
            Self::Sha256 => "x-amz-checksum-sha256",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }

    /// The kind that a multipart upload gets when it names none.
    pub(super) fn default_kind(self) -> Kind {
        match self {
            Self::Crc64Nvme => Kind::FullObject,
            _ => Kind::Composite,
        }
    }

    /// Whether S3 computes this kind with this algorithm.
    pub(super) fn supports(self, kind: Kind) -> bool {
        match self {
            Self::Crc32 | Self::Crc32c => true,
            Self::Crc64Nvme => kind == Kind::FullObject,
            Self::Sha1 | Self::Sha256 => kind == Kind::Composite,
        }
    }

    /// Bytes of a digest.
    pub(super) fn length(self) -> usize {
        match self {
            Self::Crc32 | Self::Crc32c => 4,
            Self::Crc64Nvme => 8,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    /// Width in bits and reflected polynomial, where it is a CRC.
    fn crc(self) -> Option<(u32, u64)> {
        match self {
            Self::Crc32 => Some((32, 0xEDB8_8320)),
            Self::Crc32c => Some((32, 0x82F6_3B78)),
            Self::Crc64Nvme => Some((64, 0x9A6C_9329_AC4B_C9B5)),
            Self::Sha1 | Self::Sha256 => None,
        }
    }

    fn digest(self, content: &[u8]) -> Vec<u8> {
        let mut hasher = Hasher::new(self);
        hasher.update(content);
        hasher.finish()
    }
}

/// How a multipart object's checksum relates to its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// The checksum of the parts' checksums; its text ends with `-` and their number.
    #[serde(rename = "COMPOSITE")]
    Composite,
    /// The checksum of the whole content.
    #[serde(rename = "FULL_OBJECT")]
    FullObject,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Composite => "COMPOSITE",
            Self::FullObject => "FULL_OBJECT",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        match name {
            "COMPOSITE" => Some(Self::Composite),
            "FULL_OBJECT" => Some(Self::FullObject),
            _ => None,
        }
    }
}

/// A checksum that was verified or computed here, in the text form of S3's headers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredChecksum {
    pub(super) algorithm: Algorithm,
    /// Base64, with `-N` behind it where it is composite.
    pub(super) value: String,
    pub(super) kind: Kind,
}

impl StoredChecksum {
    pub(super) fn of_content(algorithm: Algorithm, digest: &[u8]) -> Self {
        Self {
            algorithm,
            value: BASE64_STANDARD.encode(digest),
            kind: Kind::FullObject,
        }
    }
}

/// Runs one additional checksum over content.
pub(super) enum Hasher {
    Crc32(Crc32),
    Crc32c(Crc32c),
    Crc64Nvme(Crc64Nvme),
    Sha1(Box<Sha1>),
    Sha256(Box<Sha256>),
}

impl Hasher {
    pub(super) fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Crc32 => Self::Crc32(Crc32::new()),
            Algorithm::Crc32c => Self::Crc32c(Crc32c::new()),
            Algorithm::Crc64Nvme => Self::Crc64Nvme(Crc64Nvme::new()),
            Algorithm::Sha1 => Self::Sha1(Box::new(Sha1::new())),
            Algorithm::Sha256 => Self::Sha256(Box::new(Sha256::new())),
        }
    }

    pub(super) fn update(&mut self, content: &[u8]) {
        match self {
            Self::Crc32(hasher) => hasher.update(content),
            Self::Crc32c(hasher) => hasher.update(content),
            Self::Crc64Nvme(hasher) => hasher.update(content),
            Self::Sha1(hasher) => hasher.update(content),
            Self::Sha256(hasher) => hasher.update(content),
        }
    }

    pub(super) fn finish(self) -> Vec<u8> {
        match self {
            Self::Crc32(hasher) => hasher.finalize().to_vec(),
            Self::Crc32c(hasher) => hasher.finalize().to_vec(),
            Self::Crc64Nvme(hasher) => hasher.finalize().to_vec(),
            Self::Sha1(hasher) => hasher.finalize().to_vec(),
            Self::Sha256(hasher) => hasher.finalize().to_vec(),
        }
    }
}

/// The entity tag of a multipart object: the MD5 of the parts' MD5s, and their number.
pub(super) fn multipart_etag<'a>(parts: impl ExactSizeIterator<Item = &'a [u8]>) -> String {
    let count = parts.len();
    let mut md5 = Md5::new();
    for part in parts {
        md5.update(part);
    }
    format!("{}-{count}", hex::encode(md5.finalize()))
}

/// The checksum of a multipart object from its parts' (digest, length in bytes).
///
/// None where the algorithm cannot make a checksum of this kind.
pub(super) fn combine(
    algorithm: Algorithm,
    kind: Kind,
    parts: &[(Vec<u8>, u64)],
) -> Option<StoredChecksum> {
    let value = match kind {
        Kind::Composite => {
            let sums: Vec<u8> = parts.iter().flat_map(|(sum, _)| sum.clone()).collect();
            let digest = BASE64_STANDARD.encode(algorithm.digest(&sums));
            format!("{digest}-{}", parts.len())
        }
        Kind::FullObject => {
            let (width, polynomial) = algorithm.crc()?;
            let whole = parts.iter().fold(0, |crc, (sum, length)| {
                crc_combine(width, polynomial, crc, number(sum), *length)
            });
            let bytes = whole.to_be_bytes();
            BASE64_STANDARD.encode(&bytes[bytes.len() - width as usize / 8..])
        }
    };
    Some(StoredChecksum {
        algorithm,
        value,
        kind,
    })
}

fn number(big_endian: &[u8]) -> u64 {
    big_endian
        .iter()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// The CRC of `a` followed by `b`, from both CRCs and the length of `b`.
///
/// Appending `n` bytes multiplies a CRC by x^(8n) modulo the polynomial (zlib's `crc32_combine`); all
/// three CRCs here start and end with all ones, which cancel out of the sum. The CRC of nothing is 0.
fn crc_combine(width: u32, polynomial: u64, a: u64, b: u64, length_of_b: u64) -> u64 {
    // Reflected: the highest bit is x^0, the next one x^1.
    let mut power = 1 << (width - 1);
    let mut square = 1 << (width - 2);
    // x^8, by squaring three times.
    for _ in 0..3 {
        square = multiply(width, polynomial, square, square);
    }
    let mut remaining = length_of_b;
    while remaining != 0 {
        if remaining & 1 == 1 {
            power = multiply(width, polynomial, square, power);
        }
        square = multiply(width, polynomial, square, square);
        remaining >>= 1;
    }
    multiply(width, polynomial, power, a) ^ b
}

/// `a * b` modulo the polynomial, all reflected.
fn multiply(width: u32, polynomial: u64, a: u64, mut b: u64) -> u64 {
    let mut product = 0;
    for bit in (0..width).rev() {
        if a >> bit & 1 == 1 {
            product ^= b;
        }
        b = if b & 1 == 1 {
            b >> 1 ^ polynomial
        } else {
            b >> 1
        };
    }
    product
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_checksums_of_the_check_string() {
        // The "check" values of the CRC catalogue, and RFC 3174 / FIPS 180 style digests.
        let sums = [
            (Algorithm::Crc32, "cbf43926"),
            (Algorithm::Crc32c, "e3069283"),
            (Algorithm::Crc64Nvme, "ae8b14860a799888"),
            (Algorithm::Sha1, "f7c3bc1d808e04732adf679965ccc34ca7ae3441"),
        ];
        for (algorithm, expected) in sums {
            assert_eq!(hex::encode(algorithm.digest(b"123456789")), expected);
        }
    }

    proptest! {
        #[test]
        fn a_full_object_checksum_is_that_of_the_joined_parts(
            parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..6),
        ) {
            for algorithm in [Algorithm::Crc32, Algorithm::Crc32c, Algorithm::Crc64Nvme] {
                let sums: Vec<_> = parts
                    .iter()
                    .map(|part| (algorithm.digest(part), part.len() as u64))
                    .collect();
                let combined = combine(algorithm, Kind::FullObject, &sums).unwrap();
                let whole = algorithm.digest(&parts.concat());
                prop_assert_eq!(combined, StoredChecksum::of_content(algorithm, &whole));
            }
        }
    }
}
