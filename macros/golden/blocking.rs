#[track_caller]
pub fn blocking(&mut self, id: u64, agent: &mut Agent) -> Result<User, ureq::Error> {
    let mut call = {
        static __PACED_SITE: ::paced::__private::Site = ::paced::__private::Site::new(
            ::core::concat!(::core::module_path!(), "::", "blocking"),
            ::paced::__private::Settings::new()
                .rate(::paced::__private::rate(5f64, 1000000000u64))
                .blocking(),
        );
        ::paced::__private::Site::call(&__PACED_SITE, ::paced::__private::Begin::PLAIN)
    };
    loop {
        let out: ::paced::__private::Attempted<Result<User, ureq::Error>> = ::paced::__private::Call::run(
            &mut call,
            || {
                if let ::core::option::Option::Some(r) = ::core::option::Option::None::<
                    Result<User, ureq::Error>,
                > {
                    let _ = &mut *self;
                    let _ = &mut *agent;
                    return r;
                }
                let ref mut agent = *agent;
                {
                    const _: () = ();
                    self.marker(id, agent)
                }
            },
        );
        let probe = ::paced::__private::probe(&out);
        match ::paced::__private::Call::settle(
            &mut call,
            &(probe.__paced_ok(), probe.__paced_err()),
            probe.__paced_refuse(),
            probe.__paced_keep_here(),
            out,
        ) {
            ::core::ops::ControlFlow::Break(out) => break out,
            ::core::ops::ControlFlow::Continue(()) => {}
        }
    }
}
