//! Fields of a state's hash.

use redis::Value;

use crate::store::PauseKind;
use crate::store::RowState;
use crate::store::State;
use crate::store::Ticks;
use crate::store::bytes;
use crate::store::state::MAX_EXACT;

/// Returns the state of these fields, each followed by its value. Those of other names are ignored; `None` where a name
/// is no text.
pub(super) fn state_of(fields: &[Value]) -> Option<State> {
    let mut state = State::default();
    for field in fields.chunks(2) {
        let [Value::BulkString(name), value] = field else {
            return None;
        };
        set(&mut state, name, value);
    }
    Some(state)
}

fn set(state: &mut State, name: &[u8], value: &Value) {
    let (number, instant) = (number(value), Ticks::new(number(value)));
    match name {
        b"seen" => state.seen = instant,
        b"generation" => state.generation = number,
        b"paused_until" => state.paused_until = instant,
        b"pause_kind" => state.pause_kind = PauseKind::of(number),
        b"lifted_until" => state.lifted_until = instant,
        b"kept_until" => state.kept_until = instant,
        b"override_until" => state.override_until = instant,
        b"budget_missing" => state.budget.missing = number,
        b"budget_at" => state.budget.at = instant,
        b"leases" => state.leases = bytes::leases_of(text(value)),
        [name @ .., digit @ b'1'..=b'8'] => {
            set_row(&mut state.rows[usize::from(digit - b'1')], name, value);
        }
        _ => {}
    }
}

fn set_row(row: &mut RowState, name: &[u8], value: &Value) {
    let (number, time) = (number(value), Ticks::new(number(value)));
    match name {
        b"full_at" => row.full_at = time,
        b"spilt_at" => row.spilt_at = time,
        b"quota_interval" => row.quota.interval = time,
        b"quota_burst" => row.quota.burst = number,
        b"quota_interval_until" => row.quota.interval_until = time,
        b"quota_burst_until" => row.quota.burst_until = time,
        b"learnt_interval" => row.learnt_interval = time,
        b"learnt_until" => row.learnt_until = time,
        b"override_interval" => row.override_interval = time,
        b"override_capacity" => row.override_capacity = time,
        b"headroom" => row.headroom = bytes::headroom_of(text(value)),
        b"runs" => row.runs = bytes::runs_of(text(value)),
        _ => {}
    }
}

fn text(value: &Value) -> &[u8] {
    match value {
        Value::BulkString(text) => text,
        _ => &[],
    }
}

/// Reads a whole number, moved into bounds as the script does.
fn number(value: &Value) -> u64 {
    let number = match value {
        Value::Int(number) => u64::try_from(*number).unwrap_or(0),
        other => {
            let text = core::str::from_utf8(text(other)).unwrap_or_default();
            text.parse().unwrap_or(0)
        }
    };
    number.min(MAX_EXACT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edited_numbers_are_put_in_bounds() {
        let of = |text: &str| number(&Value::BulkString(text.into()));
        assert_eq!((of("7"), of("-7"), of("x"), of("")), (7, 0, 0, 0));
        assert_eq!(of("18446744073709551615"), MAX_EXACT);
        assert_eq!(number(&Value::Nil), 0);
    }

    #[test]
    fn fields_of_other_names_are_no_part_of_the_state() {
        let text = |text: &str| Value::BulkString(text.into());
        let fields = [
            text("full_at2"),
            text("7"),
            text("more"),
            text("x"),
            text("more9"),
            text("1"),
        ];
        let state = state_of(&fields).expect("fields");
        let mut expected = State::default();
        expected.rows[1].full_at = Ticks::new(7);
        assert_eq!(state, expected);
    }
}
