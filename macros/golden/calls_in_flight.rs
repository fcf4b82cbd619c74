async fn calls_in_flight() -> Result<(), Error> {
    let mut call = {
        static __PACED_SITE: ::paced::__private::Site = ::paced::__private::Site::new(
            ::core::concat!(::core::module_path!(), "::", "calls_in_flight"),
            ::paced::__private::Settings::new()
                .rate(::paced::__private::rate(5f64, 1000000000u64))
                .max_concurrency(8u32),
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
