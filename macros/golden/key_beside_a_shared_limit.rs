async fn key_beside_a_shared_limit(tenant: u64) -> Result<(), Error> {
    let mut call = {
        static __PACED_SITE: ::paced::__private::Site = ::paced::__private::Site::new(
            ::core::concat!(::core::module_path!(), "::", "key_beside_a_shared_limit"),
            ::paced::__private::Settings::new()
                .keyed(false)
                .limits(const {
                    &[
                        ::paced::__private::limit(
                            "requests",
                            ::paced::__private::rate(10f64, 1000000000u64),
                        ),
                        ::paced::__private::limit(
                                "requests",
                                ::paced::__private::rate(100f64, 1000000000u64),
                            )
                            .of_all_keys(),
                    ]
                }),
        );
        ::paced::__private::Site::call_of_key(
            &__PACED_SITE,
            ::paced::__private::Begin::PLAIN,
            ::core::option::Option::None,
            ::paced::__private::key(&(tenant)),
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
                        marker(tenant).await
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
