async fn run_time_values(&self) -> Result<(), Error> {
    let mut call = {
        static __PACED_SITE: ::paced::__private::Site = ::paced::__private::Site::lazy(
            ::core::concat!(::core::module_path!(), "::", "run_time_values"),
        );
        ::paced::__private::Site::call_with(
            &__PACED_SITE,
            || ::core::result::Result::Ok(
                ::paced::__private::Settings::new()
                    .rate(::paced::__private::run_time::rate(self.rate)?)
                    .burst(const { ::paced::__private::BurstValue(BURST).burst() })
                    .max_retries(::paced::__private::run_time::retries(retries())?),
            ),
        )
    };
    loop {
        let out: ::paced::__private::Attempted<Result<(), Error>> = ::paced::__private::Attempt {
            call: &mut call,
            body: async {
                if let ::core::option::Option::Some(r) = ::core::option::Option::None::<
                    Result<(), Error>,
                > {
                    return r;
                }
                {
                    const _: () = ();
                    self.marker().await
                }
            },
        }
            .await;
        let probe = ::paced::__private::probe(&out);
        probe.__paced_must_report::<::paced::__private::option::RunTimeValue>();
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
