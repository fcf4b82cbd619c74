//! This program again, several times.

use std::{
    error::Error,
    io::{self, Read as _},
    process::{Child, Command, Stdio},
};

use crate::{Options, worker::Report};

pub(crate) struct Processes(Vec<Child>);

impl Processes {
    pub(crate) fn start(options: &Options, url: &str) -> io::Result<Self> {
        let program = std::env::current_exe()?;
        let mut processes = Self(Vec::new());
        for _ in 0..options.processes.get() {
            let mut command = Command::new(&program);
            command.args(["--worker", url]);
            command.args(["--rate", &options.rate.to_string()]);
            command.args(["--burst", &options.burst.to_string()]);
            command.args(["--calls", &options.calls.to_string()]);
            if let Some(redis) = &options.redis {
                command.args(["--redis", redis]);
            }
            processes.0.push(command.stdout(Stdio::piped()).spawn()?);
        }
        Ok(processes)
    }

    /// Returns their reports once they are done; a process that ended badly has none.
    pub(crate) async fn reports(mut self) -> Result<Vec<Report>, Box<dyn Error>> {
        let reports = tokio::task::spawn_blocking(move || {
            let all = self.0.iter_mut().map(report);
            all.collect::<io::Result<Vec<_>>>()
        });
        Ok(reports.await??)
    }
}

fn report(process: &mut Child) -> io::Result<Report> {
    let mut text = String::new();
    if let Some(mut output) = process.stdout.take() {
        output.read_to_string(&mut text)?;
    }
    process.wait()?;
    Ok(text.trim().parse().unwrap_or_default())
}

impl Drop for Processes {
    fn drop(&mut self) {
        for process in &mut self.0 {
            // Most have ended before.
            drop(process.kill());
            drop(process.wait());
        }
    }
}
