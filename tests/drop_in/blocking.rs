//! Plain functions in these shapes.

use crate::record::{log, Guard, Loud, Watch};
use crate::*;

/// All that can be seen of a call of a function that is not asynchronous.
macro_rules! observed_at_once {
    ($shape:ident $variant:ident $with:tt) => {{
        #[allow(unused_imports)]
        use $shape::$variant::*;
        let watch = Watch::begin();
        match Me::call $with {
            out => watch.run(std::future::ready(out)),
        }
        watch.end()
    }};
}

macro_rules! row_at_once {
    ($rows:ident, $shape:ident, $place:literal, $plain:ident, $annotated:ident, $retries:literal, $with:tt) => {
        $rows.push(Row {
            shape: stringify!($shape),
            place: $place,
            retries: $retries,
            bare: observed_at_once!($shape plain $with),
            plain: observed_at_once!($shape $plain $with),
            annotated: observed_at_once!($shape $annotated $with),
        });
    };
}

shapes! {
    sync_fn sync_nothing: () -> R { Ok(0) } with ();
    sync_fn sync_guard_disarmed: (mut guard: Guard) -> R { log("body"); guard.armed = false; Ok(1) } with (Guard::new());
    sync_fn sync_guard_read: (guard: Guard) -> R { log("body"); Ok(usize::from(guard.armed)) } with (Guard::new());
    sync_fn sync_own_guard_disarmed: (mut self) -> R { self.guard.armed = false; Ok(self.list.len()) } with (Me::new());
    sync_fn sync_own_field_read: (self) -> R { Ok(self.loud.name().len()) } with (Me::new());
    sync_fn sync_shared_self: (&self) -> R { Ok(self.loud.name().len()) } with (&Me::new());
    sync_fn sync_exclusive_self: (&mut self, n: usize) -> R { self.list.push(n); Ok(self.list.len()) } with (&mut Me::new(), 3);
    sync_fn sync_local_named_as_ours: (&mut self) -> R { let __self = 3; self.list.push(1); Ok(__self) } with (&mut Me::new());
    sync_fn sync_arguments_dropped: (a: Loud, b: Loud, _: Loud, (c, _c): (Loud, Loud), e: Loud) -> R { log("body"); let _ = (&a, &b, &c, &e); Ok(1) } with (Loud("a"), Loud("b"), Loud("_"), (Loud("c"), Loud("c_")), Loud("e"));
    sync_fn sync_some_arguments_used: (a: Loud, _b: Loud, c: Loud, _d: Loud) -> R { log(c.name()); log(a.name()); Ok(1) } with (Loud("a"), Loud("b"), Loud("c"), Loud("d"));
    sync_fn sync_mutable_arguments: (mut a: Loud, b: Loud, mut n: usize, s: String) -> R { a.0 = "changed"; n += s.len(); log(b.name()); Ok(n) } with (Loud("a"), Loud("b"), 1, "text".to_owned());
    sync_fn sync_locals_and_arguments: (a: Loud) -> R { let local = Loud("local"); log(local.name()); Ok(a.name().len()) } with (Loud("a"));
    sync_fn sync_temporary_in_the_tail: (a: Loud) -> R { let n = Loud("n"); let _ = (&n, &a); Ok(Loud("temporary").name().len()) } with (Loud("a"));
    sync_fn sync_temporary_in_a_condition: () -> R { if let Some(n) = Some(Loud("condition")).as_ref() { log(n.name()); Ok(1) } else { log("else"); Ok(2) } } with ();
    sync_fn sync_temporary_in_an_else: () -> R { if let Some(n) = Some(Loud("condition")).as_ref().filter(|_| false) { log(n.name()); Ok(1) } else { log("else"); Ok(2) } } with ();
    sync_fn sync_early_return: (a: Loud, n: usize) -> R { if n > 1 { log(a.name()); return Ok(n); } Ok(0) } with (Loud("a"), 2);
    sync_fn sync_question_mark: (a: Loud, text: &str) -> R { let n: usize = text.parse().map_err(|_| std::io::Error::other("no number"))?; log(a.name()); Ok(n) } with (Loud("a"), "x");
    sync_fn sync_out_argument: (out: &mut Vec<usize>, n: usize) -> R { out.push(n); Ok(out.len()) } with (&mut vec![1], 2);
    sync_fn sync_text: (name: String) -> R { Ok(name.len()) } with ("name".to_owned());
    sync_fn sync_events: (a: Loud) -> R { tracing::info!("event"); Ok(a.name().len()) } with (Loud("a"));
    sync_fn sync_shared: (list: std::sync::Arc<Vec<usize>>) -> R { Ok(list.len()) } with (std::sync::Arc::new(vec![1]));
    sync_fn sync_item_with_self: (a: Loud) -> R { struct S(usize); impl S { fn get(self) -> usize { self.0 } } log(a.name()); Ok(S(1).get()) } with (Loud("a"));
    sync_fn sync_macro_in_the_body: (a: Loud) -> R { log(format!("{} {a:?}", a.name())); Ok(1) } with (Loud("a"));
    sync_fn sync_patterns: (Point { x, y: height }: Point, (a, [b, ..]): (usize, [usize; 3]), Wrapper(text): Wrapper, &c: &usize, _: u8) -> R { log(&text); Ok(x + height + a + b + c) } with (Point { x: 1, y: 2 }, (3, [4, 0, 0]), Wrapper("five".to_owned()), &6, 7);
    sync_fn sync_closure_argument: (names: impl Fn() -> usize + Clone) -> R { log("body"); Ok(names()) } with (|| 3);
    sync_fn sync_raw_names: (r#type: &str, r#loop: String) -> R { log([r#type, &r#loop].concat()); Ok(r#loop.len()) } with ("a", "b".to_owned());
    sync_fn sync_result_borrowed_from_self: (&self, _other: usize) -> Result<&str, std::io::Error> { Ok(self.loud.name()) } with (&Me::new(), 1);
    sync_fn sync_result_borrowed_from_exclusive_self: (&mut self) -> Result<&str, std::io::Error> { self.list.push(1); Ok(self.loud.name()) } with (&mut Me::new());
    sync_fn sync_self_behind_an_arc: (self: std::sync::Arc<Self>, plus: usize) -> R { log(self.loud.name()); Ok(self.list.len() + plus) } with (std::sync::Arc::new(Me::new()), 1);
    sync_fn sync_self_in_a_box: (self: Box<Self>) -> R { log(self.loud.name()); Ok(1) } with (Box::new(Me::new()));
    sync_fn sync_pinned_self: (self: Pin<&mut Self>) -> R { log(self.loud.name()); Ok(1) } with (Pin::new(&mut Me::new()));
    sync_fn sync_result_of_an_alias: (n: usize) -> std::io::Result<Vec<usize>> { Ok(vec![n]) } with (3);
    sync_fn sync_loop_with_a_label: (n: usize) -> R { let mut m = 0; 'outer: loop { loop { m += 1; if m > n { break 'outer; } } } log("body"); Ok(m) } with (2);
    sync_taking_fn sync_own_parts: (self) -> Result<Vec<usize>, std::io::Error> { log(self.loud.name()); Ok(self.list) } with (Me::new());
    sync_taking_fn sync_consumed: (a: Loud, b: Loud) -> R { drop(b); log("body"); drop(a); Ok(1) } with (Loud("a"), Loud("b"));
    sync_taking_fn sync_consumed_in_part: (pair: (Loud, Loud), n: usize) -> R { drop(pair.1); log("body"); Ok(n) } with ((Loud("a"), Loud("b")), 2);
    sync_taking_fn sync_consumed_by_closure: (a: Loud) -> R { let f = move || a.name().len(); log("body"); Ok(f()) } with (Loud("a"));
    sync_fn sync_out_argument_passed_on: (out: &mut Vec<usize>) -> R { let passed = out; passed.push(1); Ok(passed.len()) } with (&mut vec![1]);
    sync_fn sync_nested_function: (n: usize) -> R { fn inner(n: usize) -> R { log("inner"); Ok(n) } inner(n) } with (2);
    sync_fn sync_recursion: (n: usize) -> R { if n == 0 { log("end"); return Ok(0); } Ok(Self::call(n - 1)? + 1) } with (3);
    sync_taking_fn sync_lent: (&mut self) -> Result<&mut Vec<usize>, std::io::Error> { self.list.push(1); Ok(&mut self.list) } with (&mut Me::new());
}
