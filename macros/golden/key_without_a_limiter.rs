async fn key_without_a_limiter(tenant: u64) -> Result<(), Error> {
    if false {
        let (_, _): (::core::option::Option<::paced::__private::KeyedOf>, _) = (
            ::paced::__private::keyed(&(TENANTS)),
            ::paced::__private::key(&(tenant)),
        );
    }
    let mut call = {
        static __PACED_SITE: ::paced::__private::Site = ::paced::__private::Site::new(
            ::core::concat!(::core::module_path!(), "::", "key_without_a_limiter"),
            ::paced::__private::Settings::new().off(),
        );
        ::paced::__private::Site::call_off(
            &__PACED_SITE,
            ::paced::__private::Begin::PLAIN,
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
                        marker(tenant).await
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
