//! Where a request comes in: its place in a trace, which everything behind the door finds as the current one.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;

use crowd_protocol::TraceParent;
use tracing::Span;
use tracing::span::Entered;

use crate::sample::{Asker, records};
use crate::span::{context_of, continue_from};

thread_local! {
    /// The place of what is polled right now.
    static PLACE: Cell<Option<TraceParent>> = const { Cell::new(None) };
}

/// A place in a trace. What runs behind it is in that place.
#[derive(Debug, Clone)]
pub struct Door {
    /// None where the trace is not recorded.
    span: Span,
    place: Option<TraceParent>,
}

impl Default for Door {
    /// One that leads nowhere: behind it there is no trace.
    fn default() -> Self {
        Self { span: Span::none(), place: None }
    }
}

/// Ends being behind a door when it is dropped.
#[derive(Debug)]
pub struct Behind<'d> {
    before: Option<TraceParent>,
    _span: Entered<'d>,
}

impl Door {
    /// Decides whether a request of `asker` is recorded, which goes on with `parent` or is the first of its trace.
    /// Its span is made only where it is.
    pub fn open(parent: Option<TraceParent>, asker: Asker, span: impl FnOnce() -> Span) -> Self {
        let Some(recorded) = records(parent, asker) else { return Self::default() };
        if recorded {
            let span = span();
            if let Some(parent) = parent {
                continue_from(&span, parent);
            }
            let place = context_of(&span);
            return Self { span, place };
        }
        let trace_id = parent.map_or_else(|| random().to_be_bytes(), |parent| parent.trace_id);
        let span_id = (random() as u64 | 1).to_be_bytes();
        Self { span: Span::none(), place: Some(TraceParent { trace_id, span_id, flags: 0 }) }
    }

    /// Where this is: for what is polled by somebody else later.
    pub fn here() -> Self {
        let place = PLACE.get();
        let recorded = place.is_some_and(|place| place.is_sampled());
        Self { span: if recorded { Span::current() } else { Span::none() }, place }
    }

    /// The same trace, not recorded from here on: for the later ones of what is done too often to record each.
    pub fn unrecorded(&self) -> Self {
        Self { span: Span::none(), place: self.place.map(|place| TraceParent { flags: 0, ..place }) }
    }

    /// Its span, which takes nothing in where the trace is not recorded.
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// What answers tell of it.
    pub fn place(&self) -> Option<TraceParent> {
        self.place
    }

    /// True where its span is worth being told more.
    pub fn is_recorded(&self) -> bool {
        self.place.is_some_and(|place| place.is_sampled())
    }

    /// Goes behind it, on this thread, until that is dropped. Not to be held across an await.
    pub fn enter(&self) -> Behind<'_> {
        Behind { before: PLACE.replace(self.place), _span: self.span.enter() }
    }

    /// Does `work` behind it.
    pub async fn run<F: Future>(&self, work: F) -> F::Output {
        let mut work = pin!(work);
        poll_fn(|cx| {
            let _behind = self.enter();
            work.as_mut().poll(cx)
        })
        .await
    }
}

impl Drop for Behind<'_> {
    fn drop(&mut self) {
        PLACE.set(self.before);
    }
}

/// The current place: what the next hop goes on with, and where a complaint leads. None behind no door.
pub fn current() -> Option<TraceParent> {
    let place = PLACE.get()?;
    // Inside the door's span there may be others.
    if place.is_sampled() { context_of(&Span::current()).or(Some(place)) } else { Some(place) }
}

/// True where the current trace is recorded.
pub fn is_recorded() -> bool {
    PLACE.get().is_some_and(|place| place.is_sampled())
}

/// Not zero, and not to be foreseen by who chooses ids to collide with.
fn random() -> u128 {
    rand::random::<u128>() | 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Sample, decide_by};
    use opentelemetry::trace::TracerProvider;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use tracing_subscriber::layer::SubscriberExt;

    /// Records what a member wants, and nothing that a stranger wants.
    struct Members;

    impl Sample for Members {
        fn records(&self, parent: Option<TraceParent>, asker: Asker) -> bool {
            asker == Asker::Member && parent.is_some_and(|parent| parent.is_sampled())
        }
    }

    fn traced(test: impl FnOnce()) {
        decide_by(Members);
        let provider = SdkTracerProvider::builder().build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), test);
    }

    fn sampled() -> TraceParent {
        TraceParent::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").unwrap()
    }

    #[test]
    fn a_trace_goes_on_with_a_span_of_its_own_and_a_refused_flag_is_cleared() {
        traced(|| {
            for (asker, recorded) in [(Asker::Member, true), (Asker::Stranger, false)] {
                let door = Door::open(Some(sampled()), asker, || tracing::info_span!("door"));
                let place = door.place().unwrap();
                assert_eq!((door.is_recorded(), place.is_sampled()), (recorded, recorded), "{asker:?}");
                assert_eq!(place.trace_id, sampled().trace_id);
                assert_ne!(place.span_id, sampled().span_id);
                let behind = door.enter();
                assert_eq!((current(), is_recorded()), (Some(place), recorded));
                let inner = tracing::info_span!("inner").in_scope(current).unwrap();
                assert_eq!((inner.trace_id, inner == place), (place.trace_id, !recorded));
                let carried = Door::here();
                drop(behind);
                assert_eq!(current(), None);
                let _behind = carried.enter();
                assert_eq!(current(), Some(place));
            }
        });
    }

    #[test]
    fn what_is_done_too_often_stays_in_the_trace_and_is_not_recorded() {
        traced(|| {
            let door = Door::open(Some(sampled()), Asker::Member, || tracing::info_span!("door"));
            let later = door.unrecorded();
            let _behind = door.enter();
            let behind = later.enter();
            let expected = TraceParent { flags: 0, ..door.place().unwrap() };
            assert_eq!((current(), is_recorded()), (Some(expected), false));
            assert!(Door::here().span().is_none());
            drop(behind);
            assert_eq!((current(), is_recorded()), (door.place(), true));
            assert_eq!(Door::default().unrecorded().place(), None);
        });
    }

    #[test]
    fn what_nobody_began_begins_here_and_each_is_another() {
        traced(|| {
            let open = || Door::open(None, Asker::Stranger, || unreachable!("it is not recorded"));
            let (a, b) = (open().place().unwrap(), open().place().unwrap());
            assert!(a.trace_id != b.trace_id && a.span_id != b.span_id);
            assert_eq!(TraceParent::parse(&a.to_string()), Some(a));
        });
    }
}
