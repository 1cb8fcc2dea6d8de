"""What came of a call: its outcome and its transcript."""
