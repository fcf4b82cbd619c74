async fn cost_without_a_limiter(ids: &[u64]) -> Result<Vec<u8>, Error> {
    if false {
        let _ = [::paced::__private::cost(&(ids.len()))];
    }
    let mut call = {
        static __PACED_SITE: ::paced::__private::Site = ::paced::__private::Site::new(
            ::core::concat!(::core::module_path!(), "::", "cost_without_a_limiter"),
            ::paced::__private::Settings::new()
                .rate(::paced::__private::rate(5f64, 1000000000u64))
                .whole_period()
                .units(const { &["requests"] })
                .off(),
        );
        ::paced::__private::Site::call_off(
            &__PACED_SITE,
            ::paced::__private::Begin::PLAIN,
        )
    };
    loop {
        let out: ::paced::__private::Attempted<Result<Vec<u8>, Error>> = ::paced::__private::Call::attempt(
                &mut call,
                async {
                    if let ::core::option::Option::Some(r) = ::core::option::Option::None::<
                        Result<Vec<u8>, Error>,
                    > {
                        return r;
                    }
                    {
                        const _: () = ();
                        marker(ids).await
                    }
                },
            )
            .await;
        let probe = ::paced::__private::probe(&out);
        probe.__paced_must_refuse::<::paced::__private::option::Cost>();
        if false {
            let _ = [probe.__paced_spent(&out, |found| found.len())];
        }
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
