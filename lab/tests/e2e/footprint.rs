//! What an agent takes of a workstation. Measured on request, asserted nowhere: `cargo test ... -- --ignored footprint`.

use std::time::{Duration, Instant};

use crate::alone;
use crate::desk::XServer;
use crate::desk::hands::{Act, Deed};
use crate::system::{Agent, Server};

/// Seconds of work.
const LENGTH_S: u64 = 30;
const KEYS_A_SECOND: u64 = 5;
const MOVES_A_SECOND: u64 = 60;

/// CPU time so far.
fn cpu(pid: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    // User and system time in ticks of 10 ms.
    let ticks = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(10 * ticks)
}

/// Memory in use now and at most, kB.
fn memory(pid: u32) -> (u64, u64) {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let value = |name| {
        let line = status.lines().find_map(|l| l.strip_prefix(name)).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    };
    (value("VmRSS:"), value("VmHWM:"))
}

/// Ordinary typing and pointing, both at once.
fn work() -> Vec<Deed> {
    let codes = [30, 36, 18, 24, 57, 31, 49, 20];
    let keys = (0..LENGTH_S * KEYS_A_SECOND).zip(codes.into_iter().cycle()).flat_map(|(i, code)| {
        let at_us = i * 1_000_000 / KEYS_A_SECOND;
        [(at_us, true), (at_us + 90_000, false)]
            .map(|(at_us, press)| Deed { at_us, act: Act::Key { code, press } })
    });
    let moves = (0..LENGTH_S * MOVES_A_SECOND).map(|i| {
        let dx = if i / 20 % 2 == 0 { 7.0 } else { -7.0 };
        Deed { at_us: i * 1_000_000 / MOVES_A_SECOND, act: Act::Move { dx, dy: 1.0 } }
    });
    let mut work: Vec<Deed> = keys.chain(moves).collect();
    work.sort_by_key(|d| d.at_us);
    work
}

#[test]
#[ignore = "prints figures, which depend on the machine and the build"]
fn footprint() {
    let _alone = alone();
    let server = Server::start();
    let mut agent = Agent::enrolled(&server);
    let mut desk = XServer::start();
    agent.start(&desk.display, "footprint");
    agent.wait_until_it_watches();
    let pid = agent.pid();
    let (before, begun) = (cpu(pid), Instant::now());
    desk.play(&work());
    let (used, took) = (cpu(pid) - before, begun.elapsed());
    let (now, most) = memory(pid);
    let share = 100.0 * used.as_secs_f64() / took.as_secs_f64();
    eprintln!(
        "agent: {share:.2} % of a core, {now} kB resident, {most} kB at most, over {} s",
        took.as_secs()
    );
}
