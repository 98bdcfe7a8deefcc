//! A bounded queue towards one actor. An empty one costs some dozen bytes, unlike a channel that keeps a block of slots.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// Why a message was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejected {
    /// The queue is full.
    Full,
    /// The actor is gone.
    Closed,
}

/// Many senders, one receiver. Sending never waits: full and closed are outcomes.
#[derive(Debug)]
pub struct Mailbox<T> {
    capacity: usize,
    inner: Mutex<Inner<T>>,
}

#[derive(Debug)]
struct Inner<T> {
    queue: VecDeque<T>,
    receiver: Option<Waker>,
    closed: bool,
}

impl<T> Mailbox<T> {
    /// Holds at most `capacity` messages.
    pub fn new(capacity: usize) -> Self {
        Self { capacity, inner: Mutex::new(Inner { queue: VecDeque::new(), receiver: None, closed: false }) }
    }

    /// Puts `message` at the end, or gives it back with the reason.
    pub fn push(&self, message: T) -> Result<(), (Rejected, T)> {
        let mut inner = self.lock();
        if inner.closed {
            return Err((Rejected::Closed, message));
        }
        if inner.queue.len() >= self.capacity {
            return Err((Rejected::Full, message));
        }
        inner.queue.push_back(message);
        let receiver = inner.receiver.take();
        drop(inner);
        if let Some(receiver) = receiver {
            receiver.wake();
        }
        Ok(())
    }

    /// The next message, once there is one; none when the mailbox is closed. For one receiver at a time.
    pub async fn pop(&self) -> Option<T> {
        poll_fn(|cx| self.poll_pop(cx)).await
    }

    /// [`Mailbox::pop`] for who polls by hand.
    pub fn poll_pop(&self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let mut inner = self.lock();
        if let Some(message) = inner.queue.pop_front() {
            if inner.queue.is_empty() && inner.queue.capacity() > 4 {
                inner.queue = VecDeque::new();
            }
            return Poll::Ready(Some(message));
        }
        if inner.closed {
            return Poll::Ready(None);
        }
        if !inner.receiver.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            inner.receiver = Some(cx.waker().clone());
        }
        Poll::Pending
    }

    /// Takes nothing more, and drops what nobody received.
    pub fn close(&self) {
        let mut inner = self.lock();
        inner.closed = true;
        let (queue, receiver) = (std::mem::take(&mut inner.queue), inner.receiver.take());
        drop(inner);
        drop(queue);
        if let Some(receiver) = receiver {
            receiver.wake();
        }
    }

    /// How many messages wait.
    pub fn len(&self) -> usize {
        self.lock().queue.len()
    }

    /// True where no message waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> MutexGuard<'_, Inner<T>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn keeps_order_and_says_when_it_is_full() {
        let mailbox = Mailbox::new(2);
        mailbox.push(1).unwrap();
        mailbox.push(2).unwrap();
        assert_eq!(mailbox.push(3), Err((Rejected::Full, 3)));
        assert_eq!((mailbox.pop().await, mailbox.pop().await), (Some(1), Some(2)));
        mailbox.push(4).unwrap();
        assert_eq!(mailbox.len(), 1);
    }

    #[tokio::test]
    async fn closing_wakes_the_receiver_and_refuses_senders() {
        let mailbox = std::sync::Arc::new(Mailbox::<u8>::new(2));
        let receiver = tokio::spawn({
            let mailbox = mailbox.clone();
            async move { mailbox.pop().await }
        });
        tokio::task::yield_now().await;
        mailbox.close();
        assert_eq!(receiver.await.unwrap(), None);
        assert_eq!(mailbox.push(1), Err((Rejected::Closed, 1)));
    }
}
