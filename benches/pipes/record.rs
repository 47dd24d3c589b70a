//! What is sent: records of one size that count themselves, so that a lost or misplaced one is found.

/// Digits that every record starts with: its number.
const TAG: usize = 8;
/// About how much is made at a time, in bytes.
const BLOCK: usize = 1 << 20;

/// A series of records.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Series {
    /// How many there are.
    pub(crate) count: u64,
    /// The size of each in bytes, without what frames or separates them.
    pub(crate) size: usize,
}

impl Series {
    /// All payload, in bytes.
    pub(crate) fn bytes(self) -> u64 {
        self.count * self.size as u64
    }

    /// A record without its number: JSON of items that differ, as logs and feeds have them.
    pub(crate) fn template(self) -> Vec<u8> {
        let mut seed: u32 = 1;
        let items = std::iter::repeat_with(|| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (id, name, price) = (seed >> 8, seed >> 28, seed >> 20);
            format!(r#"{{"id":{id},"name":"item {name}","price":{price}}},"#).into_bytes()
        });
        let start = b"00000000{\"items\":[".to_vec();
        let bytes = std::iter::once(start).chain(items).flatten();
        bytes.take(self.size).collect()
    }
}

/// A number in decimal digits, counted up in place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tag(pub(crate) [u8; TAG]);

impl Tag {
    pub(crate) const FIRST: Self = Self([b'0'; TAG]);

    pub(crate) fn advance(&mut self) {
        for digit in self.0.iter_mut().rev() {
            if *digit < b'9' {
                *digit += 1;
                return;
            }
            *digit = b'0';
        }
    }
}

/// Makes the bytes of a series block by block, each record between a prefix and a suffix.
pub(crate) struct Blocks {
    block: Vec<u8>,
    stride: usize,
    tag_at: usize,
    tag: Tag,
    left: u64,
}

impl Blocks {
    pub(crate) fn new(series: Series, prefix: &[u8], suffix: &[u8]) -> Self {
        let record = [prefix, &series.template(), suffix].concat();
        let stride = record.len();
        Self {
            block: record.repeat((BLOCK / stride).max(1)),
            stride,
            tag_at: prefix.len(),
            tag: Tag::FIRST,
            left: series.count,
        }
    }

    pub(crate) fn next(&mut self) -> Option<&[u8]> {
        let fit = (self.block.len() / self.stride) as u64;
        let count = usize::try_from(self.left.min(fit)).ok()?;
        self.left -= count as u64;
        let block = &mut self.block[..count * self.stride];
        for record in block.chunks_exact_mut(self.stride) {
            record[self.tag_at..][..TAG].copy_from_slice(&self.tag.0);
            self.tag.advance();
        }
        Some(&*block).filter(|block| !block.is_empty())
    }
}

/// Follows a byte stream and checks that it is a series, each record with a suffix.
pub(crate) struct Check {
    record: Vec<u8>,
    suffix: usize,
    tag: Tag,
    at: usize,
    left: u64,
    /// Compare every byte, not only numbers and suffixes.
    thorough: bool,
}

/// A record that is not the one that was to come.
#[derive(Debug, thiserror::Error)]
#[error("record {0} is not what was sent")]
pub(crate) struct Wrong(String);

impl Check {
    pub(crate) fn new(series: Series, suffix: &[u8], thorough: bool) -> Self {
        Self {
            record: [&series.template(), suffix].concat(),
            suffix: suffix.len(),
            tag: Tag::FIRST,
            at: 0,
            left: series.count,
            thorough,
        }
    }

    /// Whether every record came.
    pub(crate) fn is_complete(&self) -> bool {
        self.left == 0
    }

    /// Takes the next bytes.
    pub(crate) fn push(&mut self, mut bytes: &[u8]) -> Result<(), Wrong> {
        while !bytes.is_empty() {
            let (piece, rest) = bytes.split_at(bytes.len().min(self.record.len() - self.at));
            self.compare(piece)?;
            self.at += piece.len();
            if self.at == self.record.len() {
                self.at = 0;
                self.left -= 1;
                self.tag.advance();
            }
            bytes = rest;
        }
        Ok(())
    }

    fn compare(&self, piece: &[u8]) -> Result<(), Wrong> {
        let (tagged, rest) = piece.split_at(TAG.saturating_sub(self.at).min(piece.len()));
        let expected = &self.record[self.at + tagged.len()..][..rest.len()];
        let skip = if self.thorough {
            0
        } else {
            (self.record.len() - self.suffix)
                .saturating_sub(self.at + tagged.len())
                .min(rest.len())
        };
        let right = self.left > 0
            && (tagged.is_empty() || *tagged == self.tag.0[self.at..][..tagged.len()])
            && rest[skip..] == expected[skip..];
        if right {
            Ok(())
        } else {
            Err(Wrong(String::from_utf8_lossy(&self.tag.0).into_owned()))
        }
    }
}
