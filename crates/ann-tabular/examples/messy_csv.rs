//! A file as people write it: semicolons, decimal commas, their own words for missing cells, and a column
//! that is known only afterwards.
//!
//! ```text
//! cargo run --release --example messy_csv
//! ```
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use ann_tabular::ann_table::{Reader, SchemaOptions};
use ann_tabular::{Recipe, Table};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let text = customers();
    println!("{}…\n", &text[..120]);

    // The separator and the decimal comma are found. That -999 is a missing number cannot be found.
    let reader = Reader { missing: vec!["-999".into()], ..Reader::default() };
    let table: Table = reader.read(text.as_bytes())?;
    println!("{}\n", Recipe::default().fit(&table, "left")?.report);

    // The report warns of `refund`: customers get one when they have left.
    let schema = SchemaOptions { ignore: vec!["refund".into()], ..SchemaOptions::default() };
    println!("{}", Recipe { schema, ..Recipe::default() }.fit(&table, "left")?.report);
    Ok(())
}

/// 400 customers. Those who pay much and live in the north leave.
fn customers() -> String {
    let mut text = "customer;age;city;price;refund;left\n".to_owned();
    for row in 0..400 {
        let age = if row % 9 == 0 { -999 } else { 18 + row * 7 % 60 };
        let (city, price) = (["Kiel", "Köln", "Ulm"][row as usize % 3], 10 + row * 13 % 40);
        let leaves = price > 30 && city == "Kiel" || row % 10 == 7;
        let (refund, left) = if leaves { (format!("{price},50"), "yes") } else { (String::new(), "no") };
        text += &format!("C{row:03};{age};{city};{price},99;{refund};{left}\n");
    }
    text
}
