async fn shared_limiter(&self) -> Result<(), Error> {
    let mut own = ::paced::__private::Own::new();
    let mut call = {
        static __PACED_SITE: ::paced::__private::Site = ::paced::__private::Site::new(
            ::core::concat!(::core::module_path!(), "::", "shared_limiter"),
            ::paced::__private::Settings::new(),
        );
        ::paced::__private::Site::call(
            &__PACED_SITE,
            ::paced::__private::Begin {
                limiter: ::paced::__private::limiter(&(self.limiter)),
                settings: ::paced::__private::Each(
                    &mut own,
                    (),
                    |settings: ::paced::__private::Settings| {
                        let settings = ::paced::__private::run_time::deadline(
                            settings,
                            &(self.deadline),
                        )?;
                        ::core::result::Result::Ok(settings)
                    },
                ),
            },
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
                        self.marker().await
                    }
                },
            )
            .await;
        let probe = ::paced::__private::probe(&out);
        probe.__paced_must_refuse::<::paced::__private::option::Deadline>();
        match ::paced::__private::Call::settle(
            &mut call,
            &probe
                .__paced_classify(&(verdict), (probe.__paced_ok(), probe.__paced_err())),
            probe.__paced_refuse(),
            probe.__paced_keep(),
            out,
        ) {
            ::core::ops::ControlFlow::Break(out) => break out,
            ::core::ops::ControlFlow::Continue(()) => {}
        }
    }
}
