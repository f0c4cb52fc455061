//! For each element of a proof one forgery, and what it is called.
