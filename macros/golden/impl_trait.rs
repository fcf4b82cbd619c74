async fn impl_trait(mut it: impl AsRef<str>) -> Result<impl Iterator<Item = u8>, Error> {
    let mut call = {
        static __PACED_SITE: crate::reexport::__private::Site = crate::reexport::__private::Site::new(
            ::core::concat!(::core::module_path!(), "::", "impl_trait"),
            crate::reexport::__private::Settings::new()
                .rate(crate::reexport::__private::rate(5f64, 1000000000u64)),
        );
        crate::reexport::__private::Site::call(
            &__PACED_SITE,
            crate::reexport::__private::Begin::PLAIN,
        )
    };
    loop {
        let out: crate::reexport::__private::Attempted<Result<_, Error>> = crate::reexport::__private::Call::attempt(
                &mut call,
                async {
                    if let ::core::option::Option::Some(r) = ::core::option::Option::None::<
                        Result<_, Error>,
                    > {
                        let _ = &mut it;
                        return r;
                    }
                    {
                        const _: () = ();
                        marker(it.as_ref())
                    }
                },
            )
            .await;
        let probe = crate::reexport::__private::probe(&out);
        match crate::reexport::__private::Call::settle(
            &mut call,
            &(probe.__paced_ok(), probe.__paced_err()),
            probe.__paced_refuse(),
            probe.__paced_lose(),
            out,
        ) {
            ::core::ops::ControlFlow::Break(out) => break out,
            ::core::ops::ControlFlow::Continue(()) => {}
        }
    }
}
