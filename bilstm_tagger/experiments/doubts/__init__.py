"""Labels of a corpus that are likely wrong."""
