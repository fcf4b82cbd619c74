/// Fetches.
impl<T: Http> Remote for Api<T> {
    type Item = User;
    const KIND: u8 = { 1 };
    #[::my_paced::__private::rate_limited(
        impl
        "<Api as Remote>"
        "user"
        rate_limited("requests")[rate = 5,
        crate = ::my_paced]
    )]
    /// One.
    async fn user(&self, id: u64) -> Result<User, Error> {
        marker(id).await
    }
    #[instrument]
    #[::my_paced::__private::rate_limited(
        impl
        "<Api as Remote>"
        "user"
        rate_limited("requests")[rate = 5,
        crate = ::my_paced][inherit,
        cost = 5]
    )]
    async fn users(&self) -> Result<Vec<User>, Error> {
        self.all().await
    }
    #[::my_paced::__private::rate_limited(
        impl
        "<Api as Remote>"
        "user"
        rate_limited("requests")[rate = 5,
        crate = ::my_paced]
    )]
    #[cfg_attr(test, rate_limited(skip))]
    fn plain(&self) -> u8 {
        1
    }
    fn untouched(&self) -> u8 {
        1
    }
}
