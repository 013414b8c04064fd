//! Prints the public API of a crate, one item a line.

use public_api::Builder;
use std::{env, process};

fn main() {
    let Some(path) = env::args().nth(1) else {
        eprintln!("give the JSON that rustdoc made");
        process::exit(2);
    };
    let api = Builder::from_rustdoc_json(path)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build();
    match api {
        Ok(api) => print!("{api}"),
        Err(error) => {
            eprintln!("{error}");
            process::exit(1);
        }
    }
}
