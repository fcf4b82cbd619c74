async fn constants() -> Result<(), Error> {
    let mut call = {
        static __PACED_SITE: ::paced::__private::Site = ::paced::__private::Site::new(
            ::core::concat!(::core::module_path!(), "::", "constants"),
            ::paced::__private::Settings::new()
                .rate(::paced::__private::RateValue(config::RATE).rate())
                .burst(::paced::__private::BurstValue(BURST).burst())
                .deadline(::paced::__private::DurationValue(DEADLINE).duration())
                .backoff(
                    ::paced::__private::Backoff::new()
                        .factor(::paced::__private::FactorValue(FACTOR).factor()),
                ),
        );
        ::paced::__private::Site::call(&__PACED_SITE, ::paced::__private::Begin::PLAIN)
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
