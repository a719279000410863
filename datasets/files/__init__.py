"""Files: downloaded, unpacked, locked while in use, and written whole or not at all."""
