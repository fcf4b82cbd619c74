async fn key_with_cost_and_settle(
    &self,
    model: &str,
    prompt: &str,
    left: Duration,
) -> Result<Reply, Error> {
    let mut own = ::paced::__private::Own::new();
    let mut costs = ::paced::__private::OwnCosts::new();
    let mut call = {
        static __PACED_SITE: ::paced::__private::Site = ::paced::__private::Site::new(
            ::core::concat!(::core::module_path!(), "::", "key_with_cost_and_settle"),
            ::paced::__private::Settings::new()
                .keyed(true)
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
                            .whole_period(),
                    ]
                })
                .units(const { &["tokens"] }),
        );
        ::paced::__private::Site::call_of_key_with_costs(
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
            ::core::option::Option::None,
            ::paced::__private::key(&((self.account, model))),
            &mut costs,
            [::paced::__private::cost(&(estimate(prompt)))],
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
                        self.marker(prompt).await
                    }
                },
            )
            .await;
        let probe = ::paced::__private::probe(&out);
        probe.__paced_must_refuse::<::paced::__private::option::Deadline>();
        let spent = [probe.__paced_spent(&out, |reply| reply.tokens)];
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
