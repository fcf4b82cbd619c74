async fn cost_of_the_one_limit(fast: bool, left: Duration) -> Result<(), Error> {
    let mut own = ::paced::__private::Own::new();
    let mut costs = ::paced::__private::OwnCosts::new();
    let mut call = {
        static __PACED_SITE: ::paced::__private::Site = ::paced::__private::Site::new(
            ::core::concat!(::core::module_path!(), "::", "cost_of_the_one_limit"),
            ::paced::__private::Settings::new()
                .rate(::paced::__private::rate(300f64, 60000000000u64))
                .whole_period()
                .units(const { &["requests"] }),
        );
        ::paced::__private::Site::call_with_costs(
            &__PACED_SITE,
            ::paced::__private::Begin {
                limiter: ::core::option::Option::None,
                settings: ::paced::__private::Each(
                    &mut own,
                    (),
                    |settings: ::paced::__private::Settings| {
                        let settings = ::paced::__private::run_time::deadline(
                            settings,
                            &(left),
                        )?;
                        ::core::result::Result::Ok(settings)
                    },
                ),
            },
            &mut costs,
            [::paced::__private::cost(&(if fast { 1u64 } else { 5u64 }))],
        )
    };
    loop {
        let out: ::paced::__private::Attempted<Result<(), Error>> = ::paced::__private::Call::attempt(
                &mut call,
                async {
                    if let ::core::option::Option::Some(r) = ::core::option::Option::None::<
                        Result<(), Error>,
                    > {
                        return r;
                    }
                    {
                        const _: () = ();
                        marker().await
                    }
                },
            )
            .await;
        let probe = ::paced::__private::probe(&out);
        probe.__paced_must_refuse::<::paced::__private::option::Deadline>();
        match ::paced::__private::Call::settle(
            &mut call,
            &(probe.__paced_ok(), probe.__paced_err()),
            probe.__paced_refuse(),
            probe.__paced_keep(),
            out,
        ) {
            ::core::ops::ControlFlow::Break(out) => break out,
            ::core::ops::ControlFlow::Continue(()) => {}
        }
    }
}
