//! Dates as text.

use core::time::Duration;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Days from Thursday, 1 January 1970.
const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];

/// Returns year, month and day.
const fn civil(days: u64) -> (u64, u64, u64) {
    // Years that begin in March have their leap day at the end: 400 of them have 146,097 days.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + (month <= 2) as u64, month, day)
}

/// Returns a time since 1970 as RFC 3339 has it, with a fraction where there is one.
pub(super) fn rfc_3339(since_1970: Duration) -> String {
    let secs = since_1970.as_secs();
    let (year, month, day) = civil(secs / 86_400);
    let fraction = match since_1970.subsec_micros() {
        0 => String::new(),
        micros => format!(".{micros:06}"),
    };
    let (hours, minutes, secs) = clock(secs);
    format!("{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{secs:02}{fraction}Z")
}

/// Returns a time since 1970 as the field `date` has it.
pub(super) fn http(since_1970: Duration) -> String {
    let secs = since_1970.as_secs();
    let days = secs / 86_400;
    let (year, month, day) = civil(days);
    let [month, weekday] = [(&MONTHS[..], month - 1), (&WEEKDAYS[..], days % 7)]
        .map(|(names, nth)| names[usize::try_from(nth).expect("a small number")]);
    let (hours, minutes, secs) = clock(secs);
    format!("{weekday}, {day:02} {month} {year:04} {hours:02}:{minutes:02}:{secs:02} GMT")
}

const fn clock(secs: u64) -> (u64, u64, u64) {
    (secs / 3_600 % 24, secs / 60 % 60, secs % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_worded_as_the_rfcs_have_them() {
        let time = Duration::from_millis(1_795_435_200_250);
        assert_eq!(http(time), "Mon, 23 Nov 2026 12:00:00 GMT");
        assert_eq!(rfc_3339(time), "2026-11-23T12:00:00.250000Z");
        let leap = Duration::from_secs(1_709_164_800);
        assert_eq!(rfc_3339(leap), "2024-02-29T00:00:00Z");
    }
}
