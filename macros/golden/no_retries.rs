async fn no_retries(mut self, owned: Vec<u8>) -> Result<Vec<u8>, Error> {
    let mut call = {
        static __PACED_SITE: ::paced::__private::Site = ::paced::__private::Site::new(
            ::core::concat!(::core::module_path!(), "::", "no_retries"),
            ::paced::__private::Settings::new()
                .rate(::paced::__private::rate(5f64, 1000000000u64))
                .max_retries(0u32),
        );
        ::paced::__private::Site::call(&__PACED_SITE, ::paced::__private::Begin::PLAIN)
    };
    let out: ::paced::__private::Attempted<Result<Vec<u8>, Error>> = ::paced::__private::Call::attempt(
            &mut call,
            async {
                if let ::core::option::Option::Some(r) = ::core::option::Option::None::<
                    Result<Vec<u8>, Error>,
                > {
                    let _ = &mut self;
                    return r;
                }
                {
                    const _: () = ();
                    self.marker(owned).await
                }
            },
        )
        .await;
    let probe = ::paced::__private::probe(&out);
    ::paced::__private::Call::settle_once(
        &mut call,
        &(probe.__paced_ok(), probe.__paced_err()),
        probe.__paced_refuse(),
        probe.__paced_keep(),
        out,
    )
}
