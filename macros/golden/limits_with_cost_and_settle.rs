async fn limits_with_cost_and_settle(prompt: &str) -> Result<Reply, Error> {
    let mut costs = ::paced::__private::OwnCosts::new();
    let mut call = {
        static __PACED_SITE: ::paced::__private::Site = ::paced::__private::Site::new(
            ::core::concat!(::core::module_path!(), "::", "limits_with_cost_and_settle"),
            ::paced::__private::Settings::new()
                .limits(const {
                    &[
                        ::paced::__private::limit(
                            "requests",
                            ::paced::__private::rate(500f64, 60000000000u64),
                        ),
                        ::paced::__private::limit(
                                "tokens",
                                ::paced::__private::rate(30000f64, 60000000000u64),
                            )
                            .burst(30000u32),
                        ::paced::__private::limit(
                                "points",
                                ::paced::__private::rate(80f64, 60000000000u64),
                            )
                            .whole_period(),
                        ::paced::__private::limit(
                                "points",
                                ::paced::__private::RateValue(HOURLY).rate(),
                            )
                            .whole_period(),
                    ]
                })
                .units(const { &["points", "tokens"] }),
        );
        ::paced::__private::Site::call_with_costs(
            &__PACED_SITE,
            ::paced::__private::Begin::PLAIN,
            &mut costs,
            [3u64, ::paced::__private::cost(&(estimate(prompt)))],
        )
    };
    loop {
        let out: ::paced::__private::Attempted<Result<Reply, Error>> = ::paced::__private::Call::attempt(
                &mut call,
                async {
                    if let ::core::option::Option::Some(r) = ::core::option::Option::None::<
                        Result<Reply, Error>,
                    > {
                        return r;
                    }
                    {
                        const _: () = ();
                        marker(prompt).await
                    }
                },
            )
            .await;
        let probe = ::paced::__private::probe(&out);
        probe.__paced_must_refuse::<::paced::__private::option::Cost>();
        let spent = [
            ::core::option::Option::None,
            probe.__paced_spent(&out, |reply| reply.tokens),
        ];
        match ::paced::__private::Call::settle_spent(
            &mut call,
            &spent,
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
