//! The check of histories finds what it has to find: planted faults, one by one, in histories that
//! are right without them.

use e2e::history::{Effect, Operation, check};

use super::Dice;

/// The contents of a version.
fn notes(version: i64) -> String {
    format!("notes {version}")
}

fn read(begin: u64, end: u64, version: i64) -> Operation {
    Operation { begin, end, effect: Effect::Read { version, contents: notes(version) } }
}

fn changed(begin: u64, end: u64, version: i64) -> Operation {
    Operation { begin, end, effect: Effect::Changed { version, contents: notes(version) } }
}

fn unknown(begin: u64, version: i64) -> Operation {
    Operation { begin, end: begin, effect: Effect::Unknown { contents: notes(version) } }
}

/// A right history: an order that is read and changed at random moments, each operation's begin and
/// end around its moment. Changes by another program are answered at once and count a second later;
/// some answers are lost, and some of the changes without one are never made.
fn right(seed: u64, operations: usize) -> Vec<Operation> {
    let mut dice = Dice::new(seed);
    let (mut history, mut version, mut now) = (Vec::new(), 1, 10_000);
    for number in 0..operations {
        now += 1 + dice.roll() % 40;
        let (begin, end) = (now - dice.roll() % 100, now + dice.roll() % 100);
        match dice.below(10) {
            0 | 1 => {
                version += 1;
                history.push(changed(begin, end, version));
            }
            2 => {
                version += 1;
                history.push(changed(begin, end + 1_000, version));
            }
            3 => {
                version += 1;
                history.push(unknown(begin, version));
            }
            4 => history.push(unknown(begin, -(number as i64))),
            _ => history.push(read(begin, end, version)),
        }
    }
    history
}

fn checked(history: &[Operation]) -> Result<(), String> {
    check(1, &notes(1), history)
}

#[test]
fn right_histories_pass_in_whatever_order_they_are_written_down() {
    for seed in 0..200 {
        let mut history = right(seed, 500);
        checked(&history).unwrap_or_else(|why| panic!("seed {seed}: {why}"));
        history.reverse();
        checked(&history).unwrap_or_else(|why| panic!("seed {seed}, reversed: {why}"));
    }
}

#[test]
fn each_planted_fault_is_found_among_many_right_operations() {
    // Before all others: versions 2 to 4 by answered changes, one after the other.
    let early = || vec![changed(100, 110, 2), changed(200, 210, 3), changed(300, 310, 4)];
    let plants: [(&str, Vec<Operation>, &str); 10] = [
        (
            "a read after an acknowledged change shows what was before",
            vec![read(320, 330, 3)],
            "a later version than 3",
        ),
        ("a read shows what was before the first version", vec![read(10, 20, 0)], "version 0 was before the first"),
        ("two changes are one version: one is lost", vec![changed(300, 320, 4)], "two changes are version 4"),
        ("a change is shown before it began", vec![read(150, 160, 3)], "version 3 was seen at 160"),
        (
            "a read mixes two versions",
            vec![Operation { effect: Effect::Read { version: 3, contents: notes(4) }, ..read(220, 230, 3) }],
            "version 3 is both",
        ),
        (
            "a change is older than one that was acknowledged before",
            vec![changed(350, 360, 6), changed(400, 410, 5)],
            "a later version than 5",
        ),
        ("a version comes from nowhere", vec![read(320, 330, 5)], "nobody made version 5"),
        ("what was refused is shown", vec![unknown(320, 6), read(320, 330, 5)], "nobody made version 5"),
        (
            "a change without an answer shows before it was sent",
            vec![read(320, 330, 5), unknown(340, 5)],
            "nobody made version 5",
        ),
        (
            "another program's change is hidden for longer than a second",
            vec![changed(320, 330 + 1_000, 5), read(1_340, 1_350, 4)],
            "a later version than 4",
        ),
    ];
    for (what, plant, found) in plants {
        let mut history = early();
        checked(&history).expect("right without it");
        history.extend(plant);
        let why = checked(&history).expect_err(what);
        assert!(why.contains(found), "{what}: {why}");
    }
}

#[test]
fn what_is_not_known_is_left_open() {
    let early = || vec![changed(100, 110, 2)];
    let rights: [(&str, Vec<Operation>); 7] = [
        ("whatever other readers saw", vec![changed(200, 300, 3), read(210, 220, 3), read(230, 240, 2)]),
        ("a change without an answer is never made", vec![unknown(120, 3), read(900, 910, 2)]),
        ("or later", vec![unknown(120, 3), read(500, 510, 2), read(520, 530, 3)]),
        ("or before others, seen by nobody", vec![unknown(120, 9), changed(200, 210, 4), read(220, 230, 4)]),
        ("reads beside a change show either", vec![changed(200, 300, 3), read(210, 220, 2), read(230, 240, 3)]),
        ("another program's change shows within a second", vec![changed(200, 1_210, 3), read(900, 910, 2)]),
        ("or at once", vec![changed(200, 1_210, 3), read(211, 212, 3)]),
    ];
    for (what, more) in rights {
        let mut history = early();
        history.extend(more);
        checked(&history).unwrap_or_else(|why| panic!("{what}: {why}"));
    }
}

#[test]
fn a_fault_in_a_long_history_is_found_wherever_it_is() {
    let mut found = 0;
    for seed in 0..100 {
        let mut history = right(seed, 500);
        let mut dice = Dice::new(seed ^ 0xfa17);
        // A read that shows a version whose follower was acknowledged before it began.
        let acknowledged: Vec<(u64, i64)> = history
            .iter()
            .filter_map(|operation| match operation.effect {
                Effect::Changed { version, .. } => Some((operation.end, version)),
                _ => None,
            })
            .collect();
        let (end, version) = acknowledged[dice.below(acknowledged.len())];
        let mut stale = read(end + 1, end + 50, version - 1);
        if let Some(known) = history.iter().find_map(|operation| match &operation.effect {
            Effect::Read { version: shown, contents } if *shown == version - 1 => Some(contents.clone()),
            _ => None,
        }) {
            stale.effect = Effect::Read { version: version - 1, contents: known };
        }
        history.push(stale);
        found += usize::from(checked(&history).is_err());
    }
    assert_eq!(found, 100);
}
