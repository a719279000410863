"""Safety: what every request goes through, and how what comes from outside is looked at."""
