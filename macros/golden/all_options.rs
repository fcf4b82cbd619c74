async fn all() -> Result<(), Error> {
    let mut call = {
        static __PACED_SITE: ::paced::__private::Site = ::paced::__private::Site::new(
            ::core::concat!(::core::module_path!(), "::", "all"),
            ::paced::__private::Settings::new()
                .rate(::paced::__private::rate(5000f64, 3600000000000u64))
                .burst(100u32)
                .max_retries(3u32)
                .deadline(::paced::__private::duration(30000000000u64))
                .attempt_timeout(::paced::__private::duration(5000000000u64))
                .max_wait(::paced::__private::duration(10000000000u64))
                .backoff(
                    ::paced::__private::Backoff::new()
                        .base(::paced::__private::duration(250000000u64))
                        .factor(1.5f64)
                        .max(::paced::__private::duration(10000000000u64))
                        .jitter(::paced::__private::Jitter::Full),
                )
                .retry_on(
                    ::paced::__private::RetryOn::none()
                        .status(429u16)
                        .status(503u16)
                        .class(5u16)
                        .connect()
                        .timeout()
                        .reset(),
                )
                .idempotent()
                .named("github")
                .on_retry(note)
                .on_give_up(alerts::page),
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
