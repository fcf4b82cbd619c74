unsafe extern "C" fn blocking_no_retries(
    &self,
    ids: Vec<u64>,
    left: Duration,
) -> Result<Vec<u8>, Error> {
    let mut own = ::paced::__private::Own::new();
    let mut costs = ::paced::__private::OwnCosts::new();
    let mut call = {
        static __PACED_SITE: ::paced::__private::Site = ::paced::__private::Site::new(
            ::core::concat!(::core::module_path!(), "::", "blocking_no_retries"),
            ::paced::__private::Settings::new()
                .max_retries(0u32)
                .units(const { &["requests"] })
                .blocking(),
        );
        ::paced::__private::Site::call_with_costs(
            &__PACED_SITE,
            ::paced::__private::Begin {
                limiter: ::paced::__private::limiter(&(self.limiter)),
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
            [::paced::__private::cost(&(ids.len()))],
        )
    };
    let out: ::paced::__private::Attempted<Result<Vec<u8>, Error>> = ::paced::__private::Call::run(
        &mut call,
        || {
            if let ::core::option::Option::Some(r) = ::core::option::Option::None::<
                Result<Vec<u8>, Error>,
            > {
                return r;
            }
            {
                const _: () = ();
                self.marker(ids)
            }
        },
    );
    let probe = ::paced::__private::probe(&out);
    probe.__paced_must_refuse::<::paced::__private::option::Deadline>();
    ::paced::__private::Call::settle_once(
        &mut call,
        &(probe.__paced_ok(), probe.__paced_err()),
        probe.__paced_refuse(),
        probe.__paced_keep_here(),
        out,
    )
}
