//! X11: raw events of the X Input extension 2, with the X server's own times.
//!
//! Raw events come from all master devices (each event once); devices that appear and go, from all. The slave device that
//! an event comes from tells injected input: the XTEST extension has slaves of its own.

use std::collections::HashMap;

use tacit_measure::{Button, Input, Locator, Origin, TimedInput};
use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xinput::{
    self, ConnectionExt as _, Device, DeviceClassData, DeviceId, EventMask, Fp3232, HierarchyMask,
    ScrollType, ValuatorMode, XIEventMask,
};
use x11rb::protocol::xproto::{AtomEnum, ConnectionExt as _};
use x11rb::rust_connection::RustConnection;

use super::{Capture, CaptureError, Captured, DeviceKind, Sink};

/// X key codes are evdev codes plus 8.
const FIRST_KEYCODE: u32 = 8;
const XTEST_PROPERTY: &[u8] = b"XTEST Device";

pub(super) struct Xinput2 {
    display: Option<String>,
}

impl Xinput2 {
    pub(super) fn new(display: Option<String>) -> Self {
        Self { display }
    }

    fn capture(&self, sink: &Sink) -> Result<(), CaptureError> {
        let mut listener = Listener::connect(self.display.as_deref())?;
        sink.put(Captured::Began)?;
        loop {
            let event = listener.connection.wait_for_event().map_err(gone)?;
            listener.take(event, sink)?;
        }
    }
}

impl Capture for Xinput2 {
    fn run(&mut self, sink: &Sink) -> CaptureError {
        match self.capture(sink) {
            Err(error) => error,
            Ok(()) => CaptureError::Stopped,
        }
    }
}

/// Connects, and says what was found.
pub(super) fn check(display: &str) -> Result<String, CaptureError> {
    let listener = Listener::connect(Some(display))?;
    Ok(format!(
        "display {display}, XInput {}.{}, {} input devices",
        listener.version.0,
        listener.version.1,
        listener.sources.len()
    ))
}

fn unavailable(error: impl std::fmt::Display) -> CaptureError {
    CaptureError::Unavailable(format!("cannot capture from the X server: {error}"))
}

fn gone(error: impl std::fmt::Display) -> CaptureError {
    CaptureError::Gone(error.to_string())
}

/// What is known of a slave device.
#[derive(Debug, Default)]
struct Source {
    injected: bool,
    /// Range of an absolute axis, by axis number; a relative axis has none.
    absolute: HashMap<u16, (f64, f64)>,
    /// Change of the axis that is one notch down, by axis number.
    scroll: HashMap<u16, f64>,
    /// Last value of an absolute or scroll axis.
    last: HashMap<u16, f64>,
}

struct Listener {
    connection: RustConnection,
    version: (u16, u16),
    screen: (f64, f64),
    xtest: u32,
    sources: HashMap<DeviceId, Source>,
    locator: Locator,
    time: Time,
}

impl Listener {
    fn connect(display: Option<&str>) -> Result<Self, CaptureError> {
        let (connection, screen) = RustConnection::connect(display).map_err(|e| {
            CaptureError::Unavailable(format!(
                "cannot reach the X server of DISPLAY {}: {e}; check that it runs, and that this user may use it (XAUTHORITY)",
                display.map_or_else(|| std::env::var("DISPLAY").unwrap_or_default(), str::to_owned)
            ))
        })?;
        let version =
            connection.xinput_xi_query_version(2, 2).map_err(unavailable)?.reply().map_err(unavailable)?;
        if (version.major_version, version.minor_version) < (2, 2) {
            return Err(CaptureError::Unavailable(
                "the X server lacks XInput 2.2; use --capture rdev".to_owned(),
            ));
        }
        let xtest = connection
            .intern_atom(false, XTEST_PROPERTY)
            .map_err(unavailable)?
            .reply()
            .map_err(unavailable)?
            .atom;
        let root = connection
            .setup()
            .roots
            .get(screen)
            .ok_or_else(|| CaptureError::Unavailable("the X server has no screen".to_owned()))?;
        let size = (f64::from(root.width_in_pixels), f64::from(root.height_in_pixels));
        let raw = XIEventMask::RAW_KEY_PRESS
            | XIEventMask::RAW_KEY_RELEASE
            | XIEventMask::RAW_BUTTON_PRESS
            | XIEventMask::RAW_BUTTON_RELEASE
            | XIEventMask::RAW_MOTION;
        let masks = [
            EventMask { deviceid: Device::ALL_MASTER.into(), mask: vec![raw] },
            EventMask { deviceid: Device::ALL.into(), mask: vec![XIEventMask::HIERARCHY] },
        ];
        connection
            .xinput_xi_select_events(root.root, &masks)
            .map_err(unavailable)?
            .check()
            .map_err(unavailable)?;
        let mut listener = Self {
            connection,
            version: (version.major_version, version.minor_version),
            screen: size,
            xtest,
            sources: HashMap::new(),
            locator: Locator::new(),
            time: Time::default(),
        };
        listener.learn_sources()?;
        Ok(listener)
    }

    /// Asks what devices there are and what their axes mean.
    fn learn_sources(&mut self) -> Result<(), CaptureError> {
        let devices = self
            .connection
            .xinput_xi_query_device(Device::ALL)
            .map_err(gone)?
            .reply()
            .map_err(unavailable)?;
        let mut sources = HashMap::new();
        for info in devices.infos {
            let mut source = Source { injected: self.is_xtest(info.deviceid), ..Source::default() };
            for class in &info.classes {
                match &class.data {
                    DeviceClassData::Valuator(v) if v.mode == ValuatorMode::ABSOLUTE => {
                        source.absolute.insert(v.number, (number(v.min), number(v.max)));
                    }
                    DeviceClassData::Scroll(s) if s.scroll_type == ScrollType::VERTICAL => {
                        source.scroll.insert(s.number, number(s.increment));
                    }
                    DeviceClassData::Scroll(s) => {
                        // Sideways scrolling is no notch of the wheel, but must not move the pointer either.
                        source.scroll.insert(s.number, 0.0);
                    }
                    _ => {}
                }
            }
            sources.insert(info.deviceid, source);
        }
        self.sources = sources;
        Ok(())
    }

    fn is_xtest(&self, device: DeviceId) -> bool {
        let asked =
            self.connection.xinput_xi_get_property(device, false, self.xtest, AtomEnum::ANY.into(), 0, 1);
        asked.ok().and_then(|cookie| cookie.reply().ok()).is_some_and(|reply| reply.num_items > 0)
    }

    fn take(&mut self, event: Event, sink: &Sink) -> Result<(), CaptureError> {
        match event {
            Event::XinputRawKeyPress(e) => {
                let input = evdev(e.detail).and_then(|code| self.locator.key_down(code));
                self.put(e.time, e.sourceid, input, sink)
            }
            Event::XinputRawKeyRelease(e) => {
                let input = evdev(e.detail).and_then(|code| self.locator.key_up(code));
                self.put(e.time, e.sourceid, input, sink)
            }
            Event::XinputRawButtonPress(e) => {
                // Wheel buttons of a device with scroll axes are made from those axes, which are read instead.
                let emulated =
                    u32::from(e.flags) & u32::from(xinput::PointerEventFlags::POINTER_EMULATED) != 0;
                let input = match e.detail {
                    4 if !emulated => Some(Input::Wheel { notches: -1.0 }),
                    5 if !emulated => Some(Input::Wheel { notches: 1.0 }),
                    4..=7 => None,
                    detail => Some(Input::ButtonDown(button(detail))),
                };
                self.put(e.time, e.sourceid, input, sink)
            }
            Event::XinputRawButtonRelease(e) => {
                let input = (!(4..=7).contains(&e.detail)).then(|| Input::ButtonUp(button(e.detail)));
                self.put(e.time, e.sourceid, input, sink)
            }
            Event::XinputRawMotion(e) => {
                let (moved, wheel) = self.motion(e.sourceid, &e.valuator_mask, &e.axisvalues);
                self.put(e.time, e.sourceid, moved, sink)?;
                self.put(e.time, e.sourceid, wheel, sink)
            }
            Event::XinputHierarchy(e) => self.hierarchy(&e, sink),
            _ => Ok(()),
        }
    }

    fn put(
        &mut self,
        time: u32,
        source: DeviceId,
        input: Option<Input>,
        sink: &Sink,
    ) -> Result<(), CaptureError> {
        let Some(input) = input else { return Ok(()) };
        let injected = self.sources.get(&source).is_some_and(|s| s.injected);
        let origin = if injected { Origin::Injected } else { Origin::Device };
        sink.put(Captured::Input(TimedInput { at_us: self.time.extend(time), origin, input }))
    }

    /// Movement and wheel of one motion event, from the axes it carries.
    fn motion(
        &mut self,
        source: DeviceId,
        mask: &[u32],
        values: &[Fp3232],
    ) -> (Option<Input>, Option<Input>) {
        let Some(source) = self.sources.get_mut(&source) else { return (None, None) };
        let (mut dx, mut dy, mut notches) = (0.0, 0.0, 0.0);
        let (mut x, mut y) = (None, None);
        for (axis, value) in axes(mask).zip(values) {
            let value = number(*value);
            if let Some(increment) = source.scroll.get(&axis).copied() {
                let moved = if source.absolute.contains_key(&axis) {
                    source.last.insert(axis, value).map_or(0.0, |last| value - last)
                } else {
                    value
                };
                if increment != 0.0 {
                    notches += moved / increment;
                }
            } else if let Some((low, high)) = source.absolute.get(&axis).copied() {
                let span = if axis == 0 { self.screen.0 } else { self.screen.1 };
                let pixel = if high > low { (value - low) / (high - low) * span } else { value };
                match axis {
                    0 => x = Some(pixel),
                    1 => y = Some(pixel),
                    _ => {}
                }
                source.last.insert(axis, pixel);
            } else {
                match axis {
                    0 => dx += value,
                    1 => dy += value,
                    _ => {}
                }
            }
        }
        let absolute = x.is_some() || y.is_some();
        let moved = if absolute {
            let known = |axis: u16, now: Option<f64>| now.or_else(|| source.last.get(&axis).copied());
            known(0, x).zip(known(1, y)).and_then(|(x, y)| self.locator.position(x, y))
        } else {
            (dx != 0.0 || dy != 0.0).then_some(Input::Move { dx: single(dx), dy: single(dy) })
        };
        (moved, (notches != 0.0).then_some(Input::Wheel { notches: single(notches) }))
    }

    fn hierarchy(&mut self, event: &xinput::HierarchyEvent, sink: &Sink) -> Result<(), CaptureError> {
        self.learn_sources()?;
        for info in &event.infos {
            if !info.flags.contains(HierarchyMask::SLAVE_ADDED) {
                continue;
            }
            let kind = match info.type_ {
                xinput::DeviceType::SLAVE_KEYBOARD => DeviceKind::Keyboard,
                xinput::DeviceType::SLAVE_POINTER => DeviceKind::Pointer,
                _ => continue,
            };
            sink.put(Captured::DeviceAdded(kind))?;
        }
        Ok(())
    }
}

/// Numbers of the axes that a mask names, in the order their values come.
fn axes(mask: &[u32]) -> impl Iterator<Item = u16> {
    mask.iter()
        .zip(0u16..)
        .flat_map(|(word, w)| (0..32u16).filter(move |bit| word >> bit & 1 == 1).map(move |bit| w * 32 + bit))
}

fn evdev(keycode: u32) -> Option<u16> {
    u16::try_from(keycode.checked_sub(FIRST_KEYCODE)?).ok()
}

fn button(detail: u32) -> Button {
    match detail {
        1 => Button::Left,
        3 => Button::Right,
        _ => Button::Other,
    }
}

fn number(value: Fp3232) -> f64 {
    f64::from(value.integral) + f64::from(value.frac) / 4_294_967_296.0
}

#[expect(clippy::cast_possible_truncation, reason = "a movement needs no more than single precision")]
fn single(value: f64) -> f32 {
    value as f32
}

/// The X server's milliseconds wrap every 49.7 days.
#[derive(Debug, Default)]
struct Time {
    last: Option<u32>,
    wraps: u64,
}

impl Time {
    /// Microseconds that do not wrap.
    fn extend(&mut self, time: u32) -> u64 {
        if let Some(last) = self.last.replace(time)
            && last > time
            && last - time > u32::MAX / 2
        {
            self.wraps += 1;
        }
        ((self.wraps << 32) + u64::from(time)) * 1000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_time_goes_on_across_its_wrap() {
        let mut time = Time::default();
        let before = time.extend(u32::MAX - 9);
        assert_eq!(time.extend(10) - before, 20_000);
        assert_eq!(time.extend(8), (4_294_967_296 + 8) * 1000);
    }

    #[test]
    fn a_mask_names_its_axes_in_order() {
        assert_eq!(axes(&[0b1011, 0, 1]).collect::<Vec<_>>(), [0, 1, 3, 64]);
    }
}
