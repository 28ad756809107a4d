//! Event-driven refresh: entries are invalidated or made as messages of the feed and of other
//! services say.
//!
//! A message may be lost, and this component may be away: then nothing is stale, and more reads are
//! misses. It has a manifest of its own, since its trigger ends when its connection does, and Spin
//! ends all triggers of an app with one.

mod refresh;

edge::subscriber! { refresh::take }
