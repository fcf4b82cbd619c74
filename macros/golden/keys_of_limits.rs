async fn keys_of_limits(&self, channel: &str, text: &str) -> Result<(), Error> {
    let mut costs = ::paced::__private::OwnCosts::new();
    let mut call = {
        static __PACED_SITE: ::paced::__private::Site = ::paced::__private::Site::new(
            ::core::concat!(::core::module_path!(), "::", "keys_of_limits"),
            ::paced::__private::Settings::new()
                .keyed(false)
                .limits(const {
                    &[
                        ::paced::__private::limit(
                            "requests",
                            ::paced::__private::rate(10f64, 1000000000u64),
                        ),
                        ::paced::__private::limit(
                                "posts",
                                ::paced::__private::rate(1f64, 1000000000u64),
                            )
                            .whole_period()
                            .of_further_key(0u8),
                        ::paced::__private::limit(
                                "tokens",
                                ::paced::__private::rate(30000f64, 60000000000u64),
                            )
                            .burst(1000u32)
                            .of_all_keys(),
                    ]
                })
                .units(const { &["tokens", "posts"] }),
        );
        ::paced::__private::Site::call_of_keys_with_costs(
            &__PACED_SITE,
            ::paced::__private::Begin::PLAIN,
            ::core::option::Option::None,
            ::paced::__private::key(&(self.tenant)),
            [::paced::__private::further_key(&&(channel))],
            &mut costs,
            [::paced::__private::cost(&(estimate(text))), 1u64],
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
                        self.marker(channel, text).await
                    }
                },
            )
            .await;
        let probe = ::paced::__private::probe(&out);
        probe.__paced_must_refuse::<::paced::__private::option::Cost>();
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
