//! Reports of what a body has observed while it runs on.

use crate::context::Progress;
use crate::context::Scope;
use crate::costs::Costs;
use crate::limiter::AttemptReport;
use crate::limiter::AttemptResult;

use super::end::End;
use super::end::heard;
use super::payment::KeyOfCall;
use super::payment::OwnCosts;
use super::payment::costs;
use super::untyped::Core;

impl Core<'_> {
    /// Reports to the limiter at once what the body has observed.
    #[inline]
    pub(super) fn heed(&mut self, own: Option<&OwnCosts>, key: KeyOfCall<'_>) {
        if self.scope.as_mut().is_some_and(Scope::take_unheard) {
            self.adopt(key);
            self.heed_observation(own, key);
        }
    }

    #[cold]
    pub(super) fn heed_observation(&mut self, own: Option<&OwnCosts>, key: KeyOfCall<'_>) {
        let (Ok(setup), Some(scope)) = (self.setup, &self.scope) else {
            return;
        };
        let Some((hint, received)) = scope.hint().filter(|_| setup.config.respects_headers) else {
            return;
        };
        let Some(sent) = self.wait.sent() else { return };
        let refusal = self.observed_refusal(setup);
        let is_refused = refusal.is_some();
        let refusal = refusal.map(|refusal| {
            let end = End {
                sent,
                failure: refusal.failure,
                advice: refusal.advice,
                received: Some(received),
                arrived: Some(received),
                hint: Some(hint),
                retry: scope.number > 1,
                reported: scope.progress.is_reported(),
                is_news: true,
                by_user: false,
            };
            end.refused(&setup.config, received, Some(refusal.wait))
        });
        let heard = (!is_refused).then(|| heard(&setup.config, hint, sent, received));
        self.report_to_all(
            key,
            &AttemptReport {
                function: self.function(),
                sent,
                received: Some(received),
                retry: scope.number > 1,
                heard,
                resource: hint.resource(),
                spread: setup.config.spread(),
                result: AttemptResult::UnderWay(refusal),
                may_retry: false,
                costs: self.limiter().map_or(Costs::ONE, |it| costs(it, own)),
                settlement: None,
                slot: false,
            },
        );
        if let (Some(scope), true) = (&mut self.scope, is_refused) {
            scope.progress = Progress::Reported;
        }
    }
}
