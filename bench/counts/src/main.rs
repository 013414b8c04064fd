//! Counts the instructions that operations take, and holds them to what the file of counts says.
//!
//! gungraun runs the operations under callgrind. An instruction count depends on the code and its
//! compiler, and not on what else the machine does, so that a small change shows.

mod record;

use std::io;
use std::process::{Command, ExitCode, Stdio};

use clap::Parser;
use serde_json::Value;

use record::{Record, Verdict};

/// Counts the instructions of operations, and fails if one takes more than 3 % above its count on
/// record.
#[derive(Debug, Parser)]
struct Options {
    /// Puts what it counts on record.
    #[arg(long)]
    write: bool,
}

fn main() -> io::Result<ExitCode> {
    let options = Options::parse();
    let counted = count()?;
    if options.write {
        counted.write()?;
        return Ok(ExitCode::SUCCESS);
    }
    let verdicts = counted.compare(&Record::read()?);
    verdicts.iter().for_each(|verdict| println!("{verdict}"));
    let is_sound = !verdicts.iter().any(Verdict::is_failure);
    Ok(if is_sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs all benchmarks, and takes from their summaries what an operation costs.
fn count() -> io::Result<Record> {
    let output = Command::new("cargo")
        .args(["bench", "--quiet", "--locked", "--package", "counts", "--bench", "counts"])
        .args(["--", "--output-format=json"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(io::Error::other("the benchmarks failed"));
    }
    let mut record = Record::default();
    for summary in serde_json::Deserializer::from_slice(&output.stdout).into_iter() {
        let summary: Value = summary?;
        let text = |name| summary.get(name).and_then(Value::as_str);
        let instructions = summary.pointer(INSTRUCTIONS).and_then(Value::as_u64);
        match (text("function_name"), text("id"), instructions) {
            (Some(function), Some(id), Some(instructions)) => {
                record.add(format!("{function}.{id}"), instructions / TIMES);
            }
            _ => return Err(io::Error::other("gungraun's summaries have changed")),
        }
    }
    Ok(record)
}

/// Where a summary has the instructions of this run.
const INSTRUCTIONS: &str = "/profiles/0/data/total/metrics/Ir/values/new";

/// How often each benchmark repeats its operation.
const TIMES: u64 = 1600;
