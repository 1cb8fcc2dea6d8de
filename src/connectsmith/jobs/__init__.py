"""Background work: chores repeated on a timer in every server process."""
