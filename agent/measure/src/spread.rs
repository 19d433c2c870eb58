//! How little a window tells of what was typed.

/// How little a window tells of what was typed, and what that costs. docs/privacy-leak.md has the figures.
///
/// *Coarse* stats are of how long keys are held, and of nothing else: with usual counts in place of their own, in steps, and
/// without the words that look like secrets. *Waiting* keystrokes count in one of the next windows, by chance, so that a window
/// is of more keystrokes than it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Privacy {
    waiting: u8,
    coarse: bool,
}

impl Privacy {
    /// A window is of the keystrokes that filled it, and merged windows are the stats of the whole.
    pub const PLAIN: Self = Self { waiting: 0, coarse: false };
    /// Stats are coarse.
    pub const STANDARD: Self = Self { waiting: 0, coarse: true };
    /// Stats are coarse, and a keystroke waits for one window on average.
    pub const STRICT: Self = Self { waiting: 128, coarse: true };

    /// A level at which stats are not coarse, and this share of keystrokes, of 256, waits for another window; those that wait
    /// may wait again.
    #[must_use]
    pub fn of_waiting(waiting: u8) -> Self {
        Self { waiting, coarse: false }
    }

    /// Share of keystrokes that wait for another window.
    #[must_use]
    pub fn waiting(self) -> f64 {
        f64::from(self.waiting) / 256.0
    }

    /// Whether stats are coarse.
    #[must_use]
    pub fn coarse(self) -> bool {
        self.coarse
    }
}

/// Windows that a keystroke waits for at most.
pub(crate) const MOST_WAITED: usize = 40;

/// Draws windows for keystrokes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spread {
    privacy: Privacy,
    state: u64,
}

impl Spread {
    pub(crate) fn new(privacy: Privacy) -> Self {
        Self { privacy, state: 0 }
    }

    pub(crate) fn set_privacy(&mut self, privacy: Privacy) {
        self.privacy = privacy;
    }

    pub(crate) fn set_key(&mut self, key: u64) {
        self.state = key;
    }

    pub(crate) fn privacy(&self) -> Privacy {
        self.privacy
    }

    /// Windows that the next keystroke waits for.
    pub(crate) fn draw(&mut self) -> usize {
        let waiting = u64::from(self.privacy.waiting);
        if waiting == 0 {
            return 0;
        }
        let (mut waits, mut bits) = (0, 0);
        while waits < MOST_WAITED {
            if waits % 8 == 0 {
                bits = self.next();
            }
            if bits & 0xff >= waiting {
                break;
            }
            bits >>= 8;
            waits += 1;
        }
        waits
    }

    /// SplitMix64 (Steele, Lea & Flood 2014).
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
