fn cost_of_a_shared_limiter<'life0, 'async_trait>(
    &'life0 mut self,
) -> ::core::pin::Pin<
    Box<
        dyn ::core::future::Future<
            Output = Result<Page, Error>,
        > + ::core::marker::Send + 'async_trait,
    >,
>
where
    'life0: 'async_trait,
    Self: 'async_trait,
{
    ::paced::__private::Box::pin(async move {
        let mut costs = ::paced::__private::OwnCosts::new();
        let mut call = {
            static __PACED_SITE: ::paced::__private::Site = ::paced::__private::Site::new(
                ::core::concat!(
                    ::core::module_path!(), "::", "cost_of_a_shared_limiter"
                ),
                ::paced::__private::Settings::new()
                    .units(const { &["search", "requests"] }),
            );
            ::paced::__private::Site::call_with_costs(
                &__PACED_SITE,
                ::paced::__private::Begin {
                    limiter: ::paced::__private::limiter(&(self.limiter)),
                    settings: (),
                },
                &mut costs,
                [1u64],
            )
        };
        let __self = self;
        loop {
            let out: ::paced::__private::Attempted<Result<Page, Error>> = ::paced::__private::Call::attempt(
                    &mut call,
                    async {
                        if let ::core::option::Option::Some(r) = ::core::option::Option::None::<
                            Result<Page, Error>,
                        > {
                            let _ = &mut *__self;
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
            probe.__paced_must_refuse::<::paced::__private::option::Cost>();
            let spent = [
                ::core::option::Option::None,
                probe.__paced_spent(&out, |page| page.calls),
            ];
            match ::paced::__private::Call::settle_spent(
                &mut call,
                &spent,
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
