"""Login, logout, and what concerns one's own account."""
