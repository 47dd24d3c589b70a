//! Pipes from end to end: wsee beside a client with nothing to do but move bytes, and beside others.
//!
//! `cargo bench --bench pipes` measures; `cargo bench --bench pipes -- --quick` checks on a small part of it that
//! nothing is lost or out of order, as does `cargo test --bench pipes`. Any other argument selects the works whose
//! name starts with it.

mod client;
mod http2;
mod limit;
mod record;
mod run;
mod sample;
mod server;
mod stream;
mod table;
mod wire;
mod work;
mod zlib;

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use client::Client;
use run::Runner;
use stream::Identity;
use table::Column;
use work::{Layer, Work};

/// How often each client does each work; they take turns.
const ROUNDS: usize = 5;
/// A peer that takes longer than this for a work does it once.
const SLOW: Duration = Duration::from_secs(3);

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let result = match args.split_first() {
        Some((first, rest)) if first == limit::COMMAND => limit::run(rest).map(|()| true),
        _ => bench(&args),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("pipes: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Prints the table; `false` when wsee or the limit client lost anything.
fn bench(args: &[String]) -> Result<bool, Box<dyn Error>> {
    // `cargo bench` passes `--bench`, `cargo test` does not.
    let given = |flag| args.iter().any(|arg| arg == flag);
    let quick = given("--quick") || !given("--bench");
    let filters: Vec<&String> = args.iter().filter(|arg| !arg.starts_with("--")).collect();
    let runner = Runner {
        identity: Arc::new(Identity::generate()?),
        thorough: quick,
    };
    let peers = if quick { Vec::new() } else { find_peers() };
    println!("{}", table::head(&peers));
    let mut all_well = true;
    for work in work::all(quick) {
        let selected =
            filters.is_empty() || filters.iter().any(|part| work.name.starts_with(*part));
        if selected {
            let columns = measure(&runner, &work, &peers, if quick { 1 } else { ROUNDS });
            all_well &= report(&columns);
            println!("{}", table::row(&work, &columns, &peers, !quick));
        }
    }
    Ok(all_well)
}

fn find_peers() -> Vec<Client> {
    let (found, missing): (Vec<_>, Vec<_>) =
        Client::PEERS.into_iter().partition(|peer| peer.is_found());
    for peer in missing {
        eprintln!(
            "pipes: skips {}: not installed, or without WebSocket",
            peer.name()
        );
    }
    found
}

/// Lets every client that can do `work` do it, in turns.
fn measure(runner: &Runner, work: &Work, peers: &[Client], rounds: usize) -> Vec<Column> {
    let limit = match work.layer {
        Layer::Deflate => Client::Zlib,
        Layer::Http2 { .. } => Client::Http1,
        Layer::Plain | Layer::Tls => Client::Limit,
    };
    let clients = [limit, Client::Wsee]
        .into_iter()
        .chain(peers.iter().copied());
    let mut columns: Vec<Column> = clients
        .filter(|client| client.can(work))
        .map(|client| Column {
            client,
            samples: Vec::new(),
            failure: None,
            is_slow: false,
        })
        .collect();
    for _ in 0..rounds {
        for column in &mut columns {
            if column.failure.is_some() || column.is_slow {
                continue;
            }
            let started = Instant::now();
            match runner.run(work, column.client) {
                Ok(sample) => column.samples.push(sample),
                Err(error) => column.failure = Some(error.to_string()),
            }
            column.is_slow = peers.contains(&column.client) && started.elapsed() > SLOW;
        }
    }
    columns
}

/// Says what failed; `false` when that is ours.
fn report(columns: &[Column]) -> bool {
    let mut ours_well = true;
    for column in columns {
        if let Some(failure) = &column.failure {
            eprintln!("pipes: {}: {failure}", column.client.name());
            ours_well &= Client::PEERS.contains(&column.client);
        }
    }
    ours_well
}
