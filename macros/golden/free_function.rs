/// Fetches.
pub async fn user(api: &Client, id: u64) -> reqwest::Result<User> {
    let mut call = {
        static __PACED_SITE: ::paced::__private::Site = ::paced::__private::Site::new(
            ::core::concat!(::core::module_path!(), "::", "user"),
            ::paced::__private::Settings::new()
                .rate(::paced::__private::rate(5f64, 1000000000u64))
                .burst(10u32),
        );
        ::paced::__private::Site::call(&__PACED_SITE, ::paced::__private::Begin::PLAIN)
    };
    loop {
        let out: ::paced::__private::Attempted<reqwest::Result<User>> = ::paced::__private::Call::attempt(
                &mut call,
                async {
                    if let ::core::option::Option::Some(r) = ::core::option::Option::None::<
                        reqwest::Result<User>,
                    > {
                        return r;
                    }
                    {
                        const _: () = ();
                        marker(api, id).await
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
