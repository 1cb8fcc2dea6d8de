"""What must not be seen: secrets, where they may go, and how traces of them are masked."""
