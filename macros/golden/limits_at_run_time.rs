async fn limits_at_run_time() -> Result<Reply, Error> {
    let mut costs = ::paced::__private::OwnCosts::new();
    let mut call = {
        static __PACED_SITE: ::paced::__private::Site = ::paced::__private::Site::new(
            ::core::concat!(::core::module_path!(), "::", "limits_at_run_time"),
            ::paced::__private::Settings::new()
                .max_retries(0u32)
                .units(const { &["tokens"] })
                .start_empty(),
        );
        ::paced::__private::Site::call_with_costs(
            &__PACED_SITE,
            ::paced::__private::Begin {
                limiter: ::core::option::Option::None,
                settings: ::paced::__private::First(|
                    settings: ::paced::__private::Settings|
                {
                    let settings = settings
                        .limits(
                            ::paced::__private::run_time::limits(
                                ::paced::__private::default_bursts(
                                    [
                                        ::paced::__private::limit(
                                            "",
                                            ::paced::__private::run_time::rate(&(CONFIG.rate()))?,
                                        ),
                                        const {
                                            ::paced::__private::strict_limit(
                                                ::paced::__private::limit(
                                                    "requests",
                                                    ::paced::__private::rate(60f64, 60000000000u64),
                                                ),
                                                ::core::option::Option::None,
                                            )
                                        },
                                        ::paced::__private::run_time::strict_limit(
                                            ::paced::__private::limit(
                                                "tokens",
                                                const { ::paced::__private::RateValue(TOKENS).rate() },
                                            ),
                                            ::core::option::Option::Some(
                                                ::paced::__private::run_time::burst(&(config::burst()))?,
                                            ),
                                        )?,
                                    ],
                                    [true, false, false],
                                ),
                            ),
                        );
                    ::core::result::Result::Ok(settings)
                }),
            },
            &mut costs,
            [],
        )
    };
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
                    marker().await
                }
            },
        )
        .await;
    let probe = ::paced::__private::probe(&out);
    probe.__paced_must_report::<::paced::__private::option::RunTimeValue>();
    let spent = [probe.__paced_spent(&out, tokens_of)];
    ::paced::__private::Call::settle_spent_once(
        &mut call,
        &spent,
        &(probe.__paced_ok(), probe.__paced_err()),
        probe.__paced_refuse(),
        probe.__paced_keep(),
        out,
    )
}
