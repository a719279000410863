"""Lists: how published sets say in text files what they hold, and what is read of that."""
