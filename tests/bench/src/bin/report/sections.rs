//! Some sections of the report, measured again.

use std::io;

use bench::keys::Keys;
use bench::machine;
use bench::plain::Plain;
use bench::rows::Rows;
use bench::table::Table;

/// Measures the sections of these names, and prints their tables.
pub(crate) fn measure(names: &[String], note: impl Fn(&str)) -> io::Result<Vec<Table>> {
    let mut tables = Vec::new();
    let load = machine::load();
    for name in names {
        match name.as_str() {
            "keys" => tables.extend(Keys::measure(&note).tables()),
            "plain" => tables.push(Plain::measure(&note).table()),
            "rows" => tables.extend(Rows::measure(&note)?.tables()),
            _ => {
                let sentence = format!("`{name}` is none of the sections keys, plain and rows");
                return Err(io::Error::new(io::ErrorKind::InvalidInput, sentence));
            }
        }
    }
    for table in &tables {
        print!("{table}");
    }
    println!("On {}; {load}.", machine::machine());
    Ok(tables)
}

/// Returns the report with these tables in place of those with the same headings, or at its end where it has none.
pub(crate) fn replace(text: &str, tables: &[Table]) -> String {
    let mut sections: Vec<String> = text.split("\n## ").map(str::to_owned).collect();
    for table in tables {
        let new = table.to_string();
        let new = new.trim_start_matches("## ").trim_end();
        let same = |section: &&mut String| section.lines().next() == Some(table.heading());
        if let Some(section) = sections.iter_mut().find(same) {
            *section = format!("{new}\n\n");
            continue;
        }
        if let Some(last) = sections.last_mut() {
            *last = format!("{}\n\n", last.trim_end());
        }
        sections.push(format!("{new}\n\n"));
    }
    sections.join("\n## ").trim_end().to_owned() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(heading: &str, cell: &str) -> Table {
        let mut table = Table::new(heading, "", ["what"]);
        table.push([cell]);
        table
    }

    #[test]
    fn a_table_replaces_the_one_of_its_heading() {
        let whole = ["One", "Two", "Three"].map(|heading| table(heading, "old").to_string());
        let text = format!("# All\n\n{}", whole.join("\n").trim_end().to_owned() + "\n");
        let text = replace(&text, &[table("Two", "new"), table("Four", "new")]);
        let text = replace(&text, &[table("Four", "newer"), table("One", "new")]);
        let cells: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
        let of = |heading, cell| [heading, "| what |", "| --- |", cell];
        let all = [
            of("## One", "| new |"),
            of("## Two", "| new |"),
            of("## Three", "| old |"),
            of("## Four", "| newer |"),
        ];
        assert_eq!(cells[0], "# All");
        assert_eq!(cells[1..], all.concat());
        assert!(text.ends_with("| newer |\n"), "{text}");
    }
}
