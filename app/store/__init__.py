"""SQLite: the store's file, who may write it, group commit, schema and snapshots."""
