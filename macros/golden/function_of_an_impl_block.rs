pub async fn users(&self) -> Result<Vec<User>, Error> {
    let mut call = {
        static __PACED_SITE: ::paced::__private::Site = ::paced::__private::Site::new(
            ::core::concat!(::core::module_path!(), "::", "Api::users"),
            ::paced::__private::Settings::new()
                .rate(::paced::__private::rate(300f64, 60000000000u64))
                .whole_period()
                .in_block(const {
                    &::paced::__private::Block::new(
                        ::core::concat!(::core::module_path!(), "::", "Api"),
                        ::core::concat!(
                            ::core::file!(), ":", ::core::line!(), ":",
                            ::core::column!(), " ", "user"
                        ),
                    )
                }),
        );
        ::paced::__private::Site::call(&__PACED_SITE, ::paced::__private::Begin::PLAIN)
    };
    loop {
        let out: ::paced::__private::Attempted<Result<Vec<User>, Error>> = ::paced::__private::Call::attempt(
                &mut call,
                async {
                    if let ::core::option::Option::Some(r) = ::core::option::Option::None::<
                        Result<Vec<User>, Error>,
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
