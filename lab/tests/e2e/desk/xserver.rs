//! Xorg with dummy video and input devices that are sockets.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use tempfile::TempDir;
use x11rb::protocol::xinput::{
    ConnectionExt as _, HierarchyChange, HierarchyChangeData, HierarchyChangeDataAddMaster,
};

use super::device::Device;
use super::hands::{Act, Deed};
use crate::{folder, tail};

/// A running X server, its keyboard and its mouse.
pub(crate) struct XServer {
    server: Child,
    /// Name for `DISPLAY`.
    pub(crate) display: String,
    keyboard: Device,
    mouse: Device,
    folder: TempDir,
}

impl XServer {
    /// Starts one on a display that is free.
    pub(crate) fn start() -> Self {
        let folder = folder();
        let config = folder.path().join("xorg.conf");
        fs::write(&config, configuration(folder.path())).unwrap();
        let mut server = Command::new("Xorg")
            .args([
                "-displayfd",
                "1",
                "-logverbose",
                "1",
                "-noreset",
                "-novtswitch",
                "-sharevts",
                "-nolisten",
                "tcp",
            ])
            .arg("-config")
            .arg(&config)
            .arg("-logfile")
            .arg(log(folder.path()))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(folder.path().join("stderr")).unwrap())
            .spawn()
            .expect("Xorg is not installed: run deploy/dev/install-packages test");
        // It writes the number once it takes clients.
        let mut number = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut number).unwrap();
        if number.trim().is_empty() {
            let _ = server.kill();
            let _ = server.wait();
            panic!("Xorg did not start:\n{}", tail(&log(folder.path())));
        }
        Self {
            server,
            display: format!(":{}", number.trim()),
            keyboard: Device::connect(&folder.path().join("keyboard")),
            mouse: Device::connect(&folder.path().join("mouse")),
            folder,
        }
    }

    /// Has the server add a keyboard while it runs: that of another seat, since anything else takes udev. What is played still comes
    /// from the keyboard that was there.
    pub(crate) fn add_keyboard(&self) {
        let (client, _) = x11rb::connect(Some(&self.display)).unwrap();
        client.xinput_xi_query_version(2, 2).unwrap().reply().unwrap();
        let name = b"seat".to_vec();
        let added = HierarchyChangeDataAddMaster { send_core: false, enable: true, name };
        // In words of four bytes: what it is, what it says, its name.
        let change = HierarchyChange { len: 3, data: HierarchyChangeData::AddMaster(added) };
        client.xinput_xi_change_hierarchy(&[change]).unwrap().check().unwrap();
    }

    /// Plays deeds at their times, counted from now in microseconds, and tells between which times each was really done.
    pub(crate) fn play(&mut self, deeds: &[Deed]) -> Vec<(u64, u64)> {
        let begun = Instant::now();
        let now = || u64::try_from(begun.elapsed().as_micros()).unwrap();
        let mut done = Vec::with_capacity(deeds.len());
        for deed in deeds {
            wait_until(deed.at_us, now);
            let before = now();
            match deed.act {
                Act::Key { code, press } => self.keyboard.key(code, press),
                Act::Move { dx, dy } => self.mouse.motion(dx, dy),
                Act::Button { button, press } => self.mouse.button(button, press),
                Act::Wheel { steps } => self.mouse.wheel(steps),
            }
            done.push((before, now()));
        }
        self.keyboard.settle();
        self.mouse.settle();
        done
    }
}

/// Sleeps most of the time and spins the rest: sleep alone is late by a scheduler's whim.
fn wait_until(at_us: u64, now: impl Fn() -> u64) {
    const SPIN_US: u64 = 300;
    let left = at_us.saturating_sub(now());
    if left > SPIN_US {
        std::thread::sleep(std::time::Duration::from_micros(left - SPIN_US));
    }
    while now() < at_us {
        std::hint::spin_loop();
    }
}

impl Drop for XServer {
    fn drop(&mut self) {
        // Before the devices, whose end it does not take well.
        let _ = self.server.kill();
        let _ = self.server.wait();
        if std::thread::panicking() {
            eprintln!("{}", tail(&log(self.folder.path())));
        }
        // A killed server leaves its lock and its socket.
        let number = self.display.trim_start_matches(':');
        let _ = fs::remove_file(format!("/tmp/.X{number}-lock"));
        let _ = fs::remove_file(format!("/tmp/.X11-unix/X{number}"));
    }
}

fn log(folder: &Path) -> PathBuf {
    folder.join("xorg.log")
}

fn configuration(folder: &Path) -> String {
    let device = |name: &str, kind: &str| {
        format!(
            "Section \"InputDevice\"\n Identifier \"{name}\"\n Driver \"inputtest\"\n \
             Option \"SocketPath\" \"{}\"\n Option \"DeviceType\" \"{kind}\"\n \
             Option \"AccelerationProfile\" \"-1\"\nEndSection\n",
            folder.join(name).display()
        )
    };
    let screen = "Section \"ServerFlags\"\n Option \"AutoAddDevices\" \"false\"\nEndSection\n\
        Section \"Device\"\n Identifier \"video\"\n Driver \"dummy\"\n VideoRam 32768\nEndSection\n\
        Section \"Monitor\"\n Identifier \"monitor\"\n HorizSync 5.0-1000.0\n VertRefresh 5.0-200.0\nEndSection\n\
        Section \"Screen\"\n Identifier \"screen\"\n Device \"video\"\n Monitor \"monitor\"\n DefaultDepth 24\n \
        SubSection \"Display\"\n  Depth 24\n  Virtual 1920 1080\n EndSubSection\nEndSection\n\
        Section \"ServerLayout\"\n Identifier \"layout\"\n Screen \"screen\"\n \
        InputDevice \"keyboard\" \"CoreKeyboard\"\n InputDevice \"mouse\" \"CorePointer\"\nEndSection\n";
    format!("{}{}{screen}", device("keyboard", "Keyboard"), device("mouse", "Pointer"))
}
