//! The shared half of every binding.
