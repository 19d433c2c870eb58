//! The system under test: its processes, and what its REST API tells.
