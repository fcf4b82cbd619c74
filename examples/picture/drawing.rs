//! The picture as SVG: a lane for each run, a row for each call, time from left to right.

use std::fmt;
use std::fmt::Write as _;
use std::time::Duration;

use crate::run::CALLS;
use crate::run::Run;
use crate::run::Variant;

const WIDTH: f64 = 760.0;
const MARGIN: f64 = 20.0;
/// Height of a call's row.
const ROW: f64 = 3.0;
/// Top of the first lane, and the room above the rows of each.
const TOP: f64 = 34.0;
const TITLE: f64 = 38.0;

/// Both colour schemes have a background of their own, so the picture is legible on any page.
const STYLE: &str = "\
.picture{max-width:100%;height:auto;font:13px system-ui,sans-serif}\
.picture .page{fill:#fff;stroke:#d0d7de}.picture text{fill:#1f2328;stroke:#fff;stroke-width:4px;paint-order:stroke}\
.picture .small{fill:#59636e;font-size:12px}\
.picture .grid{stroke:#d0d7de}.picture path{fill:none;stroke-linecap:round}\
.picture .waits{stroke:#b6bfc9;stroke-width:1}.picture .served{stroke:#0969da;stroke-width:4}\
.picture .refused{stroke:#cf222e;stroke-width:1.6}.picture .failed{stroke:#bc4c00;stroke-width:1.6}\
.picture .done{stroke:#59636e;stroke-dasharray:4 4}\
@media(prefers-color-scheme:dark){\
.picture .page{fill:#0d1117;stroke:#3d444d}.picture text{fill:#f0f6fc;stroke:#0d1117}.picture .small{fill:#9198a1}\
.picture .grid{stroke:#30363d}.picture .waits{stroke:#59636e}.picture .served{stroke:#4493f8}\
.picture .refused{stroke:#ff6b63}.picture .failed{stroke:#f0a33a}.picture .done{stroke:#9198a1}}";

/// Draws the runs below each other.
pub(crate) fn of(runs: &[Run]) -> Result<String, fmt::Error> {
    let end = runs.iter().map(Run::end).max().unwrap_or_default();
    let scale = Scale {
        seconds: end.as_secs_f64().ceil(),
    };
    let lane = TITLE + ROW * f64::from(CALLS) + 14.0;
    let lanes = runs.iter().fold(TOP, |top, _| top + lane);
    let height = lanes + 30.0;
    let mut svg = format!(
        "<svg class=\"picture\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" role=\"img\">\n<title>{}</title>\n<style>{STYLE}</style>\n\
         <rect class=\"page\" x=\".5\" y=\".5\" width=\"{}\" height=\"{}\" rx=\"8\"/>\n",
        description(runs),
        WIDTH - 1.0,
        height - 1.0,
    );
    legend(&mut svg)?;
    axis(&mut svg, &scale, lanes)?;
    let mut top = TOP;
    for run in runs {
        draw_lane(&mut svg, run, &scale, top)?;
        top += lane;
    }
    svg.push_str("</svg>\n");
    Ok(svg)
}

struct Scale {
    seconds: f64,
}

impl Scale {
    fn x(&self, at: Duration) -> f64 {
        MARGIN + (WIDTH - 2.0 * MARGIN) * at.as_secs_f64() / self.seconds
    }
}

fn description(runs: &[Run]) -> String {
    let lanes: Vec<_> = runs
        .iter()
        .map(|run| format!("{}: {}", run.name(), run.summary()))
        .collect();
    lanes.join(". ")
}

fn legend(svg: &mut String) -> fmt::Result {
    let marks = [
        ("waits", "h18", 20.0, 25.0, "call waits"),
        ("served", "h0", 116.0, 10.0, "sent and served"),
        ("refused", CROSS, 236.0, 10.0, "sent, refused with 429"),
        ("failed", CROSS, 396.0, 10.0, "sent, refused with 503"),
        ("done", "v0m0-6v12", 556.0, 8.0, "last call done"),
    ];
    for (class, mark, x, gap, text) in marks {
        write!(svg, "<path class=\"{class}\" d=\"M{x} 21{mark}\"/>")?;
        label(svg, "small", x + gap, 25.0, "start", text)?;
    }
    Ok(())
}

fn axis(svg: &mut String, scale: &Scale, bottom: f64) -> fmt::Result {
    let mut second = Duration::ZERO;
    while second.as_secs_f64() <= scale.seconds {
        let x = scale.x(second);
        write!(svg, "<path class=\"grid\" d=\"M{x:.1} {TOP}V{bottom}\"/>")?;
        let text = format!("{} s", second.as_secs());
        label(svg, "small", x, bottom + 17.0, "middle", &text)?;
        second += Duration::from_secs(1);
    }
    Ok(())
}

/// Cross around the current point.
const CROSS: &str = "m-2-2l4 4m0-4l-4 4";

fn draw_lane(svg: &mut String, run: &Run, scale: &Scale, top: f64) -> fmt::Result {
    let (mut waits, mut served) = (String::new(), String::new());
    let (mut refused, mut failed) = (String::new(), String::new());
    let mut y = top + TITLE;
    for call in &run.calls {
        if let Some((last, _)) = call.answers.last() {
            put_mark(&mut waits, scale.x(call.begun), y, "")?;
            write!(waits, "H{:.1}", scale.x(*last))?;
        }
        for (at, status) in &call.answers {
            let x = scale.x(*at);
            match status {
                429 => put_mark(&mut refused, x, y, CROSS)?,
                500.. => put_mark(&mut failed, x, y, CROSS)?,
                _ => put_mark(&mut served, x, y, "h0")?,
            }
        }
        y += ROW;
    }
    writeln!(svg, "<g id=\"{}\">", id(run.variant))?;
    label(svg, "name", MARGIN, top + 16.0, "start", run.name())?;
    label(svg, "small", MARGIN, top + 31.0, "start", &run.summary())?;
    let mut done = String::new();
    put_mark(&mut done, scale.x(run.end()), top + TITLE - 4.0, "")?;
    write!(done, "V{:.1}", y + 3.0)?;
    let paths = [
        ("waits", &waits),
        ("done", &done),
        ("served", &served),
        ("refused", &refused),
        ("failed", &failed),
    ];
    for (class, path) in paths {
        writeln!(svg, "<path class=\"{class}\" d=\"{path}\"/>")?;
    }
    svg.push_str("</g>\n");
    Ok(())
}

fn id(variant: Variant) -> &'static str {
    match variant {
        Variant::Plain => "plain",
        Variant::Paced => "paced",
    }
}

fn put_mark(path: &mut String, x: f64, y: f64, mark: &str) -> fmt::Result {
    write!(path, "M{x:.1} {y:.1}{mark}")
}

/// Adds a text, which must have no character that XML reserves.
fn label(svg: &mut String, class: &str, x: f64, y: f64, anchor: &str, text: &str) -> fmt::Result {
    writeln!(
        svg,
        "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>"
    )
}
