use super::*;
use crate::files::fault::disk_is_full;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use tacit_proto::v1::{SessionOpened, Signal};

fn record(session: u8, sequence: u64) -> Record {
    let body = if sequence == 1 {
        Body::Opened(SessionOpened { account: "a".into(), remote: false })
    } else {
        Body::Signal(Signal { kind: 1, count: 1, ..Signal::default() })
    };
    Record { session_id: vec![session; 16], sequence, at_ms: 5, body: Some(body) }
}

fn waiting(spool: &mut Spool) -> Vec<(u8, u64)> {
    let mut after = 0;
    let mut all = Vec::new();
    while let Some((number, record)) = spool.next_after(after).unwrap() {
        all.push((record.session_id[0], record.sequence));
        after = number;
    }
    all
}

#[test]
fn what_is_spooled_outlives_the_agent_in_order_until_it_is_acknowledged() {
    let state = tempfile::tempdir().unwrap();
    let mut spool = Spool::open(state.path()).unwrap();
    for (session, sequence) in [(1, 1), (1, 2), (2, 1), (1, 3), (2, 2)] {
        spool.append(&record(session, sequence)).unwrap();
    }
    spool.acknowledge(&[1; 16], 2).unwrap();
    drop(spool);
    let mut spool = Spool::open(state.path()).unwrap();
    assert_eq!(waiting(&mut spool), [(2, 1), (1, 3), (2, 2)]);
    spool.append(&record(2, 3)).unwrap();
    assert_eq!(waiting(&mut spool).last(), Some(&(2, 3)));
    spool.acknowledge(&[2; 16], 3).unwrap();
    spool.acknowledge(&[2; 16], 3).unwrap();
    assert_eq!(waiting(&mut spool), [(1, 3)]);
}

#[test]
fn torn_and_foreign_files_are_dropped_and_counted() {
    let state = tempfile::tempdir().unwrap();
    let mut spool = Spool::open(state.path()).unwrap();
    for sequence in 1..=3 {
        spool.append(&record(1, sequence)).unwrap();
    }
    let torn = spool.disk.path(2);
    let bytes = fs::read(&torn).unwrap();
    fs::write(&torn, &bytes[..bytes.len() / 2]).unwrap();
    fs::write(state.path().join("spool/00000000000000000009.new"), b"half").unwrap();
    drop(spool);
    let mut spool = Spool::open(state.path()).unwrap();
    assert_eq!(waiting(&mut spool), [(1, 1), (1, 3)]);
    assert_eq!(spool.lost(), 1);
}

#[test]
fn a_record_damaged_while_the_agent_runs_holds_up_nothing() {
    let state = tempfile::tempdir().unwrap();
    let mut spool = Spool::open(state.path()).unwrap();
    for sequence in 1..=3 {
        spool.append(&record(1, sequence)).unwrap();
    }
    fs::write(spool.disk.path(2), [0xff; 40]).unwrap();
    assert_eq!(waiting(&mut spool), [(1, 1), (1, 3)]);
    assert_eq!(spool.lost(), 1);
}

#[test]
fn what_is_no_record_does_not_stop_the_agent() {
    let state = tempfile::tempdir().unwrap();
    let mut spool = Spool::open(state.path()).unwrap();
    spool.append(&record(1, 1)).unwrap();
    for odd in ["5.record", "abc.record", "18446744073709551615.record"] {
        fs::write(state.path().join("spool").join(odd), b"").unwrap();
    }
    fs::create_dir(state.path().join("spool/x")).unwrap();
    drop(spool);
    let mut spool = Spool::open(state.path()).unwrap();
    spool.append(&record(1, 2)).unwrap();
    assert_eq!(waiting(&mut spool), [(1, 1), (1, 2)]);
}

#[test]
fn a_number_that_nothing_can_follow_is_set_aside() {
    let state = tempfile::tempdir().unwrap();
    let mut spool = Spool::open(state.path()).unwrap();
    spool.append(&record(1, 1)).unwrap();
    spool.append(&record(1, 2)).unwrap();
    for highest in [u64::MAX - 1, u64::MAX] {
        fs::copy(spool.disk.path(2), spool.disk.path(highest)).unwrap();
    }
    drop(spool);
    let mut spool = Spool::open(state.path()).unwrap();
    spool.append(&record(1, 3)).unwrap();
    assert_eq!((waiting(&mut spool), spool.lost()), (vec![(1, 1), (1, 2), (1, 3)], 2));
    assert!(fs::read_dir(state.path().join(REFUSED)).unwrap().next().is_some());
}

#[test]
fn a_spool_that_is_a_link_is_refused_and_nothing_behind_it_is_touched() {
    for name in ["spool", REFUSED] {
        let (state, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(elsewhere.path().join("letter"), "dear").unwrap();
        crate::files::private_folder(state.path()).unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), state.path().join(name)).unwrap();
        let refused = format!("{:#}", Spool::open(state.path()).unwrap_err());
        assert!(refused.contains(name) && refused.contains("is a link: move it away"), "{refused}");
        assert!(count(state.path()).is_err());
        assert!(elsewhere.path().join("letter").exists());
    }
}

#[test]
fn a_full_spool_gives_up_the_oldest_window_or_signal_never_an_opening() {
    let state = tempfile::tempdir().unwrap();
    let mut spool = Spool::with_bounds(state.path(), 3, 3).unwrap();
    for sequence in 1..=5 {
        spool.append(&record(1, sequence)).unwrap();
    }
    assert_eq!(waiting(&mut spool), [(1, 1), (1, 4), (1, 5)]);
    assert_eq!(spool.lost(), 2);
}

#[test]
fn a_refused_record_is_set_aside_and_the_others_stay() {
    let state = tempfile::tempdir().unwrap();
    let mut spool = Spool::open(state.path()).unwrap();
    for sequence in 1..=3 {
        spool.append(&record(1, sequence)).unwrap();
    }
    assert!(spool.set_aside(&[1; 16], 2).unwrap());
    assert!(!spool.set_aside(&[1; 16], 2).unwrap());
    assert_eq!(waiting(&mut spool), [(1, 1), (1, 3)]);
    assert_eq!(fs::read_dir(state.path().join("refused")).unwrap().count(), 1);
}

#[test]
fn a_refused_session_is_set_aside_whole_up_to_a_bound() {
    let state = tempfile::tempdir().unwrap();
    let mut spool = Spool::open(state.path()).unwrap();
    for sequence in 1..=2 {
        spool.append(&record(1, sequence)).unwrap();
        spool.append(&record(2, sequence)).unwrap();
    }
    assert_eq!(spool.set_aside_session(&[1; 16]).unwrap(), 2);
    assert_eq!(waiting(&mut spool), [(2, 1), (2, 2)]);
    let most = u64::try_from(disk::MOST_ASIDE).unwrap();
    for sequence in 1..=most {
        spool.append(&record(3, sequence)).unwrap();
    }
    assert_eq!(spool.set_aside_session(&[3; 16]).unwrap(), disk::MOST_ASIDE);
    assert_eq!(waiting(&mut spool), [(2, 1), (2, 2)]);
    assert_eq!(count(state.path()).unwrap(), (2, disk::MOST_ASIDE));
    assert_eq!(spool.lost(), 2 + u32::try_from(disk::MOST_ASIDE).unwrap());
}

#[test]
fn only_the_owner_can_read_the_spool() {
    let state = tempfile::tempdir().unwrap();
    let mut spool = Spool::open(state.path()).unwrap();
    spool.append(&record(1, 1)).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&state.path().join("spool")), 0o700);
    assert_eq!(mode(&spool.disk.path(1)), 0o600);
}

fn files(state: &Path) -> usize {
    fs::read_dir(state.join("spool")).map_or(0, Iterator::count)
}

#[test]
fn while_the_disk_is_full_records_wait_in_memory_and_are_sent_from_there() {
    let state = tempfile::tempdir().unwrap();
    disk_is_full(true);
    let mut spool = Spool::open(state.path()).unwrap();
    for sequence in 1..=3 {
        spool.append(&record(1, sequence)).unwrap();
    }
    assert_eq!((files(state.path()), spool.unwritten()), (0, 3));
    assert_eq!(waiting(&mut spool), [(1, 1), (1, 2), (1, 3)]);
    spool.acknowledge(&[1; 16], 1).unwrap();
    assert!(spool.set_aside(&[1; 16], 2).unwrap());
    assert_eq!(waiting(&mut spool), [(1, 3)]);

    disk_is_full(false);
    spool.append(&record(1, 4)).unwrap();
    assert_eq!((files(state.path()), spool.unwritten()), (2, 0));
    let second = Spool::open(state.path()).unwrap_err().to_string();
    assert!(second.contains("another tacit-agent"), "{second}");
    drop(spool);
    let mut spool = Spool::open(state.path()).unwrap();
    assert_eq!(waiting(&mut spool), [(1, 3), (1, 4)]);
}

#[test]
fn a_disk_that_fills_later_keeps_its_records_and_the_bound_holds_for_those_in_memory() {
    let state = tempfile::tempdir().unwrap();
    let mut spool = Spool::with_bounds(state.path(), 100, 2).unwrap();
    spool.append(&record(1, 1)).unwrap();
    spool.append(&record(1, 2)).unwrap();
    disk_is_full(true);
    spool.append(&record(2, 1)).unwrap();
    for sequence in 2..=4 {
        spool.append(&record(2, sequence)).unwrap();
    }
    // The opening stays.
    assert_eq!(waiting(&mut spool), [(1, 1), (1, 2), (2, 1), (2, 4)]);
    assert_eq!((spool.lost(), spool.unwritten()), (2, 2));
    disk_is_full(false);
    assert_eq!((spool.unwritten(), files(state.path())), (0, 4));
}
