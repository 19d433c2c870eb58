//! Traces: recorded input, a line an event, `t_us,event,code,x,y`, plain or gzip. Strict: a bad line is an error that
//! names file and line.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use tacit_measure::{Button, Input, Locator, Origin, TimedInput};

const HEADER: &str = "t_us,event,code,x,y";
/// A line longer than this is no event.
const LONGEST_LINE: u64 = 1_024;

/// Why a trace could not be read.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The file.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A line that is no event.
    #[error("{}:{line}: {reason}", path.display())]
    Line {
        /// File it stands in.
        path: PathBuf,
        /// Its number, from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
}

/// A trace being read: its events in order, located.
pub struct Trace {
    path: PathBuf,
    lines: Box<dyn BufRead>,
    line: u64,
    locator: Locator,
    failed: bool,
}

/// All events of a trace, in order, located.
///
/// # Errors
/// When the file cannot be read or a line is no event; names both.
pub fn read(path: &Path) -> Result<Vec<TimedInput>, TraceError> {
    Trace::open(path)?.collect()
}

impl Trace {
    /// Opens a trace, gzip or plain by its content, and reads its header.
    ///
    /// # Errors
    /// When the file cannot be read or does not begin with the header.
    pub fn open(path: &Path) -> Result<Self, TraceError> {
        let failed = |source| TraceError::File { path: path.to_owned(), source };
        Self::of(path, BufReader::new(File::open(path).map_err(failed)?))
    }

    /// The same of what is read from elsewhere; errors name the path.
    ///
    /// # Errors
    /// When it cannot be read or does not begin with the header.
    pub fn of(path: &Path, mut file: impl BufRead + 'static) -> Result<Self, TraceError> {
        let failed = |source| TraceError::File { path: path.to_owned(), source };
        let zipped = file.fill_buf().map_err(failed)?.starts_with(&[0x1f, 0x8b]);
        let lines: Box<dyn BufRead> =
            if zipped { Box::new(BufReader::new(MultiGzDecoder::new(file))) } else { Box::new(file) };
        let mut trace =
            Self { path: path.to_owned(), lines, line: 0, locator: Locator::new(), failed: false };
        match trace.next_line()? {
            Some(header) if header == HEADER => Ok(trace),
            _ => Err(trace.bad_line(format!("the first line must be {HEADER}"))),
        }
    }

    fn next_line(&mut self) -> Result<Option<String>, TraceError> {
        let mut text = Vec::new();
        let read = (&mut self.lines).take(LONGEST_LINE).read_until(b'\n', &mut text);
        let read = read.map_err(|source| TraceError::File { path: self.path.clone(), source })?;
        if read == 0 {
            return Ok(None);
        }
        self.line += 1;
        if text.last() != Some(&b'\n') && read as u64 == LONGEST_LINE {
            return Err(self.bad_line("the line is too long".to_owned()));
        }
        let text = String::from_utf8(text).map_err(|_| self.bad_line("the line is not UTF-8".to_owned()))?;
        Ok(Some(text.trim_end_matches(['\n', '\r']).to_owned()))
    }

    fn bad_line(&self, reason: String) -> TraceError {
        TraceError::Line { path: self.path.clone(), line: self.line, reason }
    }

    /// The next event that means anything: not an auto-repeat, not the first position.
    fn next_event(&mut self) -> Result<Option<TimedInput>, TraceError> {
        while let Some(line) = self.next_line()? {
            let parsed = parse(&line, &mut self.locator).map_err(|reason| self.bad_line(reason))?;
            if parsed.is_some() {
                return Ok(parsed);
            }
        }
        Ok(None)
    }
}

impl Iterator for Trace {
    type Item = Result<TimedInput, TraceError>;

    /// Nothing follows an error.
    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let event = self.next_event();
        self.failed = event.is_err();
        event.transpose()
    }
}

fn parse(line: &str, locator: &mut Locator) -> Result<Option<TimedInput>, String> {
    let mut fields = line.split(',');
    let mut field = || fields.next().ok_or_else(|| "a line has five fields".to_owned());
    let (t_us, event, code, x, y) = (field()?, field()?, field()?, field()?, field()?);
    if fields.next().is_some() {
        return Err("a line has five fields".to_owned());
    }
    let at_us: u64 =
        t_us.parse().map_err(|_| format!("t_us is no whole number of microseconds: {t_us:?}"))?;
    let number = |name: &str, text: &str| {
        let value: Option<f64> = text.parse().ok().filter(|v: &f64| v.is_finite());
        value.ok_or_else(|| format!("{name} is no number: {text:?}"))
    };
    let code = || code.parse::<u16>().map_err(|_| format!("code is no number of 0 to 65535: {code:?}"));
    let button =
        || code().map(|c| [Button::Left, Button::Right].get(usize::from(c).wrapping_sub(1)).copied());
    let input = match event {
        "kd" => locator.key_down(code()?),
        "ku" => locator.key_up(code()?),
        "mm" => locator.position(number("x", x)?, number("y", y)?),
        "bd" => Some(Input::ButtonDown(button()?.unwrap_or(Button::Other))),
        "bu" => Some(Input::ButtonUp(button()?.unwrap_or(Button::Other))),
        "wh" => {
            #[expect(clippy::cast_possible_truncation, reason = "notches are few")]
            let notches = number("y", y)? as f32;
            Some(Input::Wheel { notches })
        }
        "td" => locator.touch_down(code()?, number("x", x)?, number("y", y)?),
        "tm" => locator.touch_move(code()?, number("x", x)?, number("y", y)?),
        "tu" => locator.touch_up(code()?),
        "mk" => {
            locator.reset();
            Some(Input::Break)
        }
        _ => return Err(format!("unknown event: {event:?}")),
    };
    Ok(input.map(|input| TimedInput { at_us, origin: Origin::Device, input }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use tacit_measure::{Column, Contact, Phase, Slot, Zone};

    fn read_lines(lines: &str) -> Result<Vec<TimedInput>, String> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(lines.as_bytes()).unwrap();
        read(file.path()).map_err(|e| e.to_string().replace(&file.path().display().to_string(), "trace"))
    }

    #[test]
    fn events_are_located_and_repeats_dropped() {
        let trace =
            "t_us,event,code,x,y\n0,mk,0,,\n5,kd,30,,\n6,kd,30,,\n9,ku,30,,\n10,mm,0,3,4\n11,mm,0,5,4\n";
        let inputs: Vec<Input> = read_lines(trace).unwrap().iter().map(|e| e.input).collect();
        let down = Input::KeyDown { slot: Slot(0), zone: Zone::Left, column: Column(4) };
        let moved = Input::Move { dx: 2.0, dy: 0.0 };
        assert_eq!(inputs, [Input::Break, down, Input::KeyUp { slot: Slot(0) }, moved]);
    }

    #[test]
    fn fingers_land_move_and_lift_off() {
        let trace = "t_us,event,code,x,y\n1,tm,0,9,9\n2,td,4,1,1\n3,td,9,50,50\n4,tm,4,3.5,0\n5,tm,4,3.5,0\n6,tu,9,50,50\n7,tu,9,50,50\n8,mk,0,,\n9,tu,4,3,0\n";
        let inputs: Vec<Input> = read_lines(trace).unwrap().iter().map(|e| e.input).collect();
        let touch =
            |contact, phase| Input::Touch { contact: Contact(contact), phase, pressure: None, area: None };
        assert_eq!(
            inputs,
            [
                touch(0, Phase::Land),
                touch(1, Phase::Land),
                touch(0, Phase::Move { dx: 2.5, dy: -1.0 }),
                touch(1, Phase::Lift),
                Input::Break,
            ]
        );
    }

    #[test]
    fn gzip_is_known_by_its_content() {
        let mut zipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        zipped.write_all(b"t_us,event,code,x,y\n7,bd,2,,\n").unwrap();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&zipped.finish().unwrap()).unwrap();
        let events: Vec<_> = Trace::open(file.path()).unwrap().collect();
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].as_ref().unwrap().input, Input::ButtonDown(Button::Right));
    }

    #[test]
    fn a_bad_line_is_named() {
        for (line, reason) in [
            ("x,kd,30,,", "trace:3: t_us is no whole number of microseconds: \"x\""),
            ("-1,kd,30,,", "trace:3: t_us is no whole number of microseconds: \"-1\""),
            ("1,zz,30,,", "trace:3: unknown event: \"zz\""),
            ("1,kd,99999,,", "trace:3: code is no number of 0 to 65535: \"99999\""),
            ("1,mm,0,NaN,2", "trace:3: x is no number: \"NaN\""),
            ("1,td,0,1,", "trace:3: y is no number: \"\""),
            ("1,tm,0,inf,1", "trace:3: x is no number: \"inf\""),
            ("1,tu,-1,1,1", "trace:3: code is no number of 0 to 65535: \"-1\""),
            ("1,kd,30", "trace:3: a line has five fields"),
            ("1,kd,30,,,", "trace:3: a line has five fields"),
        ] {
            assert_eq!(
                read_lines(&format!("t_us,event,code,x,y\n0,mk,0,,\n{line}\n")),
                Err(reason.to_owned())
            );
        }
        assert_eq!(
            read_lines("time,event\n"),
            Err("trace:1: the first line must be t_us,event,code,x,y".to_owned())
        );
    }
}
