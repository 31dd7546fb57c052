"""The gallery's cases: what is filmed, what is measured, and the page that shows it."""
