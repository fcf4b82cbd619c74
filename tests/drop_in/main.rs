//! The attribute changes nothing that can be seen of a call, in no edition and in no place.
//!
//! `cargo test -p drop-in -- --nocapture` prints what was compared.

macro_rules! compare {
    ($edition:literal, $shapes:ident, $differences:ident, $count:ident) => {
        for row in $shapes::rows() {
            let same = if row.is_same() { "same" } else { "not" };
            println!(
                "{} {:36} {} retries, {:36} {same}",
                $edition, row.shape, row.retries, row.place
            );
            $count += 1;
            if !row.is_same() {
                $differences.push(format!("{} {row:#?}", $edition));
            }
        }
    };
}

#[test]
fn everything_is_as_without_the_attribute() {
    let (mut differences, mut count): (Vec<String>, _) = (Vec::new(), 0);
    compare!("2018", drop_in_2018, differences, count);
    compare!("2021", drop_in_2021, differences, count);
    compare!("2024", drop_in_2024, differences, count);
    println!("{count} comparisons, {} not the same", differences.len());
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
