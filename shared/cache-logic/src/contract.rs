//! The contract of the ports: one suite that every adapter passes.
