//! Work of many requests of one instance that is done by one request of another service.

use std::cell::{Cell, RefCell};

/// What waits to be sent. While a request is on its way the next ones gather, as with a group
/// commit: nothing waits where there is little to do, and under load many go at once.
pub(crate) struct Gathered<T> {
    waiting: RefCell<Vec<T>>,
    /// Whether a request is on its way, and its sender will come back for what waits.
    sending: Cell<bool>,
}

impl<T> Default for Gathered<T> {
    fn default() -> Self {
        Self { waiting: RefCell::default(), sending: Cell::new(false) }
    }
}

impl<T> Gathered<T> {
    /// Adds one, and sends all that wait unless somebody is at it, who will take this one along.
    ///
    /// # Errors
    /// That of `send`. What it was to send is dropped, and what has gathered meanwhile waits for
    /// the next one that is added.
    pub(crate) async fn add<E>(&self, one: T, send: impl AsyncFn(Vec<T>) -> Result<(), E>) -> Result<(), E> {
        self.waiting.borrow_mut().push(one);
        if self.sending.replace(true) {
            return Ok(());
        }
        // Also if this future is dropped: else nothing would be sent any more.
        let _over = Over(&self.sending);
        loop {
            let all = self.waiting.take();
            if all.is_empty() {
                return Ok(());
            }
            send(all).await?;
        }
    }
}

struct Over<'a>(&'a Cell<bool>);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    /// Lets every send wait once, so that others come in between.
    async fn once() {
        let mut waited = false;
        poll_fn(|_| if std::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending }).await;
    }

    #[test]
    fn what_comes_while_a_request_is_on_its_way_goes_by_the_next_one() {
        let (gathered, sent) = (Gathered::default(), RefCell::new(Vec::new()));
        let add = |n: u32| {
            gathered.add(n, async |all: Vec<u32>| {
                once().await;
                sent.borrow_mut().push(all.clone());
                if all.contains(&9) { Err("away") } else { Ok(()) }
            })
        };
        let mut context = Context::from_waker(Waker::noop());
        let mut first = pin!(add(1));
        assert_eq!(first.as_mut().poll(&mut context), Poll::Pending);
        for n in [2, 3] {
            assert_eq!(pin!(add(n)).poll(&mut context), Poll::Ready(Ok(())), "the first one takes it along");
        }
        assert_eq!(first.as_mut().poll(&mut context), Poll::Pending, "there is more to send");
        assert_eq!(first.as_mut().poll(&mut context), Poll::Ready(Ok(())));
        assert_eq!(*sent.borrow(), [vec![1], vec![2, 3]]);

        // After a fault, and after a sender that was given up, the next one sends again.
        let mut failing = pin!(add(9));
        let _ = failing.as_mut().poll(&mut context);
        assert_eq!(failing.as_mut().poll(&mut context), Poll::Ready(Err("away")));
        {
            let mut dropped = pin!(add(4));
            let _ = dropped.as_mut().poll(&mut context);
        }
        let mut last = pin!(add(5));
        assert_eq!(last.as_mut().poll(&mut context), Poll::Pending);
        assert_eq!(last.as_mut().poll(&mut context), Poll::Ready(Ok(())));
        assert_eq!(sent.borrow().last(), Some(&vec![5]));
    }
}
