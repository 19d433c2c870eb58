//! What tells a machine from a person, as signals carry it and verdicts say it.

use crate::Family;

macro_rules! marks {
    ($($number:literal $mark:ident $family:ident $words:literal;)*) => {
        /// One thing that told a machine; its number is the one on the wire.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Mark {
            $(#[doc = $words] $mark = $number,)*
        }

        impl Mark {
            /// All of them, in the order of their numbers.
            pub const ALL: &[Self] = &[$(Self::$mark),*];

            /// What it says, in plain words.
            #[must_use]
            pub fn words(self) -> &'static str {
                match self { $(Self::$mark => $words,)* }
            }

            /// Features that it is closest to.
            #[must_use]
            pub fn family(self) -> Family {
                match self { $(Self::$mark => Family::$family,)* }
            }
        }
    };
}

marks! {
    1 Injected Habit "the operating system says that a program made the input";
    2 NewDevice Habit "the device had been plugged in moments before";
    3 ShortGaps DownDown "keys follow each other faster than fingers can";
    4 EvenGaps DownDown "keys follow each other more evenly than anybody types";
    5 NoLongGaps DownDown "nobody types for so long without one gap that stands out";
    6 ShortHolds Hold "keys are held more briefly than fingers can";
    7 EvenHolds Hold "all keys are held equally long, or for one share of the time until the next";
    8 RandomTimes DownDown "times of keys do not hang together as a person's do";
    9 RepeatedTimes DownDown "keys repeat earlier keys of this session, time for time";
    10 Jumps StrokeSpeed "the pointer jumps from place to place";
    11 Straight StrokeShape "the pointer goes straighter than any hand";
    12 EvenSpeed StrokeSpeed "the pointer moves at an even speed or by a formula";
    13 EvenSampling StrokeTime "the pointer moves at intervals that are all alike";
    14 NoApproach Click "clicks come without a movement towards their place";
    15 AtOnce DownDown "text came all at once";
}

impl Mark {
    /// The mark of a number, if there is one.
    #[must_use]
    pub fn numbered(number: i32) -> Option<Self> {
        Self::ALL.iter().copied().find(|mark| *mark as i32 == number)
    }
}

/// A set of marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Marks(u16);

impl Marks {
    /// No mark.
    pub const NONE: Self = Self(0);

    /// These and one more.
    #[must_use]
    pub fn with(self, mark: Mark) -> Self {
        Self(self.0 | 1 << (mark as u16))
    }

    /// These, and one more if it holds.
    #[must_use]
    pub fn with_if(self, holds: bool, mark: Mark) -> Self {
        if holds { self.with(mark) } else { self }
    }

    /// Whether a mark is among them.
    #[must_use]
    pub fn has(self, mark: Mark) -> bool {
        self.0 & 1 << (mark as u16) != 0
    }

    /// Each once, in the order of their numbers.
    pub fn iter(self) -> impl Iterator<Item = Mark> {
        Mark::ALL.iter().copied().filter(move |mark| self.has(*mark))
    }
}

impl FromIterator<Mark> for Marks {
    fn from_iter<I: IntoIterator<Item = Mark>>(marks: I) -> Self {
        marks.into_iter().fold(Self::NONE, Self::with)
    }
}
