//! What Flex leaves undocumented: the axes along which its dialects differ.

use super::money::Status;

macro_rules! axis {
    ($(#[$doc:meta])* $name:ident: $($variant:ident),+) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(super) enum $name { $($variant),+ }
        impl $name {
            const ALL: &[Self] = &[$(Self::$variant),+];
        }
    };
}

axis! {
    /// The `status` that a canceled session shows.
    AfterCancel: Canceled, Open, Complete, Undocumented
}
axis! {
    /// How a cancel of a canceled session is answered.
    Second: Session, Code400, Code409, NotFoundCode, Gone, Prose, AlreadyProcessed
}
axis! {
    /// What a repeated idempotency key does.
    Key: ReplaysMarked, Replays, Ignored
}
axis! {
    /// How payment intents are shown.
    Shown: InFull, AsIds, WithoutCaptured
}
axis! {
    /// When a cancel takes effect.
    Effect: AtOnce, LateButSurely, BestEffort, InProgress
}
axis! {
    /// How a session is treated of which a part was captured.
    CapturedElsewhere: IsVoided, Refuses
}
axis! {
    /// What an expired session does with its hold.
    Expiry: ReleasesTheHold, OfTheLinkAlone
}
axis! {
    /// How several holds are released.
    Several: All, FirstThen409, FirstThen400
}
axis! {
    /// Whether the times of a hold are shown.
    Times: Shown, Hidden
}
axis! {
    /// What a capture of a part does with the rest.
    Rest: Released, Kept
}
axis! {
    /// Whether the till asks for expanded objects.
    Expand: Nothing, Something
}
axis! {
    /// Whether a confirmation is read back once.
    Verify: Off, On
}

/// How a session is authorized again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Reauthorization {
    NewIntent { resets_status: bool },
    SameIntent { resets_status: bool },
}

impl Reauthorization {
    const ALL: &[Self] = &[
        Self::NewIntent { resets_status: true },
        Self::SameIntent { resets_status: true },
        Self::NewIntent { resets_status: false },
        Self::SameIntent { resets_status: false },
    ];

    pub(super) const fn resets_status(self) -> bool {
        match self {
            Self::NewIntent { resets_status } | Self::SameIntent { resets_status } => resets_status,
        }
    }
}

/// One way to be Flex, and to ask it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Dialect {
    pub(super) after_cancel: AfterCancel,
    pub(super) second: Second,
    pub(super) key: Key,
    pub(super) shown: Shown,
    pub(super) effect: Effect,
    pub(super) captured: CapturedElsewhere,
    pub(super) expiry: Expiry,
    pub(super) several: Several,
    pub(super) times: Times,
    pub(super) rest: Rest,
    pub(super) reauthorization: Reauthorization,
    /// The `status` of a session that was paid.
    pub(super) paid: Status,
    pub(super) expand: Expand,
    pub(super) verify: Verify,
}

const AXES: usize = 14;
const PAID: &[Status] = &[Status::Complete, Status::Open];
/// How many values each axis has.
const SIZES: [usize; AXES] = [
    AfterCancel::ALL.len(),
    Second::ALL.len(),
    Key::ALL.len(),
    Shown::ALL.len(),
    Effect::ALL.len(),
    CapturedElsewhere::ALL.len(),
    Expiry::ALL.len(),
    Several::ALL.len(),
    Times::ALL.len(),
    Rest::ALL.len(),
    Reauthorization::ALL.len(),
    PAID.len(),
    Expand::ALL.len(),
    Verify::ALL.len(),
];

/// One value on each axis, by number.
type Row = [usize; AXES];

impl Dialect {
    /// The first value of each axis.
    pub(super) const PLAIN: Self = Self::of([0; AXES]);

    const fn of(row: Row) -> Self {
        Self {
            after_cancel: AfterCancel::ALL[row[0]],
            second: Second::ALL[row[1]],
            key: Key::ALL[row[2]],
            shown: Shown::ALL[row[3]],
            effect: Effect::ALL[row[4]],
            captured: CapturedElsewhere::ALL[row[5]],
            expiry: Expiry::ALL[row[6]],
            several: Several::ALL[row[7]],
            times: Times::ALL[row[8]],
            rest: Rest::ALL[row[9]],
            reauthorization: Reauthorization::ALL[row[10]],
            paid: PAID[row[11]],
            expand: Expand::ALL[row[12]],
            verify: Verify::ALL[row[13]],
        }
    }

    /// Dialects in which each combination of values on any two axes, or three, occurs.
    pub(super) fn covering(axes_together: usize) -> Vec<Self> {
        let mut rows: Vec<Row> = vec![[0; AXES]];
        let subsets = subsets(axes_together);
        let mut random = 1_u64;
        for subset in &subsets {
            for values in combinations(subset) {
                let has = |row: &Row| subset.iter().zip(&values).all(|(a, v)| row[*a] == *v);
                if rows.iter().any(has) {
                    continue;
                }
                rows.push(best_row(subset, &values, &rows, &subsets, &mut random));
            }
        }
        rows.into_iter().map(Self::of).collect()
    }
}

/// Of a few random rows with these values, the one that adds the most combinations.
fn best_row(
    subset: &[usize],
    values: &[usize],
    rows: &[Row],
    subsets: &[Vec<usize>],
    random: &mut u64,
) -> Row {
    let candidates = (0..24).map(|_| {
        let mut row = SIZES.map(|size| {
            *random ^= *random << 13;
            *random ^= *random >> 7;
            *random ^= *random << 17;
            (*random >> 33) as usize % size
        });
        for (axis, value) in subset.iter().zip(values) {
            row[*axis] = *value;
        }
        row
    });
    let is_new = |row: &Row, subset: &[usize]| {
        !rows.iter().any(|other| subset.iter().all(|axis| other[*axis] == row[*axis]))
    };
    candidates
        .max_by_key(|row| subsets.iter().filter(|subset| is_new(row, subset)).count())
        .unwrap_or_default()
}

/// Every choice of so many axes.
fn subsets(size: usize) -> Vec<Vec<usize>> {
    let mut all = vec![vec![]];
    for _ in 0..size {
        let longer = |subset: Vec<usize>| {
            let first = subset.last().map_or(0, |last| last + 1);
            (first..AXES).map(move |axis| [subset.clone(), vec![axis]].concat())
        };
        all = all.into_iter().flat_map(longer).collect();
    }
    all
}

/// Every combination of values on these axes.
fn combinations(axes: &[usize]) -> Vec<Vec<usize>> {
    let mut all = vec![vec![]];
    for axis in axes {
        let longer = |values: Vec<usize>| {
            (0..SIZES[*axis]).map(move |value| [values.clone(), vec![value]].concat())
        };
        all = all.into_iter().flat_map(longer).collect();
    }
    all
}

/// The number of each value: the reverse of [`Dialect::of`].
fn row(dialect: &Dialect) -> Row {
    fn number<T: PartialEq>(all: &[T], value: T) -> usize {
        all.iter().position(|other| *other == value).unwrap()
    }
    let Dialect { after_cancel, second, key, shown, effect, captured, expiry, .. } = *dialect;
    let Dialect { several, times, rest, reauthorization, paid, expand, verify, .. } = *dialect;
    [
        number(AfterCancel::ALL, after_cancel),
        number(Second::ALL, second),
        number(Key::ALL, key),
        number(Shown::ALL, shown),
        number(Effect::ALL, effect),
        number(CapturedElsewhere::ALL, captured),
        number(Expiry::ALL, expiry),
        number(Several::ALL, several),
        number(Times::ALL, times),
        number(Rest::ALL, rest),
        number(Reauthorization::ALL, reauthorization),
        number(PAID, paid),
        number(Expand::ALL, expand),
        number(Verify::ALL, verify),
    ]
}

#[test]
fn any_two_values_of_two_axes_occur_together() {
    let dialects = Dialect::covering(2);
    assert!(dialects.len() < 60, "{}", dialects.len());
    let rows: Vec<Row> = dialects.iter().map(row).collect();
    for axes in subsets(2) {
        for values in combinations(&axes) {
            let has =
                |row: &Row| axes.iter().zip(&values).all(|(axis, value)| row[*axis] == *value);
            assert!(rows.iter().any(has), "axes {axes:?}, values {values:?}");
        }
    }
}
