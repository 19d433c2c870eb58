//! What a running agent leaves on the disk of what was typed: records as they are sent, and nothing else.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use prost::Message as _;
use tacit_proto::v1::{Record, record::Body};

use crate::desk::XServer;
use crate::desk::hands::{Act, Deed};
use crate::system::{Agent, Server};
use crate::{alone, eventually};

/// What is typed, again and again.
const TEXT: &str = "marked zebras quietly juggle seventeen foxes by the old vat ";
const TIMES: usize = 3;
/// Numbers in a row that are no accident.
const ROW: usize = 16;
/// X key codes are evdev codes plus this.
const X: u16 = 8;

/// Code of a key, when it went down and how long it was held, in microseconds.
type Struck = (u16, u64, u64);
/// A way to write one down.
type Encoding<'a> = &'a dyn Fn(&Struck) -> Vec<u8>;

fn code(letter: char) -> u16 {
    let rows = [("qwertyuiop", 16), ("asdfghjkl", 30), ("zxcvbnm", 44), (" ", 57)];
    let found =
        rows.into_iter().find_map(|(row, first)| Some(first + u16::try_from(row.find(letter)?).unwrap()));
    found.unwrap()
}

/// The text as it is typed.
fn typing() -> Vec<Struck> {
    let mut at_us = 0;
    let mut drawn: u64 = 1;
    let mut below = |most: u64| {
        drawn = drawn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (drawn >> 33) % most
    };
    let text: Vec<char> = TEXT.repeat(TIMES).chars().collect();
    let key = |letter: &char| {
        at_us += 90_000 + below(120_000);
        (code(*letter), at_us, 35_000 + below(50_000))
    };
    text.iter().map(key).collect()
}

fn deeds(typing: &[Struck]) -> Vec<Deed> {
    let key = |at_us, code, press| Deed { at_us, act: Act::Key { code, press } };
    let mut deeds: Vec<Deed> = typing
        .iter()
        .flat_map(|(code, at, hold)| [key(*at, *code, true), key(at + hold, *code, false)])
        .collect();
    deeds.sort_by_key(|deed| deed.at_us);
    deeds
}

/// Every file below a folder.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// Every way to read numbers out of bytes, with the numbers that are then there in a row.
fn numbers(bytes: &[u8]) -> Vec<Vec<f64>> {
    let mut rows = vec![bytes.iter().map(|byte| f64::from(*byte)).collect()];
    macro_rules! fixed {
        ($($kind:ty)*) => {$(
            for at in 0..size_of::<$kind>() {
                let chunks = bytes.get(at..).unwrap_or_default().chunks_exact(size_of::<$kind>());
                let little = chunks.clone().map(|c| <$kind>::from_le_bytes(c.try_into().unwrap()) as f64);
                rows.push(little.collect());
                rows.push(chunks.map(|c| <$kind>::from_be_bytes(c.try_into().unwrap()) as f64).collect());
            }
        )*};
    }
    fixed!(u16 u32 u64 f32 f64);
    let (mut varints, mut value, mut shift) = (Vec::new(), 0_u64, 0);
    for byte in bytes {
        value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
        shift += 7;
        if byte & 0x80 == 0 || shift > 63 {
            varints.push(value as f64);
            (value, shift) = (0, 0);
        }
    }
    rows.push(varints);
    let text = String::from_utf8_lossy(bytes);
    let words = text.split(|c: char| !c.is_ascii_digit() && c != '.');
    rows.push(words.filter_map(|word| word.parse().ok()).collect());
    // When lines of a log were written, several at once taken for one.
    let mut lines: Vec<f64> = text.lines().filter_map(second_of_day).collect();
    lines.dedup_by(|later, before| *later - *before < 0.010);
    rows.push(lines);
    rows
}

/// The first time of day in a line, in seconds.
fn second_of_day(line: &str) -> Option<f64> {
    let (before, after) = line.split_once(':')?;
    let (minutes, rest) = after.split_once(':')?;
    let hours: f64 = before.get(before.len().checked_sub(2)?..)?.parse().ok()?;
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    let seconds: f64 = rest[..end].parse().ok()?;
    Some(hours * 3_600.0 + minutes.parse::<f64>().ok()? * 60.0 + seconds)
}

/// Whether as many of some numbers as are no accident stand in another row of numbers, one after the other, each within a margin.
fn holds(row: &[f64], wanted: &[f64], margin: f64) -> bool {
    let same = |(a, b): (&f64, &f64)| (a - b).abs() <= margin;
    let mut begins: Vec<&[f64]> = wanted.windows(ROW).collect();
    begins.sort_by(|a, b| a[0].total_cmp(&b[0]));
    row.windows(ROW).any(|of| {
        let from = begins.partition_point(|these| these[0] < of[0] - margin);
        let near = begins[from..].iter().take_while(|these| these[0] <= of[0] + margin);
        near.into_iter().any(|these| of.iter().zip(*these).all(same))
    })
}

/// What of the typing a file gives away.
fn given_away(bytes: &[u8], typing: &[Struck]) -> Vec<&'static str> {
    let mut given = BTreeSet::new();
    let text = String::from_utf8_lossy(bytes).to_lowercase();
    let wide: Vec<u8> = TEXT.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let words = TEXT.split(' ').filter(|word| word.len() >= 6);
    if words.clone().any(|word| text.contains(word))
        || bytes.windows(24).any(|of| wide.windows(24).any(|w| of == w))
    {
        given.insert("text");
    }
    let codes: Vec<f64> = typing.iter().map(|key| key.0.into()).collect();
    let x_codes: Vec<f64> = typing.iter().map(|key| (key.0 + X).into()).collect();
    let seconds = |us: u64| us as f64 / 1e6;
    let gaps: Vec<f64> = typing.windows(2).map(|pair| seconds(pair[1].1 - pair[0].1)).collect();
    let held: Vec<f64> = typing.iter().map(|key| seconds(key.2)).collect();
    for row in numbers(bytes) {
        if holds(&row, &codes, 0.0) || holds(&row, &x_codes, 0.0) {
            given.insert("codes");
        }
        let steps: Vec<f64> = row.windows(2).map(|pair| pair[1] - pair[0]).collect();
        // In microseconds, milliseconds and seconds; the X server tells milliseconds, and is late by some.
        for unit in [1e6, 1e3, 1.0] {
            let of = |times: &[f64]| times.iter().map(|time| time * unit).collect::<Vec<_>>();
            let margin = 0.003 * unit;
            if holds(&row, &of(&gaps), margin) || holds(&steps, &of(&gaps), margin) {
                given.insert("times");
            }
            if holds(&row, &of(&held), margin) {
                given.insert("holds");
            }
        }
    }
    given.into_iter().collect()
}

/// What a process has open.
fn open_files(process: &str) -> Vec<PathBuf> {
    let open = fs::read_dir(format!("/proc/{process}/fd")).unwrap();
    open.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok()).collect()
}

#[test]
fn the_search_finds_what_is_there() {
    let typing = typing();
    let bytes = |each: Encoding| typing.iter().flat_map(each).collect::<Vec<u8>>();
    assert!(given_away(&bytes(&|_| b"harmless 12 of 34, ".to_vec()), &typing).is_empty());
    for (planted, found) in [
        (TEXT.to_uppercase().into_bytes(), "text"),
        (TEXT.encode_utf16().flat_map(u16::to_le_bytes).collect(), "text"),
        (bytes(&|key| vec![u8::try_from(key.0).unwrap()]), "codes"),
        (bytes(&|key| (key.0 + X).to_be_bytes().to_vec()), "codes"),
        (bytes(&|key| format!("{}, ", key.0).into_bytes()), "codes"),
        (bytes(&|key| (1_700_000_000_000 + key.1 / 1_000).to_le_bytes().to_vec()), "times"),
        (bytes(&|key| format!("at {}.{:06}\n", key.1 / 1_000_000, key.1 % 1_000_000).into_bytes()), "times"),
        (
            bytes(&|key| {
                let (ms, begin) = (key.1 / 1_000, 65_000);
                let at = begin + ms;
                format!(
                    "2026-01-01T10:{:02}:{:02}.{:03}Z TRACE x\n",
                    at / 60_000,
                    at / 1_000 % 60,
                    at % 1_000
                )
                .into_bytes()
            }),
            "times",
        ),
        (bytes(&|key| u32::try_from(key.2).unwrap().to_le_bytes().to_vec()), "holds"),
        (bytes(&|key| (key.2 as f32 / 1e3).to_le_bytes().to_vec()), "holds"),
    ] {
        let planted = [b"x", planted.as_slice()].concat();
        assert!(given_away(&planted, &typing).contains(&found), "{found}");
    }
}

#[test]
fn what_is_typed_leaves_nothing_on_the_disk_but_records() {
    let _alone = alone();
    let mut desk = XServer::start();
    let mut server = Server::start();
    let mut agent = Agent::enrolled(&server);
    // All that would be sent stays.
    server.kill();
    agent.start_logging(&desk.display, "account", "trace");
    agent.wait_until_it_watches();
    let typing = typing();
    desk.play(&deeds(&typing));
    let windows = || {
        let mut found = Vec::new();
        files(&agent.state().join("spool"), &mut found);
        let record = |path: &PathBuf| Record::decode(fs::read(path).ok()?.as_slice()).ok();
        found.iter().filter_map(record).filter(|r| matches!(r.body, Some(Body::Window(_)))).count()
    };
    eventually("windows are spooled", || (windows() >= 2).then_some(()));

    // It writes nowhere else.
    let inherited = open_files("self");
    for open in open_files(&agent.pid().to_string()) {
        let own = open.starts_with(agent.folder()) || open.starts_with("/dev") || !open.starts_with("/");
        assert!(own || inherited.contains(&open), "{}", open.display());
    }
    agent.kill();
    let mut found = Vec::new();
    files(agent.folder(), &mut found);
    assert!(found.len() > 5, "{found:?}");
    for path in found {
        let bytes = fs::read(&path).unwrap();
        let given = given_away(&bytes, &typing);
        assert!(given.is_empty(), "{} gives away {given:?}", path.display());
        let Ok(name) = path.strip_prefix(agent.state()) else { continue };
        match name.to_str().unwrap() {
            // What the device is, and what it was told. Another file has to be looked at here.
            "identity.json" | "device.key" | "session.json" | "lock" | "told.json" | "status.json"
            | "noticed.json" => {}
            record if record.starts_with("spool/") => {
                let record = Record::decode(bytes.as_slice()).unwrap();
                assert_eq!(record.encode_to_vec(), bytes, "{}", path.display());
            }
            other => panic!("{other} is no file that is known"),
        }
    }
}
