fn async_trait<'life0, 'async_trait>(
    &'life0 self,
) -> ::core::pin::Pin<
    Box<
        dyn ::core::future::Future<
            Output = Result<(), Error>,
        > + ::core::marker::Send + 'async_trait,
    >,
>
where
    'life0: 'async_trait,
    Self: 'async_trait,
{
    ::paced::__private::Box::pin(async move {
        let mut call = {
            static __PACED_SITE: ::paced::__private::Site = ::paced::__private::Site::new(
                ::core::concat!(::core::module_path!(), "::", "async_trait"),
                ::paced::__private::Settings::new()
                    .rate(::paced::__private::rate(5f64, 1000000000u64)),
            );
            ::paced::__private::Site::call(
                &__PACED_SITE,
                ::paced::__private::Begin::PLAIN,
            )
        };
        let __self = self;
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
                            __self.marker().await
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
    })
}
