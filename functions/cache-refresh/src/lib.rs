//! Event-driven refresh: entries are invalidated or made as messages on channels of Redis say.
//!
//! A message may be lost, and this component may be away: then nothing is stale, and more reads are
//! misses. It has a manifest of its own, since a Redis trigger ends when Redis goes away, and Spin
//! ends all triggers of an app with one.

mod refresh;

edge::subscriber! { refresh::take }
