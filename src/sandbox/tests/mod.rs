//! Tests of the sandbox as clients meet it.
