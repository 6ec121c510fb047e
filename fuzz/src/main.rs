//! Hunts in one kind of input for as long as is given: `make fuzz`.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use penstock_fuzz::{Corpus, Hunt, hunt, replay, targets};

/// Changes kept inputs at random, and says which the host doesn't bear.
#[derive(Parser)]
struct Args {
    /// What is changed: components, configuration or records.
    target: String,
    /// How long.
    #[arg(long, default_value_t = 1.0)]
    minutes: f64,
    /// The seed of another hunt, to do it again.
    #[arg(long)]
    seed: Option<u64>,
    /// One input alone, as it is.
    #[arg(long)]
    input: Option<PathBuf>,
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let args = Args::parse();
    let mut target = targets::by_name(&args.target)?;
    if let Some(path) = &args.input {
        let folder = tempfile::tempdir()?;
        fs::copy(path, folder.path().join("input"))?;
        let replayed = replay(&mut *target, &Corpus::read(folder.path())?);
        println!(
            "{}",
            replayed.as_ref().err().map_or("borne", |(_, why)| why)
        );
        return Ok(exit(replayed.is_ok()));
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut corpus = Corpus::read(&folder.join("corpus").join(&args.target))?;
    let seed = args.seed.unwrap_or_else(|| fastrand::u64(..));
    // Where the process ends without a word, it lies here.
    let trying = folder.join("failures").join(&args.target);
    fs::create_dir_all(folder.join("failures"))?;
    let time = Duration::try_from_secs_f64(args.minutes * 60.0)?;
    println!(
        "{}: {} inputs, seed {seed}",
        args.target,
        corpus.inputs().len()
    );
    // What panics says so in the end, once.
    let hunted = hunt(&mut *target, &mut corpus, &Hunt { time, seed }, |input| {
        fs::write(&trying, input)
    })?;
    println!(
        "{}: {} inputs tried, {} kinds of answers, {} inputs kept in fuzz/corpus",
        args.target, hunted.inputs, hunted.answers, hunted.kept
    );
    match &hunted.failure {
        None => fs::remove_file(&trying)?,
        Some((input, why)) => {
            fs::write(&trying, input)?;
            eprintln!(
                "{}: {why}; again with: penstock-fuzz {} --input {}",
                args.target,
                args.target,
                trying.display()
            );
        }
    }
    Ok(exit(hunted.failure.is_none()))
}

fn exit(well: bool) -> ExitCode {
    if well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
