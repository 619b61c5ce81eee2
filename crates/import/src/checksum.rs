//! The checksums that tools record of the files that they have run.

use std::fmt;
use std::hash::{Hash, Hasher};

use sha2::{Digest, Sha384};
use siphasher::sip::SipHasher13;

/// The checksum of a migration: the texts that its tool may have written for the file, of which one is
/// enough.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checksum(Vec<String>);

impl Checksum {
    /// Returns what sqlx records: SHA-384 of the text without the characters that it is told to ignore.
    pub(crate) fn sqlx(text: &str, ignored: &[char]) -> Self {
        let bytes = Sha384::digest(text.replace(ignored, ""));
        let hex = bytes.iter().map(|byte| format!("{byte:02x}"));
        Self(vec![hex.collect()])
    }

    /// Returns what refinery records: SipHash-1-3 of the name, the version and the text. The version has
    /// 32 bits, or 64 with the feature `int8-versions`.
    pub(crate) fn refinery(name: &str, version: i64, sql: &str) -> Self {
        let hash = |hash_version: &dyn Fn(&mut SipHasher13)| {
            let mut hasher = SipHasher13::new();
            name.hash(&mut hasher);
            hash_version(&mut hasher);
            sql.hash(&mut hasher);
            hasher.finish().to_string()
        };
        let narrow = i32::try_from(version).ok();
        let narrow = narrow.map(|version| hash(&|hasher| version.hash(hasher)));
        let wide = hash(&|hasher| version.hash(hasher));
        Self(narrow.into_iter().chain([wide]).collect())
    }

    /// Returns what Flyway records: CRC-32 of the lines without their ends and without a byte-order mark,
    /// as a signed number.
    pub(crate) fn flyway(text: &str) -> Self {
        let crc = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);
        let mut digest = crc.digest();
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for line in text.replace("\r\n", "\n").split(['\n', '\r']) {
            digest.update(line.as_bytes());
        }
        Self(vec![digest.finalize().cast_signed().to_string()])
    }

    /// Reads a checksum as [`fmt::Display`] writes it.
    pub(crate) fn parse(text: &str) -> Self {
        Self(text.split(" or ").map(ToOwned::to_owned).collect())
    }

    /// Returns whether a tool has recorded this checksum.
    pub(crate) fn allows(&self, recorded: &str) -> bool {
        let mut known = self.0.iter();
        known.any(|known| known.eq_ignore_ascii_case(recorded))
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" or "))
    }
}
