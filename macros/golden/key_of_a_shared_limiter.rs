async fn key_of_a_shared_limiter(tenant: String) -> Result<(), Error> {
    let mut call = {
        static __PACED_SITE: ::paced::__private::Site = ::paced::__private::Site::new(
            ::core::concat!(::core::module_path!(), "::", "key_of_a_shared_limiter"),
            ::paced::__private::Settings::new(),
        );
        ::paced::__private::Site::call_of_key(
            &__PACED_SITE,
            ::paced::__private::Begin::PLAIN,
            ::paced::__private::keyed(&(TENANTS)),
            ::paced::__private::key(&(&tenant)),
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
                        marker(&tenant).await
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
